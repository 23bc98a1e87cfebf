#!/usr/bin/env python3
"""Starts a server for a test and stops it again. No test starts one in another way.

In Python:      with Server(binary, "--config", path) as server: ... server.http, server.api("publish", {...})
On the command line, a server for the time of one command:

    tests/lib/server.py BINARY OPTION... -- COMMAND...

The command finds TIDEMILL_ADDRESS (host:port), TIDEMILL_HTTP (http://…), TIDEMILL_WS (ws://…/connection/websocket)
and TIDEMILL_API_KEY in its environment; its exit code is the one given back. For tests in another language that start
and kill servers themselves:

    tests/lib/server.py BINARY OPTION...

prints one line, {"address": "host:port", "pid": N, "log": PATH}, when the server listens, and ends it when standard input ends.
In both, --http_server.listen=HOST:PORT among the options says where; a free port is taken otherwise.
"""
import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from assertions import WAIT_SECONDS, check, eventually

START_SECONDS = 120
STOP_SECONDS = 120
# No turn of a loop may take more CPU time, whatever a suite did: everybody waits for it. In CPU time, which two threads
# that share a core make up to twice as long. An optimized server keeps to a twentieth of it.
LONGEST_TURN_MS = 250 if os.environ.get("SANITIZED") else 100
LONGEST_TURN = re.compile(r"longest_turn_cpu_us\"?[=:](\d+)")
# Both formats of the log; a Unix socket's address is its path.
LISTENING = re.compile(r"server\.listening.*?address\"?[=:]\"?(?:unix:)?([^\s\"]+)")
LISTEN = "--http_server.listen="


class Server:
    """One server process. `address` and `internal`: where it listens, separated by blanks; port 0 is any free one."""

    checks_health = True  # before it counts as started; not where plain HTTP is not spoken
    longest_turn_ms = LONGEST_TURN_MS

    def __init__(self, binary, *arguments, address="127.0.0.1:0", internal="", api_key="secret"):
        wanted = [f"--http_server.internal_listen={internal}"] if internal else []
        self._command = [binary, "serve", LISTEN + address, *wanted, *arguments]
        # serve --dev keeps its jobs in a file of its folder, and several may run at once.
        self._folder = tempfile.TemporaryDirectory(prefix="tidemill-") if "--dev" in arguments else None
        self._addresses_wanted = len(address.split()) + len(internal.split())
        self._killed = False
        self.api_key = api_key
        self.log_path = None
        self.process = None
        self.addresses = []

    def __enter__(self):
        log = tempfile.NamedTemporaryFile("w", prefix="tidemill-", suffix=".log", delete=False)
        self.log_path = log.name
        # The server reads TIDEMILL_… as settings; a test may have been given some to find another server.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TIDEMILL_")}
        with log:
            self.process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=environment, cwd=self._folder and self._folder.name)
        try:
            eventually(self._started, "the server listens", START_SECONDS)
        except Exception as error:
            self.kill()
            raise RuntimeError(
                f"the server did not start ({' '.join(self._command)}): {error}\n{self.log()[-4000:]}") from error
        return self

    def __exit__(self, kind, error, trace):
        """A server that a test has killed has ended as it should; any other must end with 0."""
        try:
            code = self.stop()
            if kind is None and code != 0 and not self._killed:
                raise RuntimeError(f"the server ended with {code}:\n{self.log()[-4000:]}")
            if kind is None:
                self._check_turns()
        finally:
            os.unlink(self.log_path)
            if self._folder:
                self._folder.cleanup()

    @property
    def address(self):
        """The first one, where clients connect."""
        return self.addresses[0]

    @property
    def http(self):
        """Where the API is: the last address, whether there are internal ones or not."""
        return f"http://{self.addresses[-1]}"

    @property
    def websocket(self):
        return f"ws://{self.address}/connection/websocket"

    @property
    def pid(self):
        return self.process.pid

    def environment(self):
        """What a program in another language finds the server by."""
        return {"TIDEMILL_ADDRESS": self.address, "TIDEMILL_HTTP": self.http, "TIDEMILL_WS": self.websocket,
                "TIDEMILL_API_KEY": self.api_key}

    def log_with(self, pattern):
        """The log, once it has what the pattern finds: a thread of its own writes what was logged a moment ago."""
        eventually(lambda: re.search(pattern, self.log()), f"{pattern} is in the log")
        return self.log()

    def until_ready(self):
        """Waits until all that it needs is there: it listens before, and the tables of its own may come after that."""
        eventually(lambda: self.get("/ready")[0] == 200, "it is ready", START_SECONDS)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def alive(self):
        return self.process.poll() is None

    def rss_bytes(self):
        """Resident memory that is the process's own, without what it maps from files."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            fields = dict(line.split(":", 1) for line in status)
        return int(fields["RssAnon"].split()[0]) * 1024

    def cpu_seconds(self):
        """CPU time of all its threads that live; a busy machine does not make it longer."""
        spent = 0
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with contextlib.suppress(FileNotFoundError), open(f"/proc/{self.pid}/task/{task}/schedstat", encoding="ascii") as file:
                spent += int(file.read().split()[0])
        return spent / 1e9

    def open_files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def request(self, method, path, body=None, headers=None, address=None, source=None):
        """Status, headers in lower case, and body, of one request on a connection of its own."""
        host, port = (address or self.addresses[-1]).rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=WAIT_SECONDS,
                                                source_address=(source, 0) if source else None)
        try:
            connection.request(method, path, body, headers or {})
            return answer_of(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, address=None, headers=None, source=None):
        return self.request("GET", path, None, headers, address, source)

    def api(self, method, request):
        """Calls the HTTP API; gives the result, or raises with the error."""
        call = urllib.request.Request(
            f"{self.http}/api/{method}",
            json.dumps(request).encode(),
            {"Content-Type": "application/json", "X-API-Key": self.api_key},
        )
        with urllib.request.urlopen(call, timeout=WAIT_SECONDS) as response:
            answer = json.load(response)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer.get("result", answer)  # a batch gives its replies without a result around them

    def stop(self):
        """Asks the server to end, and gives its exit code."""
        if self.alive():
            self.process.terminate()
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise RuntimeError(f"the server did not stop within {STOP_SECONDS} s:\n{self.log()[-4000:]}") from None

    def kill(self):
        """Ends it at once, as a crash would."""
        self._killed = self._killed or self.alive()
        self.process.kill()
        self.process.wait()

    def _check_turns(self):
        """That none was too long; a server that was killed, or logs no more than warnings, has not said it."""
        longest = max(map(int, LONGEST_TURN.findall(self.log())), default=0) / 1000
        warnings = [line for line in self.log().splitlines() if "loop.turn_was_long" in line]
        if longest > self.longest_turn_ms:
            raise RuntimeError(f"a turn of a loop took {longest} ms of CPU time; {self.longest_turn_ms} are allowed:\n" +
                               "\n".join(warnings[-20:]))

    def _started(self):
        """All ports are open when the first line about one is written."""
        check(self.alive(), f"it ended with {self.process.poll()}")
        self.addresses = LISTENING.findall(self.log())
        return len(self.addresses) >= self._addresses_wanted and (not self.checks_health or self._healthy())

    def _healthy(self):
        try:
            return self.get("/health")[0] == 200
        except (OSError, http.client.HTTPException):
            return False


def answer_of(response):
    return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read().decode()


def run_beside(server, command):
    """Runs the command, which finds the server in its environment; gives its exit code."""
    code = subprocess.run(command, env={**os.environ, **server.environment()}).returncode
    if not server.alive():
        print(f"the server ended during the tests:\n{server.log()[-4000:]}", file=sys.stderr)
        return 1
    if code != 0:
        print(f"the server's log:\n{server.log()[-4000:]}", file=sys.stderr)
    return code


def run_until_input_ends(server):
    """Says where the server is; returns when it has ended, which it is asked to when standard input ends."""
    print(json.dumps({"address": server.address, "pid": server.pid, "log": server.log_path}), flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), server.alive() and server.process.terminate()),
                     daemon=True).start()
    server.process.wait()
    print(server.log(), file=sys.stderr)


def main():
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    binary, *words = sys.argv[1:]
    options, command = (words[:words.index("--")], words[words.index("--") + 1:]) if "--" in words else (words, None)
    address = next((option[len(LISTEN):] for option in options if option.startswith(LISTEN)), "127.0.0.1:0")
    options = [option for option in options if not option.startswith(LISTEN)]
    server = Server(binary, *options, address=address)
    if command is not None:
        with server:
            return run_beside(server, command)
    server.__enter__()
    try:
        run_until_input_ends(server)
    finally:
        if server.alive():
            server.kill()
        os.unlink(server.log_path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
