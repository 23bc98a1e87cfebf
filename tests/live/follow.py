"""Servers with live queries, and their subscribers: the official JavaScript client."""
import contextlib
import json
import pathlib
import subprocess
import threading
import urllib.parse

from assertions import check, eventually
from jwt import SECRET, sign
from server import Server

HERE = pathlib.Path(__file__).parent


class Followers:
    """A Node process with any number of subscribers."""

    def __init__(self):
        self._process = subprocess.Popen(["node", str(HERE / "follow.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         text=True, cwd=HERE)
        self._lock = threading.Lock()
        self._count = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(30)

    def follow(self, server, path, user="", claims=None, everybody=False, token=None, **parameters):
        """`claims`: of a token that the subscription gets; without them it has none."""
        self._count += 1
        query = urllib.parse.urlencode(sorted(parameters.items()))
        channel = f"live:{path}" + (f"?{query}" if query else "") + ("" if everybody else f"#{user}")
        rights = sign({"sub": user, **claims}) if claims is not None else None
        self._say({"follow": {"id": self._count, "url": f"ws://{server.address}/connection/websocket", "channel": channel,
                              "token": token or sign({"sub": user}), "rights": rights}})
        return Follower(self, self._count)

    def ask(self, number):
        with self._lock:
            self._write({"ask": number})
            return json.loads(self._process.stdout.readline())

    def end(self, number):
        self._say({"end": number})

    def _say(self, message):
        with self._lock:
            self._write(message)

    def _write(self, message):
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()


class Follower:
    def __init__(self, followers, number):
        self._followers, self._number = followers, number

    def now(self):
        return self._followers.ask(self._number)

    def rows(self):
        return self.now()["rows"]

    def until(self, rows, seconds=60):
        """Waits until it has exactly these rows, in this order."""
        def same():
            return self.rows() == rows
        try:
            eventually(same, "the rows", seconds)
        except AssertionError:
            raise AssertionError(f"wanted {rows}, and has {self.now()}") from None

    def until_refused(self, code, words):
        def refused():
            ended = self.now()["ended"]
            return ended and ended["code"] == code and words in ended["reason"]
        try:
            eventually(refused, words)
        except AssertionError:
            raise AssertionError(f"wanted {code} {words}, and has {self.now()}") from None

    def until_ended(self):
        return eventually(lambda: self.now()["ended"], "it ends")

    def until_settled(self):
        """None: it follows; else how it has ended."""
        state = eventually(lambda: (now := self.now())["state"] != "subscribing" and now, "it is answered")
        return state["ended"]

    def end(self):
        self._followers.end(self._number)


@contextlib.contextmanager
def serving(binary, folder, storage, files, *options, **more):
    queries = pathlib.Path(folder) / "queries"
    queries.mkdir(exist_ok=True)
    for name, text in files.items():
        (queries / name).parent.mkdir(parents=True, exist_ok=True)
        (queries / name).write_text(text, encoding="utf-8")
    with Server(binary, "--http_api.key=secret", f"--client.token.hmac_secret_key={SECRET}", f"--queries.folder={queries}",
                *storage, *options, **more) as server:
        server.until_ready()
        yield server


def metric(server, name):
    lines = [line for line in server.get("/metrics")[2].splitlines() if line.split("{")[0].split(" ")[0] == name]
    check(lines, name)
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)
