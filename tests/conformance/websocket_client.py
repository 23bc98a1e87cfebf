"""A WebSocket client that does exactly what a case tells it, right or wrong, on a raw socket."""

import base64
import hashlib
import os
import socket
import struct
import urllib.parse
import zlib

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
TIMEOUT_S = 10


class Failed(Exception):
    """The server did not do what the case expects."""


def check(condition, message):
    if not condition:
        raise Failed(message)


def xor(payload, mask):
    if not payload or mask == b"\0\0\0\0":
        return payload
    size = len(payload)
    repeated = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(repeated, "little")).to_bytes(size, "little")


def frame(opcode, payload=b"", fin=True, rsv=0, mask=None, masked=True, length_form=None, length=None):
    """length_form: 7, 16 or 64 bits, the shortest unless told; length: a claim that need not be true."""
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
    return head + mask + xor(payload, mask)


def fragments(opcode, payload, size, rsv=0):
    """One message in frames of `size` bytes."""
    pieces = [payload[at : at + size] for at in range(0, len(payload), size)] or [b""]
    last = len(pieces) - 1
    return [
        frame(opcode if i == 0 else CONT, piece, fin=i == last, rsv=rsv if i == 0 else 0, mask=b"\x37\xfa\x21\x3d")
        for i, piece in enumerate(pieces)
    ]


def close_payload(code, reason=b""):
    return struct.pack(">H", code) + reason


class Target:
    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        check(parts.scheme == "ws" and parts.hostname, "the URL must be ws://host:port/path")
        self.host, self.port = parts.hostname, parts.port or 80
        self.path = (parts.path or "/") + ("?" + parts.query if parts.query else "")

    def open_socket(self):
        sock = socket.create_connection((self.host, self.port), TIMEOUT_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def request(self, headers=None, without=(), extra=(), method="GET", version="HTTP/1.1", body=b""):
        """The bytes of a good handshake, changed as told. `extra` pairs are added even where one is there."""
        fields = {
            "Host": f"{self.host}:{self.port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        }
        fields.update(headers or {})
        lines = [f"{method} {self.path} {version}"]
        lines += [f"{name}: {value}" for name, value in fields.items() if name not in without]
        lines += [f"{name}: {value}" for name, value in extra]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Answer:
    """An HTTP response head."""

    def __init__(self, head):
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1])
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers.setdefault(name.lower(), []).append(value.strip())

    def header(self, name):
        values = self.headers.get(name.lower(), [])
        return ", ".join(values) if values else None


class Client:
    def __init__(self, target, extensions=None, raw_request=None):
        self.sock = target.open_socket()
        self.buffer = b""
        self.at_end = False
        self.inflate = None
        key = base64.b64encode(os.urandom(16)).decode()
        headers = {"Sec-WebSocket-Key": key}
        if extensions:
            headers["Sec-WebSocket-Extensions"] = extensions
        self.sock.sendall(raw_request or target.request(headers))
        self.answer = self._read_answer()
        if raw_request:
            return
        check(self.answer.status == 101, f"handshake refused with {self.answer.status}")
        wanted = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        check(self.answer.header("Sec-WebSocket-Accept") == wanted.decode(), "wrong Sec-WebSocket-Accept")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def _fill(self):
        try:
            piece = self.sock.recv(1 << 20)
        except socket.timeout:
            raise Failed(f"nothing came within {TIMEOUT_S} s") from None
        except ConnectionResetError:
            raise Failed("the server reset the connection") from None
        self.at_end = not piece
        self.buffer += piece
        return bool(piece)

    def _read_answer(self):
        while b"\r\n\r\n" not in self.buffer:
            check(self._fill(), "the connection ended inside the handshake")
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        return Answer(head)

    def send(self, data, chop=None):
        """Writes `data`, in separate segments of `chop` bytes if told."""
        try:
            if not chop:
                self.sock.sendall(data)
                return
            for at in range(0, len(data), chop):
                self.sock.sendall(data[at : at + chop])
        except (BrokenPipeError, ConnectionResetError):
            pass  # the server may end the connection before it has everything

    def _take(self, count):
        if len(self.buffer) < count:
            pieces, have = [self.buffer], len(self.buffer)
            while have < count:
                self.buffer = b""
                if not self._fill():
                    self.buffer = b"".join(pieces)
                    return None
                pieces.append(self.buffer)
                have += len(self.buffer)
            self.buffer = b"".join(pieces)
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def read_frame(self):
        """(fin, rsv, opcode, payload), or None at the end of the stream."""
        head = self._take(2)
        if head is None:
            check(not self.buffer, "the stream ended inside a frame")
            return None
        check(not head[1] & 0x80, "the server masked a frame")
        length = head[1] & 127
        if length >= 126:
            extended = self._take(2 if length == 126 else 8)
            check(extended is not None, "the stream ended inside a frame")
            length = int.from_bytes(extended, "big")
        payload = self._take(length)
        check(payload is not None, "the stream ended inside a frame")
        return bool(head[0] & 0x80), head[0] >> 4 & 7, head[0] & 15, payload

    def read_event(self):
        """(opcode, payload) of a whole message or control frame; None at the end."""
        kind, parts, compressed = None, [], False
        while True:
            got = self.read_frame()
            if got is None:
                check(kind is None, "the stream ended inside a message")
                return None
            fin, rsv, opcode, payload = got
            if opcode >= CLOSE:
                check(fin and rsv == 0 and len(payload) <= 125, "bad control frame")
                check(kind is None, "control frame inside the server's message")
                return opcode, payload
            check((opcode == CONT) == (kind is not None), "wrong order of fragments")
            if kind is None:
                kind, compressed = opcode, rsv == 4
                check(rsv == 0 or (compressed and self.inflate), f"unexpected RSV {rsv}")
            parts.append(payload)
            if fin:
                message = b"".join(parts)
                # One inflater for the whole connection, as clients have that ignore context takeover.
                return kind, self.inflate.decompress(message + b"\0\0\xff\xff") if compressed else message

    def expect(self, *events):
        for opcode, payload in events:
            got = self.read_event()
            check(got is not None, f"the connection ended, expected opcode {opcode}")
            if got != (opcode, payload):
                raise Failed(f"expected opcode {opcode} {payload[:40]!r}, got {got[0]} {got[1][:40]!r}")

    def expect_end(self):
        got = self.read_event()
        check(got is None, f"expected the end of the connection, got {got}")

    def expect_failure(self, *codes):
        """A Close with one of `codes`, then the end."""
        got = self.read_event()
        check(got is not None, "the connection ended without a Close frame")
        opcode, payload = got
        check(opcode == CLOSE, f"expected Close, got opcode {opcode} {payload[:40]!r}")
        code = int.from_bytes(payload[:2], "big")
        check(code in codes, f"expected Close {codes}, got {code}")
        payload[2:].decode()
        self.expect_end()

    def close(self, code=1000):
        """The clean end of a case in which nothing was wrong."""
        self.send(frame(CLOSE, close_payload(code)))
        self.expect((CLOSE, close_payload(code)))
        self.expect_end()

    def use_deflate(self, window_bits=15):
        self.inflate = zlib.decompressobj(-window_bits)
