"""A small blocking WebSocket client that can also misbehave: RFC 6455 over a plain socket, nothing checked for you."""
import base64
import os
import socket
import struct

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Closed(Exception):
    """The connection ended: by a close frame (code, reason), or without one (code None)."""

    def __init__(self, code, reason=""):
        super().__init__(f"closed with {code} {reason!r}")
        self.code = code
        self.reason = reason


def frame(opcode, payload=b"", *, fin=True, rsv=0, masked=True):
    """One frame as a client sends it."""
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    bit = 0x80 if masked else 0
    if len(payload) < 126:
        head += bytes([bit | len(payload)])
    elif len(payload) < 1 << 16:
        head += struct.pack("!BH", bit | 126, len(payload))
    else:
        head += struct.pack("!BQ", bit | 127, len(payload))
    if not masked:
        return head + payload
    key = os.urandom(4)
    pad = (key * (len(payload) // 4 + 1))[: len(payload)]
    mixed = int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")
    return head + key + mixed.to_bytes(len(payload), "big")


def tcp_connection(address, timeout=10):
    host, port = address.rsplit(":", 1)
    connection = socket.create_connection((host, int(port)), timeout)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


class WebSocket:
    def __init__(self, address, path="/connection/websocket", *, subprotocol=None, timeout=10, connection=None,
                 headers=()):
        """`connection`: a connected socket to use, such as one with TLS; else a new one to the address."""
        self._socket = connection or tcp_connection(address, timeout)
        self._bytes = b""
        request = [
            f"GET {path} HTTP/1.1",
            f"Host: {address}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)).decode(),
            *headers,
        ]
        if subprotocol:
            request.append(f"Sec-WebSocket-Protocol: {subprotocol}")
        self.send_raw("\r\n".join([*request, "", ""]).encode())
        while b"\r\n\r\n" not in self._bytes:
            self._read_more()
        head, self._bytes = self._bytes.split(b"\r\n\r\n", 1)
        self.response = head.decode()
        if not self.response.startswith("HTTP/1.1 101 "):
            self.abort()
            raise Closed(None, self.response.splitlines()[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.abort()

    def send_raw(self, data):
        self._socket.sendall(data)

    def send_text(self, text):
        self.send_raw(frame(TEXT, text.encode()))

    def send_binary(self, data):
        self.send_raw(frame(BINARY, data))

    def receive(self, timeout=10):
        """The next message, str or bytes. Raises Closed, or TimeoutError when nothing comes."""
        self._socket.settimeout(timeout)
        while True:
            first, second = self._take(2)
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack("!H", self._take(2))
            elif length == 127:
                (length,) = struct.unpack("!Q", self._take(8))
            payload = self._take(length)
            opcode = first & 0x0F
            if opcode == TEXT:
                return payload.decode()
            if opcode == BINARY:
                return payload
            if opcode == CLOSE:
                self._answer_close(payload)
                if len(payload) < 2:
                    raise Closed(1005)
                raise Closed(struct.unpack("!H", payload[:2])[0], payload[2:].decode())

    def abort(self):
        """Drops the connection without a word."""
        self._socket.close()

    def _answer_close(self, payload):
        try:
            self.send_raw(frame(CLOSE, payload[:2]))
        except OSError:
            pass

    def _take(self, count):
        while len(self._bytes) < count:
            self._read_more()
        taken, self._bytes = self._bytes[:count], self._bytes[count:]
        return taken

    def _read_more(self):
        try:
            data = self._socket.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            raise Closed(None)
        self._bytes += data
