"""Three servers on one PostgreSQL, clients that connect to any of them, and a checker of what these were told.

What is proved: a push that was acknowledged runs; a job whose ACK was acknowledged does not run again; of two pushes of
one unique job one is refused. A step counts once its answer has come, so an answer that is lost proves nothing.
"""
import contextlib
import http.client
import json
import os
import random
import signal
import threading
import time
import urllib.request

from assertions import WAIT_SECONDS, check, equal, eventually
from faktory_wire import Refused
from runner import note
from shared import JobServer

LONG = bool(os.environ.get("FAULTS_LONG"))  # before a release, and by night
KEY = "a key of all nodes"
WAITING_MAX = 300  # jobs that no worker has acknowledged: then those who push wait
NORMAL_SECONDS_MAX = 10  # until another node has taken over: what is promised
FACTOR_MAX = 4  # for most of it they wait for the end of a lease, which takes the same on any machine
PATIENCE_SECONDS = 4  # of a client with a server that stands still; a FETCH takes 2
GONE = (OSError, EOFError, http.client.HTTPException)


class NodeSet:
    """`nodes` come and go; each is a JobServer."""

    def __init__(self, binary, folder, postgres, *arguments, count=3, key=KEY):
        self._make = lambda: JobServer(binary, folder, "--jobs.nodes.listen=127.0.0.1:0", f"--jobs.nodes.key={key}",
                                       "--http_api.key=secret", "--jobs.rescue_after=2s", "--loops=2",
                                       "--shutdown.timeout=2s", *arguments, postgres=postgres.url())
        self._stack = contextlib.ExitStack()
        self._count = count
        self.nodes = []

    def __enter__(self):
        for _ in range(self._count):
            self.add()
        return self

    def __exit__(self, *error):
        for node in self.nodes:
            if node.alive():
                node.process.send_signal(signal.SIGCONT)
        return self._stack.__exit__(*error)

    def add(self):
        node = self._stack.enter_context(self._make())
        self.nodes.append(node)
        return node

    def remove(self, node):
        """It was stopped, or has crashed."""
        self.nodes.remove(node)

    def owner(self):
        """The node that has the jobs: its log says so last."""
        def found():
            owners = [(node.log().count("jobs.served"), node) for node in self.nodes if _serves(node)]
            return owners[0][1] if len(owners) == 1 else None
        return eventually(found, "one node has the jobs")

    def others(self):
        owner = self.owner()
        return [node for node in self.nodes if node is not owner]


def _serves(node):
    log = node.log()
    return log.rfind("jobs.served") > log.rfind("jobs.lease_lost")


class Outage:
    """For how long no push, or no ACK, was answered around a fault."""

    def __init__(self, seconds, factor):
        self.seconds, self._factor = seconds, factor

    def check(self, what):
        """What is promised holds for a machine of ours; one that is busy with others takes so many times as long."""
        check(self.seconds < NORMAL_SECONDS_MAX * min(self._factor, FACTOR_MAX),
              f"{what}: normal after {self}, {NORMAL_SECONDS_MAX} s are promised")
        if self.seconds >= NORMAL_SECONDS_MAX:
            note(f"{what}: not judged by what is promised, {NORMAL_SECONDS_MAX} s, but by {FACTOR_MAX} times as long at most")

    def __str__(self):
        return f"{self.seconds:.1f} s" + (f" (all takes {self._factor:.1f} times as long)" if self._factor > 1.2 else "")


class Seen:
    """What clients were told. Any thread. `contention` is open."""

    def __init__(self, contention):
        self._contention = contention
        self._lock = threading.Lock()
        self.pushed, self.sent, self.acked, self.again = set(), set(), set(), []
        self.unique = {}
        self.runs = 0
        self.last = {"push": 0.0, "ack": 0.0}  # when one was answered
        self.longest_gap = 0.0                 # between two of a kind

    def _answered(self, what):
        now = time.monotonic()
        self.longest_gap = max(self.longest_gap, now - self.last[what])
        self.last[what] = now

    def outage(self, fault):
        """The Outage that the fault makes."""
        begun = time.monotonic()
        with self._lock:
            self.last = dict.fromkeys(self.last, begun)
            self.longest_gap = 0.0
        fault()
        done = time.monotonic()
        eventually(lambda: min(self.last.values()) > done + 0.5, "the load goes on", 2 * WAIT_SECONDS)
        return Outage(self.longest_gap, self._contention.factor(begun))

    def on_pushed(self, jid):
        with self._lock:
            self.pushed.add(jid)
            self._answered("push")

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
            self._answered("ack")

    def on_unique(self, key, taken):
        with self._lock:
            self.unique.setdefault(key, []).append(taken)

    def waiting(self):
        return len(self.pushed) - len(self.acked)

    def verify(self):
        lost = self.pushed - self.sent  # an ACK that was sent and not answered may have been kept, or not
        check(not lost, f"{len(lost)} of {len(self.pushed)} acknowledged pushes are lost: {sorted(lost)[:5]}")
        check(not self.again, f"{len(self.again)} ran again after their ACK: {self.again[:5]}")
        double = [key for key, taken in self.unique.items() if sum(taken) > 1]
        check(not double, f"unique, and taken twice: {double[:5]}")


class Load:
    """Clients that push and work through whichever node they find, and connect again when they lose it."""

    def __init__(self, set_of_nodes, seen, seed, queue="load", pushers=3, workers=4):
        self._set, self._seen, self._queue = set_of_nodes, seen, queue
        self._stop = threading.Event()
        self._errors = []
        dice = random.Random(seed)
        self._threads = [threading.Thread(target=self._run, args=(step, number, random.Random(dice.random())), daemon=True)
                         for step, count in ((self._push, pushers), (self._push_http, 1), (self._work, workers))
                         for number in range(count)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()
        check(not self._errors, self._errors[:1])

    def _run(self, step, number, dice):
        rounds = 0
        while not self._stop.is_set():
            rounds += 1
            try:
                step(dice.choice(self._set.nodes), f"{step.__name__}{number}-{rounds}", dice)
            except (Refused, *GONE):
                time.sleep(0.1)
            except Exception as error:  # a test's own mistake must not pass for a fault
                self._errors.append(repr(error))
                raise

    def _room(self):
        while self._seen.waiting() > WAITING_MAX and not self._stop.is_set():
            time.sleep(0.01)

    def _push(self, node, name, dice):
        with node.wire(timeout=PATIENCE_SECONDS) as wire:
            for count in range(1, 1_000_000):
                self._room()
                if self._stop.is_set():
                    return
                jid = f"{name}-{count:06d}"
                equal(wire.push(jid, queue=self._queue), "OK")
                self._seen.on_pushed(jid)
                if count % 20 == 0:
                    self._push_unique(wire, jid)
                time.sleep(dice.random() * 0.01)

    def _push_unique(self, wire, jid):
        """Twice the same, of which nobody takes the first."""
        for which in ("a", "b"):
            try:
                wire.push(f"{jid}-{which}", jobtype="unique", args=[jid], queue="kept", custom={"unique_for": 600})
                self._seen.on_unique(jid, True)
            except Refused as refused:
                if not str(refused).startswith("NOTUNIQUE"):
                    raise
                self._seen.on_unique(jid, False)

    def _push_http(self, node, name, dice):
        for count in range(100):
            self._room()
            if self._stop.is_set():
                return
            jid = f"{name}-{count:06d}"
            call = urllib.request.Request(f"{node.http}/api/jobs_push", json.dumps(
                {"jid": jid, "jobtype": "job", "args": [], "queue": self._queue}).encode(), {"X-API-Key": "secret"})
            with urllib.request.urlopen(call, timeout=PATIENCE_SECONDS) as response:
                answer = json.load(response)
            if "error" in answer:
                check(answer["error"]["code"] == 115, answer)
                raise EOFError(answer)
            self._seen.on_pushed(jid)
            time.sleep(dice.random() * 0.02)

    def _work(self, node, name, dice):
        wid = name  # another for each connection: what it had is given up with it
        with node.worker(wid, timeout=PATIENCE_SECONDS) as wire:
            while not self._stop.is_set():
                job = wire.fetch(self._queue)
                if job is None:
                    wire.beat(wid)
                    continue
                self._seen.on_run(job["jid"])
                if dice.random() < 0.05:
                    time.sleep(0.1)  # long enough for a claim to be written
                self._seen.on_ack_sent(job["jid"])
                wire.ack(job["jid"])
                self._seen.on_acked(job["jid"])


def drain(node, seen, queue="load"):
    """Everything that is left is run; what a worker that is gone had comes back when it is given up. On a machine that is
    slow the jobs may change hands once more: then it connects again."""
    def run_some(wire):
        wire.beat("drain-0001")
        while (job := wire.fetch(queue)) is not None:
            if seen.runs % 100 == 0:
                wire.beat("drain-0001")
            seen.on_run(job["jid"])
            seen.on_ack_sent(job["jid"])
            wire.ack(job["jid"])
            seen.on_acked(job["jid"])
        return wire.info()["faktory"]["tasks"]["Busy"]["size"] == 0

    def is_empty():
        try:
            with node.worker("drain-0001") as wire:
                return eventually(lambda: run_some(wire), "all is done", 120)
        except (Refused, *GONE):
            return False
    eventually(is_empty, "all is done", 240)
