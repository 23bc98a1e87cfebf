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
COUNTED = "select coalesce(sum(calls), 0) from pg_stat_statements where query like '%from items%group by status%'"


class Callers:
    """Connections that send one request each."""

    def __init__(self, port, count):
        self.sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]

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
                    part = key.fileobj.recv(65_536)
                    heard[key.fileobj] += part
                    if not part or is_whole(heard[key.fileobj]):
                        ready.unregister(key.fileobj)
                        found.append(status_of(heard[key.fileobj]) if part else 0)
        return found + [0] * (len(self.sockets) - len(found))


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
        with Callers(server.port, count) as callers:
            callers.send(request("/rest/gate/7"))
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
