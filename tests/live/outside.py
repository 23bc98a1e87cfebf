"""The cache of the SQL APIs beside writers that are no endpoints."""
import random
import threading
import time

from assertions import check, equal, eventually
from databases import databases, write_at_once
from follow import metric, serving
from runner import note

TOTAL = "select count(*) as n, coalesce(sum(amount), 0) as total from orders"
FILES = {"total.get.sql": f"-- @auth none\n-- @rows one\n-- @cache 1h\n{TOTAL}",
         "customers.get.sql": "-- @auth none\n-- @cache 1h\nselect id, name from customers order by id"}


def test_outside_writes(binary, folder, seed):
    """whatever psql commits is in the answers soon, and nothing else ends them"""
    with databases(folder) as both:
        database = both[0]
        with serving(binary, folder, database.storage, FILES) as server:
            def same():
                found, wanted = server.get("/rest/total")[2], database.rows(TOTAL)[0]
                return found.replace(" ", "") == f'{{"n":{wanted["n"]},"total":{wanted["total"]}}}'

            server.get("/rest/total")
            server.get("/rest/customers")
            server.log_with("outside_writes=true")
            customers = metric(server, "tidemill_query_cache_fills_total")
            chance = random.Random(seed)
            for number in range(30):
                database.run(chance.choice((
                    f"insert into orders values ({number}, 1, 'new', {chance.randrange(9)})",
                    "update orders set amount = amount + 1", "truncate orders",
                    f"begin; delete from orders; rollback; insert into orders values ({number}, 1, 'new', 3)")))
                server.get("/rest/total")
                eventually(same, "the answer", 10)
            filled = metric(server, "tidemill_query_cache_fills_total")
            for _ in range(50):
                server.get("/rest/total")
                server.get("/rest/customers")
            check(metric(server, "tidemill_query_cache_fills_total") - filled <= 1, "who reads fills nothing")
            check(customers >= 2, customers)
            stop = threading.Event()

            def read():
                while not stop.is_set():
                    server.get("/rest/total")

            readers = [threading.Thread(target=read) for _ in range(3)]
            for each in readers:
                each.start()
            write_at_once(database, seed, 3, 150)
            begun = time.monotonic()
            eventually(same, "the answer", 10)
            note(f"right {time.monotonic() - begun:.2f} s after the last of 450 transactions")
            stop.set()
            for each in readers:
                each.join()


def test_turned_off(binary, folder):
    """where it is turned off, time and our own endpoints end answers"""
    with databases(folder) as both:
        database = both[0]
        with serving(binary, folder, database.storage, FILES, "--queries.live.enabled=false") as server:
            first = server.get("/rest/total")[2]
            database.run("insert into orders values (1, 1, 'new', 5)")
            time.sleep(0.5)
            equal(server.get("/rest/total")[2], first)
