"""What the tests share: clients of either format whose events can be awaited, tokens, and the server's API."""
import asyncio
import json
import logging
import os
import pathlib
import sys
import time
import unittest
import urllib.request
import uuid

import centrifuge

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "lib"))
import jwt  # noqa: E402

HTTP = os.environ["TIDEMILL_HTTP"]
WEBSOCKET = os.environ["TIDEMILL_WS"]
API_KEY = os.environ["TIDEMILL_API_KEY"]
WAIT_SECONDS = 60

logging.getLogger("asyncio").setLevel(logging.ERROR)  # no remarks on slow steps between the results


def unique(prefix):
    return prefix + uuid.uuid4().hex[:12]


def in_seconds(seconds):
    return int(time.time()) + seconds


def token(user, **claims):
    return jwt.sign({"sub": user, **claims})


def call_api(method, request):
    call = urllib.request.Request(
        f"{HTTP}/api/{method}", json.dumps(request).encode(), {"X-API-Key": API_KEY}
    )
    with urllib.request.urlopen(call, timeout=WAIT_SECONDS) as response:
        answer = json.load(response)
    if "error" in answer:
        raise AssertionError(f"{method}: {answer['error']}")
    return answer["result"]


async def api(method, **request):
    return await asyncio.to_thread(call_api, method, request)


async def until(condition, every=0.05):
    """Waits until the condition, a function that may be a coroutine function, gives something true."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        met = condition()
        if await met if asyncio.iscoroutine(met) else met:
            return
        if time.monotonic() > deadline:
            raise AssertionError(f"still waiting after {WAIT_SECONDS} s")
        await asyncio.sleep(every)


class Events:
    """Records what the SDK reports; `next` gives the first event of that name that was not asked for yet."""

    def __init__(self):
        self._queues = {}

    def __getattr__(self, name):
        if not name.startswith("on_"):
            raise AttributeError(name)
        queue = self._queue(name.removeprefix("on_"))

        async def record(context):
            queue.put_nowait(context)

        return record

    async def next(self, name):
        try:
            return await asyncio.wait_for(self._queue(name).get(), WAIT_SECONDS)
        except asyncio.TimeoutError as error:
            raise AssertionError(f"no {name} within {WAIT_SECONDS} s") from error

    def happened(self, name):
        return not self._queue(name).empty()

    def _queue(self, name):
        return self._queues.setdefault(name, asyncio.Queue())


class SdkTest(unittest.IsolatedAsyncioTestCase):
    """A test of one format; what it connects is disconnected at its end."""

    protobuf = False
    websocket = WEBSOCKET

    def encode(self, value):
        return json.dumps(value).encode() if self.protobuf else value

    def decode(self, data):
        return json.loads(data) if self.protobuf else data

    def client(self, **options):
        events = Events()
        options.setdefault("token", "" if "get_token" in options else token("ada"))
        client = centrifuge.Client(
            self.websocket, events=events, use_protobuf=self.protobuf, min_reconnect_delay=0.02, proxy=None, **options
        )
        self.addAsyncCleanup(client.disconnect)
        return client, events

    async def connected(self, **options):
        client, events = self.client(**options)
        await client.connect()
        await events.next("connected")
        return client, events

    async def subscribed(self, client, channel, **options):
        events = Events()
        subscription = client.new_subscription(channel, events=events, min_resubscribe_delay=0.02, **options)
        await subscription.subscribe()
        return subscription, events, await events.next("subscribed")

    async def data(self, events, count):
        """The data of the next `count` publications."""
        return [self.decode((await events.next("publication")).pub.data) for _ in range(count)]

    async def assert_error(self, code, awaitable):
        with self.assertRaises(centrifuge.CentrifugeError) as raised:
            await awaitable
        self.assertEqual(getattr(raised.exception, "code", raised.exception), code)


def both_formats(cls):
    """Runs the tests of a class in JSON and in Protobuf."""
    module = sys.modules[cls.__module__]
    for name, protobuf in (("Json", False), ("Protobuf", True)):
        made = type(cls.__name__ + name, (cls, SdkTest), {"protobuf": protobuf, "__module__": cls.__module__})
        setattr(module, made.__name__, made)
    return cls
