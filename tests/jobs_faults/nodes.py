"""Several nodes on one PostgreSQL: any of them serves, one owns the jobs, and another takes over when it is gone."""
import contextlib
import json
import signal
import socket
import subprocess
import sys
import time

from assertions import WAIT_SECONDS, check, equal, eventually
from clients import HERE, Running
from contention import Contention
from faktory_wire import Refused, Wire
from node_set import Load, NodeSet, Seen, drain
from postgres_server import PostgresServer, free_port
from runner import note
from shared import JobServer


def _api(node, method, params):
    """The result, or the code and the text of the error."""
    _, _, body = node.request("POST", f"/api/{method}", json.dumps(params), {"X-API-Key": "secret"})
    answer = json.loads(body)
    return answer["result"] if "result" in answer else (answer["error"]["code"], answer["error"]["message"])


def test_any_node_serves(binary, folder):
    """pushes, fetches, the HTTP API and the CLI through nodes that do not own the jobs"""
    with PostgresServer() as postgres, NodeSet(binary, folder, postgres, "--jobs.faktory.password=secret") as nodes:
        owner, (first, second) = nodes.owner(), nodes.others()
        with first.wire(password="secret") as wire:
            for i in range(50):
                equal(wire.push(f"relayed-{i:04d}", args=["x" * 20_000]), "OK")
            bulk = [{"jid": f"bulk-{i:06d}", "jobtype": "t", "args": ["y" * 1000]} for i in range(3000)]
            equal(wire.push_bulk(bulk), {})
        equal(_api(second, "jobs_push", {"jid": "from-http-1", "jobtype": "t", "args": []})["jid"], "from-http-1")
        for method, body in (("jobs_get", '{"jid":"from-http-1"}'), ("jobs_get", '{"jid":"is-not-there"}'),
                             ("jobs_get", '{"jid":7}'), ("jobs_get", "[]"), ("jobs_get", '{"jid"'), ("jobs_push", "{}"),
                             ("jobs_push", '{"jid":"short","jobtype":"t","args":[]}'), ("jobs_list", '{"limit":2}'),
                             ("batch", '{"commands":[{"jobs_get":{"jid":"from-http-1"}},{"jobs_get":{"jid":"none-1"}}]}')):
            for key in ("secret", "wrong"):
                there, here = (node.request("POST", f"/api/{method}", body, {"X-API-Key": key}) for node in (owner, second))
                equal((here[0], here[2]), (there[0], there[2]))
        said = [subprocess.run([binary, "jobs", "queues", "--json", "--url", node.http, "--key", "secret"],
                               capture_output=True, text=True, timeout=WAIT_SECONDS).stdout for node in (owner, first)]
        check("3051" in said[0], said)
        equal(said[1].count("3051"), said[0].count("3051"))
        with Wire(second.faktory, hello={"wid": "worker-far", "hostname": "h", "pid": 1, "labels": []},
                  password="secret") as wire:
            job = wire.fetch()
            equal((job["jid"], len(job["args"][0])), ("relayed-0000", 20_000))
            check("worker-far" in str(_api(first, "jobs_workers", {})), "the owner knows it")
            equal(wire.beat("worker-far"), "OK")
            equal(wire.ack(job["jid"]), "OK")
            wire.send("END")
            equal(wire.answer_text(), None)
        [job] = _api(first, "jobs_fetch", {"worker": "http-worker"})["jobs"]
        equal(_api(second, "jobs_ack", {"jid": job["job"]["jid"]}), {})
        equal([node.get("/ready")[0] for node in nodes.nodes], [200] * 3)


def test_waiting_fetch(binary, folder):
    """a fetch that waits through another node gets a job at once, and gives up with its caller"""
    with PostgresServer() as postgres, NodeSet(binary, folder, postgres, count=2) as nodes:
        owner, [other] = nodes.owner(), nodes.others()

        def begin(worker):
            host, port = other.addresses[-1].rsplit(":", 1)
            connection = socket.create_connection((host, int(port)), timeout=WAIT_SECONDS)
            body = json.dumps({"wait": 50, "queues": ["far"], "worker": worker})
            connection.sendall(f"POST /api/jobs_fetch HTTP/1.1\r\nHost: x\r\nX-API-Key: secret\r\n"
                               f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
            eventually(lambda: worker in str(_api(owner, "jobs_workers", {})), "it waits")
            return connection

        begin("gives-up-1").close()
        with begin("gets-it-01") as waiting:
            equal(_api(owner, "jobs_push", {"jid": "far-000001", "jobtype": "t", "args": [], "queue": "far"})["jid"],
                  "far-000001")
            check(b"far-000001" in waiting.recv(65536), "the one that is left gets it")


def test_refused_by_name(binary, folder):
    """an owner without an address, a node without a key or with another one: each is named, over both protocols"""
    listen = "--jobs.nodes.listen=127.0.0.1:0"
    key, other_key = (listen, "--jobs.nodes.key=0123456789abcdef"), (listen, "--jobs.nodes.key=fedcba9876543210")
    with PostgresServer() as postgres:
        def node(*arguments, ready=True):
            started = JobServer(binary, folder, "--http_api.key=secret", *arguments, postgres=postgres.url())
            started.checks_ready = ready
            return started

        def refused(of, wanted):
            def said():
                answer = _api(of, "jobs_push", {"jobtype": "t", "args": []})
                return answer[0] == 115 and wanted in answer[1]
            eventually(said, f"{wanted} is said")
            line = Wire(of.faktory, greet=False).line()
            check(line.startswith("-ERR ") and wanted in line, line)

        with node(), node(ready=False) as other:
            refused(other, "set its jobs.nodes.listen")
            equal(other.get("/ready")[0], 503)
        with node(*key):
            with node(ready=False) as other:
                refused(other, "this node needs jobs.nodes.key")
                equal(other.get("/ready")[0], 503)
            with node(*other_key) as other:
                refused(other, "it must be the same on all nodes")
    for arguments, wanted in ((["--jobs.nodes.listen=127.0.0.1:0"], "jobs.nodes.key"),
                              (["--jobs.nodes.listen=0.0.0.0:7418", "--jobs.nodes.key=0123456789abcdef"],
                               "jobs.nodes.address")):
        done = subprocess.run([binary, "serve", "--jobs.enabled=true", f"--storage.sqlite.path={folder}/x.db", *arguments],
                              capture_output=True, text=True, timeout=WAIT_SECONDS)
        check(done.returncode != 0 and wanted in done.stdout + done.stderr, done.stderr)


def test_hostile_port(binary, folder):
    """the port for nodes: nothing without the key, whatever is sent"""
    port = free_port()
    with PostgresServer() as postgres, JobServer(
            binary, folder, f"--jobs.nodes.listen=127.0.0.1:{port}", "--jobs.nodes.key=0123456789abcdef",
            postgres=postgres.url()) as server:
        address = f"127.0.0.1:{port}"
        upgrade = {"Connection": "Upgrade", "Upgrade": "faktory"}
        for headers in ({}, {"X-API-Key": "secret"}, {"X-API-Key": "0123456789abcde"}):
            equal(server.request("POST", "/api/jobs_queues", "{}", headers, address)[0], 401)
            equal(server.request("GET", "/faktory", None, {**headers, **upgrade}, address)[0], 401)
        server.log_with("api.refused.*path=/faktory.*setting=jobs.nodes.key")
        refused = 'tidemill_api_requests_refused_total{reason="key"} 6'
        check(refused in server.get("/metrics")[2], "each of them is counted")
        key = {"X-API-Key": "0123456789abcdef"}
        equal(server.request("POST", "/api/jobs_queues", "{}", key, address)[0], 200)
        equal(server.request("GET", "/faktory", None, key, address)[0], 400)
        equal(server.request("POST", "/api/publish", "{}", key, address)[0], 404)
        equal(server.request("GET", "/metrics", None, key, address)[0], 404)


def _ticks(node):
    """The seconds for which the schedule has fired; their jobs say so in their jids."""
    _api(node, "jobs_schedule_pause", {"name": "second"})
    seconds = []
    with node.worker("ticks-0001") as wire:
        while (job := wire.fetch("ticks")) is not None:
            seconds.append(int(job["jid"].removeprefix("second-")) // 1000)
            wire.ack(job["jid"])
    return sorted(seconds)


def test_owner_goes(binary, folder, seed):
    """the owner stops in order, is killed, stands still and comes back: nothing acknowledged is lost or repeated, and a
    schedule fires once for each second"""
    with PostgresServer() as postgres, NodeSet(binary, folder, postgres) as nodes, Contention() as contention:
        seen, outages = Seen(contention), {}
        _api(nodes.others()[0], "jobs_schedule_set", {
            "name": "second", "schedule": "* * * * * *", "catch_up": "all",
            "job": {"jobtype": "tick", "args": [], "queue": "ticks"}})
        with Load(nodes, seen, seed):
            eventually(lambda: len(seen.acked) > 100, "jobs run")

            def stop():
                owner = nodes.owner()
                nodes.remove(owner)
                equal(owner.stop(), 0)

            def kill():
                owner = nodes.owner()
                nodes.remove(owner)
                owner.kill()

            outages["stopped"] = seen.outage(stop)
            nodes.add()
            outages["killed"] = seen.outage(kill)
            nodes.add()
            seen.outage(lambda: None)
            still = nodes.owner()
            outages["stands still"] = seen.outage(lambda: still.process.send_signal(signal.SIGSTOP))
            # What it had in memory, or on its way to the store, must not count any more.
            still.process.send_signal(signal.SIGCONT)
            still.log_with("jobs.lease_lost")
            seen.outage(lambda: None)
        drain(nodes.nodes[0], seen)
        seen.verify()
        ticks = _ticks(nodes.nodes[0])
        equal(ticks, list(range(ticks[0], ticks[0] + len(ticks))))
        note(f"{len(seen.pushed)} pushed, {seen.runs} runs, {len(ticks)} ticks; " +
             ", ".join(f"{what}: {outage}" for what, outage in outages.items()))
        for what, outage in outages.items():
            outage.check(what)


class Supervised:
    """Clients of each kind; one that ends, as some do when their server is gone, is started again after a pause, and then at
    the next node: what an operator's supervisor and load balancer do."""

    PAUSE_SECONDS = 1

    def __init__(self, folder, queue, commands):
        self._folder, self._queue, self._commands = folder, queue, commands
        self._running, self._started, self._again_at = {}, [], {}

    def start(self, name, node):
        client = Running(node.url(), self._folder, f"{name}{len(self._started)}", *self._commands[name], self._queue)
        self._running[name] = client
        self._started.append((name, client))

    def look_after(self, nodes):
        for name, client in self._running.items():
            if client.process.poll() is None:
                continue
            if time.monotonic() >= self._again_at.setdefault(client, time.monotonic() + self.PAUSE_SECONDS):
                self.start(name, nodes[len(self._started) % len(nodes)])

    def jids(self, name=None):
        return [jid for of, client in self._started for jid in client.jids() if name in (None, of)]

    def starts(self):
        return len(self._started)

    def said(self):
        return [(name, client.process.poll(), len(client.jids()), client.said()[-300:]) for name, client in self._started]

    def end(self):
        for _, client in self._started:
            client.end()


def test_official_clients(binary, folder):
    """npm faktory-worker, pyfaktory and faktory work through three nodes and a kill of the owner"""
    commands = {"node": ["node", str(HERE / "node/work.js")],
                "pyfaktory": [sys.executable, str(HERE / "python/work_pyfaktory.py")],
                "faktory": [sys.executable, str(HERE / "python/work_faktory.py")]}
    with PostgresServer() as postgres, NodeSet(binary, folder, postgres) as nodes:
        clients, queue = Supervised(folder, "mixed", commands), "mixed"
        try:
            # npm faktory-worker never gives its server's address up: a node that stays has it.
            for name, node in zip(commands, [*nodes.others(), nodes.owner()]):
                clients.start(name, node)
            jobs = [{"jid": f"mixed-{i:05d}", "jobtype": "mixed", "args": [i, 20], "queue": queue, "reserve_for": 60}
                    for i in range(900)]
            with nodes.others()[0].wire() as wire:
                equal(wire.push_bulk(jobs[:600]), {})
            eventually(lambda: len(clients.jids()) > 100 and all(map(clients.jids, commands)), "all work")
            owner = nodes.owner()
            nodes.remove(owner)
            owner.kill()
            begun = time.monotonic()

            def pushed():
                try:
                    with nodes.nodes[0].wire() as wire:
                        return wire.push_bulk(jobs[600:]) == {}
                except (Refused, OSError, EOFError, AssertionError):
                    return False
            eventually(pushed, "a node takes over")
            note(f"pushed again after {time.monotonic() - begun:.1f} s")

            def all_done():
                clients.look_after(nodes.nodes)
                return set(clients.jids()) == {job["jid"] for job in jobs}
            # A job whose worker was given it and did not hear of it comes back with its reservation, after a minute, and
            # is retried within another: longer than that nothing stands still, however slow the machine is.
            before = -1
            while before < len(set(clients.jids())) < len(jobs):
                before = len(set(clients.jids()))
                with contextlib.suppress(AssertionError):
                    eventually(lambda: all_done() or len(set(clients.jids())) > before, "jobs go on", 3 * WAIT_SECONDS)
            if not all_done():
                left = sorted({job["jid"] for job in jobs} - set(clients.jids()))
                states = [_api(nodes.nodes[0], "jobs_get", {"jid": jid}) for jid in left[:5]]
                raise AssertionError(f"{len(left)} jobs are left: {states}; clients: {clients.said()}")
            note(f"{len(clients.jids())} runs of {len(jobs)} jobs, {clients.starts()} starts of clients")
        finally:
            clients.end()
