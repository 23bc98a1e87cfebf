"""A kept answer costs the database nothing: neither the answer itself nor the 304 to whoever has it already."""
import contextlib
import pathlib

from assertions import check, equal, eventually
from endpoints import check_problem, serving, token
from endpoints import sqlite_database
from postgres_server import PostgresServer

FILES = {
    "kept.get.sql": "-- @auth none\n-- @cache 1h tags=counters\nselect n, 'kept' as which from counters",
    "own.get.sql": "-- @auth claims:sub\n-- @cache 1h scope=sub\n-- @param sub claim\n"
                   "select n, :sub as sub from counters",
    "asked.get.sql": "-- @auth none\nselect n, 'asked' as which from counters",
}
TABLE = ("create table counters (n integer)", "insert into counters values (1)")


@contextlib.contextmanager
def sqlite(binary, folder):
    where = pathlib.Path(folder) / "sqlite"
    where.mkdir()
    with sqlite_database(where) as database:
        for sql in TABLE:
            database[1](sql)
        with serving(binary, "sqlite", database, files=FILES) as each:
            yield each


def check_kept(each, change):
    """After `change`, beside the server, what is kept and its 304 are as before; what is not kept is not."""
    ann, bob = token(sub="ann"), token(sub="bob")
    kept, own, bobs = each.get("kept"), each.get("own", token=ann), each.get("own", token=bob)
    equal([answer.status for answer in (kept, own, bobs)], [200] * 3)
    check(len({answer.headers["etag"] for answer in (kept, own, bobs)}) == 3, "answers that differ have tags that differ")
    change()
    for _ in range(20):
        for path, before, caller in (("kept", kept, None), ("own", own, ann), ("own", bobs, bob)):
            again = each.get(path, token=caller)
            equal((again.status, again.body, again.headers["etag"]), (200, before.body, before.headers["etag"]))
            same = each.get(path, token=caller, headers={"If-None-Match": before.headers["etag"]})
            equal((same.status, same.body, same.headers["etag"]), (304, b"", before.headers["etag"]))
            check("hit" in same.headers["cache-status"], same.headers)
    # The tag of another's answer is not of one's own.
    equal(each.get("own", token=ann, headers={"If-None-Match": bobs.headers["etag"]}).status, 200)


def test_sqlite(binary, folder):
    """On SQLite: a change from outside, which the server is not told of, is not seen by what is kept"""
    with sqlite(binary, folder) as each:
        check_kept(each, lambda: each.database("update counters set n = 2"))
        equal(each.get("asked").json(), [{"n": 2, "which": "asked"}])


def statements(server):
    return [line for line in server.log().splitlines() if "execute" in line and "from counters" in line]


def test_postgres(binary):
    """On PostgreSQL: its log of statements has none of them, and when it is down they are answered as before"""
    with PostgresServer({"log_statement": "'all'"}) as server:
        for sql in TABLE:
            server.run(sql)
        # Of writes from outside it is not told, either.
        options = [f"--storage.postgres.url={server.url()}", "--queries.live.changes=poll"]
        with serving(binary, "postgres", (options, server.run), files=FILES) as each:
            equal(each.get("asked").status, 200)
            eventually(lambda: len(statements(server)) == 1, "what is asked is in the log")
            seen = []
            check_kept(each, lambda: seen.extend(statements(server)))
            equal(len(seen), 4)
            each.get("asked")
            eventually(lambda: len(statements(server)) >= 5, "what is asked later is in the log")
            equal(len(statements(server)), 5)
            check_kept(each, server.kill)
            check_problem(each.get("asked"), 503, "TM116")
