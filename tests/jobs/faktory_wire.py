"""Faktory's protocol, spoken by hand: one connection, its lines and its answers."""
import hashlib
import json
import socket

from assertions import WAIT_SECONDS, check


class Refused(Exception):
    """-CODE text"""


def password_hash(password, salt, iterations):
    """The hexadecimal digits of SHA-256, applied so often."""
    digest = (password + salt).encode()
    for _ in range(iterations):
        digest = hashlib.sha256(digest).digest()
    return digest.hex()


class Wire:
    """A connection. `hello`: members of HELLO; None sends none."""

    def __init__(self, address, hello=None, password=None, greet=True, timeout=WAIT_SECONDS):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self.socket.makefile("rb")
        if not greet:
            return
        self.hi = self.line()
        if not self.hi:
            raise EOFError("the server has closed")
        if self.hi[0] == "-":
            raise Refused(self.hi[1:])
        check(self.hi.startswith("+HI "), self.hi)
        challenge = json.loads(self.hi[4:])
        members = {"v": 2, **(hello or {})}
        if "s" in challenge and password is not None:
            members["pwdhash"] = password_hash(password, challenge["s"], challenge["i"])
        self.call("HELLO " + json.dumps(members))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._file.close()
        self.socket.close()

    def send(self, *lines):
        self.socket.sendall("".join(line + "\r\n" for line in lines).encode())

    def line(self):
        """The next line, without its end; "" when the server has closed."""
        return self._file.readline().decode().removesuffix("\r\n")

    def answer_text(self):
        """The next answer as it stands, without its last line end; None when the server has closed."""
        line = self.line()
        if not line:
            return None
        if line[0] != "$" or line == "$-1":
            return line
        size = int(line[1:])
        body = self._file.read(size + 2)
        check(body.endswith(b"\r\n"), body)
        return f"{line}\r\n{body[:-2].decode()}"

    def answer(self):
        """The next answer as a value: text of a simple one, JSON of a bulk, None of a nil; Refused of an error."""
        text = self.answer_text()
        if text is None:
            raise EOFError("the server has closed")
        if text[0] == "-":
            raise Refused(text[1:])
        if text[0] == "+":
            return text[1:]
        check(text[0] == "$", text)
        return None if text == "$-1" else json.loads(text.split("\r\n", 1)[1])

    def call(self, line):
        self.send(line)
        return self.answer()

    def push(self, jid, jobtype="job", args=(), **more):
        return self.call("PUSH " + json.dumps({"jid": jid, "jobtype": jobtype, "args": list(args), **more}))

    def push_bulk(self, jobs):
        return self.call("PUSHB " + json.dumps(jobs))

    def fetch(self, *queues):
        return self.call("FETCH " + " ".join(queues or ("default",)))

    def ack(self, jid):
        return self.call("ACK " + json.dumps({"jid": jid}))

    def fail(self, jid, **more):
        return self.call("FAIL " + json.dumps({"jid": jid, "errtype": "Error", "message": "no", "backtrace": [], **more}))

    def beat(self, wid, **more):
        return self.call("BEAT " + json.dumps({"wid": wid, **more}))

    def info(self):
        return self.call("INFO")
