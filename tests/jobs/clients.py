"""The official clients for Node and Python, unmodified."""
import json
import os
import pathlib
import signal
import subprocess
import sys

from assertions import WAIT_SECONDS, check, equal, eventually
from shared import JobServer

HERE = pathlib.Path(__file__).parent
ENVIRONMENT = {**os.environ, "NODE_PATH": str(HERE / "node_modules")}


def run(url, *command):
    done = subprocess.run(command, env={**ENVIRONMENT, "FAKTORY_URL": url}, capture_output=True, text=True,
                          timeout=2 * WAIT_SECONDS)
    check(done.returncode == 0, f"{command} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


class Running:
    """A worker that goes on; `jids` are of the jobs that it says it has done."""

    def __init__(self, url, folder, name, *command):
        self._out, self._error = folder / f"{name}.out", folder / f"{name}.err"
        with open(self._out, "wb") as out, open(self._error, "wb") as error:
            self.process = subprocess.Popen(command, env={**ENVIRONMENT, "FAKTORY_URL": url}, stdout=out, stderr=error,
                                            start_new_session=True)

    def jids(self):
        return self._out.read_text(encoding="utf-8").split()

    def said(self):
        return self._error.read_text(encoding="utf-8")

    def end(self, how=signal.SIGKILL):
        if self.process.poll() is None:
            os.killpg(self.process.pid, how)
        self.process.wait(WAIT_SECONDS)


def workers_of(url, folder, *queues):
    yield Running(url, folder, "node", "node", str(HERE / "node/work.js"), *queues)
    yield Running(url, folder, "pyfaktory", sys.executable, str(HERE / "python/work_pyfaktory.py"), *queues)
    yield Running(url, folder, "faktory", sys.executable, str(HERE / "python/work_faktory.py"), *queues)


def test_node(binary, folder):
    """npm faktory-worker: register, work, push, pushBulk, fail, info, mutate"""
    with JobServer(binary, folder, "--jobs.faktory.password=secret") as server:
        saw = json.loads(run(server.url("secret"), "node", str(HERE / "node/life.js")))
    numbers = sum(i + 100 for i in range(20)) + sum(i + 1000 for i in range(1000)) + 5
    equal((saw["sum"], saw["count"], saw["context"]), (numbers, 1022, True))
    equal(saw["failed"], ["fails: on purpose"])
    check(saw["rejected"][0].startswith("jobs must have a reasonable jid parameter"), saw)
    equal((saw["dead"], saw["dead_after"]), (1, 0))


def test_pyfaktory(binary, folder):
    """PyPI pyfaktory: push, push_bulk, mutate, queues, info"""
    with JobServer(binary, folder, "--jobs.faktory.password=secret") as server:
        saw = json.loads(run(server.url("secret"), sys.executable, str(HERE / "python/life_pyfaktory.py")))
    equal(saw, {"pushed": True, "bulk": {}, "queues": {"py": 51}, "paused": True, "dead": 1})


def test_python_faktory(binary, folder):
    """PyPI faktory, whose HELLO says no version: push, with a password"""
    import faktory
    with JobServer(binary, folder, "--jobs.faktory.password=secret") as server, server.wire(password="secret") as wire:
        with faktory.connection(server.url("secret")) as client:
            check(client.queue("t", args=(1, "two"), queue="old"), "pushed")
        equal(wire.fetch("old")["args"], [1, "two"])


def test_mixed(binary, folder):
    """workers of three clients share a queue, and each job is done once"""
    with JobServer(binary, folder) as server, server.wire() as wire:
        workers = list(workers_of(server.url(), folder, "mixed"))
        try:
            eventually(lambda: wire.info()["faktory"]["tasks"]["Workers"]["size"] >= 3, "all are there")
            jobs = [{"jid": f"mixed-{i:05d}", "jobtype": "mixed", "args": [i, 20], "queue": "mixed"} for i in range(600)]
            equal(wire.push_bulk(jobs), {})

            def settled():
                info = wire.info()["faktory"]
                return info["queues"].get("mixed", 0) == 0 and info["tasks"]["Busy"]["size"] == 0

            eventually(settled, "all are done")
            done = [each.jids() for each in workers]
            check(all(done), [(len(each.jids()), each.said()[-500:]) for each in workers])
            equal(sorted(sum(done, [])), sorted(job["jid"] for job in jobs))
        finally:
            for each in workers:
                each.end()


def test_tls(binary, folder):
    """tcp+tls with the server's certificate, through npm faktory-worker"""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
    script = ("const f = require('faktory-worker'); f.connect({tlsOptions: {ca: require('fs').readFileSync('%s')}})"
              ".then(async (c) => { await c.job('tls', 1).push(); console.log((await c.info()).faktory.queues.default);"
              " await c.close(); })" % certificate)
    server = JobServer(binary, folder, f"--http_server.tls.cert_pem={certificate}", f"--http_server.tls.key_pem={key}")
    server.checks_health = False
    server.checks_ready = False
    with server:
        equal(run(f"tcp+tls://{server.faktory}", "node", "-e", script).strip(), "1")
