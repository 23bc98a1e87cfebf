"""A small blocking WebSocket client that can also misbehave: RFC 6455 over a plain socket.

What it sends is sent as told, right or wrong. What the server sends must be right: frames that break the protocol fail
the test.
"""
import base64
import hashlib
import os
import socket
import struct
import zlib

from assertions import WAIT_SECONDS, check

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Closed(Exception):
    """The connection ended: by a close frame (code, reason), or without one (code None)."""

    def __init__(self, code, reason=""):
        super().__init__(f"closed with {code} {reason!r}")
        self.code = code
        self.reason = reason


class CutOff(AssertionError):
    """The stream ended inside a frame or a message."""


def frame(opcode, payload=b"", *, fin=True, rsv=0, mask=None, masked=True, length_form=None, length=None):
    """One frame as a client sends it. `mask`: its four bytes, random ones unless told; `length_form`: 7, 16 or 64 bits,
    the shortest unless told; `length`: a claim that need not be true."""
    length = len(payload) if length is None else length
    form = length_form or (7 if length < 126 else 16 if length < 65536 else 64)
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    bit = 0x80 if masked else 0
    if form == 7:
        head = struct.pack(">BB", first, bit | length)
    elif form == 16:
        head = struct.pack(">BBH", first, bit | 126, length)
    else:
        head = struct.pack(">BBQ", first, bit | 127, length)
    if not masked:
        return head + payload
    mask = os.urandom(4) if mask is None else mask
    return head + mask + _xor(payload, mask)


def _xor(payload, mask):
    if not payload or mask == b"\0\0\0\0":
        return payload
    size = len(payload)
    repeated = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(repeated, "little")).to_bytes(size, "little")


def upgrade_request(host, path="/connection/websocket", headers=None, *, without=(), extra=(), method="GET",
                    version="HTTP/1.1", body=b""):
    """The bytes of a good handshake, changed as told. `extra` pairs are added even where one is there."""
    fields = {
        "Host": host,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    fields.update(headers or {})
    lines = [f"{method} {path} {version}"]
    lines += [f"{name}: {value}" for name, value in fields.items() if name not in without]
    lines += [f"{name}: {value}" for name, value in extra]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def tcp_connection(address, timeout=WAIT_SECONDS):
    host, port = address.rsplit(":", 1)
    connection = socket.create_connection((host, int(port)), timeout)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def read_all(connection):
    """All that comes until the end of the connection."""
    answer = b""
    while True:
        try:
            more = connection.recv(65536)
        except ConnectionError:
            return answer
        if not more:
            return answer
        answer += more


def raw_request(address, data, timeout=WAIT_SECONDS):
    """All that is answered to these bytes until the end of the connection."""
    with tcp_connection(address, timeout) as connection:
        connection.sendall(data)
        return read_all(connection)


class Answer:
    """The head of an HTTP response."""

    def __init__(self, head):
        self.status_line, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(self.status_line.split(" ")[1])
        self.headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            self.headers.setdefault(name.lower(), []).append(value.strip())

    def header(self, name):
        values = self.headers.get(name.lower(), [])
        return ", ".join(values) if values else None


class WebSocket:
    """One connection. `connection`: a connected socket to use, such as one with TLS; else a new one to the address.
    `request`: bytes to send instead of a handshake of its own; then any answer will do, see `answer`."""

    def __init__(self, address, path="/connection/websocket", *, subprotocol=None, timeout=WAIT_SECONDS, connection=None,
                 headers=None, request=None):
        self._socket = connection or tcp_connection(address, timeout)
        self._timeout = timeout
        self._buffer = bytearray()
        self._inflate = None
        self._kind, self._compressed, self._parts = None, False, []  # of the message that is coming in
        key = base64.b64encode(os.urandom(16)).decode()
        fields = {"Sec-WebSocket-Key": key, **(headers or {})}
        if subprotocol:
            fields["Sec-WebSocket-Protocol"] = subprotocol
        try:
            self.send_raw(request or upgrade_request(address, path, fields))
            self.answer = self._read_answer()
            if request is None:
                self._check_handshake(key)
        except Exception:
            self.abort()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.abort()

    @property
    def connection(self):
        """The socket, for a client that floods."""
        return self._socket

    def send_raw(self, data):
        self._socket.sendall(data)

    def send_text(self, text):
        self.send_raw(frame(TEXT, text.encode()))

    def send_binary(self, data):
        self.send_raw(frame(BINARY, data))

    def receive(self, timeout=WAIT_SECONDS):
        """The next message, str or bytes. Raises Closed, or TimeoutError when nothing comes."""
        self._socket.settimeout(timeout)
        while True:
            try:
                event = self.read_event()
            except (ConnectionError, CutOff):
                event = None
            if event is None:
                raise Closed(None)
            opcode, payload = event
            if opcode == TEXT:
                return payload.decode()
            if opcode == BINARY:
                return payload
            if opcode == CLOSE:
                self._answer_close(payload)
                if len(payload) < 2:
                    raise Closed(1005)
                raise Closed(struct.unpack("!H", payload[:2])[0], payload[2:].decode())

    def read_event(self):
        """(opcode, payload) of a whole message or control frame; None at the end of the stream. What has come of a
        message is kept when it times out."""
        while True:
            got = self.read_frame()
            if got is None:
                if self._kind is not None:
                    raise CutOff("the stream ended inside a message")
                return None
            fin, rsv, opcode, payload = got
            if opcode >= CLOSE:
                check(fin and rsv == 0 and len(payload) <= 125, "bad control frame")
                check(self._kind is None, "control frame inside the server's message")
                return opcode, payload
            check((opcode == CONT) == (self._kind is not None), "wrong order of fragments")
            if self._kind is None:
                self._kind, self._compressed = opcode, rsv == 4
                check(rsv == 0 or (self._compressed and self._inflate), f"unexpected RSV {rsv}")
            self._parts.append(payload)
            if fin:
                return self._whole_message()

    def read_frame(self):
        """(fin, rsv, opcode, payload), or None at the end of the stream."""
        if not self._buffer and not self._fill():
            return None
        self._fill_to(2)
        first, second = self._buffer[:2]
        check(not second & 0x80, "the server masked a frame")
        length, begin = second, 2
        if length >= 126:
            begin = 4 if length == 126 else 10
            self._fill_to(begin)
            length = int.from_bytes(self._buffer[2:begin], "big")
        self._fill_to(begin + length)
        payload = bytes(memoryview(self._buffer)[begin:begin + length])
        del self._buffer[:begin + length]
        return bool(first & 0x80), first >> 4 & 7, first & 15, payload

    def read_rest(self, bytes_max=None):
        """What comes until the end of the stream, unread; no more than that."""
        while self._fill():
            check(bytes_max is None or len(self._buffer) < bytes_max, "it goes on and on")
        return bytes(self._buffer)

    def use_deflate(self, window_bits=15):
        """Reads compressed messages from now on. One inflater for the whole connection, as clients have that ignore
        context takeover."""
        self._inflate = zlib.decompressobj(-window_bits)

    def shut_down_writing(self):
        self._socket.shutdown(socket.SHUT_WR)

    def abort(self):
        """Drops the connection without a word."""
        self._socket.close()

    def _whole_message(self):
        kind, message = self._kind, b"".join(self._parts)
        self._kind, self._parts = None, []
        return kind, self._inflate.decompress(message + b"\0\0\xff\xff") if self._compressed else message

    def _answer_close(self, payload):
        try:
            self.send_raw(frame(CLOSE, payload[:2]))
        except OSError:
            pass

    def _read_answer(self):
        while b"\r\n\r\n" not in self._buffer:
            if not self._fill():
                raise Closed(None, "inside the handshake")
        head, _, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        self._buffer = bytearray(rest)
        return Answer(head)

    def _check_handshake(self, key):
        if self.answer.status != 101:
            raise Closed(None, self.answer.status_line)
        wanted = base64.b64encode(hashlib.sha1((key + ACCEPT_SUFFIX).encode()).digest()).decode()
        check(self.answer.header("Sec-WebSocket-Accept") == wanted, "wrong Sec-WebSocket-Accept")

    def _fill_to(self, count):
        while len(self._buffer) < count:
            if not self._fill():
                raise CutOff("the stream ended inside a frame")

    def _fill(self):
        data = self._socket.recv(1 << 20)
        self._buffer += data
        return bool(data)
