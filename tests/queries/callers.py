"""Many callers on the same connections, cached and uncached: nobody sees rows of another, by PostgreSQL's policies."""
import contextlib
import http.client
import json
import os
import random
import threading
import uuid

from assertions import WAIT_SECONDS, check, equal
from endpoints import Answer, serving, token
from pgbouncer import pgbouncer
from postgres_server import PostgresServer
from runner import note

SCHEMA = [
    "create table secrets (id bigint generated always as identity primary key,"
    " owner text not null default current_setting('request.jwt.claims', true)::json->>'sub', text text not null)",
    "create role web",
    "create role guest",
    "grant select, insert on secrets to web",
    "grant select on secrets to guest",
    "alter table secrets enable row level security",
    "create policy own on secrets to web using (owner = current_setting('request.jwt.claims', true)::json->>'sub')",
]
FILES = {
    "mine.get.sql": "-- @auth claims:sub\nselect owner, text, current_user::text as role from secrets",
    "cached.get.sql": "-- @auth claims:sub\n-- @cache 1h scope=sub\nselect owner, text, current_user::text as role from secrets",
    "search.get.sql": "-- @auth claims:sub\n-- @cache 1h scope=sub\n-- @param owner text\n"
                      "select owner, text, current_user::text as role from secrets where owner = :owner",
    "all.get.sql": "select owner, text, current_user::text as role from secrets",
    "secrets.post.sql": "-- @auth claims:sub\n-- @rows one\n-- @param text text\n"
                        "insert into secrets (text) values (:text) returning owner, text, current_user::text as role",
    "open.get.sql": "-- @auth none\n-- @cache 1h tags=secrets\nselect owner, text, current_user::text as role from secrets",
}
CALLERS = ("ann", "bob")
THREADS = 6
REQUESTS = 700  # of each thread
ROUNDS = int(os.environ.get("CALLERS_ROUNDS", 1))  # each with a server of its own; 24 make a hundred thousand requests


class Client:
    """One keep-alive connection that all callers use in turn. `known`: what each has written and was told of."""

    def __init__(self, address, seed, known):
        host, port = address.rsplit(":", 1)
        self._connection = http.client.HTTPConnection(host, int(port), timeout=WAIT_SECONDS)
        self._random = random.Random(seed)
        self._known = known
        self._tokens = {caller: token(sub=caller, role="web") for caller in CALLERS}
        self.problems = []
        self.counts = {}

    def run(self):
        try:
            with contextlib.closing(self._connection):
                for _ in range(REQUESTS):
                    self._once()
        except Exception as error:  # of any kind: the test is to say it
            self.problems.append(repr(error))

    def _once(self):
        what = self._random.choices((self._mine, self._cached, self._search, self._service, self._nobody, self._write),
                                    (30, 40, 15, 5, 5, 5))[0]
        self.counts[what.__name__] = self.counts.get(what.__name__, 0) + 1
        what(self._random.choice(CALLERS))

    def _ask(self, method, path, headers, body=None):
        self._connection.request(method, "/rest/" + path, body, headers)
        return Answer(self._connection.getresponse())

    def _rows(self, path, headers):
        answer = self._ask("GET", path, headers)
        check(answer.status == 200, f"{path}: {answer.status} {answer.body}")
        return answer.json()

    def _bearer(self, caller):
        return {"Authorization": "Bearer " + self._tokens[caller]}

    def _sees_own(self, caller, path):
        wanted = set(self._known[caller])
        rows = self._rows(path, self._bearer(caller))
        if wrong := [row for row in rows if (row["owner"], row["role"]) != (caller, "web")]:
            self.problems.append(f"{caller} of {path}: {wrong[:3]}")
        if missing := wanted - {row["text"] for row in rows}:
            self.problems.append(f"{caller} of {path} does not see {sorted(missing)[:3]}")

    def _mine(self, caller):
        self._sees_own(caller, "mine")

    def _cached(self, caller):
        self._sees_own(caller, "cached")

    def _search(self, caller):
        """For the rows of somebody, which are there for their owner only."""
        owner = self._random.choice(CALLERS)
        rows = self._rows(f"search?owner={owner}", self._bearer(caller))
        if any(row["owner"] != caller for row in rows) or (owner == caller) != bool(rows):
            self.problems.append(f"{caller} searches {owner}: {rows[:3]}")

    def _service(self, _):
        """An API key's requests run as the role that the server connects as, which sees all."""
        rows = self._rows("all", {"X-API-Key": "secret"})
        if {row["owner"] for row in rows} != set(CALLERS) or {row["role"] for row in rows} != {"postgres"}:
            self.problems.append(f"the service: {rows[:3]}")

    def _nobody(self, caller):
        """An answer for everybody is what nobody may see, whoever asks for it."""
        if rows := self._rows("open", self._random.choice([{}, self._bearer(caller), {"X-API-Key": "secret"}])):
            self.problems.append(f"nobody: {rows[:3]}")

    def _write(self, caller):
        """With a key that both callers use for the same request."""
        key = self._random.choice([uuid.uuid4().hex, "shared"])
        text = "shared" if key == "shared" else f"{caller} {key}"
        headers = {**self._bearer(caller), "Content-Type": "application/json", "Idempotency-Key": key}
        answer = self._ask("POST", "secrets", headers, json.dumps({"text": text}))
        if answer.status == 409 and key == "shared":
            return
        if answer.status != 200 or answer.json() != {"owner": caller, "text": text, "role": "web"}:
            self.problems.append(f"{caller} writes: {answer.status} {answer.body}")
        self._known[caller].append(text)


def interleave(binary, seed, postgres, url):
    """Random requests to a server that reaches `postgres` at `url`."""
    for sql in SCHEMA:
        postgres.run(sql)
    known = {caller: [f"{caller}'s first"] for caller in CALLERS}
    for caller in CALLERS:
        postgres.run(f"insert into secrets (owner, text) values ('{caller}', '{caller}''s first')")
    database = [f"--storage.postgres.url={url}"], postgres.run
    with serving(binary, "postgres", database, "--queries.postgres.anonymous_role=guest", files=FILES) as each:
        clients = [Client(each.server.address, seed + number, known) for number in range(THREADS)]
        threads = [threading.Thread(target=client.run) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    equal([problem for client in clients for problem in client.problems][:5], [])
    counts = {}
    for client in clients:
        for name, count in client.counts.items():
            counts[name.lstrip("_")] = counts.get(name.lstrip("_"), 0) + count
    equal(sum(counts.values()), THREADS * REQUESTS)
    note(", ".join(f"{count} {name}" for name, count in sorted(counts.items())))
    for caller in CALLERS:
        owned = postgres.run(f"select text from secrets where owner = '{caller}'").splitlines()
        equal(sorted(owned), sorted(set(known[caller])))


def test_random_interleavings(binary, seed):
    """Thousands of requests of two callers, a service and nobody, in any order over keep-alive connections"""
    for number in range(ROUNDS):
        with PostgresServer() as postgres:
            interleave(binary, seed + number * THREADS, postgres, postgres.url())


def test_random_interleavings_behind_a_pooler(binary, seed):
    """The same where PgBouncer gives each transaction whatever connection is free"""
    for number in range(ROUNDS):
        with PostgresServer() as postgres, pgbouncer(postgres, "default_pool_size = 3") as url:
            interleave(binary, seed + number * THREADS, postgres, url)
