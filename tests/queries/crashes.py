"""Writes while the server or PostgreSQL is killed: what was acknowledged is there, and service is normal again soon."""
import contextlib
import http.client
import json
import pathlib
import random
import threading
import time

from assertions import SLACK_SECONDS, WAIT_SECONDS, check, equal, eventually
from endpoints import Answer, serving, sqlite_database
from postgres_server import PostgresServer
from runner import note

NORMAL_SECONDS = 5  # until a write succeeds again
FILES = {"notes.post.sql": "-- @auth none\n-- @rows value\n-- @param what text\n"
                           "insert into notes (what) values (:what) returning id"}
TABLE = {"sqlite": "create table notes (id integer primary key autoincrement, what text not null)",
         "postgres": "create table notes (id bigint generated always as identity primary key, what text not null)"}
THREADS = 8


@contextlib.contextmanager
def each_kind(folder, kind):
    """Settings that choose the database, a function that runs SQL on it, and its server if it has one."""
    where = pathlib.Path(folder) / kind
    where.mkdir()
    if kind == "sqlite":
        with sqlite_database(where) as (settings, run):
            run(TABLE[kind])
            yield settings, run, None
    else:
        with PostgresServer(sql=TABLE[kind]) as server:
            yield [f"--storage.postgres.url={server.url()}"], server.run, server


class Crashing:
    """A server that is started again after each crash. `post` may be called by any thread meanwhile."""

    def __init__(self, binary, kind, database, folder, seed):
        self._start = lambda: serving(binary, kind, database[:2], files=FILES, folder=pathlib.Path(folder) / kind / "queries")
        self._random = random.Random(seed)
        self._run = database[1]
        self._kind = kind
        self._stack = contextlib.ExitStack()
        self._serving = None

    def __enter__(self):
        self._serving = self._stack.enter_context(self._start())
        return self

    def __exit__(self, *error):
        return self._stack.__exit__(*error)

    def post(self, what, key=None):
        """The answer, or OSError or HTTPException."""
        host, port = self._serving.server.address.rsplit(":", 1)
        headers = {"Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})}
        with contextlib.closing(http.client.HTTPConnection(host, int(port), timeout=WAIT_SECONDS)) as connection:
            connection.request("POST", "/rest/notes", json.dumps({"what": what}), headers)
            return Answer(connection.getresponse())

    def rows(self):
        if self._kind == "sqlite":
            return self._run("select id, what from notes")
        lines = self._run("select id, what from notes").splitlines()
        return [(int(row), what) for row, what in (line.split("|") for line in lines)]

    def any_moment(self, writers):
        """After some more writes, and then whenever."""
        wanted = len(writers.acknowledged) + self._random.randrange(10, 60)
        eventually(lambda: len(writers.acknowledged) >= wanted, "writes go on")
        time.sleep(self._random.random() / 50)

    def crash(self, writers):
        """Kills it at any moment; gives the seconds until a write of a writer succeeds again."""
        self.any_moment(writers)
        begun = time.monotonic()
        self._serving.server.kill()
        self._stack.close()
        self._serving = self._stack.enter_context(self._start())
        before = len(writers.acknowledged)
        eventually(lambda: len(writers.acknowledged) > before, "a write succeeds")
        return time.monotonic() - begun


class Writers:
    """Threads that write, each one text after another. With keys a write is repeated until it is acknowledged; without,
    each is sent once. At the end of the block those under way have ended."""

    def __init__(self, place, *, keys):
        self.sent = []
        self.acknowledged = {}  # text -> body of the answer
        self.refused = []  # status and body of what was neither
        self.repeated = 0
        self._place = place
        self._keys = keys
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(THREADS)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number):
        count = 0
        while not self._stop.is_set():
            count += 1
            what = f"{number}-{count}"
            self.sent.append(what)
            deadline = time.monotonic() + WAIT_SECONDS
            while not self._write(what) and self._keys and time.monotonic() < deadline:
                self.repeated += 1

    def _write(self, what):
        try:
            answer = self._place.post(what, what if self._keys else None)
        except (OSError, http.client.HTTPException):
            time.sleep(0.02)
            return False
        if answer.status == 200:
            self.acknowledged[what] = answer.body
            return True
        self.refused.append((answer.status, answer.json()["code"]))
        time.sleep(0.02)
        return False


def lost(writers, rows):
    """What is wrong: a write that was acknowledged and is not there, or one that is there more than once."""
    found = [what for _, what in rows]
    return ([f"{what}: acknowledged, and is not there" for what in writers.acknowledged if what not in set(found)] +
            [f"{what}: {found.count(what)} rows" for what in set(found) if found.count(what) > 1])


def check_normal(seconds):
    note(f"a write succeeded {max(seconds):.1f} s after the crash")
    check(max(seconds) < NORMAL_SECONDS + SLACK_SECONDS, f"service was normal after {max(seconds):.1f} s")


def cases_of_the_server(binary, folder, seed):
    for kind in ("sqlite", "postgres"):
        def case(kind=kind):
            with each_kind(folder, kind) as database, Crashing(binary, kind, database, folder, seed) as place:
                with Writers(place, keys=False) as writers:
                    seconds = [place.crash(writers) for _ in range(3)]
                equal(lost(writers, place.rows()), [])
            check_normal(seconds)
        yield f"{kind}: what was acknowledged before a crash of the server is there, once", case


def test_postgres_crashes(binary, folder, seed):
    """What was acknowledged before a crash of PostgreSQL is there, once; what was not is 503 or says that nobody knows"""
    with each_kind(folder, "postgres") as database, Crashing(binary, "postgres", database, folder, seed) as place:
        seconds = []
        with Writers(place, keys=False) as writers:
            for _ in range(3):
                place.any_moment(writers)
                database[2].kill()
                eventually(lambda refused=len(writers.refused): len(writers.refused) > refused + THREADS, "writes are refused")
                begun, before = time.monotonic(), len(writers.acknowledged)
                database[2].start()
                eventually(lambda before=before: len(writers.acknowledged) > before, "a write succeeds")
                seconds.append(time.monotonic() - begun)
        equal(lost(writers, place.rows()), [])
        equal({status for status, _ in writers.refused}, {503})
        check_normal(seconds)
