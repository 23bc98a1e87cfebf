"""Answers of any length: at constant memory, as fast as the client reads, and never a part for the whole."""
import http.client
import json
import socket
import threading
import time
import zlib

from assertions import check, equal, eventually
from postgres_server import PostgresServer
from runner import fixture, note
from serving import on_both, postgres_options, Served

ROWS = 1_000_000
# Both databases know this; a row is about 50 bytes.
NUMBERS = """-- @auth none
with recursive numbers(id) as (select 1 union all select id + 1 from numbers where id < 1000000)
select id, 'a text of some length for ' || id as text from numbers"""
GROWTH_BYTES_MAX = 24 * 1024 * 1024


@fixture
def postgres():
    with PostgresServer() as server:
        yield server


class Watch:
    """The largest memory that a server had while the block ran, beyond what it had before."""

    def __init__(self, server):
        self._server = server

    def __enter__(self):
        self._before = self._largest = self._server.rss_bytes()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self):
        while not self._ended.wait(0.02):
            self._largest = max(self._largest, self._server.rss_bytes())

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()

    @property
    def growth(self):
        return self._largest - self._before


def open_stream(served, path, headers):
    host, port = served.server.addresses[-1].rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    connection.request("GET", path, headers=headers)
    return connection, connection.getresponse()


def count_lines(served, path, headers):
    """Reads an answer piece by piece, and keeps none."""
    connection, response = open_stream(served, path, headers)
    equal(response.status, 200)
    unpack = zlib.decompressobj(31) if response.getheader("Content-Encoding") == "gzip" else None
    lines = read = 0
    while piece := response.read(1 << 16):
        read += len(piece)
        lines += (unpack.decompress(piece) if unpack else piece).count(b"\n")
    if unpack:
        check(unpack.eof, "the gzip stream has its end")
    connection.close()
    return lines, read


def test_a_million_rows(binary, folder, postgres):
    """A million rows as NDJSON, CSV and gzip: the server's memory does not grow"""
    for database, served in on_both(binary, folder, postgres, "million", {"numbers.get.sql": NUMBERS}):
        for accept, encoding, lines in (("application/x-ndjson", "identity", ROWS), ("text/csv", "identity", ROWS + 1),
                                        ("application/x-ndjson", "gzip", ROWS)):
            begun = time.monotonic()
            with Watch(served.server) as watch:
                got, read = count_lines(served, "/rest/numbers", {"Accept": accept, "Accept-Encoding": encoding})
            equal(got, lines)
            note(f"{database}, {accept}, {encoding}: {read >> 20} MiB in {time.monotonic() - begun:.1f} s, "
                 f"memory +{watch.growth / 2**20:.1f} MiB")
            check(watch.growth < GROWTH_BYTES_MAX, f"{database}: the memory grew by {watch.growth} bytes")


def test_a_slow_reader(binary, folder, postgres):
    """A client that does not read holds no rows in the server, and one that goes ends its query"""
    for database, served in on_both(binary, folder, postgres, "slow", {"numbers.get.sql": NUMBERS}):
        with Watch(served.server) as watch:
            streams = [open_stream(served, "/rest/numbers", {"Accept": "text/csv"}) for _ in range(5)]
            time.sleep(1)
        check(watch.growth < GROWTH_BYTES_MAX, f"{database}: the memory grew by {watch.growth} bytes")
        for connection, _ in streams:
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.close()
        equal(served.ask("GET", "/health")[0], 200)
        if database == "postgres":
            eventually(lambda: postgres.run("select count(*) from pg_stat_activity where query like '%numbers%' "
                                            "and state = 'active' and pid <> pg_backend_pid()") == "0",
                       "the queries have ended")


STREAMS = 2  # at once: half of the connections and readers are for others
CROWDED = ("--loops=1", "--queries.pool_wait=500ms", f"--storage.postgres.pool.exclusive_connections={2 * STREAMS}",
           f"--storage.sqlite.readers={2 * STREAMS}")
# What needs a connection of its own, or a reader: a write with a key, and what takes long.
OTHERS = {
    "migrations/0001_kept.sql": "create table kept (n int)",
    "kept.post.sql": "-- @auth none\n-- @rows value\n-- @param n int!\ninsert into kept (n) values (:n) returning n",
    "slow.get.sql": "-- @auth none\n-- @rows value\n"
                    "with recursive t(n) as (select 1 union all select n + 1 from t where n < 300000) select count(*) from t",
}


def test_more_streams_than_connections(binary, folder, postgres):
    """A stream has a connection of its own: one more waits, and is refused by name; slow requests and writes go on"""
    files = {"numbers.get.sql": NUMBERS, "one.get.sql": "-- @auth none\n-- @rows value\nselect 1 as n", **OTHERS}
    lines = {"Accept": "application/x-ndjson"}
    for database, served in on_both(binary, folder, postgres, "crowded", files, *CROWDED):
        streams = [open_stream(served, "/rest/numbers", lines) for _ in range(STREAMS)]
        equal([response.status for _, response in streams], [200] * STREAMS)
        begun_at = time.monotonic()
        status, headers, body = served.ask("GET", "/rest/numbers", headers=lines)
        waited = time.monotonic() - begun_at
        equal((status, json.loads(body)["code"], headers["retry-after"]), (503, "TM115", "1"))
        check(0.4 < waited < 10, f"{database}: it was refused after {waited:.1f} s")
        equal(served.ask("GET", "/rest/one")[0], 200)
        for number in range(4):
            equal((database, served.ask("GET", "/rest/slow")[0]), (database, 200))
            equal(served.json("POST", "/rest/kept", {"n": number}, {"Idempotency-Key": f"key-{number}"}), (200, number))
        connection, _ = streams.pop()
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()
        eventually(lambda served=served: open_stream(served, "/rest/numbers", lines)[1].status == 200, "there is room again")


def begun(served, encoding):
    """A stream whose status has come; None while the database is away."""
    connection, response = open_stream(served, "/rest/numbers", {"Accept": "text/csv", "Accept-Encoding": encoding})
    if response.status == 200:
        return connection, response
    equal(response.status, 503)
    connection.close()
    return None


def test_failure_on_the_way(binary, folder, postgres):
    """A database that goes away in the middle: the client sees that the rest is missing"""
    options = postgres_options(postgres, "gone")
    with Served(binary, folder, {"numbers.get.sql": NUMBERS}, options) as served:
        for encoding in ("identity", "gzip"):
            connection, response = eventually(lambda encoding=encoding: begun(served, encoding), "it begins")
            check(response.read(1000), "it begins")
            postgres.run("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'gone'")
            try:
                while response.read(1 << 16):
                    pass
                raise AssertionError("an answer without its end looked whole")
            except http.client.IncompleteRead:
                pass
            connection.close()
