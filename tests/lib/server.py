#!/usr/bin/env python3
"""Starts a server for a test and stops it again.

In Python:      with Server(binary, "--config", path) as server: ... server.http, server.api("publish", {...})
On the command line, a server with that configuration for the time of one command:

    tests/lib/server.py BINARY --config FILE -- COMMAND...

The command finds TIDEMILL_ADDRESS (host:port), TIDEMILL_HTTP (http://…), TIDEMILL_WS (ws://…/connection/websocket)
and TIDEMILL_API_KEY in its environment; its exit code is the one given back.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

START_SECONDS = 30
STOP_SECONDS = 40
LISTENING = re.compile(r'server\.listening.*address="?([0-9.]+:\d+)')


class Server:
    """One server process on a free port of the loopback interface, or on `address` when given."""

    def __init__(self, binary, *arguments, address="127.0.0.1:0", api_key="secret"):
        self._command = [binary, "serve", f"--http_server.listen={address}", *arguments]
        self.api_key = api_key
        self.log_path = None
        self.process = None
        self.address = None

    def __enter__(self):
        log = tempfile.NamedTemporaryFile("w", prefix="tidemill-", suffix=".log", delete=False)
        self.log_path = log.name
        with log:
            self.process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self._wait_until_healthy()
        except Exception:
            self.kill()
            raise
        return self

    def __exit__(self, kind, error, trace):
        try:
            code = self.stop()
            if kind is None and code != 0:
                raise RuntimeError(f"the server ended with {code}:\n{self.log()[-4000:]}")
        finally:
            os.unlink(self.log_path)

    @property
    def http(self):
        return f"http://{self.address}"

    @property
    def websocket(self):
        return f"ws://{self.address}/connection/websocket"

    @property
    def pid(self):
        return self.process.pid

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

    def open_files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def api(self, method, request):
        """Calls the HTTP API; gives the result, or raises with the error."""
        call = urllib.request.Request(
            f"{self.http}/api/{method}",
            json.dumps(request).encode(),
            {"Content-Type": "application/json", "X-API-Key": self.api_key},
        )
        with urllib.request.urlopen(call, timeout=10) as response:
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
            raise RuntimeError(f"the server did not stop within {STOP_SECONDS} s:\n{self.log()[-4000:]}")

    def kill(self):
        """Ends it at once, as a crash would."""
        self.process.kill()
        self.process.wait()

    def _wait_until_healthy(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if not self.alive():
                break
            found = LISTENING.search(self.log())
            if found:
                self.address = found.group(1)
                try:
                    with urllib.request.urlopen(f"{self.http}/health", timeout=2) as response:
                        if response.status == 200:
                            return
                except (urllib.error.URLError, OSError):
                    pass
            time.sleep(0.02)
        raise RuntimeError(f"the server did not start ({' '.join(self._command)}):\n{self.log()[-4000:]}")


class Tally:
    """Counts tests, prints those that fail, and the closing line."""

    def __init__(self):
        self.passed = 0
        self.failed = 0
        self._lock = threading.Lock()

    def record(self, name, problem=None):
        with self._lock:
            if problem is None:
                self.passed += 1
            else:
                self.failed += 1
                print(f"FAIL {name}\n     {problem}", flush=True)

    def close(self):
        """Prints the closing line and gives the exit code."""
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 1 if self.failed or not self.passed else 0


def main():
    if "--" not in sys.argv[2:]:
        print(__doc__, file=sys.stderr)
        return 2
    split = sys.argv.index("--")
    with Server(sys.argv[1], *sys.argv[2:split]) as server:
        environment = dict(
            os.environ,
            TIDEMILL_ADDRESS=server.address,
            TIDEMILL_HTTP=server.http,
            TIDEMILL_WS=server.websocket,
            TIDEMILL_API_KEY=server.api_key,
        )
        code = subprocess.run(sys.argv[split + 1 :], env=environment).returncode
        if not server.alive():
            print(f"the server ended during the tests:\n{server.log()[-4000:]}", file=sys.stderr)
            return 1
        if code != 0:
            print(f"the server's log:\n{server.log()[-4000:]}", file=sys.stderr)
        return code


if __name__ == "__main__":
    sys.exit(main())
