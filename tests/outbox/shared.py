"""Servers with an outbox, for the tests of this folder."""
import contextlib
import json
import os
import subprocess

from assertions import check, eventually
from postgres_server import DEBIAN
from server import Server

KEEPS = ("--channel.without_namespace.history_size=200000", "--channel.without_namespace.history_ttl=1h")


class OutboxServer(Server):
    """On the database of `postgres`, or a file in `folder`."""

    def __init__(self, binary, folder, *arguments, postgres="", **options):
        self._binary, self._folder_of_commands = binary, folder
        self.storage = f"--storage.postgres.url={postgres}" if postgres else f"--storage.sqlite.path={folder}/outbox.db"
        super().__init__(binary, "--http_api.key=secret", "--outbox.enabled=true", self.storage, *KEEPS, *arguments, **options)

    def __enter__(self):
        super().__enter__()
        self.until_ready()
        return self

    def status(self):
        return self._asked("outbox_status")

    def parked(self):
        return self._asked("outbox_parked")["entries"]

    def _asked(self, method):
        """Waits for a database that is not connected yet, or was away a moment ago."""
        def ask():
            with contextlib.suppress(RuntimeError):
                return self.api(method, {})
        return eventually(ask, f"{method} is answered")

    def until_empty(self, seconds=60):
        eventually(lambda: self.status()["waiting"] == 0, "all has left", seconds)

    def history(self, channel):
        """The data of all that the channel has kept, oldest first."""
        return [publication["data"] for publication in self.api("history", {"channel": channel, "limit": -1})["publications"]]

    def metric(self, name):
        """The sum of its series."""
        lines = [line for line in self.get("/metrics")[2].splitlines() if line.split("{")[0].split(" ")[0] == name]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)

    def command(self, *words, fails=False):
        """What `tidemill outbox …` prints."""
        where = () if words[0] == "trigger" else ("--url", self.http, "--api-key", self.api_key)
        done = subprocess.run([self._binary, "outbox", *words, *where], capture_output=True, text=True, timeout=60,
                              cwd=self._folder_of_commands)
        check((done.returncode != 0) == fails, done.stdout + done.stderr)
        return done.stdout + done.stderr


class Psql:
    """A psql that goes on: one transaction after the other on one connection."""

    def __init__(self, postgres, script=""):
        self._process = subprocess.Popen(
            [f"{DEBIAN}/psql", "--no-psqlrc", "--no-align", "--tuples-only", "--quiet", "--set=ON_ERROR_STOP=1",
             f"--host={postgres.folder}", f"--port={postgres.port}", "--username=postgres", "--dbname=postgres"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        os.set_blocking(self._process.stdin.fileno(), True)
        self._script = script

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.run()

    def say(self, line):
        """It is done soon."""
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def run(self):
        _, errors = self._process.communicate(self._script, timeout=600)
        check(self._process.returncode == 0, errors)


def data(value):
    """As a literal of SQL."""
    return "'" + json.dumps(value).replace("'", "''") + "'"
