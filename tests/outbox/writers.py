"""Many writers at once, while the server and PostgreSQL are killed: each committed entry once, in order for each key."""
import os
import random
import threading
import time

from assertions import check, equal, eventually
from checker import problems
from postgres_server import PostgresServer
from redis_server import RedisServer
from runner import note
from shared import OutboxServer, Psql

LONG = bool(os.environ.get("FAULTS_LONG"))
ENTRIES = 100_000 if LONG else 10_000
WRITERS = 8
KEYS = 5
TABLE = "create table counters (key text primary key, n int not null default 0); " \
        f"insert into counters (key) select 'k' || i from generate_series(1, {KEYS}) as i"


def transactions(chance, count):
    """Each counts its key up and publishes the number; one in five is rolled back."""
    for _ in range(count):
        key, rolls_back = f"k{chance.randint(1, KEYS)}", chance.random() < 0.2
        yield (f"begin; update counters set n = n + 1 where key = '{key}' returning n \\gset\n"
               f"select tidemill.publish('feed', jsonb_build_object('key', '{key}', 'n', :n, 'rolled_back', {rolls_back}), "
               f"key => '{key}') \\g /dev/null\n{'rollback' if rolls_back else 'commit'};\n")


def counters_of(postgres):
    return {key: int(n) for key, n in (line.split("|") for line in postgres.run("select key, n from counters").splitlines())}


def write_all(postgres, seed, count):
    """Starts the writers; gives what waits for them, and raises what went wrong."""
    failed = []

    def write(psql):
        try:
            psql.run()
        except Exception as error:  # told to whoever waits
            failed.append(error)

    threads = []
    for writer in range(WRITERS):
        script = "".join(transactions(random.Random(seed + writer), count // WRITERS))
        threads.append(threading.Thread(target=write, args=(Psql(postgres, script),)))
        threads[-1].start()

    def wait():
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]
    return wait, lambda: any(thread.is_alive() for thread in threads)


def check_feed(server, postgres):
    server.until_empty(300)
    equal(server.parked(), [])
    history, counters = server.history("feed"), counters_of(postgres)
    found = problems(history, counters)
    check(not found, "\n".join(found[:20]))
    return len(history)


def test_kills(binary, folder, seed):
    """8 writers, and the server is killed again and again: each committed entry is there once, in order for each key"""
    with PostgresServer(sql=TABLE) as postgres, RedisServer() as redis:
        options = (binary, folder, f"--broker.redis.address={redis.url}", "--outbox.lease=1s")
        with OutboxServer(*options, postgres=postgres.url()) as server:
            equal(server.status()["waiting"], 0)
        begun = time.monotonic()
        wait, going_on = write_all(postgres, seed, ENTRIES)
        kills, chance = 0, random.Random(seed)
        while going_on() or kills < 4:
            with OutboxServer(*options, postgres=postgres.url()) as server:
                eventually(lambda: server.metric("tidemill_outbox_sent_total") > 0 or server.status()["waiting"] == 0,
                           "it sends")
                time.sleep(chance.random() / 2)
                server.kill()
                kills += 1
        wait()
        took = time.monotonic() - begun
        with OutboxServer(*options, postgres=postgres.url()) as server:
            there = check_feed(server, postgres)
        note(f"{ENTRIES} transactions in {took:.1f} s, {there} committed, {kills} kills")


def test_two_nodes(binary, folder, seed):
    """two nodes, and the one that sends is killed: the other goes on, nothing is lost, doubled or out of order"""
    with PostgresServer(sql=TABLE) as postgres, RedisServer() as redis:
        options = (binary, folder, f"--broker.redis.address={redis.url}", "--outbox.lease=1s")
        with OutboxServer(*options, postgres=postgres.url()) as one, OutboxServer(*options, postgres=postgres.url()) as other:
            eventually(lambda: one.status()["relayed_here"] or other.status()["relayed_here"], "one of them sends")
            wait, _ = write_all(postgres, seed, 2000)
            sender, rest = (one, other) if one.status()["relayed_here"] else (other, one)
            sender.kill()
            eventually(lambda: rest.status()["relayed_here"], "the other one sends")
            wait()
            check_feed(rest, postgres)
            equal(rest.metric("tidemill_outbox_relaying"), 1)


def test_postgres_restarts(binary, folder, seed):
    """PostgreSQL is killed and comes back while there is something to send: the server goes on by itself"""
    with PostgresServer({"fsync": "on"}, sql=TABLE) as postgres, \
            OutboxServer(binary, folder, postgres=postgres.url()) as server:
        for _ in range(3):
            wait, _ = write_all(postgres, seed, 400)
            wait()
            postgres.restart()
        check_feed(server, postgres)


def test_interleaved(binary, folder):
    """what is committed later with a lower id is not lost, and does not come before what was committed first"""
    with PostgresServer() as postgres, OutboxServer(binary, folder, postgres=postgres.url()) as server:
        early = Psql(postgres, "begin; select tidemill.publish('feed', '\"second\"') \\g /dev/null\n"
                               "select pg_sleep(2) \\g /dev/null\ncommit;\n")
        thread = threading.Thread(target=early.run)
        thread.start()
        eventually(lambda: postgres.run("select count(*) from pg_stat_activity where query like 'select pg_sleep%'") == "1",
                   "the first one has published, and is not committed")
        postgres.run("select tidemill.publish('feed', '\"first\"')")
        eventually(lambda: server.history("feed") == ["first"], "what is committed leaves, though a lower id is not")
        thread.join()
        eventually(lambda: server.history("feed") == ["first", "second"], "the other one follows")
