"""What changes while it runs: files, clients that go, databases that go, and limits."""
import contextlib
import http.client
import json
import socket
import threading
import time
import urllib.request

from assertions import check, equal, eventually
from endpoints import SLEEP, check_problem, postgres_database, serving, sqlite_database, token
from shared import both  # noqa: F401


def each_database(folder):
    @contextlib.contextmanager
    def sqlite():
        with sqlite_database(folder) as found:
            yield "sqlite", found

    @contextlib.contextmanager
    def postgres():
        with postgres_database() as found:
            yield "postgres", found

    return sqlite, postgres


def metric(each, line):
    with urllib.request.urlopen(f"{each.server.http}/metrics", timeout=10) as answer:
        for text in answer.read().decode().splitlines():
            if text.startswith(line + " "):
                return float(text.split()[-1])
    return None


def test_swapped_under_load(both):
    """A saved file takes over in a second; requests go on without one that fails"""
    for each in both:
        each.write("version.get.sql", "-- @auth none\n-- @rows value\nselect 0 as n")
        each.wait_for("version", 200)
        stop, failures, seen = threading.Event(), [], set()

        def ask():
            host, port = each.server.address.rsplit(":", 1)
            with contextlib.closing(http.client.HTTPConnection(host, int(port), timeout=30)) as connection:
                while not stop.is_set():
                    connection.request("GET", "/rest/version")
                    answer = connection.getresponse()
                    body = answer.read()
                    if answer.status != 200:
                        failures.append((answer.status, body))
                    seen.add(body)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        longest = 0
        for number in range(1, 6):
            begun = time.monotonic()
            each.write("version.get.sql", f"-- @auth none\n-- @rows value\nselect {number} as n")
            eventually(lambda: str(number).encode() in seen, f"version {number} is served")
            longest = max(longest, time.monotonic() - begun)
        stop.set()
        for thread in threads:
            thread.join()
        equal(failures, [])
        check(longest < 5, f"the slowest swap took {longest:.2f} s")


def test_broken_files(both):
    """A broken file answers 503 and says to nobody why; the others serve, and so does it when it is mended"""
    for each in both:
        each.write("fragile.get.sql", "-- @auth none\nselect nope from orders")
        broken = each.wait_for("fragile", 503)
        check_problem(broken, 503, "TM114")
        check("nope" not in broken.body.decode(), broken.body)
        each.server.log_with("fragile.get.sql:2:8")
        equal(each.get("orders/1").status, 200)
        each.write("fragile.get.sql", "-- @auth none\nselect id from orders")
        each.wait_for("fragile", 200)
        (each.folder / "fragile.get.sql").unlink()
        each.wait_for("fragile", 404)


def test_a_table_that_comes_later(both):
    """An endpoint without its table is served when that is there, and broken when it changes"""
    for each in both:
        each.write("later.get.sql", "-- @auth none\n-- @rows value\nselect n from later")
        each.wait_for("later", 503)
        each.database("create table later (n int)")
        each.database("insert into later values (5)")
        equal(each.wait_for("later", 200).json(), 5)
        each.database("drop table later")
        each.wait_for("later", 503)
        (each.folder / "later.get.sql").unlink()


WORDS = {
    "sqlite": (["create virtual table words using fts5(text)"], "select rowid as id from words where words match :q", "a:b"),
    "postgres": (["create table words (id int, text text)", "insert into words values (1, 'a')"],
                 "select id from words where to_tsvector(text) @@ to_tsquery(:q) or :q::regclass is null", "no_such_table"),
}


def test_a_bad_value_is_no_change(both):
    """A value that a statement fails with is the request's fault: it is 4xx, and every endpoint stays the same object"""
    for each in both:
        schema, statement, bad = WORDS[each.kind]
        for sql in schema:
            each.database(sql)
        each.write("words.get.sql", f"-- @auth none\n-- @param q text\n{statement}")
        eventually(lambda: '"/words"' in each.get("openapi.json").body.decode(), "it is served")
        looks, swaps = (metric(each, f"tidemill_query_{name}") for name in ("describe_seconds_count", "swaps_total"))
        first = each.get(f"words?q={bad}")
        check(first.status in (400, 404), f"{each.kind}: {first.status} {first.body}")
        if each.kind == "postgres":
            eventually(lambda: metric(each, "tidemill_query_describe_seconds_count") > looks, "it is looked at")
        for q in ("a%20b", bad, bad):
            answer = each.get(f"words?q={q}")
            check(400 <= answer.status < 500 or q == "a%20b", f"{q}: {answer.status} {answer.body}")
        # A file that is saved is a swap: it would bring with it what else has changed.
        each.write("other.get.sql", "-- @auth none\nselect 1 as n")
        each.wait_for("other", 200)
        equal(metric(each, "tidemill_query_swaps_total"), swaps + 1)
        each.database("drop table words")
        each.wait_for("words?q=a", 503)
        for name in ("words", "other"):
            (each.folder / f"{name}.get.sql").unlink()
        each.wait_for("other", 404)


def test_a_composite_that_changes(both):
    """A type that gets an attribute, a table that gets a column: answers and requests have it, without a restart"""
    for each in both:
        if each.kind != "postgres":
            continue
        for sql in ("create type duo as (a int, b text)", "create table wide (a int)", "insert into wide values (1)"):
            each.database(sql)
        each.write("wide.get.sql", "-- @auth none\n-- @rows value\nselect wide from wide")
        each.write("duo.post.sql", "-- @auth none\n-- @rows value\n-- @param d duo\nselect :d as d")
        equal(each.wait_for("wide", 200).json(), {"a": 1})
        two, three = {"a": 1, "b": "x"}, {"a": 1, "b": "x", "c": 3}
        eventually(lambda: each.post("duo", {"d": two}).status == 200, "it is served")
        equal(each.post("duo", {"d": two}).json(), two)
        each.database("alter type duo add attribute c int")
        each.database("alter table wide add column b int default 7")
        eventually(lambda: each.get("wide").json() == {"a": 1, "b": 7}, "the column is seen", 30)
        # The database says of the old form what has changed: until then the new one is refused here.
        check(each.post("duo", {"d": two}).status == 400, "the old form is taken")
        eventually(lambda: each.post("duo", {"d": three}).status == 200, "the attribute is taken", 30)
        eventually(lambda: each.post("duo", {"d": three}).json() == three, "the attribute is given", 30)
        for name in ("wide.get.sql", "duo.post.sql"):
            (each.folder / name).unlink()


def test_folder_away(both):
    """While the folder is away the endpoints stay"""
    for each in both:
        aside = each.folder.with_name(each.folder.name + "-aside")
        each.folder.rename(aside)
        each.server.log_with("folder_missing")
        equal(each.get("orders/1").status, 200)
        aside.rename(each.folder)
        each.write("back.get.sql", "-- @auth none\nselect 1 as n")
        each.wait_for("back", 200)


def test_rate(both):
    """@rate lets so many in, and says when the next may come"""
    for each in both:
        equal([each.get("limited").status for _ in range(3)], [200, 200, 429])
        refused = each.get("limited")
        check_problem(refused, 429, "TM109")
        check(int(refused.headers["retry-after"]) > 1000, refused.headers)


def test_time_and_size(both):
    """A slow statement is ended: 504; a large body is 413"""
    for each in both:
        each.write("slow.get.sql", f"-- @auth none\n-- @timeout 300ms\n{SLEEP[each.kind]}")
        each.wait_for("slow", 504)
        begun = time.monotonic()
        equal(each.get("slow").status, 504)
        check(time.monotonic() - begun < 5, "it took too long")
        large = each.post("both", json.dumps({"what": "x" * (2 << 20)}), headers={"Content-Type": "application/json"})
        equal(large.status, 413)


def test_limits_of_settings(binary, folder):
    """Requests at once and rows have limits with names"""
    for database in each_database(folder):
        with database() as (kind, found):
            files = {"slow.get.sql": f"-- @auth none\n-- @timeout 2s\n{SLEEP[kind]}",
                     "rows.get.sql": "-- @auth none\nselect id from orders"}
            with serving(binary, kind, found, "--loops=1", "--queries.concurrency_per_endpoint=2", "--queries.rows_max=2",
                         files=files) as each:
                statuses = []
                threads = [threading.Thread(target=lambda: statuses.append(each.get("slow").status)) for _ in range(6)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                equal(sorted(statuses), [503] * 4 + [504] * 2)
                equal(metric(each, 'tidemill_query_refused_total{reason="busy"}'), 4)
                check_problem(each.get("rows"), 500, "TM111")


def send_and_hang_up(each, request):
    host, port = each.server.address.rsplit(":", 1)
    client = socket.create_connection((host, int(port)))
    client.sendall(request.encode())
    return client


def test_hang_up(both):
    """A client that hangs up ends its read; a write goes on to its end"""
    for each in both:
        each.write("long.get.sql", f"-- @auth none\n-- @timeout 60s\n{SLEEP[each.kind]}")
        eventually(lambda: '"/long"' in each.get("openapi.json").body.decode(), "it is served")
        client = send_and_hang_up(each, "GET /rest/long HTTP/1.1\r\nHost: a\r\n\r\n")
        eventually(lambda: metric(each, "tidemill_query_requests_in_flight") == 1, "it runs")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
        eventually(lambda: metric(each, "tidemill_query_requests_in_flight") == 0, "it has ended", 5)
        if each.kind != "postgres":
            continue
        running = "select count(*) from pg_stat_activity where state = 'active' and query like '%pg_sleep(20)%' and pid <> pg_backend_pid()"
        eventually(lambda: each.database(running) == "0", "PostgreSQL has ended it", 5)
        each.write("long.post.sql", "-- @auth none\n-- @rows exec\n-- @param what text\n"
                                    "insert into audit select :what from (select pg_sleep(1)) as slept")
        eventually(lambda: '"post"' in json.dumps(each.get("openapi.json").json()["paths"].get("/long")), "it is served")
        body = '{"what": "to the end"}'
        client = send_and_hang_up(each, "POST /rest/long HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                                        f"Content-Length: {len(body)}\r\n\r\n{body}")
        time.sleep(0.2)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
        eventually(lambda: each.get("audit?what=to%20the%20end").json() == 1, "the write has happened")


def test_restart(binary, folder):
    """What was written is there after a crash of the server, and so are the endpoints"""
    for database in each_database(folder):
        with database() as (kind, found):
            with serving(binary, kind, found) as each:
                made = each.post("orders", {"status": "kept"}, token=token(sub="ann")).json()
                each.server.kill()
            with serving(binary, kind, found) as each:
                equal(each.get(f"orders/{made['id']}").json()["status"], "kept")


def test_database_away(binary):
    """While PostgreSQL is away requests fail at once with 503; they work when it is back"""
    from postgres_server import PostgresServer
    with PostgresServer() as server:
        server.run("create table audit (what text)")
        files = {"n.get.sql": "-- @auth none\n-- @rows value\nselect count(*) from audit"}
        with serving(binary, "postgres", ([f"--storage.postgres.url={server.url()}"], server.run), files=files) as each:
            equal(each.get("n").json(), 0)
            server.kill()
            away = each.wait_for("n", 503)
            check_problem(away, 503, "TM116")
            check("retry-after" in away.headers, away.headers)
            server.start()
            each.wait_for("n", 200)


def test_sqlite_asks_for_auth(binary, folder):
    """On SQLite a file that does not say who may call it is not served, and is named"""
    with sqlite_database(folder) as found:
        files = {"open.get.sql": "-- @auth none\nselect 1 as n", "silent.get.sql": "select 1 as n"}
        with serving(binary, "sqlite", found, files=files) as each:
            equal(each.get("open").status, 200)
            equal(each.get("silent", token=token(sub="ann")).status, 503)
            each.server.log_with("silent.get.sql.*nothing says who may call it")
