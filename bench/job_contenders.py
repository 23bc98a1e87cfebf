"""The job servers of the benchmark: how each is started, with what it is asked, how durable it is."""
import contextlib
import dataclasses
import json
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.request
from typing import Callable

import machine
from run import SERVER_CORE, DidNotStart, Server, free_port
from store_server import PostgresServer

ROOT = pathlib.Path(__file__).resolve().parents[1]
FOLDER = ROOT / "bench" / "jobs"
BUILT = ROOT / "build" / "jobs"  # bench/jobs.sh puts what it builds there; a disk's, as all that is stored
READY_SECONDS_MAX = 20
POOL = 16                        # connections of a client to PostgreSQL, and of our server
BUN = FOLDER / "bun/node_modules/@oven/bun-linux-x64/bin/bun"


class Running:
    """A server that runs: the URL that clients get, and its processes."""

    def __init__(self, url, pids):
        self.url, self.pids = url, pids

    def resident_bytes(self):
        """Of all its processes; what they share counts once for each."""
        total = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
                total += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) * 1024
        return total

    def cpu_seconds(self):
        return sum(machine.cpu_of(pid) for pid in self.pids())


@contextlib.contextmanager
def process(command, port, name, url):
    log_path = ROOT / "bench" / "results" / f"jobs-{name}.log"
    with open(log_path, "a", encoding="utf-8") as log:
        server = Server([str(word) for word in command], port, log)
        try:
            yield Running(url, lambda: [server.process.pid])
        finally:
            server.stop()


@contextlib.contextmanager
def redis(name, folder, *settings):
    port = free_port()
    command = ["redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", folder, "--save", "", *settings]
    with process(command, port, name, f"redis://127.0.0.1:{port}") as running:
        yield running


@contextlib.contextmanager
def redis_in_memory(_build, folder):
    with redis("redis", folder, "--appendonly", "no") as running:
        yield running


@contextlib.contextmanager
def redis_always(_build, folder):
    with redis("redis-always", folder, "--appendonly", "yes", "--appendfsync", "always") as running:
        yield running


@contextlib.contextmanager
def postgres(_build, folder):
    before, tempfile.tempdir = tempfile.tempdir, str(BUILT)
    try:
        server = PostgresServer(SERVER_CORE, tables=(), settings=("fsync=on", "autovacuum=on"))
    finally:
        tempfile.tempdir = before
    with server:
        def pids():
            return [server.process.pid, *(int(pid) for pid in subprocess.run(
                ["pgrep", "-P", str(server.process.pid)], capture_output=True, text=True, check=False).stdout.split())]
        running = Running(f"postgres://{server.user}@127.0.0.1:{server.port}/postgres", pids)
        running.cpu_seconds = server.cpu_seconds
        yield running


@contextlib.contextmanager
def bunqueue(_build, folder):
    port, other = free_port(), free_port()
    command = [BUN, FOLDER / "bun/node_modules/bunqueue/dist/cli/index.js", "start", "--host", "127.0.0.1", "--tcp-port", port,
               "--http-port", other, "--data-path", folder / "bunqueue.db"]
    with process(command, port, "bunqueue", f"tcp://127.0.0.1:{port}") as running:
        yield running


@contextlib.contextmanager
def tidemill(build, *settings, name="tidemill"):
    port, http_port = free_port(), free_port()
    command = [build / "src/tidemill", "serve", f"--http_server.listen=127.0.0.1:{http_port}", "--loops=1",
               "--log.level=error", "--client.insecure=true", "--http_api.key=bench", "--jobs.enabled=true",
               f"--jobs.faktory.listen=127.0.0.1:{port}", *settings]
    with process(command, port, name, f"tcp://127.0.0.1:{port}") as running:
        wait_until_ready(http_port)
        yield running


def wait_until_ready(port):
    """It listens before its tables are there."""
    deadline = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=2).status == 200:
                return
        time.sleep(0.05)
    raise DidNotStart(f"bench: the server on port {port} is not ready")


@contextlib.contextmanager
def tidemill_sqlite(build, folder):
    with tidemill(build, f"--storage.sqlite.path={folder / 'jobs.db'}") as running:
        yield running


@contextlib.contextmanager
def tidemill_postgres(build, folder):
    with postgres(build, folder) as store:
        with tidemill(build, f"--storage.postgres.url={store.url}", name="tidemill-postgres") as running:
            both = Running(running.url, lambda: [*running.pids(), *store.pids()])
            both.cpu_seconds = lambda: running.cpu_seconds() + store.cpu_seconds()
            yield both


@dataclasses.dataclass(frozen=True)
class Contender:
    name: str
    title: str
    durable: bool                 # what was acknowledged is on disk
    serve: Callable               # (build folder, folder for its files): a context that gives Running
    client: tuple                 # the command of its client; a scenario and options follow
    scale: float = 1              # of the number of jobs: a slow one gets fewer, so that the run ends

    def run(self, scenario, options, core, patience):
        """What its client says, or why it says nothing."""
        if self.client[0] == "job_load":
            command = [str(options.pop("build") / "bench/job_load"), scenario,
                       *(f"{name}={value}" for name, value in options.items() if name != "url"),
                       f"port={options['url'].rpartition(':')[2]}"]
        else:
            options.pop("build")
            command = [*(str(word) for word in self.client), scenario, json.dumps(options)]
        try:
            done = subprocess.run(["taskset", "-c", core, *command], capture_output=True, text=True, timeout=patience, check=False,
                                  cwd=FOLDER)
        except subprocess.TimeoutExpired:
            return {"void": f"its client did not end in {patience:.0f} s"}
        try:
            return json.loads(done.stdout.strip().splitlines()[-1])
        except (ValueError, IndexError):
            return {"void": f"its client: {(done.stderr or done.stdout).strip()[-300:]}"}


NODE = ("node",)
CONTENDERS = (
    Contender("tidemill_raw", "Tidemill, SQLite (raw load)", True, tidemill_sqlite, ("job_load",)),
    Contender("tidemill", "Tidemill, SQLite", True, tidemill_sqlite, (*NODE, "node/faktory.mjs")),
    Contender("tidemill_postgres_raw", "Tidemill, PostgreSQL (raw load)", True, tidemill_postgres, ("job_load",)),
    Contender("tidemill_postgres", "Tidemill, PostgreSQL", True, tidemill_postgres, (*NODE, "node/faktory.mjs")),
    Contender("bullmq", "BullMQ, Redis in memory", False, redis_in_memory, (*NODE, "node/bullmq.mjs")),
    Contender("bullmq_always", "BullMQ, Redis appendfsync always", True, redis_always, (*NODE, "node/bullmq.mjs")),
    Contender("river", "River, PostgreSQL", True, postgres, (BUILT / "river",)),
    Contender("bunqueue", "bunqueue, SQLite, durable", True, bunqueue, (BUN, "bun/bunqueue.mjs")),
    Contender("arq", "arq, Redis in memory", False, redis_in_memory, (BUILT / "python/bin/python", "python/main.py"), 0.2),
)


@contextlib.contextmanager
def serving(contender, build):
    BUILT.mkdir(parents=True, exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=BUILT))
    try:
        with contender.serve(build, folder) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)
