"""A server with a configuration file of its own, and clients for it."""
import http.client
import json
import re
import signal
import socket
import subprocess
import time

import jwt
from server import Server
from websocket import Closed, WebSocket, tcp_connection

WAIT_SECONDS = 15
LISTENING = re.compile(r"server\.listening.*?address\"?[=:]\"?(?:unix:)?([^\s\"]+)")

# Everybody may do everything in channels without a namespace.
OPEN = """
[http_api]
key = "secret"
[client]
allow_anonymous_connect_without_token = true
token.hmac_secret_key = "secret"
[channel.without_namespace]
allow_subscribe_for_client = true
allow_subscribe_for_anonymous = true
allow_publish_for_client = true
allow_publish_for_anonymous = true
"""


def check(condition, problem):
    if not condition:
        raise AssertionError(problem)


def equal(got, wanted):
    check(got == wanted, f"got {got!r}, wanted {wanted!r}")


def eventually(ask, what, seconds=WAIT_SECONDS):
    """Waits until `ask` gives something true, and gives that."""
    deadline = time.monotonic() + seconds
    while True:
        got = ask()
        if got:
            return got
        check(time.monotonic() < deadline, f"not within {seconds} s: {what}")
        time.sleep(0.02)


def run_command(binary, *arguments, stdin="", seconds=20):
    """Exit code, standard output and standard error of a command that ends."""
    done = subprocess.run([binary, *arguments], input=stdin, capture_output=True, text=True, timeout=seconds)
    return done.returncode, done.stdout, done.stderr


class Node(Server):
    """`listen` and `internal`: addresses, separated by blanks. Port 0 is any free one."""

    def __init__(self, binary, folder, settings=OPEN, *, listen="127.0.0.1:0", internal=""):
        self._file = folder / "tidemill.toml"
        self._file.write_text(settings, encoding="utf-8")
        arguments = [f"--http_server.internal_listen={internal}"] if internal else []
        super().__init__(binary, "--config", str(self._file), *arguments, address=listen)
        self._addresses_wanted = len(listen.split()) + len(internal.split())
        self.addresses = []

    def __exit__(self, *error):
        """Clients go first: a server that stops waits for them."""
        Client.abort_all()
        super().__exit__(*error)

    def _wait_until_healthy(self):
        """All ports are open when the first line about one is written."""
        def listening():
            check(self.alive(), f"ended with {self.process.poll()}: {self.log()}")
            self.addresses = LISTENING.findall(self.log())
            return len(self.addresses) >= self._addresses_wanted

        eventually(listening, "listening")
        self.address = self.addresses[0]

    @property
    def http(self):
        """Where the API is: the last address, whether there are internal ones or not."""
        return f"http://{self.addresses[-1]}"

    def reload(self, settings):
        """Gives the log of the reload."""
        before = len(self.log())
        self._file.write_text(settings, encoding="utf-8")
        self.process.send_signal(signal.SIGHUP)
        return eventually(lambda: re.search(r"server\.reload(ed|_refused).*\n", self.log()[before:])
                          and self.log()[before:], "reloaded")

    def get(self, path, address=None, headers=None, source=None):
        """Status, headers in lower case, and body."""
        host, port = (address or self.addresses[-1]).rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=10,
                                                source_address=(source, 0) if source else None)
        try:
            connection.request("GET", path, headers=headers or {})
            return answer_of(connection.getresponse())
        finally:
            connection.close()

    def metrics(self):
        """Value by series, the name with its labels."""
        lines = self.get("/metrics")[2].splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines
                                                          if line and line[0] != "#")}

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100


def answer_of(response):
    return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read().decode()


def token(user, **claims):
    return jwt.sign({"sub": user, **claims})


class Client(WebSocket):
    """A client that has connected, answers pings, and keeps pushes until they are asked for."""

    _opened = []

    @classmethod
    def abort_all(cls):
        while cls._opened:
            cls._opened.pop().abort()

    def __init__(self, address, connect=None, **options):
        super().__init__(address, **options)
        self._opened.append(self)
        self._id = 0
        self._pushes = []
        self.connect_result = self.call("connect", connect or {})

    def call(self, method, parameters):
        """The result; an error raises."""
        self._id += 1
        self.send_text(json.dumps({"id": self._id, method: parameters}))
        while True:
            for message in self._messages(10):
                if message.get("id") == self._id:
                    check("error" not in message, f"{method}: {message}")
                    return message[method]
                self._pushes.append(message["push"])

    def subscribe(self, channel, **parameters):
        return self.call("subscribe", {"channel": channel, **parameters})

    def next_data(self, timeout=10):
        """The data of the next publication."""
        while not self._pushes:
            self._pushes += [message["push"] for message in self._messages(timeout)]
        return self._pushes.pop(0)["pub"]["data"]

    def close_code(self, timeout=10):
        """Reads until the connection is closed."""
        try:
            while True:
                self._messages(timeout)
        except Closed as closed:
            return closed.code

    def _messages(self, timeout):
        messages = [json.loads(line) for line in self.receive(timeout).splitlines()]
        if {} in messages:
            self.send_text("{}")
        return [message for message in messages if message]


def raw_request(address, data, timeout=10):
    """All that is answered to these bytes until the end of the connection."""
    with tcp_connection(address, timeout) as connection:
        connection.sendall(data)
        return read_all(connection)


def read_all(connection):
    answer = b""
    while True:
        try:
            more = connection.recv(65536)
        except ConnectionError:
            return answer
        if not more:
            return answer
        answer += more


def refuses_connections(address):
    host, port = address.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), 2).close()
    except ConnectionRefusedError:
        return True
    return False
