"""Changes that tell whose rows they have touched: only those are asked anew, and nobody misses one."""
import pathlib
import random
import threading

from assertions import check, equal, eventually
from databases import write_at_once, databases
from follow import Followers, metric, serving
from runner import note

CUSTOMERS = 40
TABLE = "create table orders (id integer primary key, customer integer, status text not null, amount integer not null)"
QUERY = "select id, status, amount from orders where customer = {customer} order by id"
FILES = {"orders.get.sql": "-- @auth none\n-- @live key=id min=10ms\n-- @param customer integer\n" + QUERY.format(customer=":customer"),
         "total.get.sql": "-- @auth none\n-- @rows value\n-- @live min=10ms\nselect count(*) from orders",
         "orders.post.sql": "-- @auth none\n-- @rows exec\n-- @param id integer\n-- @param customer integer\n"
                            "insert into orders values (:id, :customer, 'new', 1)"}


def follow_all(followers, server, count=CUSTOMERS):
    return {customer: followers.follow(server, "/orders", everybody=True, customer=customer) for customer in range(count)}


def until_all_equal(database, followed):
    for customer, follower in followed.items():
        follower.until(database.rows(QUERY.format(customer=customer)))


def refreshes(server):
    return metric(server, "tidemill_live_refreshes_total")


def test_only_whose_rows_they_are(binary, folder):
    """a write asks the queries of its customers, and all others stay as they are"""
    with databases(folder) as both:
        database = both[0]
        database.run(f"drop table orders cascade; {TABLE}; insert into orders select i, i, 'new', 1 from generate_series(0, 39) as i")
        with serving(binary, folder, database.storage, FILES) as server, Followers() as followers:
            followed = follow_all(followers, server)
            until_all_equal(database, followed)
            line = server.log_with("keyed_by=customer")
            check("triggers" in line, line)
            before = refreshes(server)
            for number in range(20):
                database.run(f"update orders set amount = amount + 1 where id = {number}")
                followed[number].until(database.rows(QUERY.format(customer=number)))
            asked = refreshes(server) - before
            check(asked <= 25, f"{asked} for 20 writes of one row")
            before = refreshes(server)
            status = server.request("POST", "/rest/orders", '{"id": 100, "customer": 7}', {"Content-Type": "application/json"})[0]
            check(status < 300, status)
            followed[7].until(database.rows(QUERY.format(customer=7)))
            check(refreshes(server) - before <= 2, "a write of our own asks one")
            before = refreshes(server)
            database.run("truncate orders")
            until_all_equal(database, followed)
            check(refreshes(server) - before >= CUSTOMERS, "all")


def test_converging(binary, folder, seed):
    """whatever many writers do in their transactions, each customer's rows are in the end what a SELECT gives"""
    with databases(folder) as both:
        for database in both:
            database.run("delete from orders")
            with serving(binary, folder, database.storage, FILES) as server, Followers() as followers:
                followed = follow_all(followers, server, 8)
                total = followers.follow(server, "/total", everybody=True)
                until_all_equal(database, followed)
                write_at_once(database, seed, 4, 250)
                until_all_equal(database, followed)
                total.until([database.rows("select count(*) as n from orders")[0]["n"]])
                note(f"{database.kind}: {refreshes(server):.0f} refreshes of 9 queries for 1,000 transactions")


def test_definitions_change(binary, folder, seed):
    """triggers of another making, columns that come and go, tables that are swapped: nobody keeps what is wrong"""
    with databases(folder) as both:
        database = both[0]
        # As the version before made it.
        database.run(f"drop table orders cascade; {TABLE}; insert into orders values (1, 1, 'new', 1), (2, 2, 'new', 1)")
        with serving(binary, folder, database.storage, FILES) as server, Followers() as followers:
            followed = follow_all(followers, server, 4)
            until_all_equal(database, followed)
            names = ("tidemill_live", "tidemill_live_insert", "tidemill_live_update", "tidemill_live_delete")
            plain = ("create trigger tidemill_live after insert or update or delete or truncate on orders "
                     "for each statement execute function tidemill.tidemill_live_changed()")
            for change in ("begin; " + "; ".join(f"drop trigger {name} on orders" for name in names) + f"; {plain}; commit",
                           "alter table orders add column note text",
                           "alter table orders alter column customer type bigint",
                           "begin; alter table orders rename to old; create table orders (like old including all); "
                           "insert into orders select * from old where id <> 2; commit"):
                database.run(change)
                database.run(f"update orders set amount = amount + 1; insert into orders (id, customer, status, amount) "
                             f"values ({random.Random(seed).randrange(1000, 9000)}, 3, 'new', 1)")
                until_all_equal(database, followed)
                database.run("delete from orders where customer = 3")
                until_all_equal(database, followed)


def test_hostile(binary, folder):
    """who asks for ten thousand different parameters is refused at a limit that has a name; others are served at once"""
    with databases(folder) as both:
        database = both[0]
        files = {"slow.get.sql": "-- @auth none\n-- @live key=id min=10ms\n-- @param n integer\n"
                                 "select n as id from (select :n::int as n, count(*) from orders, pg_sleep(0.3)) as t",
                 **FILES}
        with serving(binary, folder, database.storage, files) as server, Followers() as followers:
            quick = follow_all(followers, server, 4)
            until_all_equal(database, quick)
            hostile = [followers.follow(server, "/slow", everybody=True, token=None, user="mallory", n=number) for number in range(300)]
            database.run("insert into orders values (1, 1, 'new', 1)")
            quick[1].until(database.rows(QUERY.format(customer=1)), 10)
            ended = [each.until_settled() for each in hostile]
            refused = [each for each in ended if each is not None]
            check(len(refused) >= 200, f"{len(refused)} of 300 are refused")
            check(all("queries.live.queries_per_user_max" in each["reason"] for each in refused), refused[:3])
