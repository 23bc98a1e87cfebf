"""The same orders in PostgreSQL and in SQLite: what a SELECT gives, and writers beside the server."""
import contextlib
import json
import random
import sqlite3
import subprocess
import threading

from assertions import check
from postgres_server import DEBIAN, PostgresServer

CUSTOMERS = 6
ORDERS = """
create table orders (id integer primary key, customer integer not null, status text not null, amount integer not null);
create table customers (id integer primary key, name text not null);
insert into customers values (0, 'c0'), (1, 'c1'), (2, 'c2'), (3, 'c3'), (4, 'c4'), (5, 'c5');
"""
# A window: rows come in and go out of it, move in it, and change through another table.
OPEN = """select o.id, c.name, o.status, o.amount from orders o join customers c on c.id = o.customer
where o.customer = {customer} and o.status <> 'gone' order by o.amount desc, o.id limit 12"""
TOTALS = "select customer, count(*) as orders, cast(sum(amount) as integer) as total from orders group by customer order by customer"
FILES = {
    "orders/open.get.sql": "-- @auth none\n-- @live key=id min=10ms\n-- @param customer integer\n" + OPEN.format(customer=":customer"),
    "orders/totals.get.sql": "-- @auth none\n-- @live key=customer min=10ms\n" + TOTALS,
    "orders.post.sql": "-- @auth none\n-- @rows exec\n-- @param id integer\n-- @param customer integer\n-- @param amount integer\n"
                       "insert into orders values (:id, :customer, 'new', :amount)",
}


def transactions(chance, first, count, savepoints):
    """Lists of statements, the last ends the transaction."""
    key = first
    for _ in range(count):
        done = []
        for _ in range(chance.randint(1, 3)):
            customer, some = chance.randrange(CUSTOMERS), chance.randint(first, max(first, key))
            kind = chance.random()
            if kind < 0.45:
                key += 1
                done.append(f"insert into orders values ({key}, {customer}, 'new', {chance.randrange(50)})")
            elif kind < 0.6:
                done.append(f"update orders set customer = {customer} where id = {some}")
            elif kind < 0.75:
                done.append(f"update orders set amount = {chance.randrange(50)} where id between {some} and {some + 2}")
            elif kind < 0.85:
                done.append(f"update orders set status = 'gone' where id = {some}")
            elif kind < 0.95:
                done.append(f"delete from orders where id = {some}")
            else:
                done.append(f"update customers set name = 'c{chance.randrange(99)}' where id = {customer}")
            if savepoints and chance.random() < 0.1:
                done += ["savepoint a", f"delete from orders where id <= {some}", "rollback to a"]
        done.append("rollback" if chance.random() < 0.15 else "commit")
        yield done


class Postgres:
    kind = "postgres"

    def __init__(self, server):
        self.server = server
        self.storage = (f"--storage.postgres.url={server.url()}",)

    def run(self, sql):
        self.server.run(sql)

    def rows(self, sql):
        return json.loads(self.server.run(f"select coalesce(json_agg(t), '[]') from ({sql}) as t"))

    def write(self, seed, first, count):
        """One connection's transactions, in psql."""
        script = "".join("begin;\n" + ";\n".join(each) + ";\n" for each in transactions(random.Random(seed), first, count, True))
        done = subprocess.run([f"{DEBIAN}/psql", "--no-psqlrc", "--quiet", f"--host={self.server.folder}", f"--port={self.server.port}",
                               "--username=postgres", "--dbname=postgres"], input=script, capture_output=True, text=True, timeout=600)
        # A deadlock of two writers undoes one of them, which is as good as a rollback.
        undone = ("deadlock", "aborted", "savepoint")
        wrong = [line for line in done.stderr.splitlines() if "ERROR" in line and not any(word in line for word in undone)]
        check(done.returncode == 0 and not wrong, done.stderr[-2000:])


class Sqlite:
    kind = "sqlite"

    def __init__(self, path):
        self.path = path
        self.storage = (f"--storage.sqlite.path={path}",)

    def _connect(self):
        connection = sqlite3.connect(self.path, timeout=120, isolation_level=None)
        connection.row_factory = sqlite3.Row
        return contextlib.closing(connection)

    def run(self, sql):
        with self._connect() as connection:
            connection.executescript(sql)

    def rows(self, sql):
        with self._connect() as connection:
            return [dict(row) for row in connection.execute(sql)]

    def write(self, seed, first, count):
        with self._connect() as connection:
            for statements in transactions(random.Random(seed), first, count, True):
                connection.execute("begin immediate")
                for each in statements:
                    connection.execute(each)


@contextlib.contextmanager
def databases(folder):
    """Gives both, one after the other, with the tables."""
    def sqlite():
        found = Sqlite(f"{folder}/orders.db")
        with sqlite3.connect(found.path) as file:
            file.execute("pragma journal_mode = wal")
        found.run(ORDERS)
        return found

    # Writers meet in the same rows: a deadlock is to be found soon.
    with PostgresServer({"deadlock_timeout": "20ms"}, sql=ORDERS) as server:
        yield [Postgres(server), sqlite()]


def write_at_once(database, seed, writers, count):
    """`count` transactions of each writer; returns once all have been committed."""
    failed = []

    def write(number):
        try:
            database.write(seed + number, 100_000 * (number + 1), count)
        except Exception as error:  # told to whoever waits
            failed.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
