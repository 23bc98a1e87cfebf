"""A WebSocket client that does exactly what a case tells it, right or wrong, and wants exactly what the case expects."""
import struct

from assertions import check
from websocket import CLOSE, CONT, WebSocket, frame


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


class Client(WebSocket):
    def __init__(self, endpoint, extensions=None, request=None):
        headers = {"Sec-WebSocket-Extensions": extensions} if extensions else None
        super().__init__(endpoint.address, endpoint.path, headers=headers, request=request)

    def send(self, data, chop=None):
        """Writes `data`, in separate segments of `chop` bytes if told."""
        try:
            if not chop:
                self.send_raw(data)
                return
            for at in range(0, len(data), chop):
                self.send_raw(data[at : at + chop])
        except (BrokenPipeError, ConnectionResetError):
            pass  # the server may end the connection before it has everything

    def expect(self, *events):
        for opcode, payload in events:
            got = self.read_event()
            check(got is not None, f"the connection ended, expected opcode {opcode}")
            if got != (opcode, payload):
                raise AssertionError(f"expected opcode {opcode} {payload[:40]!r}, got {got[0]} {got[1][:40]!r}")

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
