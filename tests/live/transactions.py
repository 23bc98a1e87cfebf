"""The transaction of an endpoint's write is named in its answer, and in the live frame that has it, and never before."""
import threading
import time

from assertions import check, equal, eventually
from databases import databases
from follow import Followers, serving
from streams import Stream

CUSTOMERS = 4
TABLE = "drop table if exists orders; create table orders (id integer primary key, customer integer not null, amount integer not null)"
FILES = {
    "orders.get.sql": "-- @auth none\n-- @live key=id min=10ms\n-- @param customer integer\n"
                      "select id, amount from orders where customer = :customer order by id",
    "all.get.sql": "-- @auth none\n-- @live key=id min=10ms\nselect id, amount from orders order by id",
    "orders.post.sql": "-- @auth none\n-- @rows exec\n-- @param id integer\n-- @param customer integer\n"
                       "insert into orders values (:id, :customer, 1)",
    "touch.post.sql": "-- @auth none\n-- @rows exec\n-- @param id integer\nupdate orders set amount = amount where id = :id",
}
JSON = {"Content-Type": "application/json"}


def has(event, transaction):
    """As the guide tells clients."""
    return "txid" in event and (int(event["txid"]) >= int(transaction) or transaction in event.get("txids", []))


def write(server, path, body):
    status, headers, answer = server.request("POST", f"/rest/{path}", body, JSON)
    check(status < 300, answer)
    return headers["tidemill-txid"]


def until_confirmed(stream, transaction, key):
    """Reads until the transaction is named: the row must be there by then."""
    while True:
        _, event = stream.next()
        if has(event, transaction):
            return check(key in stream.rows, f"{transaction} is named without row {key}: {event}")


def test_named_with_its_rows(binary, folder):
    """beside other writers, and one who began before and ends late, each write is named with its row and not before"""
    with databases(folder) as both:
        for database in both:
            database.run(TABLE)
            with serving(binary, folder, database.storage, FILES, "--loops=2") as server:
                ended, failed = threading.Event(), []

                def others():
                    number = 100_000
                    while not ended.is_set():
                        number += 1
                        database.run(f"insert into orders values ({number}, {number % CUSTOMERS}, 2)")
                        time.sleep(0.02)  # SQLite's lock is nobody's in turn

                def idle():  # holds back what is settled
                    database.run("begin; select pg_current_xact_id(); select pg_sleep(3); commit")

                def mine(customer):
                    try:
                        with Stream(server, f"/orders?customer={customer}") as keyed, Stream(server, "/all") as every:
                            for number in range(15):
                                key = 1000 * (customer + 1) + number
                                transaction = write(server, "orders", f'{{"id": {key}, "customer": {customer}}}')
                                until_confirmed(keyed, transaction, str(key))
                                until_confirmed(every, transaction, str(key))
                    except Exception as error:  # told to whoever waits
                        failed.append(error)

                threads = [threading.Thread(target=mine, args=(customer,)) for customer in range(CUSTOMERS)]
                threads.append(threading.Thread(target=others))
                if database.kind == "postgres":
                    threads.append(threading.Thread(target=idle))
                for thread in threads:
                    thread.start()
                for thread in threads[:CUSTOMERS]:
                    thread.join()
                ended.set()
                for thread in threads[CUSTOMERS:]:
                    thread.join()
                if failed:
                    raise failed[0]


def test_named_although_nothing_changed(binary, folder):
    """a write that leaves the rows as they were is confirmed, too, in streams and in channels"""
    with databases(folder) as both:
        for database in both:
            database.run(TABLE + "; insert into orders values (1, 1, 1), (2, 1, 1)")
            with serving(binary, folder, database.storage, FILES) as server, Followers() as followers, \
                    Stream(server, "/all") as stream:
                rows = [{"id": 1, "amount": 1}, {"id": 2, "amount": 1}]
                stream.until(rows)
                follower = followers.follow(server, "/all", everybody=True)
                follower.until(rows)
                transaction = write(server, "touch", '{"id": 2}')
                until_confirmed(stream, transaction, "2")
                equal(stream.shown(), rows)

                def named():
                    tags = follower.now()["tags"]
                    later = [each.get("txids", "").split() for each in tags]
                    return any(has({**each, "txids": many}, transaction) for each, many in zip(tags, later))

                eventually(named, "the channel names it")
                equal(follower.rows(), rows)
                check("tidemill-txid" not in server.get("/rest/all")[1], "a read has none")
