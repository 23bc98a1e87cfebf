"""A stop: jobs under way may end, nothing is lost, and whoever waits is told."""
import re
import threading
import time

from assertions import SLACK_SECONDS, check, equal, eventually
from faktory_wire import Refused, Wire
from server import STOP_SECONDS
from shared import JobServer


GRACE_SECONDS = 5  # for jobs under way


def _drained_seconds(server):
    return int(re.search(r"server\.drained.*seconds=(\d+)", server.log())[1])


def _end(server):
    server.process.terminate()
    eventually(lambda: "server.draining" in server.log(), "it drains")


def _stop_beside_a_job(binary, folder):
    """How many seconds the stop takes of a server whose only job under way is acknowledged at once."""
    folder.mkdir()
    with JobServer(binary, folder) as server, server.worker("stops-0001") as wire, server.worker("stops-0001") as other:
        wire.push("stops-0001")
        wire.push("stops-0002")
        equal(wire.fetch()["jid"], "stops-0001")
        _end(server)
        other.send("FETCH default")
        equal(wire.ack("stops-0001"), "OK")
        equal(server.process.wait(STOP_SECONDS), 0)
        check(other.answer_text() in ("$-1", None), "nobody gets another")
        seconds = _drained_seconds(server)
    with JobServer(binary, folder) as server, server.worker("stops-0002") as wire:
        equal(wire.fetch()["jid"], "stops-0002")
        equal(wire.fetch(), None)
        wire.ack("stops-0002")
    return seconds


def test_running_job(binary, folder):
    """SIGTERM while a job runs: it is acknowledged, and the server ends soon after it"""
    # A busy machine may take that long once.
    check(any(_stop_beside_a_job(binary, folder / str(i)) < GRACE_SECONDS for i in range(3)), "it waits for nothing")


def test_long_job(binary, folder):
    """a job that outlives the stop is acknowledged to the next server"""
    with JobServer(binary, folder) as server, server.worker("longer-001") as wire:
        wire.push("longer-001")
        equal(wire.fetch()["jid"], "longer-001")
        begun = time.monotonic()
        equal(server.stop(), 0)
        check(time.monotonic() - begun < GRACE_SECONDS + SLACK_SECONDS, "it does not wait for ever")
        check(_drained_seconds(server) >= GRACE_SECONDS, "it waits a while")
    with JobServer(binary, folder) as server, server.worker("longer-001") as wire:
        equal(wire.info()["faktory"]["tasks"]["Busy"]["size"], 1)
        equal(wire.ack("longer-001"), "OK")
        equal(wire.fetch(), None)


def test_pushes(binary, folder):
    """pushes that are answered while it stops are there afterwards"""
    with JobServer(binary, folder) as server, server.worker("holds-0001") as holder:
        holder.push("holds-0001")
        holder.fetch()
        pushed = []

        def push():
            try:
                with server.wire() as wire:
                    for number in range(1_000_000):
                        wire.push(f"late-{number:06d}", queue="late")
                        pushed.append(number)
            except (OSError, EOFError, AssertionError, Refused):
                pass

        thread = threading.Thread(target=push, daemon=True)
        thread.start()
        eventually(lambda: len(pushed) > 20, "pushes go on")
        server.process.terminate()
        equal(server.process.wait(STOP_SECONDS), 0)
        thread.join()
    with JobServer(binary, folder) as server, server.wire() as wire:
        found = wire.info()["faktory"]["queues"]["late"]
        wire.ack("holds-0001")
        check(len(pushed) <= found <= len(pushed) + 1, f"{len(pushed)} were answered, {found} are there")


def test_no_newcomers(binary, folder):
    """who says HELLO while it stops is told, and its ports are closed"""
    with JobServer(binary, folder) as server, server.worker("holds-0001") as holder:
        holder.push("holds-0001")
        holder.fetch()
        early = Wire(server.faktory, greet=False)
        early.line()
        _end(server)
        early.send('HELLO {"v":2}')
        equal(early.line(), "-ERR shutdown in progress")
        try:
            Wire(server.faktory, greet=False).close()
            check(False, "somebody was let in")
        except ConnectionError:
            pass
        holder.ack("holds-0001")


def test_no_database(binary, folder):
    """jobs without a database: the server does not start, and says what to give it"""
    import subprocess
    done = subprocess.run([binary, "serve", "--jobs.enabled=true", "--http_server.listen=127.0.0.1:0"],
                          capture_output=True, text=True, timeout=60, cwd=folder)
    equal(done.returncode, 2)
    check("jobs need a database: storage.postgres.url or storage.sqlite.path" in done.stderr, done.stderr)
