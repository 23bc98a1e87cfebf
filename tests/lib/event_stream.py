"""A client of /connection/sse and /connection/uni_sse in bytes."""
import json
import socket

from assertions import WAIT_SECONDS


class EventStream:
    """`connect`: what it connects with, a value of JSON or a text. The events that follow are values of JSON too."""

    def __init__(self, server, connect, path="/connection/sse", headers="", receive_buffer=0):
        host, port = server.address.rsplit(":", 1)
        body = connect if isinstance(connect, str) else json.dumps(connect)
        self._socket = socket.socket()
        self._socket.settimeout(WAIT_SECONDS)
        if receive_buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.connect((host, int(port)))
        self._socket.sendall(f"POST {path} HTTP/1.1\r\nHost: {server.address}\r\n{headers}"
                             f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        self._file = self._socket.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        self.headers = {}
        while line := self._file.readline().strip():
            name, value = line.decode().split(": ", 1)
            self.headers[name.lower()] = value

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def next(self):
        """The next event; None at the end."""
        for line in self._file:
            if line.startswith(b"data: "):
                return json.loads(line[6:])
        return None

    def close(self):
        self._file.close()
        self._socket.close()
