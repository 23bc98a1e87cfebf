"""Many writers, many subscribers: in the end each has what a SELECT gives, in its order."""
import os
import pathlib
import threading
import time

from assertions import check, equal, eventually
from databases import CUSTOMERS, FILES, OPEN, TOTALS, databases, write_at_once
from follow import Followers, metric, serving
from postgres_server import free_port
from runner import note

LONG = bool(os.environ.get("LIVE_LONG"))
WRITERS = 4
COMMITS = 100_000 if LONG else 3_000


def wanted(database):
    """What each channel must have."""
    return {**{customer: database.rows(OPEN.format(customer=customer)) for customer in range(CUSTOMERS)},
            "totals": database.rows(TOTALS)}


def follow_all(followers, server, each):
    """`each` subscribers of each channel."""
    found = []
    for _ in range(each):
        found += [(customer, followers.follow(server, "/orders/open", everybody=True, customer=customer))
                  for customer in range(CUSTOMERS)]
        found.append(("totals", followers.follow(server, "/orders/totals", everybody=True)))
    return found


def until_all_equal(database, subscribers):
    """How long it took, in seconds."""
    begun = time.monotonic()
    for what, rows in wanted(database).items():
        for name, subscriber in subscribers:
            if name == what:
                subscriber.until(rows)
    return time.monotonic() - begun


def test_converging(binary, folder, seed):
    """after thousands of commits, rollbacks and savepoints by several writers no subscriber differs"""
    with databases(folder) as both:
        for database in both:
            with serving(binary, folder, database.storage, FILES) as server, Followers() as followers:
                subscribers = follow_all(followers, server, 3)
                until_all_equal(database, subscribers)
                write_at_once(database, seed, WRITERS, COMMITS // WRITERS)
                seconds = until_all_equal(database, subscribers)
                note(f"{database.kind}: {len(subscribers)} subscribers equal {seconds:.2f} s after the last commit, "
                     f"{metric(server, 'tidemill_live_refreshes_total'):.0f} refreshes, "
                     f"{metric(server, 'tidemill_live_changes_total'):.0f} changes")
                equal(metric(server, "tidemill_live_queries"), CUSTOMERS + 1)
                equal(metric(server, "tidemill_live_queries_polled"), 0)


def test_endpoints_tell(binary, folder):
    """what an endpoint of ours writes is there at once, also where nothing else tells of changes"""
    with databases(folder) as both:
        for database in both:
            options = ("--queries.live.changes=poll", "--queries.live.poll_interval=1h")
            with serving(binary, folder, database.storage, FILES, *options) as server, Followers() as followers:
                follower = followers.follow(server, "/orders/open", everybody=True, customer=1)
                follower.until([])
                for number in (1, 2):
                    body = f'{{"id": {number}, "customer": 1, "amount": {number}}}'
                    status = server.request("POST", "/rest/orders", body, {"Content-Type": "application/json"})[0]
                    check(status < 300, status)
                follower.until(database.rows(OPEN.format(customer=1)))


def test_polled(binary, folder):
    """where changes are not noticed it is asked again and again"""
    with databases(folder) as both:
        for database in both:
            options = ("--queries.live.changes=poll", "--queries.live.poll_interval=100ms")
            with serving(binary, folder, database.storage, FILES, *options) as server, Followers() as followers:
                follower = followers.follow(server, "/orders/open", everybody=True, customer=1)
                follower.until([])
                database.run("insert into orders values (1, 1, 'new', 5)")
                follower.until(database.rows(OPEN.format(customer=1)))
                equal(metric(server, "tidemill_live_queries_polled"), 1)


def test_killed(binary, folder, seed):
    """the server is killed while writers go on: when it is back, no subscriber has a row that is wrong"""
    with databases(folder) as both:
        for database in both:
            address = f"127.0.0.1:{free_port()}"
            with Followers() as followers:
                with serving(binary, folder, database.storage, FILES, address=address) as server:
                    subscribers = follow_all(followers, server, 1)
                    until_all_equal(database, subscribers)
                    writers = threading.Thread(target=write_at_once, args=(database, seed, 2, 200))
                    writers.start()
                    time.sleep(0.3)
                    server.kill()
                with serving(binary, folder, database.storage, FILES, address=address):
                    writers.join()
                    until_all_equal(database, subscribers)


def test_postgres_away(binary, folder, seed):
    """PostgreSQL is killed and comes back: subscribers have kept what they had, and go on"""
    with databases(folder) as both:
        database = both[0]
        with serving(binary, folder, database.storage, FILES) as server, Followers() as followers:
            subscribers = follow_all(followers, server, 1)
            write_at_once(database, seed, 2, 50)
            until_all_equal(database, subscribers)
            before = subscribers[0][1].rows()
            database.server.kill()
            equal(subscribers[0][1].rows(), before)
            database.server.restart()
            # The server has not seen this one's trigger, if it was not back yet.
            database.run("insert into orders values (7, 0, 'new', 99)")
            until_all_equal(database, subscribers)


def test_another_file(binary, folder):
    """a saved file takes over: its subscribers get the new result without a call of theirs"""
    with databases(folder) as both:
        for database in both:
            database.run("insert into orders values (1, 1, 'new', 5)")
            with serving(binary, folder, database.storage, FILES) as server, Followers() as followers:
                follower = followers.follow(server, "/orders/totals", everybody=True)
                follower.until([{"customer": 1, "orders": 1, "total": 5}])
                path = pathlib.Path(folder) / "queries/orders/totals.get.sql"
                path.write_text("-- @auth none\n-- @live key=customer\nselect customer, 'new' as what from orders", encoding="utf-8")
                follower.until([{"customer": 1, "what": "new"}])
                path.unlink()
                follower.until_refused(102, "there is no such endpoint")


def test_table_gone(binary, folder):
    """a table that is dropped and comes back: its subscribers wait for it, and get what it has then"""
    with databases(folder) as both:
        for database in both:
            database.run("create table things (id integer primary key); insert into things values (1)")
            files = {"things.get.sql": "-- @auth none\n-- @live key=id\nselect id from things order by id"}
            with serving(binary, folder, database.storage, files) as server, Followers() as followers:
                follower = followers.follow(server, "/things", everybody=True)
                follower.until([{"id": 1}])
                database.run("drop table things")
                server.log_with("queries.endpoint_broken")
                database.run("create table things (id integer primary key); insert into things values (7)")
                follower.until([{"id": 7}])
                database.run("insert into things values (8)")
                follower.until([{"id": 7}, {"id": 8}])


def test_bulk(binary, folder):
    """a transaction of very many rows, and one that empties the table"""
    with databases(folder) as both:
        for database in both:
            series = {"postgres": "from generate_series(1, 100000) as i",
                      "sqlite": "from (with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000) select i from n)"}
            with serving(binary, folder, database.storage, FILES) as server, Followers() as followers:
                subscribers = follow_all(followers, server, 1)
                until_all_equal(database, subscribers)
                database.run(f"insert into orders select i, i % {CUSTOMERS}, 'new', i % 100 {series[database.kind]}")
                until_all_equal(database, subscribers)
                database.run("truncate orders" if database.kind == "postgres" else "delete from orders")
                until_all_equal(database, subscribers)


def test_trigger_dropped(binary, folder):
    """without its trigger a table is polled, which the log says, and followed again when there is one"""
    with databases(folder) as both:
        database = both[0]
        options = ("--queries.live.poll_interval=200ms", "--queries.live.create_triggers=false")
        with serving(binary, folder, database.storage, FILES, *options) as server, Followers() as followers:
            follower = followers.follow(server, "/orders/totals", everybody=True)
            follower.until([])
            server.log_with("public.orders has no trigger of ours, and queries.live.create_triggers is false")
            database.run("insert into orders values (1, 1, 'new', 5)")
            follower.until(database.rows(TOTALS))
            database.run("create trigger tidemill_live after insert or update or delete or truncate on orders "
                         "for each statement execute function tidemill.tidemill_live_changed()")
            eventually(lambda: metric(server, "tidemill_live_queries_polled") == 0, "it is followed")
            database.run("insert into orders values (2, 1, 'new', 5)")
            follower.until(database.rows(TOTALS))
