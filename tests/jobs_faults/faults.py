"""Faults of what jobs stand on and of who works on them, with the checker of node_set.py: a database that crashes or fails
over, a full disk, a clock that is set, workers that die, stand still or are killed by their job; and much of everything."""
import contextlib
import datetime
import pathlib
import signal
import struct
import subprocess
import time

from assertions import SLACK_SECONDS, WAIT_SECONDS, check, equal, eventually
from contention import Contention
from faktory_wire import Refused
from node_set import LONG, drain, Load, NodeSet, Seen
from postgres_server import PostgresServer
from runner import note
from shared import JobServer
from small_disk import leave_free, small_disk


def test_postgres_crashes(binary, folder, seed):
    """PostgreSQL is killed under load and started again, twice"""
    with PostgresServer() as postgres, NodeSet(binary, folder, postgres, count=2) as nodes, Contention() as contention:
        seen = Seen(contention)
        with Load(nodes, seen, seed, pushers=2, workers=2):
            for _ in range(2):
                before = len(seen.acked)
                eventually(lambda: len(seen.acked) > before + 50, "jobs run")
                took = seen.outage(postgres.restart)
                took.check("a crash")
        drain(nodes.nodes[0], seen)
        seen.verify()
        note(f"{len(seen.pushed)} pushed, {seen.runs} runs; {took} without an answer")


def test_postgres_fails_over(binary, folder, seed):
    """the primary dies under load, and the standby that it has waited for takes its place"""
    with contextlib.ExitStack() as stack:
        primary = stack.enter_context(PostgresServer())
        standby = stack.enter_context(primary.standby())

        class Pair:
            @staticmethod
            def url():
                return (f"postgres://postgres@127.0.0.1:{primary.port},127.0.0.1:{standby.port}/postgres"
                        "?target_session_attrs=read-write")

        nodes = stack.enter_context(NodeSet(binary, folder, Pair, count=2))
        seen = Seen(stack.enter_context(Contention()))

        def fail_over():
            primary.kill()
            standby.promote()
        with Load(nodes, seen, seed, pushers=2, workers=2):
            eventually(lambda: len(seen.acked) > 50, "jobs run")
            took = seen.outage(fail_over)
        drain(nodes.nodes[0], seen)
        seen.verify()
        note(f"{len(seen.pushed)} pushed, {seen.runs} runs; {took} without an answer")
        took.check("a failover")


def test_full_disk(binary, folder):
    """SQLite's disk fills: pushes are refused by name, what was acknowledged runs, and it resumes by itself"""
    with small_disk(folder, 12 << 20) as (inside, place, root):
        with JobServer(binary, place, before=inside) as server, server.worker("full-00001") as wire:
            pushed, refused = set(), []

            def push(count):
                for _ in range(count):
                    jid = f"full-{len(pushed) + len(refused):06d}"
                    try:
                        wire.push(jid, args=["x" * 20_000])
                        pushed.add(jid)
                    except Refused as error:
                        refused.append(str(error))
            push(10)
            leave_free(root, 1 << 20)
            eventually(lambda: push(20) or len(refused) >= 5, "the disk is full")
            check(all("full" in why or "disk" in why for why in refused), refused[:3])
            (root / "ballast").unlink()
            before = len(pushed)
            eventually(lambda: push(1) or len(pushed) > before, "it resumes", SLACK_SECONDS)
            runs = set()
            while (job := wire.fetch()) is not None:
                check(job["jid"] not in runs, "once")
                runs.add(job["jid"])
                equal(wire.ack(job["jid"]), "OK")
            equal(runs, pushed)
            note(f"{len(pushed)} pushed, {len(refused)} refused: {refused[0]}")


class SteppedClock:
    """The wall clock of a server, which a test sets."""

    def __init__(self, folder):
        self._library, self._path = pathlib.Path(folder) / "clock_step.so", pathlib.Path(folder) / "offset"
        subprocess.run(["clang-19", "-shared", "-fPIC", "-O1", "-o", self._library,
                        pathlib.Path(__file__).with_name("clock_step.c")], check=True)
        self.set(0)

    def set(self, seconds):
        with open(self._path, "r+b" if self._path.exists() else "wb") as file:
            file.write(struct.pack("<q", seconds))

    def words(self):
        return ["env", f"LD_PRELOAD={self._library}", f"CLOCK_STEP={self._path}"]


def _in_seconds(seconds):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return at.isoformat().replace("+00:00", "Z")


def test_clock_is_set(binary, folder):
    """the wall clock goes an hour forward, and two back: what is due runs once, and nothing twice"""
    clock = SteppedClock(folder)
    with JobServer(binary, folder, before=clock.words()) as server, server.worker("clock-0001") as wire:
        equal(wire.push_bulk([{"jid": f"hour-{i:06d}", "jobtype": "t", "args": [], "at": _in_seconds(3000)}
                              for i in range(100)]), {})
        equal(wire.push("day-000001", at=_in_seconds(86400)), "OK")
        equal(wire.fetch(), None)
        clock.set(3600)
        runs = []

        def run():
            wire.beat("clock-0001")
            while (job := wire.fetch()) is not None:
                runs.append(job["jid"])
                wire.ack(job["jid"])
            return len(runs) >= 100
        eventually(run, "what has become due runs", SLACK_SECONDS)
        clock.set(-3600)
        equal(wire.push("now-000001"), "OK")
        eventually(lambda: run() and "now-000001" in runs, "a push runs at once", SLACK_SECONDS)
        equal(wire.push("soon-00001", at=_in_seconds(-3600 + 1)), "OK")
        eventually(lambda: run() and "soon-00001" in runs, "what is due in the new time runs", SLACK_SECONDS)
        run()
        equal(sorted(runs), sorted([f"hour-{i:06d}" for i in range(100)] + ["now-000001", "soon-00001"]))


def test_workers_die(binary, folder):
    """a worker that crashes gives its job back; one that stands still keeps it while it beats; a job that kills its workers
    ends with the dead, and holds up no other"""
    with JobServer(binary, folder, "--jobs.rescue_after=1s") as server, server.wire() as wire:
        wire.push("poison-001", retry=-1, queue="poison")
        wire.push("slow-00001", queue="slow")
        slow = server.worker("slow-worker")
        equal(slow.fetch("slow")["jid"], "slow-00001")
        begun = time.monotonic()
        crashes = 0

        def dead():
            nonlocal crashes
            slow.beat("slow-worker")
            with server.worker(f"victim-{crashes:04d}") as victim:
                if victim.fetch("poison") is not None:  # it waits two seconds, and then its connection is cut
                    crashes += 1
            wire.push(f"other-{crashes:04d}-{int(time.monotonic() * 1000)}", queue="others")
            return wire.info()["faktory"]["tasks"]["Dead"]["size"] == 1
        eventually(dead, "the poisoned job is dead", WAIT_SECONDS)
        check(2 <= crashes <= 5, f"{crashes} workers died of it")
        check(time.monotonic() - begun > 2, "the slow worker was past rescue_after")
        with server.worker("other-worker") as other:
            equal(other.fetch("slow"), None)
            while (job := other.fetch("others")) is not None:
                other.ack(job["jid"])
        equal(slow.ack("slow-00001"), "OK")
        slow.close()
        info = wire.info()["faktory"]
        equal((info["tasks"]["Busy"]["size"], info["queues"].get("others", 0)), (0, 0))
        note(f"dead after {crashes} workers")


def _fill(wire, count, name, **members):
    for begin in range(0, count, 5000):
        jobs = [{"jid": f"{name}-{i:08d}", "jobtype": "t", "args": [i], "queue": name, **members}
                for i in range(begin, min(begin + 5000, count))]
        equal(wire.push_bulk(jobs), {})


def _drain_fast(server, queue, count):
    """Each once. A pipeline of FETCHes, then of their ACKs."""
    seen = set()
    with server.worker(f"{queue}-worker") as wire:
        while len(seen) < count:
            wire.beat(f"{queue}-worker")
            wire.send(*[f"FETCH {queue}"] * 200)
            jids = [job["jid"] for job in (wire.answer() for _ in range(200)) if job is not None]
            wire.send(*(f'ACK {{"jid":"{jid}"}}' for jid in jids))
            for jid in jids:
                equal(wire.answer(), "OK")
                check(jid not in seen, f"{jid} ran twice")
                seen.add(jid)
    return seen


def test_many_scheduled(binary, folder):
    """100,000 jobs that are due in the same second survive a kill, and run once each"""
    count = 100_000 if LONG else 10_000
    due = time.time() + (20 if LONG else 5)
    at = datetime.datetime.fromtimestamp(due, datetime.timezone.utc).isoformat().replace("+00:00", "Z")
    with JobServer(binary, folder) as server, server.wire() as wire:
        _fill(wire, count, "many", at=at)
        server.kill()
    with JobServer(binary, folder) as server, server.wire() as wire:
        started = time.time()
        eventually(lambda: wire.info()["faktory"]["queues"].get("many", 0) == count, "all are due")
        late = time.time() - max(due, started)
        begun = time.monotonic()
        equal(len(_drain_fast(server, "many", count)), count)
        note(f"{count} due {late:.2f} s after their time at the latest, run in {time.monotonic() - begun:.1f} s")
        check(late < SLACK_SECONDS, f"{late:.1f} s late")


def test_backlog(binary, folder):
    """a backlog is read back after a kill, keeps within its memory, and runs once each (a million with FAULTS_LONG=1)"""
    count = 1_000_000 if LONG else 20_000
    with JobServer(binary, folder) as server, server.wire() as wire:
        begun = time.monotonic()
        _fill(wire, count, "backlog")
        filled = time.monotonic() - begun
        used = server.rss_bytes() >> 20
        server.kill()
    begun = time.monotonic()
    with JobServer(binary, folder) as server:
        recovered = time.monotonic() - begun
        again = server.rss_bytes() >> 20
        begun = time.monotonic()
        equal(len(_drain_fast(server, "backlog", count)), count)
        note(f"{count} jobs: pushed in {filled:.1f} s with {used} MiB, read back in {recovered:.1f} s with {again} MiB, "
             f"run in {time.monotonic() - begun:.1f} s")
        check(max(used, again) < 200 + (count >> 10), f"{used} MiB, {again} MiB")
