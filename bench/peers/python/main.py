"""The Python peer: Starlette on uvicorn with uvloop and httptools, redis-py asyncio with hiredis, orjson."""
import asyncio
import contextlib
import os
import secrets

import orjson
import uvicorn
from redis.exceptions import RedisError
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute

from hub import Client, Hub, RedisLink

API_KEY = os.environ.get("API_KEY", "")
REDIS_URL = os.environ.get("REDIS_URL")
PING_SECONDS = float(os.environ.get("PING_SECONDS", 25))
DATA_BYTES_MAX = 64 << 10
MESSAGE_BYTES_MAX = 4 << 10
POLICY_VIOLATION = 1008

hub = Hub()


@contextlib.asynccontextmanager
async def lifespan(_):
    if REDIS_URL:
        hub.redis = RedisLink(REDIS_URL, hub)
        await hub.redis.open()
    yield


def answer(status=200, body=b"{}"):
    return Response(body, status, media_type="application/json")


def has_key(request):
    return secrets.compare_digest(request.headers.get("x-api-key", "").encode(), API_KEY.encode())


async def health(_):
    return answer()


async def publish(request):
    if not has_key(request):
        return answer(401)
    try:
        match orjson.loads(await request.body()):
            case {"channel": str(channel), "data": value} if channel:
                data = orjson.dumps(value)
            case _:
                return answer(400)
    except orjson.JSONDecodeError:
        return answer(400)
    if len(data) > DATA_BYTES_MAX:
        return answer(400)
    payload = orjson.dumps({"channel": channel, "data": orjson.Fragment(data)})
    if not hub.redis:
        hub.deliver(channel, payload)
        return answer()
    try:
        await hub.redis.publish(channel, payload)
    except RedisError:
        return answer(503)
    return answer()


async def presence(request):
    if not has_key(request):
        return answer(401)
    return answer(body=orjson.dumps({"count": hub.count(request.query_params.get("channel"))}))


async def serve_client(websocket):
    await websocket.accept()
    client = Client(websocket)
    writer = asyncio.create_task(client.write())
    try:
        await read(client)
    except asyncio.CancelledError:
        pass  # too slow: uvicorn closes the connection of a handler that has returned
    finally:
        hub.leave(client)
        writer.cancel()


async def read(client):
    while True:
        message = await client.websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        match command(message):
            case {"subscribe": str(channel), **rest} if channel and not rest:
                hub.subscribe(client, channel)
            case {"unsubscribe": str(channel), **rest} if channel and not rest:
                hub.unsubscribe(client, channel)
                client.answer("unsubscribed", channel)
            case _:
                await client.websocket.close(POLICY_VIOLATION)
                return


def command(message):
    try:
        return orjson.loads(message.get("text") or "")
    except orjson.JSONDecodeError:
        return None


app = Starlette(lifespan=lifespan, routes=[
    Route("/health", health),
    Route("/publish", publish, methods=["POST"]),
    Route("/presence", presence),
    WebSocketRoute("/ws", serve_client),
])

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), loop="uvloop", http="httptools",
                ws="websockets-sansio", log_level="error", access_log=False,
                ws_max_size=MESSAGE_BYTES_MAX, ws_per_message_deflate=False,
                ws_ping_interval=PING_SECONDS, ws_ping_timeout=PING_SECONDS)
