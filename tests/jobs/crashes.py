"""kill -9 under load, with a checker of what was acknowledged: no push is lost, nothing acknowledged runs again."""
import json
import pathlib
import random
import threading
import time

from assertions import check, equal, eventually
from faktory_wire import Refused
from postgres_server import PostgresServer
from runner import note
from shared import JobServer

PUSHERS, WORKERS = 4, 4
WAITING_MAX = 200  # jobs that no worker has acknowledged: then those who push wait, so that the last life is short


class Seen:
    """What clients were told, over all lives of the server. A step counts once its answer has come."""

    def __init__(self):
        self._lock = threading.Lock()
        self.pushed, self.sent, self.acked, self.again = set(), set(), set(), []
        self.runs = 0

    def on_pushed(self, jids):
        with self._lock:
            self.pushed.update(jids)

    def on_run(self, jid):
        with self._lock:
            self.runs += 1
            if jid in self.acked:
                self.again.append(jid)

    def on_ack_sent(self, jid):
        with self._lock:
            self.sent.add(jid)

    def on_acked(self, jid):
        with self._lock:
            self.acked.add(jid)

    def waiting(self):
        return len(self.pushed) - len(self.acked)


def _push(server, seen, stop, life, number):
    """Alone, in a pipeline, and in bulk, in turn."""
    try:
        with server.wire() as wire:
            count = 0
            while not stop.is_set():
                if seen.waiting() > WAITING_MAX:
                    time.sleep(0.01)
                    continue
                count += 1
                jids = [f"life{life}-{number}-{count:06d}-{i}" for i in range(10)]
                jobs = [{"jid": jid, "jobtype": "crash", "args": [], "queue": "crash"} for jid in jids]
                match count % 3:
                    case 0:
                        equal(wire.push_bulk(jobs), {})
                        seen.on_pushed(jids)
                    case 1:
                        wire.send(*(f"PUSH {json.dumps(job)}" for job in jobs))
                        for jid in jids:
                            equal(wire.answer(), "OK")
                            seen.on_pushed([jid])
                    case 2:
                        equal(wire.push(**jobs[0]), "OK")
                        seen.on_pushed(jids[:1])
    except (OSError, EOFError):
        pass  # the server was killed


def _work(server, seen, stop, life, number, dice):
    try:
        with server.worker(f"life{life}-worker{number}") as wire:
            while not stop.is_set():
                job = wire.fetch("crash")
                if job is None:
                    continue
                seen.on_run(job["jid"])
                if dice.random() < 0.05:
                    time.sleep(0.1)  # long enough for a claim to be written
                seen.on_ack_sent(job["jid"])
                wire.ack(job["jid"])
                seen.on_acked(job["jid"])
    except (OSError, EOFError):
        pass


def _live(server, seen, life, seconds, dice):
    stop = threading.Event()
    threads = [threading.Thread(target=_push, args=(server, seen, stop, life, i), daemon=True) for i in range(PUSHERS)]
    threads += [threading.Thread(target=_work, args=(server, seen, stop, life, i, random.Random(dice.random())), daemon=True)
                for i in range(WORKERS)]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    eventually(lambda: len(seen.pushed) > 100 * (life + 1), "enough is pushed to say anything")
    server.kill()
    stop.set()
    for thread in threads:
        thread.join()


def _drain(server, seen):
    """The last life: everything that is left is run. What a worker of an earlier life had comes back when that worker
    is given up, which the server is told to do soon."""
    with server.worker("drain-0001") as wire:
        def is_empty():
            wire.beat("drain-0001")
            while (job := wire.fetch("crash")) is not None:
                if seen.runs % 100 == 0:
                    wire.beat("drain-0001")
                seen.on_run(job["jid"])
                seen.on_ack_sent(job["jid"])
                wire.ack(job["jid"])
                seen.on_acked(job["jid"])
            return wire.info()["faktory"]["tasks"]["Busy"]["size"] == 0
        eventually(is_empty, "all is done", 120)


def _crash(binary, folder, seed, kills, postgres="", acks="flushed"):
    dice, seen = random.Random(seed), Seen()
    settings = ("--jobs.rescue_after=1s", f"--jobs.ack={acks}")
    for life in range(kills):
        with JobServer(binary, folder, *settings, postgres=postgres) as server:
            _live(server, seen, life, 0.5 + dice.random() * 1.5, dice)
    with JobServer(binary, folder, *settings, postgres=postgres) as server:
        _drain(server, seen)
        with server.wire() as wire:
            equal(wire.info()["faktory"]["queues"].get("crash", 0), 0)
    lost = seen.pushed - seen.sent  # an ACK that was sent and not answered may have been kept, or not
    check(not lost, f"{len(lost)} of {len(seen.pushed)} acknowledged pushes are lost: {sorted(lost)[:5]}")
    check(acks == "received" or not seen.again, f"{len(seen.again)} ran again after their ACK: {seen.again[:5]}")
    note(f"{len(seen.pushed)} pushed, {seen.runs} runs, {kills} kills, {len(seen.again)} again after their ACK")


def test_sqlite(binary, folder, seed):
    """kill -9 under load on SQLite: nothing acknowledged is lost or repeated"""
    _crash(binary, folder, seed, kills=3)


def test_acks_at_once(binary, folder, seed):
    """kill -9 under load with jobs.ack = "received": no acknowledged push is lost; what was acknowledged last may repeat"""
    _crash(binary, folder, seed, kills=3, acks="received")


def test_postgres(binary, folder, seed):
    """kill -9 under load on PostgreSQL: nothing acknowledged is lost or repeated"""
    with PostgresServer() as postgres:
        # After each the next life waits ten seconds, until what the one before it owned is free.
        _crash(binary, folder, seed, kills=2, postgres=postgres.url())


def test_acknowledged_after_restart(binary, folder):
    """a job that ran while its server was killed is acknowledged to the next one, and is done"""
    with JobServer(binary, folder) as server, server.worker("long-00001") as wire:
        wire.push("long-00001", custom={"track": 1})
        equal(wire.fetch()["jid"], "long-00001")
        time.sleep(0.5)  # the claim is written
        server.kill()
    with JobServer(binary, folder) as server, server.worker("long-00001") as wire:
        equal(wire.info()["faktory"]["tasks"]["Busy"]["size"], 1)
        equal(wire.ack("long-00001"), "OK")
        equal(wire.info()["faktory"]["tasks"]["Busy"]["size"], 0)
        equal(wire.fetch(), None)


def test_postgres_away(binary, folder):
    """while PostgreSQL is away a push is refused or waits, and is never answered for nothing"""
    with PostgresServer() as postgres, JobServer(binary, folder, postgres=postgres.url()) as server:
        with server.wire() as wire:
            equal(wire.push("away-00001"), "OK")
            postgres.shutdown()
            answered = []

            def push():
                try:
                    answered.append(wire.push("away-00002"))
                except (Refused, OSError, EOFError) as error:
                    answered.append(error)
            thread = threading.Thread(target=push, daemon=True)
            thread.start()
            thread.join(1)
            check("OK" not in answered, answered)
            postgres.start()
            thread.join()
        with server.worker("after-0001") as wire:
            equal(eventually(lambda: wire.fetch(), "jobs are served again")["jid"], "away-00001")
            second = wire.fetch()
            equal(second is not None and second["jid"] == "away-00002", answered == ["OK"])
