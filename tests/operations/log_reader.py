"""The log's reader stops, comes back, or was never there: the server goes on."""
import fcntl
import os
import pathlib
import re
import signal
import subprocess
import time

from assertions import SLACK_SECONDS, WAIT_SECONDS, check, equal, eventually
from node import OPEN, Client, Node
from server import LISTENING

CHATTY = "[log]\nlevel = 'debug'\n" + OPEN
ANSWER_SECONDS_MAX = 1 + SLACK_SECONDS
STOP_SECONDS_MAX = 5 + SLACK_SECONDS
SANITIZED = bool(os.environ.get("SANITIZED"))  # it tells of crashes itself


class PipedNode(Node):
    """Its log goes into a pipe of one page, and is read only when a test asks for it."""

    def __enter__(self):
        self._reading, writing = os.pipe()
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
        os.set_blocking(self._reading, False)
        self._text = ""
        self.process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=writing)
        os.close(writing)
        self.addresses = eventually(lambda: LISTENING.findall(self.log()), "the server listens")
        return self

    def __exit__(self, *error):
        Client.abort_all()
        if self.alive():
            self.kill()
        os.close(self._reading)

    def log(self):
        """All that has been read, with what is there now."""
        while True:
            try:
                data = os.read(self._reading, 65536)
            except BlockingIOError:
                return self._text
            if not data:
                return self._text
            self._text += data.decode()


def flood(node):
    """Reloads, which log whatever the level, until the log's memory is full; each is answered in time."""
    slowest = 0
    path = node._file
    path.write_text(CHATTY + "\n[" + "x" * 500 + "]\n", encoding="utf-8")
    deadline = time.monotonic() + 5 * WAIT_SECONDS
    while node.metrics()["tidemill_log_lines_dropped_total"] < 10:
        check(time.monotonic() < deadline, "the log's memory is never full")
        for _ in range(50):
            node.process.send_signal(signal.SIGHUP)
            time.sleep(0.001)  # one reload for each signal
        begun = time.monotonic()
        node.api("publish", {"channel": "news", "data": 1})
        client = Client(node.address)
        client.subscribe("news")
        client.abort()
        slowest = max(slowest, time.monotonic() - begun)
    check(slowest < ANSWER_SECONDS_MAX, f"an answer took {slowest:.1f} s")


def test_full_pipe(binary, folder):
    """a log that nobody reads delays no client and no stop; lines are dropped and counted"""
    with PipedNode(binary, folder, CHATTY) as node:
        flood(node)
        check(node.metrics()["tidemill_log_waiting_bytes"] <= 1 << 20, "it waits without a limit")
        begun = time.monotonic()
        node.process.send_signal(signal.SIGTERM)
        equal(node.process.wait(STOP_SECONDS_MAX + 10), 0)
        seconds = time.monotonic() - begun
        check(seconds < STOP_SECONDS_MAX, f"it took {seconds:.1f} s to stop")


def test_reader_returns(binary, folder):
    """a reader that comes back finds what waited, and how many lines are missing where they are missing"""
    with PipedNode(binary, folder, CHATTY) as node:
        flood(node)
        said = eventually(lambda: re.findall(r"WARN log\.lines_dropped lines=(\d+)", node.log()), "it is said")
        node.process.send_signal(signal.SIGTERM)
        eventually(lambda: "server.drained" in node.log() and not node.alive(), "the end is logged")
        said = re.findall(r"WARN log\.lines_dropped lines=(\d+)", node.log())
        check(sum(map(int, said)) >= 10, said)
        for line in node.log().splitlines():
            check(re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z (DEBUG|INFO|WARN|ERROR) ", line), f"a torn line: {line}")


def test_reader_gone(binary, folder):
    """a log whose reader has gone costs nothing but the log"""
    with PipedNode(binary, folder, CHATTY) as node:
        null = os.open("/dev/null", os.O_RDONLY)
        os.dup2(null, node._reading)
        os.close(null)
        for number in range(20):
            node.api("publish", {"channel": "news", "data": number})
            Client(node.address).abort()
        node.process.send_signal(signal.SIGHUP)
        eventually(lambda: node.metrics()["tidemill_log_lines_dropped_total"] > 0, "it is counted")
        node.process.send_signal(signal.SIGTERM)
        equal(node.process.wait(STOP_SECONDS_MAX), 0)


def test_closed_descriptors(binary, folder):
    """descriptors 0 to 2 are never a socket or a file, also where they were closed at the start"""
    path = folder / "tidemill.toml"
    path.write_text(OPEN, encoding="utf-8")
    where = folder / "socket"
    for closed in ("0<&- 1>&- 2>&-", "2>&-", "0<&-", "1>&- 2>&-"):
        process = subprocess.Popen(["sh", "-c", f'exec "$0" serve --config "$1" "$2" {closed}', binary, path,
                                    f"--http_server.listen=unix:{where}"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            eventually(where.exists, f"it listens with {closed}")
            for number in range(3):
                equal(os.readlink(f"/proc/{process.pid}/fd/{number}"), "/dev/null")
        finally:
            process.terminate()
            equal(process.wait(WAIT_SECONDS), 0)
        pathlib.Path(where).unlink(missing_ok=True)


def test_last_words(binary, folder):
    """a crash is the log's last entry, with a backtrace, after all that was logged before"""
    for number, name in ((signal.SIGSEGV, "crashed by SIGSEGV"), (signal.SIGABRT, "aborted")):
        with Node(binary, folder, CHATTY) as node:
            Client(node.address)
            node._killed = True  # it does not end with 0
            node.process.send_signal(number)
            code = node.process.wait(WAIT_SECONDS)
            log = node.log()
            if SANITIZED:
                check(code != 0 and "server.listening" in log, log)
                continue
            equal(code, -number)
            check(name in log, log)
            check("server.listening" in log.partition(name)[0], log)
            check("tidemill" in log.partition(name)[2], "no backtrace")


def test_last_words_without_reader(binary, folder):
    """a crash ends the process although nobody reads its log"""
    with PipedNode(binary, folder, CHATTY) as node:
        flood(node)
        node.process.send_signal(signal.SIGABRT)
        equal(node.process.wait(STOP_SECONDS_MAX), -signal.SIGABRT)
