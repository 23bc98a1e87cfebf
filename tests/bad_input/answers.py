"""Clients that ask for more than they read, or for much and read it: memory stays bounded, others are served meanwhile,
and who reads is answered."""
import json
import os
import threading
import time

from assertions import check
from runner import fixture
from server import Server
from websocket import WebSocket

CONFIG = """
loops = 1
[http_api]
key = "secret"
[client]
allow_anonymous_connect_without_token = true
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
WITNESS_SECONDS_MAX = 0.25
SANITIZED = bool(os.environ.get("SANITIZED"))  # it keeps what was freed, and is slow


@fixture
def big(binary, folder):
    """A server with a channel whose stream is 3 MB."""
    file = folder / "tidemill.toml"
    file.write_text(CONFIG, encoding="utf-8")
    with Server(binary, "--config", str(file)) as server:
        publish = {"publish": {"channel": "big", "data": "x" * PUBLICATION_BYTES}}
        for _ in range(PUBLICATIONS // 20):
            server.api("batch", {"commands": [publish] * 20})
        yield server


def connected(server, connection=None):
    client = WebSocket(server.address, connection=connection, timeout=20)
    client.send_text('{"id":1,"connect":{}}')
    client.receive()
    return client


class Witness:
    """Publishes to itself again and again, and notes how long each takes, and the server's memory."""

    def __init__(self, server):
        self._server = server
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
            check(growth < GROWTH_MAX, f"{growth >> 20} MB more")
            check(self.longest < WITNESS_SECONDS_MAX, f"another client waited {self.longest:.3f} s")

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
