"""Clients that are slow, rude or many: the others go on, and memory stays bounded."""
import contextlib
import os
import random
import re
import resource
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from assertions import SLACK_SECONDS, check, equal, eventually
from faktory_wire import Refused, Wire
from shared import JobServer

SANITIZED = bool(os.environ.get("SANITIZED"))  # it keeps what was freed


class Witness:
    """Somebody whose jobs must go on meanwhile: pushes, fetches and acknowledges one after the other."""

    def __init__(self, server):
        self._wire = server.worker("witness-1")
        self._stop = threading.Event()
        self.rounds, self.slowest, self.problem = 0, 0.0, None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        self._wire.close()

    def _run(self):
        try:
            while not self._stop.is_set():
                begun = time.monotonic()
                self.rounds += 1
                jid = f"witness-{self.rounds:06d}"
                self._wire.beat("witness-1")
                self._wire.push(jid, queue="witness")
                equal(self._wire.fetch("witness")["jid"], jid)
                equal(self._wire.ack(jid), "OK")
                self.slowest = max(self.slowest, time.monotonic() - begun)
                time.sleep(0.002)
        except Exception as error:  # told by the test
            self.problem = error

    def check_served(self, rounds=5):
        before = self.rounds
        eventually(lambda: self.problem or self.rounds >= before + rounds, "the witness is served")
        check(self.problem is None, self.problem)


def cases_bad_lines(binary):
    """Each is answered with an error or closed, and the next client is served."""
    import tempfile
    lines = {
        "no end of a line": b"PUSH " + b"x" * 3_000_000,
        "zeros": b"\0" * 100_000 + b"\r\n",
        "only line ends": b"\r\n" * 50_000,
        "deep JSON": b"PUSH " + b"[" * 200_000 + b"\r\n",
        "deep args": b'PUSH {"jid":"deep-00001","jobtype":"x","args":' + b"[" * 100_000 + b"]" * 100_000 + b"}\r\n",
        "no UTF-8": b'PUSH {"jid":"\xff\xfe\xfd12345","jobtype":"\xc0","args":[]}\r\n',
        "a jid with a line end": b'PUSH {"jid":"12345678\\r\\n","jobtype":"x","args":[]}\r\n',
        "an unknown verb, long": b"V" * 100_000 + b"\r\n",
        "many queues": b"FETCH " + b" ".join(b"q%d" % i for i in range(2000)) + b"\r\n",
        "many jids": b'MUTATE {"cmd":"kill","target":"dead","filter":{"jids":[' + b",".join([b'"12345678"'] * 20_000) +
                     b"]}}\r\n",
        "a long pattern": b'MUTATE {"cmd":"kill","target":"dead","filter":{"regexp":"' + b"*a" * 10_000 + b'"}}\r\n',
        "too many jobs": b"PUSHB [" + b",".join([b'{"jid":"12345678"}'] * 21_000) + b"]\r\n",
        "a job that is too long": b'PUSH {"jid":"12345678","jobtype":"x","args":["' + b"y" * 1_100_000 + b'"]}\r\n',
        "numbers": b'PUSH {"jid":"12345678","jobtype":"x","args":[1e999999],"retry":99999999999999999999}\r\n',
        "BEAT of another": b'BEAT {"wid":"witness-1","current_state":"terminate","rss_kb":-1}\r\n' * 3,
    }
    with tempfile.TemporaryDirectory() as folder:
        with JobServer(binary, folder, "--jobs.faktory.line_bytes_max=2000000") as server:
            for name, bytes_sent in lines.items():
                def case(bytes_sent=bytes_sent):
                    with server.wire() as wire:
                        with contextlib.suppress(ConnectionError):
                            wire.socket.sendall(bytes_sent)
                            wire.socket.sendall(b"INFO\r\n")
                            while (answer := wire.answer_text()) and answer[0] != "$":
                                check(answer[0] in "-+", answer)
                    with server.wire() as wire:
                        equal(wire.push("fine-0001"), "OK")
                yield name, case


def test_random(binary, folder, seed):
    """random bytes and broken commands: the server lives, and a job that was acknowledged is there"""
    dice = random.Random(seed)
    words = [b"PUSH ", b"PUSHB ", b"FETCH ", b"ACK ", b"FAIL ", b"BEAT ", b"MUTATE ", b"QUEUE ", b"TRACK ", b"BATCH ",
             b"REQUEUE ", b"{", b"}", b"[", b"]", b'"jid"', b":", b'"12345678"', b",", b"null", b"\r\n", b"\n", b" ", b"\\",
             b"\xff", b"default", b"*", b"GET ", b"SET ", b"NEW ", b"1", b"PAUSE ", b"kill", b'"filter"']
    with JobServer(binary, folder) as server, server.worker("random-1") as wire:
        wire.push("kept-00001", queue="kept")
        for _ in range(200):
            with server.wire() as rude:
                with contextlib.suppress(ConnectionError):
                    rude.socket.sendall(b"".join(dice.choices(words, k=dice.randrange(1, 200))))
                    if dice.random() < 0.5:
                        rude.socket.settimeout(0.05)
                        with contextlib.suppress(TimeoutError):
                            rude.socket.recv(1000)
        equal(wire.call("QUEUE RESUME *"), "OK")
        equal(wire.fetch("kept")["jid"], "kept-00001")


def test_slow_readers(binary, folder):
    """four that never read what they asked for: memory is bounded, they are closed, a witness goes on"""
    options = ("--jobs.faktory.answer_timeout=2s", "--jobs.faktory.buffers_bytes_max=33554432")
    with JobServer(binary, folder, *options) as server, Witness(server) as witness:
        before = server.rss_bytes()
        rude = []
        for _ in range(4):
            wire = server.wire()
            wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            wire.socket.setblocking(False)
            rude.append(wire)
        for _ in range(50):
            for wire in rude:
                with contextlib.suppress(BlockingIOError, ConnectionError):
                    wire.socket.send(b"INFO\r\n" * 2000)
        witness.check_served(20)
        more = server.rss_bytes() - before
        check(more < 64 << 20 or SANITIZED, f"{more} bytes more")
        eventually(lambda: server.get("/metrics")[2].count("tidemill_faktory_connections 1\n") == 1, "they are closed")
        witness.check_served()
        for wire in rude:
            wire.close()


def test_slow_writers(binary, folder):
    """strangers who never say HELLO, and lines that never end, hold a bounded part of memory and time out"""
    options = ("--jobs.faktory.buffers_bytes_max=33554432", "--jobs.faktory.line_bytes_max=16777216")
    with JobServer(binary, folder, *options) as server, Witness(server) as witness:
        strangers = [Wire(server.faktory, greet=False) for _ in range(300)]
        for wire in strangers:
            wire.socket.sendall(b"HELLO {" + b" " * 10_000)
        known = [server.wire() for _ in range(20)]
        with ThreadPoolExecutor(len(known)) as pool:
            pool.map(_begin_long_line, known)
        witness.check_served()
        eventually(lambda: int(re.search(r"^tidemill_faktory_buffers_refused_total (\d+)", server.get("/metrics")[2],
                                         re.MULTILINE)[1]) > 10, "most are refused")
        server.log_with("jobs.buffers_used_up.*jobs.faktory.buffers_bytes_max")
        eventually(lambda: all(_is_closed(wire) for wire in strangers), "strangers are closed")
        for wire in strangers + known:
            wire.close()
        witness.check_served()


def _begin_long_line(wire):
    wire.socket.settimeout(5)
    with contextlib.suppress(ConnectionError, TimeoutError):
        wire.socket.sendall(b"PUSHB [" + b" " * 8_000_000)


def _is_closed(wire):
    wire.socket.setblocking(False)
    try:
        while data := wire.socket.recv(4096):
            check(data.startswith(b"+HI") or data.startswith(b"-ERR"), data)
        return True
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def test_too_many(binary, folder):
    """a connection over the limit is told so; when one leaves, another may come"""
    with JobServer(binary, folder, "--jobs.faktory.connections_max=3") as server:
        wires = [server.wire() for _ in range(3)]
        with Wire(server.faktory, greet=False) as late:
            check(late.line().startswith("-ERR too many connections: "), "it is told")
            equal(late.line(), "")
        wires.pop().close()

        def comes():
            try:
                return server.wire()
            except (AssertionError, EOFError, ConnectionError, Refused):
                return None
        eventually(comes, "another may come").close()
        for wire in wires:
            wire.close()


def test_wrong_passwords(binary, folder):
    """two hundred who guess at once do not keep a worker from its jobs"""
    with JobServer(binary, folder, "--jobs.faktory.password=secret") as server:
        with server.worker("right-0001", password="secret") as wire:
            wrong = [Wire(server.faktory, greet=False) for _ in range(200)]
            for each in wrong:
                each.line()
                each.send('HELLO {"v":2,"pwdhash":"%s"}' % ("0" * 64))
            begun = time.monotonic()
            for number in range(20):
                wire.push(f"right-{number:04d}")
                wire.ack(wire.fetch()["jid"])
            check(time.monotonic() - begun < SLACK_SECONDS, "a worker waits for those who guess")
            for each in wrong:
                answer = each.line()  # nothing: the time for a handshake was over before its turn came
                check(answer in ("-ERR Invalid password", ""), answer)
                each.close()


def test_bulk_beside_others(binary, folder):
    """PUSHB of twenty thousand jobs, again and again, beside a witness"""
    with JobServer(binary, folder) as server, Witness(server) as witness:
        stop = threading.Event()

        def push(number):
            with server.wire() as wire:
                round_ = 0
                while not stop.is_set():
                    round_ += 1
                    jobs = [{"jid": f"b{number}-{round_}-{i:06d}", "jobtype": "b", "args": [i], "queue": f"bulk{number}"}
                            for i in range(20_000)]
                    equal(wire.push_bulk(jobs), {})
                    wire.call(f"QUEUE REMOVE bulk{number}")

        threads = [threading.Thread(target=push, args=(number,), daemon=True) for number in range(2)]
        for thread in threads:
            thread.start()
        time.sleep(4)
        stop.set()
        for thread in threads:
            thread.join()
        witness.check_served()
        check(witness.slowest < SLACK_SECONDS, f"the witness waited {witness.slowest} s")


def test_closed_fetch(binary, folder):
    """whoever closes while it waits for a job takes none with it"""
    with JobServer(binary, folder) as server, server.worker("stays-0001") as wire:
        for round_ in range(50):
            leaver = server.worker(f"leaves-{round_:04d}")
            leaver.send("FETCH shared")
            time.sleep(0.005)
            leaver.close()
            wire.push(f"shared-{round_:04d}", queue="shared")
            equal(wire.fetch("shared")["jid"], f"shared-{round_:04d}")
            wire.ack(f"shared-{round_:04d}")


def test_many_waiting(binary, folder):
    """three thousand that wait for a job cost little, and each gets one"""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with JobServer(binary, folder) as server:
        wires = [server.worker(f"many-{i:05d}") for i in range(3000)]
        before = server.rss_bytes()
        for wire in wires:
            wire.send("FETCH many")
        with server.wire() as other:
            begun = time.monotonic()
            jobs = [{"jid": f"many-{i:05d}", "jobtype": "m", "args": [], "queue": "many"} for i in range(3000)]
            equal(other.push_bulk(jobs), {})
            got = set()
            for wire in wires:
                answer = wire.answer()
                if answer is not None:
                    got.add(answer["jid"])
            waited = time.monotonic() - begun
            left = other.info()["faktory"]["queues"].get("many", 0)
            equal(len(got) + left, 3000)
            per_wait = (server.rss_bytes() - before) / 3000
            check(per_wait < 4096 or SANITIZED, f"{per_wait:.0f} bytes for one that waits, {waited:.1f} s")
        for wire in wires:
            wire.close()
