"""What writes leave behind, in the database and among the kept answers, when their answer is an error or comes late."""
import concurrent.futures
import contextlib
import itertools
import socket

from assertions import check, equal, eventually
from endpoints import check_problem, serving
from living import metric, send_and_hang_up
from postgres_server import PostgresServer

SCHEMA = """
create table items (id int primary key, n int not null default 0);
create function add_item(given int) returns setof items language plpgsql as
  $$ begin insert into items (id) values (given); return query select * from items i where i.id = given and given > 10; end $$;
create function through_text() returns setof int language plpgsql as
  $$ begin return query execute 'select 1 from later'; end $$;
create table gates (id int primary key, n int not null default 0);
insert into gates values (1);
create table parents (id int primary key);
create table children (id int primary key, parent int references parents on delete cascade);
create table log (what text);
create table logged (what text);
create function note() returns trigger language plpgsql as $$ begin insert into log values (new.what); return new; end $$;
create trigger noted after insert on logged for each row execute function note();
insert into parents values (1), (2);
insert into children values (1, 1), (2, 2);
"""
FILES = {
    "items.get.sql": "-- @auth none\n-- @cache 1h\n-- @rows value\nselect coalesce(json_agg(id order by id), '[]') from items",
    "through.get.sql": "-- @auth none\n-- @cache 1h\nselect * from through_text()",
    "wait.post.sql": "-- @auth none\n-- @rows exec\n-- @timeout 60s\nupdate gates set n = n + 1 where id = 1",
    "late.post.sql": "-- @auth none\n-- @rows exec\n-- @timeout 200ms\n-- @param id int!\ninsert into items (id) values (:id)",
    "children.get.sql": "-- @auth none\n-- @cache 1h\n-- @rows value\nselect count(*) from children",
    "log.get.sql": "-- @auth none\n-- @cache 1h\n-- @rows value\nselect count(*) from log",
    "parents/[id].delete.sql": "-- @auth none\n-- @rows exec\n-- @param id int\ndelete from parents where id = :id",
    "logged.post.sql": "-- @auth none\n-- @rows exec\ninsert into logged values ('a')",
    "many.post.sql": "-- @auth none\n-- @param count int!\n"
                     "insert into items (id) select 100000 + n from generate_series(1, :count) n returning id",
    "by_function.post.sql": "-- @auth none\n-- @rows one\n-- @param id int!\nselect * from add_item(:id)",
    "by_with.post.sql": "-- @auth none\n-- @rows value\n-- @param id int!\n"
                        "with added as (insert into items (id) values (:id) returning id) select id from added where id > 10",
    "plain.post.sql": "-- @auth none\n-- @rows one\n-- @param id int!\n"
                      "insert into items (id) select :id where :id > 10 returning id",
}


def serve(binary, server, files, *settings):
    return serving(binary, "postgres", ([f"--storage.postgres.url={server.url()}"], server.run), *settings, files=files)


def test_a_refused_write_is_undone(binary):
    """A write that gives no row where one is asked for is 404 and has not happened; what it answers with 200 is seen at once"""
    with PostgresServer(sql=SCHEMA) as server, serve(binary, server, FILES) as each:
        equal(each.get("items").json(), [])
        for path in ("by_function", "by_with", "plain"):
            check_problem(each.post(path, {"id": 1}), 404, "TM103")
            equal((path, server.run("select count(*) from items")), (path, "0"))
            equal(each.get("items").json(), [])
        for number, path in enumerate(("by_function", "by_with", "plain"), 11):
            equal(each.post(path, {"id": number}).status, 200)
            equal((path, each.get("items").json()), (path, list(range(11, number + 1))))


def test_what_follows_a_write(binary):
    """A write ends kept answers of tables that it changes by a foreign key or a trigger"""
    with PostgresServer(sql=SCHEMA) as server, serve(binary, server, FILES) as each:
        for left in (1, 0):
            equal(each.get("children").json(), left + 1)
            equal(each.request("DELETE", f"parents/{left + 1}").status, 200)
            equal(each.get("children").json(), left)
        for number in range(3):
            equal(each.get("log").json(), number)
            equal(each.post("logged", {}).status, 200)


def test_an_answer_over_its_limit(binary):
    """A write whose answer is too large is done, and says so; kept answers have it"""
    with PostgresServer(sql=SCHEMA) as server, serve(binary, server, FILES, "--queries.rows_max=2") as each:
        equal(each.get("items").json(), [])
        refused = each.post("many", {"count": 3})
        check_problem(refused, 500, "TM111")
        equal(refused.json()["message"], "the write is done, but the answer is larger than it may be")
        equal(each.get("items").json(), [100001, 100002, 100003])


def test_a_failure_is_not_kept(binary):
    """A 404 of a table that is not there is over as soon as the table is, cached or not"""
    with PostgresServer(sql=SCHEMA) as server, serve(binary, server, FILES) as each:
        check_problem(each.get("through"), 404, "42P01")
        server.run("create table later (n int)")
        equal(each.get("through").status, 200)


HELD = "select count(*) from pg_stat_activity where wait_event = 'PgSleep'"


@contextlib.contextmanager
def held_row(server, pool):
    """While it is open, nobody else changes that row."""
    held = pool.submit(server.run, "begin; select * from gates where id = 1 for update; select pg_sleep(50)")
    eventually(lambda: server.run(HELD) == "1", "it is held")
    yield
    server.run("select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'")
    check(held.exception() is not None, "the lock was not held")


def test_a_write_that_is_committed_late(binary):
    """A write that is committed after its 504, behind one that waited for a lock, is in every answer from then on"""
    with PostgresServer(sql=SCHEMA) as server, contextlib.ExitStack() as stack:
        each = stack.enter_context(serve(binary, server, FILES, "--loops=1", "--storage.postgres.pool.shared_connections=1",
                                         "--storage.postgres.lock_timeout=60s"))
        pool = stack.enter_context(concurrent.futures.ThreadPoolExecutor(3))
        for path, body in (("wait", {}), ("late", {"id": 1})):
            equal(each.post(path, body).status, 200)
        ids = itertools.count(2)

        def late_behind_one_that_waits():
            """The one that was answered 504 before it began, and was committed; None where there was none."""
            with held_row(server, pool):
                waits, number = pool.submit(each.post, "wait", {}), next(ids)
                late = each.post("late", {"id": number})
                kept = each.get("items").json()
            equal(waits.result().status, 200)
            equal(each.request("DELETE", "parents/999").status, 200)  # behind it, on the same connection
            is_committed = server.run(f"select count(*) from items where id = {number}") == "1"
            return (number, kept) if late.status == 504 and is_committed else None

        number, kept = eventually(late_behind_one_that_waits, "a write is late")
        check(number not in kept, f"{number} was there before the lock was let go")
        for _ in range(5):  # each is kept, if the cache thinks that it may be
            check(number in each.get("items").json(), "it is not seen")


def test_a_write_whose_client_is_gone(binary):
    """It has its place among the requests to its endpoint until it ends"""
    with PostgresServer(sql=SCHEMA) as server, contextlib.ExitStack() as stack:
        each = stack.enter_context(serve(binary, server, FILES, "--loops=1", "--queries.concurrency_per_endpoint=1",
                                         "--storage.postgres.lock_timeout=60s"))
        pool = stack.enter_context(concurrent.futures.ThreadPoolExecutor(1))
        with held_row(server, pool):
            client = send_and_hang_up(each, "POST /rest/wait HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            eventually(lambda: metric(each, "tidemill_query_requests_in_flight") == 1, "it runs")
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.close()
            for _ in range(20):
                check_problem(each.post("wait", {}, timeout=5), 503, "TM115")
        eventually(lambda: each.post("wait", {}).status == 200, "it has ended")
