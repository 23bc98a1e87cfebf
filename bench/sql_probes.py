"""What the SQL benchmark does to a server beside load: many callers of an answer that is not there, and requests that
stay open."""
import pathlib
import re
import selectors
import socket
import subprocess
import time

import machine
from sql_scenarios import ask, request

MISSES = 1000
STEADY_SECONDS = 1.0
ANSWER_SECONDS_MAX = 60
READ_SECONDS_MAX = 60
ESTABLISHED = "01"  # of /proc/net/tcp
COUNTED = "select coalesce(sum(calls), 0) from pg_stat_statements where query like '%from items%group by status%'"


class Callers:
    """Connections that send one request each: at once when all are open, or each as soon as it is."""

    def __init__(self, port, count, text=b""):
        self.sockets = []
        for _ in range(count):
            self.sockets.append(socket.create_connection(("127.0.0.1", port)))
            self.sockets[-1].sendall(text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in self.sockets:
            each.close()

    def send(self, text):
        for each in self.sockets:
            each.sendall(text)

    def statuses(self):
        """Of all answers; each is as often here as it came, 0 for none."""
        heard = {each: b"" for each in self.sockets}
        found = []
        deadline = time.monotonic() + ANSWER_SECONDS_MAX
        with selectors.DefaultSelector() as ready:
            for each in self.sockets:
                ready.register(each, selectors.EVENT_READ)
            while len(found) < len(self.sockets) and time.monotonic() < deadline:
                for key, _ in ready.select(1):
                    part = received(key.fileobj)
                    heard[key.fileobj] += part
                    if not part or is_whole(heard[key.fileobj]):
                        ready.unregister(key.fileobj)
                        found.append(status_of(heard[key.fileobj]) if part else 0)
        return found + [0] * (len(self.sockets) - len(found))


def received(connection):
    """Nothing where the server has closed or reset it."""
    try:
        return connection.recv(65_536)
    except ConnectionError:
        return b""


def is_whole(answer):
    head, end, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
    return bool(end) and (len(body) >= int(length[1]) if length else body.endswith(b"0\r\n\r\n"))


def status_of(answer):
    return int(answer.split(b" ", 2)[1])


def count_queries(postgres, which):
    """`which`: top, or none, so that counting costs nothing while others are measured."""
    postgres.psql(f"alter system set pg_stat_statements.track = '{which}'; select pg_reload_conf(); select pg_sleep(0.2)")


def misses(server, postgres, _arguments):
    """How many queries a thousand callers at once cost, who all want one answer that nobody has yet."""
    count_queries(postgres, "top")
    postgres.psql("select pg_stat_statements_reset()")
    with Callers(server.port, MISSES) as callers:
        begun = time.monotonic()
        callers.send(request("/rest/report/3"))
        statuses = callers.statuses()
        seconds = time.monotonic() - begun
    queries = int(postgres.value(COUNTED))
    count_queries(postgres, "none")
    if statuses.count(200) != MISSES:
        return {"void": f"{statuses.count(200)} of {MISSES} answers"}
    return {"queries": queries, "seconds": seconds}


def anonymous_bytes(pid):
    return int(re.search(r"RssAnon:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) * 1024


def steady_bytes(pid):
    """Its memory, when that and its CPU time do not change any more."""
    before = None
    while (now := (anonymous_bytes(pid), machine.cpu_of(pid))) != before:
        before = now
        time.sleep(STEADY_SECONDS)
    return now[0]


def unread(port):
    """(connections that a server has, those of them from which it has not read everything)"""
    queued = []
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[1].rpartition(":")[2], 16) == port and fields[3] == ESTABLISHED:
            queued.append(int(fields[4].rpartition(":")[2], 16))
    return len(queued), sum(1 for count in queued if count > 0)


def wait_until_read(port, count):
    """Whether the server has so many connections and the requests of all."""
    deadline = time.monotonic() + READ_SECONDS_MAX
    while unread(port) != (count, 0):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


class Lock:
    """The table gate is locked: requests for it wait in PostgreSQL and before it."""

    def __init__(self, postgres):
        self.process = subprocess.Popen(postgres.psql_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdin.write("begin; lock table gate in access exclusive mode;\n\\echo locked\n")
        self.process.stdin.flush()
        self.process.stdout.readline()

    def release(self):
        self.process.stdin.close()
        self.process.wait()


def open_requests(server, postgres, arguments):
    """Memory for each request that is open, and whether all get their answers."""
    count = arguments.open
    pid = server.process.pid
    ask(server.port, "/rest/gate/7")
    before = steady_bytes(pid)
    lock = Lock(postgres)
    try:
        with Callers(server.port, count, request("/rest/gate/7")) as callers:
            if not wait_until_read(server.port, count):
                return {"void": f"connections, and unread requests among them: {unread(server.port)}"}
            open_bytes = steady_bytes(pid) - before
            cpu = machine.cpu_of(pid)
            begun = time.monotonic()
            lock.release()
            statuses = callers.statuses()
            seconds, cpu = time.monotonic() - begun, machine.cpu_of(pid) - cpu
    finally:
        lock.release()
    if statuses.count(200) != count:
        return {"void": f"{statuses.count(200)} of {count} answers are good; others: {sorted(set(statuses) - {200})}"}
    return {"bytes_per_request": open_bytes / count, "answered_s": seconds, "answers_cpu_us": cpu / count * 1e6}


PROBES = {"misses": misses, "open": open_requests}
