"""Two servers on one PostgreSQL whose caches share a Redis: what one writes, the other does not give any more."""
import concurrent.futures
import contextlib
import json
import time
import uuid

from assertions import check, equal, eventually
from endpoints import serving
from postgres_server import PostgresServer
from redis_server import RedisServer
from runner import fixture, note

FILES = {
    "count.get.sql": "-- @auth none\n-- @cache 1h\n-- @rows value\nselect count(*) from notes",
    "notes.post.sql": "-- @auth none\n-- @rows value\n-- @param what text\n"
                      "insert into notes (what) values (:what) returning what",
    # Each key is an answer of its own.
    "slow.get.sql": "-- @auth none\n-- @cache 1h\n-- @rows value\n-- @param key text\n-- @timeout 60s\n"
                    "select count(*) from others where :key <> (select pg_sleep(0.5)::text)",
    "quick.get.sql": "-- @auth none\n-- @cache 1h\n-- @rows value\n-- @param key text\nselect count(*) from others where what = :key",
    "slow.post.sql": "-- @auth none\n-- @rows value\n-- @param what text\n-- @timeout 60s\n"
                     "insert into notes (what) select :what from (select pg_sleep(1)) as slept returning what",
}
TABLES = ["create table notes (what text)", "create table others (what text)"]
QUERIES_MAX = 2  # of 200 requests: a node waits only a moment for the query of another


class Nodes:
    def __init__(self, postgres, redis, nodes):
        self.postgres = postgres
        self.redis = redis
        self.a, self.b = self.all = nodes

    def executed(self, text):
        """How often PostgreSQL has run a statement with this text or parameter."""
        return sum(1 for line in self.postgres.log().splitlines() if text in line)

    def count_of(self, node):
        answer = node.get("count")
        equal(answer.status, 200)
        return answer.json()

    def write(self, node, what="x"):
        equal(node.post("notes", {"what": what}).status, 200)
        return int(self.postgres.run("select count(*) from notes"))

    def both_have(self, count):
        eventually(lambda: all(self.count_of(node) == count for node in self.all), f"both nodes count {count}", 20)


@fixture
def nodes(binary):
    with contextlib.ExitStack() as stack:
        postgres = stack.enter_context(PostgresServer({"log_statement": "'all'"}))
        for sql in TABLES:
            postgres.run(sql)
        redis = stack.enter_context(RedisServer())
        database = [f"--storage.postgres.url={postgres.url()}"], postgres.run
        shared = ["--queries.cache.redis=true", f"--queries.cache.redis_address=127.0.0.1:{redis.port}"]
        yield Nodes(postgres, redis, [stack.enter_context(serving(binary, "postgres", database, *shared, files=FILES))
                                      for _ in range(2)])


def test_writes_reach_the_other_cache(nodes):
    """A write through one node ends what the other has cached, at once where it was written, soon elsewhere"""
    longest = 0
    for number in range(10):
        here, there = nodes.all if number % 2 else reversed(nodes.all)
        eventually(lambda there=there: nodes.count_of(there) is not None and "hit" in there.get("count").headers["cache-status"],
                   "the other has it cached")
        wanted = nodes.write(here)
        equal(nodes.count_of(here), wanted)
        begun = time.monotonic()
        eventually(lambda there=there, wanted=wanted: nodes.count_of(there) == wanted, "the other hears of it", 20)
        longest = max(longest, time.monotonic() - begun)
        equal([nodes.count_of(node) for node in nodes.all], [wanted] * 2)
    note(f"the other node heard of a write within {longest * 1000:.0f} ms")


def test_misses_of_both(nodes):
    """200 requests at once over both nodes, for what nobody has cached, run a query for each node at most"""
    key = uuid.uuid4().hex
    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        answers = list(pool.map(lambda number: nodes.all[number % 2].get(f"slow?key={key}", timeout=60), range(200)))
    equal({(answer.status, answer.body) for answer in answers}, {(200, b"0")})
    # A line for the statement, and one for its parameters, which has the key.
    queries = nodes.executed(key)
    note(f"200 requests ran {queries} queries")
    check(1 <= queries <= QUERIES_MAX, f"{queries} queries")


def test_answers_are_shared(nodes):
    """What one node has asked for the other finds in Redis"""
    def shared():
        key = uuid.uuid4().hex
        equal(nodes.a.get(f"quick?key={key}").status, 200)
        found = nodes.b.get(f"quick?key={key}")
        equal(found.status, 200)
        return "detail=redis" in found.headers["cache-status"] and nodes.executed(key) == 1

    eventually(shared, "an answer comes from Redis")


def test_one_key_on_both(nodes):
    """Of eight writes at once with one Idempotency-Key, over both nodes, one happens"""
    what = uuid.uuid4().hex

    def write(number):
        headers = {"Idempotency-Key": what, "Content-Type": "application/json"}
        return nodes.all[number % 2].post("slow", json.dumps({"what": what}), headers=headers, timeout=60)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(write, range(8)))
    firsts = [answer for answer in answers if answer.status == 200 and "idempotent-replayed" not in answer.headers]
    equal((len(firsts), {answer.status for answer in answers} - {200, 409}), (1, set()))
    for node in nodes.all:
        again = node.post("slow", json.dumps({"what": what}),
                          headers={"Idempotency-Key": what, "Content-Type": "application/json"}, timeout=60)
        equal((again.status, again.body, again.headers["idempotent-replayed"]), (200, firsts[0].body, "true"))
    equal(nodes.postgres.run(f"select count(*) from notes where what = '{what}'"), "1")


def test_without_redis(nodes):
    """While Redis is away every request is answered, by each node for itself; when it is back they share again"""
    nodes.both_have(nodes.write(nodes.a))
    nodes.redis.kill()
    longest = 0
    for number in range(60):
        node = nodes.all[number % 2]
        begun = time.monotonic()
        if number % 6 == 5:
            wanted = nodes.write(node)
            equal(nodes.count_of(node), wanted)
        else:
            nodes.count_of(node)
        longest = max(longest, time.monotonic() - begun)
    equal(nodes.a.get(f"slow?key={uuid.uuid4().hex}", timeout=60).status, 200)
    note(f"without Redis the slowest of 60 took {longest * 1000:.0f} ms")
    nodes.redis.start()
    for here in (*nodes.all, *nodes.all):
        nodes.both_have(nodes.write(here))
