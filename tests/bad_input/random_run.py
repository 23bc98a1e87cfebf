"""Thousands of malformed inputs at random, from a seed; the server must neither fall, nor grow, nor forget others."""
import json
import os
import pathlib
import random
import socket
import time

import jwt
from assertions import check, equal
from runner import fixture, note
from server import Server
from websocket import BINARY, TEXT, Closed, WebSocket, frame, read_all, tcp_connection

CONFIG = pathlib.Path(__file__).parent / "random.toml"
INPUTS = 10_000
WARM_UP = 3_000
PER_CONNECTION = 20
CHECK_EVERY = 1_000
GROWTH_MAX = 1.10
GROWTH_FLOOR_BYTES = 512 << 10  # what an allocator may round up to
SETTLE_SECONDS = 30
FILES_AT_REST = 40  # more than an idle server has
CHANNELS = ["a", "b", "", "$p", "x#1", "nons:x", "healthy:x", "a" * 300, "ä"]
COMMANDS = ["connect", "subscribe", "unsubscribe", "publish", "presence", "presence_stats", "history", "ping",
            "send", "rpc", "refresh", "sub_refresh", "foo"]
CLAIMS = ["sub", "exp", "nbf", "iat", "channel", "channels", "subs", "info", "b64info", "override", "aud", "iss",
          "meta"]
API = [
    ("publish", {"channel": "a", "data": {"x": "a"}, "tags": {"a": "a"}, "idempotency_key": "k"}),
    ("broadcast", {"channels": ["a", "b"], "data": "a"}), ("subscribe", {"user": "u", "channel": "a"}),
    ("unsubscribe", {"user": "u", "channel": "a"}), ("disconnect", {"user": "u", "disconnect": {"code": 4501}}),
    ("refresh", {"user": "u", "expire_at": 1, "expired": "a"}), ("presence", {"channel": "a"}),
    ("history", {"channel": "a", "limit": 5, "since": {"offset": 1, "epoch": "a"}}), ("channels", {"pattern": "a"}),
    ("batch", {"commands": [{"publish": {"channel": "a", "data": 1}}, {"history": {"channel": "a"}}],
               "parallel": True}),
]
VALUES = [None, True, 0, -1, 1 << 31, 1 << 63, 1 << 64, 1e300, 0.5, "", "x", "\0", "\ud800", "🌊" * 20, [], [[]],
          {}, {"a": 1}, "x" * 5000]


class Inputs:
    """Each call gives bytes to send to a WebSocket, protocol included or broken."""

    def __init__(self, seed):
        self._random = random.Random(seed)

    def next(self, protobuf):
        kind = self._random.random()
        if kind < 0.45:
            data = self._protobuf() if protobuf else self._json()
            return frame(BINARY if protobuf else TEXT, data)
        if kind < 0.65:
            data = self._mutated(self._protobuf() if protobuf else self._json())
            return frame(BINARY if protobuf else TEXT, data)
        if kind < 0.75:
            return frame(self._random.choice([TEXT, BINARY]), self._random.randbytes(self._random.randrange(400)))
        if kind < 0.80:
            return frame(TEXT, b"[" * self._random.randrange(60000))
        if kind < 0.90:
            return self._mutated(frame(BINARY if protobuf else TEXT, self._json()))
        return frame(self._random.randrange(16), self._random.randbytes(self._random.randrange(200)),
                     fin=self._random.random() < 0.5, rsv=self._random.randrange(8),
                     masked=self._random.random() < 0.9)

    def http(self):
        """A call of the API, broken anywhere or only in its body."""
        method, body = self._random.choice(API)
        body = json.dumps(body).encode()
        if self._random.random() < 0.5:
            for _ in range(self._random.randrange(3)):
                body = body.replace(b'"a"', json.dumps(self._random.choice(VALUES)).encode(), 1)
            return self._request(method, self._mutated(body))
        return self._mutated(self._request(method, body))

    @staticmethod
    def _request(method, body):
        head = f"POST /api/{method} HTTP/1.1\r\nHost: a\r\nX-API-Key: secret\r\nContent-Length: {len(body)}\r\n\r\n"
        return head.encode() + body

    def chance(self, share):
        return self._random.random() < share

    def _json(self):
        lines = []
        for _ in range(self._random.choice([1, 1, 1, 2, 5])):
            body = {"channel": self._random.choice(CHANNELS), "data": {"x": 1}}
            for _ in range(self._random.randrange(3)):
                key = self._random.choice(["channel", "data", "token", "recover", "offset", "epoch", "limit", "since",
                                           "type", "flag", "delta", "tf", "reverse", "subs", "name"])
                body[key] = self._random.choice(VALUES)
            if self._random.random() < 0.2:
                body["token"] = self._token()
            command = {"id": self._random.choice([1, 2, 3, 4, 0, -1, "x"]), self._random.choice(COMMANDS): body}
            lines.append(json.dumps(command))
        return "\n".join(lines).encode()

    def _token(self):
        claims = {"sub": "u", self._random.choice(CLAIMS): self._random.choice(VALUES), "channel": "a"}
        kind = self._random.randrange(3)
        if kind == 0:
            return self._mutated(jwt.sign(claims).encode()).decode("latin-1")
        if kind == 1:
            return jwt.sign(self._mutated(json.dumps(claims).encode()))
        return jwt.sign(claims)

    def _protobuf(self):
        def field(number, payload):
            return self._varint(number << 3 | 2) + self._varint(len(payload)) + payload

        channel = self._random.choice(CHANNELS).encode()
        body = field(1, channel) + self._random.choice([b"", field(2, b'{"x":1}'), b"\x48\x01", b"\x38\xff\x01"])
        command = self._varint(8) + self._varint(self._random.randrange(1, 9)) + field(
            self._random.randrange(4, 16), body)
        return self._varint(len(command)) + command

    @staticmethod
    def _varint(value):
        out = b""
        while value > 127:
            out += bytes([value & 127 | 128])
            value >>= 7
        return out + bytes([value])

    def _mutated(self, data):
        data = bytearray(data)
        for _ in range(self._random.choice([1, 1, 2, 5, 20])):
            at = self._random.randrange(len(data) + 1)
            change = self._random.randrange(5)
            if change == 0:
                data[at : at + 1] = self._random.randbytes(1)
            elif change == 1:
                del data[at : at + self._random.randrange(1, 9)]
            elif change == 2:
                data[at:at] = self._random.randbytes(self._random.randrange(1, 9))
            elif change == 3:
                data[at:at] = data[at : at + 40]
            else:
                del data[at:]
        return bytes(data)


class Bystander:
    """A healthy client, subscribed all the while: it must get what is published, in order and soon."""

    def __init__(self, server):
        self._server = server
        self._client = WebSocket(server.address)
        token = jwt.sign({"sub": "bystander", "subs": {"healthy:x": {}}})
        self._client.send_text(json.dumps({"id": 1, "connect": {"token": token}}))
        self._sent = 0
        self._client.receive()

    def check(self):
        self._sent += 1
        self._server.api("publish", {"channel": "healthy:x", "data": self._sent})
        while True:
            for line in self._client.receive().splitlines():
                message = json.loads(line)
                if not message:
                    self._client.send_text("{}")
                    continue
                got = message["push"]["pub"]["data"]
                equal(got, self._sent)
                return


def send_over_websocket(server, inputs, count):
    """Sends up to `count` inputs over one connection; gives how many until the server closed it."""
    protobuf = inputs.chance(0.4)
    client = WebSocket(server.address, subprotocol="centrifuge-protobuf" if protobuf else None)
    sent = 0
    try:
        if inputs.chance(0.85):
            if protobuf:
                client.send_binary(b"\x04\x08\x01\x22\x00")
            else:
                client.send_text('{"id":1,"connect":{}}')
            client.receive()
        while sent < count:
            client.send_raw(inputs.next(protobuf))
            sent += 1
            try:
                client.receive(0.002)
            except TimeoutError:
                pass
    except (Closed, OSError, UnicodeDecodeError):
        pass
    finally:
        client.abort()
    return max(sent, 1)


def send_over_http(server, inputs):
    with tcp_connection(server.address, timeout=5) as connection:
        try:
            connection.sendall(inputs.http())
            connection.shutdown(socket.SHUT_WR)
            read_all(connection)
        except OSError:
            pass


def send(server, inputs, bystander, count):
    sent = checked = 0
    while sent < count:
        if inputs.chance(0.5):  # connections; one over WebSocket takes several inputs
            send_over_http(server, inputs)
            sent += 1
        else:
            sent += send_over_websocket(server, inputs, min(PER_CONNECTION, count - sent))
        if sent - checked >= CHECK_EVERY:
            checked = sent
            bystander.check()


def settled(measure, limit):
    """Measures until the result is within the limit or time is up: closing takes a moment."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while (value := measure()) > limit and time.monotonic() < deadline:
        time.sleep(0.2)
    return value


class RandomRun:
    """The inputs, sent once; what the server was like before, and what it is like afterwards."""

    def __init__(self, server, seed):
        self.server, self.pid = server, server.pid
        inputs, self.bystander = Inputs(seed), Bystander(server)
        send(server, inputs, self.bystander, WARM_UP)
        self.files = settled(server.open_files, FILES_AT_REST)
        self.memory = server.rss_bytes()
        send(server, inputs, self.bystander, INPUTS)


@fixture
def random_run(binary, seed):
    with Server(binary, "--config", str(CONFIG)) as server:
        yield RandomRun(server, seed)


def test_others_are_undisturbed(random_run):
    """thousands of inputs at random, and another client undisturbed"""
    random_run.bystander.check()


def test_same_process(random_run):
    """the same process is alive"""
    check(random_run.server.pid == random_run.pid and random_run.server.alive(), f"pid {random_run.pid} is gone")


def test_healthy(random_run):
    """it is healthy"""
    equal(random_run.server.get("/health")[0], 200)


def test_connections_are_given_back(random_run):
    """connections are given back"""
    limit = random_run.files + 3
    files = settled(random_run.server.open_files, limit)
    check(files <= limit, f"{random_run.files} open files became {files}")


def test_memory_is_flat(random_run):
    """memory is flat"""
    memory = random_run.memory
    limit = max(int(memory * GROWTH_MAX), memory + GROWTH_FLOOR_BYTES)
    now = settled(random_run.server.rss_bytes, limit)
    note(f"{memory >> 10} KiB before, {now >> 10} KiB after")
    # A sanitizer keeps what was freed.
    check(now <= limit or os.environ.get("SANITIZED"), f"{memory} bytes became {now}")
