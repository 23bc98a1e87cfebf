"""Clients that ask for more than they read, or for much and read it: memory stays bounded, others are served meanwhile,
and who reads is answered."""
import json
import os
import socket
import threading
import time
import zlib

import jwt
from assertions import SLACK_SECONDS, WAIT_SECONDS, check, equal, eventually
from runner import fixture, note
from server import Server
from websocket import TEXT, WebSocket, frame

CONFIG = """
loops = 1
[http_api]
key = "secret"
[client]
allow_anonymous_connect_without_token = true
token.hmac_secret_key = "secret"
unread_answers_max_size = 16777216
[channel.without_namespace]
presence = true
history_size = 300
history_ttl = "300s"
force_recovery = true
allow_subscribe_for_client = true
allow_subscribe_for_anonymous = true
allow_publish_for_client = true
allow_publish_for_anonymous = true
allow_presence_for_client = true
allow_presence_for_anonymous = true
allow_history_for_client = true
allow_history_for_anonymous = true
"""
PUBLICATIONS = 300
PUBLICATION_BYTES = 10_000
GROWTH_MAX = 48 << 20
# Generous beside the few milliseconds of one answer: the machine may be busy, and the server not optimized.
WITNESS_SECONDS_MAX = 2 + SLACK_SECONDS
SANITIZED = bool(os.environ.get("SANITIZED"))  # it keeps what was freed, and is slow


@fixture
def big(binary, folder):
    """A server with a channel whose stream is 3 MB."""
    file = folder / "tidemill.toml"
    file.write_text(CONFIG, encoding="utf-8")
    with Server(binary, "--config", str(file), address=f"unix:{folder}/s 127.0.0.1:0") as server:
        if not SANITIZED:
            server.longest_turn_ms = 30  # two answers of 3 MB that are made by a server which is not optimized
        publish = {"publish": {"channel": "big", "data": "x" * PUBLICATION_BYTES}}
        for _ in range(PUBLICATIONS // 20):
            server.api("batch", {"commands": [publish] * 20})
        yield server


def connected(server, connection=None, connect=None):
    client = WebSocket(server.addresses[-1], connection=connection, timeout=WAIT_SECONDS)
    client.send_text(json.dumps({"id": 1, "connect": connect or {}}))
    client.receive()
    return client


def narrow_connection(server):
    """The kernel keeps little of what its peer sends, and as much on every machine."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(WAIT_SECONDS)
    connection.connect(server.addresses[0])
    return connection


class Witness:
    """Publishes to itself again and again, and notes how long each takes, and the server's memory."""

    def __init__(self, server, growth_max=GROWTH_MAX, seconds_max=WITNESS_SECONDS_MAX):
        self._server = server
        self._growth_max, self._seconds_max = growth_max, seconds_max
        self._client = connected(server)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.longest = 0
        self.memory_before = self.memory = server.rss_bytes()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, kind, *_):
        self._over.set()
        self._thread.join()
        self._client.abort()
        if kind is None and not SANITIZED:
            growth = self.memory - self.memory_before
            check(growth < self._growth_max, f"{growth >> 20} MB more")
            check(self.longest < self._seconds_max, f"another client waited {self.longest:.3f} s")

    def _run(self):
        number = 2
        while not self._over.is_set():
            begun = time.monotonic()
            self._client.send_text(json.dumps({"id": number, "presence_stats": {"channel": "quiet"}}))
            while json.loads(self._client.receive()).get("id") != number:
                self._client.send_text("{}")
            self.longest = max(self.longest, time.monotonic() - begun)
            self.memory = max(self.memory, self._server.rss_bytes())
            number += 1
            time.sleep(0.005)


def commands(count, *methods):
    """One frame of commands with ids from 2."""
    lines = []
    for _ in range(count):
        for method, parameters in methods:
            lines.append(json.dumps({"id": len(lines) + 2, method: parameters}))
    return "\n".join(lines)


RECOVER = ("subscribe", {"channel": "big", "recover": True, "offset": 0, "epoch": ""})
LEAVE = ("unsubscribe", {"channel": "big"})
HISTORY = ("history", {"channel": "big", "limit": -1})
FRAMES = {"recovery": (300, [RECOVER, LEAVE]), "history": (600, [HISTORY])}


def replies(client, count):
    """The next replies; pings are answered."""
    got = []
    while len(got) < count:
        for line in client.receive(20).splitlines():
            message = json.loads(line)
            if not message:
                client.send_text("{}")
            elif "id" in message:
                got.append(message)
    return got


def ask_without_reading(server, frame_text):
    client = connected(server)
    with Witness(server):
        client.send_text(frame_text)
        time.sleep(2)
        check(server.alive(), "the server fell")
    client.abort()


def ask_and_read(server, count, methods):
    client = connected(server)
    with Witness(server):
        client.send_text(commands(count, *methods))
        for reply in replies(client, count * len(methods)):
            check("error" not in reply, reply)
    client.abort()


def cases_frames_that_ask_for_gigabytes(big):
    """a frame whose answers are a gigabyte costs no more than one of them at a time, read or not"""
    for name, (count, methods) in FRAMES.items():
        yield f"{name}, not read", lambda: ask_without_reading(big, commands(count, *methods))
        yield f"{name}, read", lambda: ask_and_read(big, 40, methods)


def test_connects_with_many_recoveries(big):
    """a connect whose subscriptions recover gigabytes recovers what fits into one answer; the rest is told so"""
    broadcast = {"broadcast": {"channels": [f"sub{number}" for number in range(20)], "data": "x" * PUBLICATION_BYTES}}
    for _ in range(PUBLICATIONS // 20):
        big.api("batch", {"commands": [broadcast] * 20})
    recover = {"recover": True, "offset": 0, "epoch": ""}
    connect = {"id": 1, "connect": {"subs": {f"sub{number}": recover for number in range(20)}}}
    with Witness(big):
        clients = [WebSocket(big.addresses[-1]) for _ in range(3)]
        for client in clients:
            client.send_text(json.dumps(connect))
        for client in clients:
            subs = json.loads(client.receive(20))["connect"]["subs"]
            recovered = [sub for sub in subs.values() if sub.get("recovered")]
            equal((len(subs), len(recovered)), (20, 1))
            for sub in recovered:
                equal(len(sub["publications"]), PUBLICATIONS)
            client.abort()


def refused_answers(server):
    """So far, for want of room among those that are not read."""
    counter = 'tidemill_answers_refused_total{limit="client.unread_answers_max_size"} '
    return next(int(line.removeprefix(counter)) for line in server.get("/metrics")[2].splitlines() if line.startswith(counter))


def test_unread_answers_of_many(big):
    """a hundred connections that read nothing hold no more than client.unread_answers_max_size together"""
    clients = [connected(big, narrow_connection(big)) for _ in range(100)]
    refused_before = refused_answers(big)
    with Witness(big, growth_max=(16 << 20) + GROWTH_MAX, seconds_max=10):
        for client in clients:
            client.send_text(commands(1, HISTORY))
        eventually(lambda: refused_answers(big) > refused_before, "some are refused")
    answers = [replies(client, 1)[0] for client in clients]
    refused = [reply for reply in answers if "error" in reply]
    check(len(refused) > 0, "none were refused")
    note(f"{len(refused)} of {len(clients)} were refused")
    for reply in refused:
        equal(reply["error"], {"code": 111, "message": "too many requests: client.unread_answers_max_size is reached",
                               "temporary": True})
    for client in clients:
        client.abort()


def test_large_answers_are_not_slow(big):
    """who asks for a presence or a history of more than client.queue_max_size gets it and stays connected"""
    info = {"name": "x" * 8_000}
    people = [connected(big, connect={"token": jwt.sign({"sub": f"u{number}", "info": info})}) for number in range(200)]
    for client in people:
        client.send_text(commands(1, ("subscribe", {"channel": "crowd"})))
    for client in people:
        replies(client, 1)
    reader = people.pop()
    for _ in range(3):
        reader.send_text(commands(1, ("presence", {"channel": "crowd"}), HISTORY))
        presence, history = replies(reader, 2)
        equal(len(presence["presence"]["presence"]), 200)
        equal(len(history["history"]["publications"]), PUBLICATIONS)
    reader.send_text(commands(1, ("presence_stats", {"channel": "crowd"})))
    equal(replies(reader, 1)[0]["presence_stats"]["num_clients"], 200)
    for client in [*people, reader]:
        client.abort()


def api_request(server, method, body):
    return (f"POST /api/{method} HTTP/1.1\r\nHost: a\r\nX-API-Key: {server.api_key}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


def cases_batches_of_the_api(big):
    """a request of 45 KB that asks for gigabytes gets what fits into http_api.answer_max_size, and errors for the rest"""
    history = {"history": {"channel": "big", "limit": -1}}

    def read(parallel):
        with Witness(big):
            answer = big.api("batch", {"commands": [history] * 900, "parallel": parallel})["replies"]
        fitting = [reply for reply in answer if "history" in reply]
        equal((len(answer), len(fitting)), (900, 5))
        equal(answer[-1]["error"], {"code": 106, "message":
                                    "limit exceeded: the answer is over http_api.answer_max_size"})

    def not_read():
        body = json.dumps({"commands": [history] * 900})
        with Witness(big):
            connections = [narrow_connection(big) for _ in range(1)]
            for connection in connections:
                connection.sendall(api_request(big, "batch", body))
            time.sleep(2)
            for connection in connections:
                connection.close()

    yield "in order", lambda: read(False)
    yield "in parallel", lambda: read(True)
    yield "not read", not_read


def compressed(text):
    """One frame of permessage-deflate."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = deflate.compress(text.encode()) + deflate.flush(zlib.Z_SYNC_FLUSH)
    return frame(TEXT, data.removesuffix(b"\0\0\xff\xff"), rsv=4)


def cases_bursts_of_compressed_frames(binary, folder):
    """a burst of compressed commands is inflated as it is worked off, and not at all on a connection that closes"""
    file = folder / "tidemill.toml"
    file.write_text(CONFIG + "[websocket]\ncompression = true\n", encoding="utf-8")
    lines = [f'{{"id":{number},"unsubscribe":{{"channel":"x"}}}}' for number in range(2, 1402)]
    burst = compressed("\n".join(lines)) * 40

    def send(server, before):
        client = WebSocket(server.addresses[-1], headers={"Sec-WebSocket-Extensions": "permessage-deflate"}, timeout=WAIT_SECONDS)
        with Witness(server):
            try:
                client.send_raw(before)
                for _ in range(10):
                    client.send_raw(burst)
            except OSError:
                pass  # closed: nobody reads any more
            time.sleep(1)
        client.abort()

    with Server(binary, "--config", str(file)) as server:
        yield "worked off", lambda: send(server, frame(TEXT, b'{"id":1,"connect":{}}'))
        yield "closing", lambda: send(server, frame(TEXT, b'{"id":1,"connect":{}}') + frame(TEXT, b"no command"))
