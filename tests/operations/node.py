"""A server with a configuration file of its own, and clients for it."""
import json
import os
import re
import signal
import subprocess

import jwt
from assertions import WAIT_SECONDS, check, eventually
from server import Server
from websocket import Closed, WebSocket, tcp_connection

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


def run_command(binary, *arguments, stdin="", seconds=WAIT_SECONDS, environment=None, folder=None):
    """Exit code, standard output and standard error of a command that ends; `environment` adds to this process's."""
    done = subprocess.run([binary, *arguments], input=stdin, capture_output=True, text=True, timeout=seconds,
                          env={**os.environ, **(environment or {})}, cwd=folder)
    return done.returncode, done.stdout, done.stderr


class Node(Server):
    """`listen` and `internal`: addresses, separated by blanks. Port 0 is any free one."""

    checks_health = False  # some speak TLS

    def __init__(self, binary, folder, settings=OPEN, *, listen="127.0.0.1:0", internal=""):
        self._file = folder / "tidemill.toml"
        self._file.write_text(settings, encoding="utf-8")
        super().__init__(binary, "--config", str(self._file), address=listen, internal=internal)

    def __exit__(self, *error):
        """Clients go first: a server that stops waits for them."""
        Client.abort_all()
        super().__exit__(*error)

    def reload(self, settings):
        """Gives the log of the reload."""
        before = len(self.log())
        self._file.write_text(settings, encoding="utf-8")
        self.process.send_signal(signal.SIGHUP)
        return eventually(lambda: re.search(r"server\.reload(ed|_refused).*\n", self.log()[before:])
                          and self.log()[before:], "reloaded")

    def metrics(self):
        """Value by series, the name with its labels."""
        lines = self.get("/metrics")[2].splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines
                                                          if line and line[0] != "#")}

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
        reply = self.ask(method, parameters)
        check("error" not in reply, f"{method}: {reply}")
        return reply[method]

    def ask(self, method, parameters):
        """The reply, whichever it is."""
        self._id += 1
        self.send_text(json.dumps({"id": self._id, method: parameters}))
        while True:
            for message in self._messages(10):
                if message.get("id") == self._id:
                    return message
                self._pushes.append(message["push"])

    def subscribe(self, channel, **parameters):
        return self.call("subscribe", {"channel": channel, **parameters})

    def next_data(self, timeout=WAIT_SECONDS):
        """The data of the next publication."""
        while not self._pushes:
            self._pushes += [message["push"] for message in self._messages(timeout)]
        return self._pushes.pop(0)["pub"]["data"]

    def close_code(self, timeout=WAIT_SECONDS):
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


def refuses_connections(address):
    try:
        tcp_connection(address, timeout=WAIT_SECONDS).close()
    except ConnectionRefusedError:
        return True
    return False
