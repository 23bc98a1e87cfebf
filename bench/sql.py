"""What an API costs that asks SQL: Tidemill beside the same service in Go, Node and Python, on one PostgreSQL.

Each server is one process on core 0; PostgreSQL and the load generator have the others. Each run has a fresh server,
and the contenders take turns in each round. A server that does not give the same JSON as the others is not timed.
Results go to bench/results/ as JSON and, with --docs, to docs/benchmarks-sql.md. README.md in bench/sql/ says what
the servers do.
"""
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import machine
import sql_conformance
import sql_probes
import sql_report
from run import LOAD_CORE, RESULTS, ROOT, SERVER_CORE, DidNotStart, Progress, Server, free_port, until_valid
from sql_contenders import BUILT, CONTENDERS, FOLDER, SQLITE
from sql_scenarios import SCENARIOS, ask
from store_arguments import parser_of, run_bench
from store_server import ITEMS, PostgresServer

ATTEMPTS = 2
READY_SECONDS_MAX = 20
RUN_SECONDS_MAX = 120
FLOOR = "sqlite_floor"
BY_SCENARIO = {scenario.name: scenario for scenario in SCENARIOS}


def cores():
    """Of PostgreSQL and of the load generator, as taskset takes them; on two cores they share one."""
    count = os.cpu_count() or 1
    if count < 2:
        raise SystemExit("bench: two cores are needed, one for the server")
    return (LOAD_CORE, LOAD_CORE) if count == 2 else (f"1-{count - 2}", str(count - 1))


class Bench:
    """What all runs share: the databases, and where they write."""

    def __init__(self, arguments, postgres, folder):
        self.arguments, self.postgres, self.folder = arguments, postgres, folder
        self.url = f"postgres://api@127.0.0.1:{postgres.port}/postgres"
        self.load_core = cores()[1]

    @contextlib.contextmanager
    def serving(self, contender):
        port = free_port()
        command, environment = contender.start(self.arguments.build, port, self.url, self.folder / "items.db")
        with open(RESULTS / f"sql-{contender.name}.log", "a", encoding="utf-8") as log:
            server = Server(command, port, log, environment)
            try:
                wait_until_ready(server)
                yield server
            finally:
                server.stop()

    def run(self, name, contender):
        """The figures, with "void" and the reason when they must not be used."""
        if name == FLOOR:
            return self.floor()
        try:
            with self.serving(contender) as server:
                if name in sql_probes.PROBES:
                    return self.beside(server, lambda: sql_probes.PROBES[name](server, self.postgres, self.arguments))
                return self.load(BY_SCENARIO[name], server)
        except DidNotStart as why:
            return {"void": str(why)}

    def beside(self, server, measure):
        """What `measure` gives, with the CPU that PostgreSQL and programs that are not ours took meanwhile."""
        postgres_cpu, begun = self.postgres.cpu_seconds(), time.monotonic()
        neighbours = machine.Neighbours([server.process.pid, os.getpid()])
        figures = measure()
        postgres_cpu = self.postgres.cpu_seconds() - postgres_cpu
        postgres_cores = postgres_cpu / (time.monotonic() - begun)
        return {**figures, "postgres_s": postgres_cpu, "postgres_cores": postgres_cores,
                "neighbour_cores": max(0.0, neighbours.cores() - postgres_cores)}

    def load(self, scenario, server):
        self.postgres.psql("truncate orders restart identity")
        requests, out = self.folder / "requests", self.folder / "run.json"
        requests.write_bytes(b"".join(text + b"\0" for text in scenario.requests(server.port)))
        out.unlink(missing_ok=True)
        figures = self.beside(server, lambda: self.generate(scenario, server, requests, out))
        if "requests_with_warm_up" not in figures:
            return figures
        return {**figures, "postgres_us_per_request": figures["postgres_s"] * 1e6 / max(1, figures["requests_with_warm_up"])}

    def generate(self, scenario, server, requests, out):
        """What the load generator says; void if it says nothing."""
        try:
            done = subprocess.run(
                ["taskset", "-c", self.load_core, str(self.arguments.build / "bench/load"), "requests", "--port", str(server.port),
                 "--pid", str(server.process.pid), "--core", SERVER_CORE, "--block", str(requests), "--status",
                 str(scenario.status), "--connections", str(self.arguments.connections), "--seconds",
                 str(self.arguments.seconds), "--json-out", str(out)],
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=RUN_SECONDS_MAX, check=False)
        except subprocess.TimeoutExpired:
            return {"void": "the load generator did not end"}
        if not out.exists():
            return {"void": done.stderr.strip() or f"the load generator ended with {done.returncode}"}
        return json.loads(out.read_text())

    def floor(self):
        """`sqlite3_step` in a loop on the server's core."""
        folder = BUILT / "sqlite"  # a disk's, as the server's
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["taskset", "-c", SERVER_CORE, str(self.arguments.build / "bench/stores_sqlite"), str(folder),
                               str(self.arguments.seconds)], capture_output=True, text=True, timeout=RUN_SECONDS_MAX, check=False)
        if done.returncode != 0:
            return {"void": done.stderr.strip()[:300] or f"exit code {done.returncode}"}
        return {"requests_per_s": json.loads(done.stdout)["floor_reads_per_second"]}


def wait_until_ready(server):
    """It listens already; its first answer may need the database."""
    deadline = time.monotonic() + READY_SECONDS_MAX
    while (status := ask(server.port, "/rest/items/1")[0]) not in (200, 401):
        if time.monotonic() > deadline:
            raise DidNotStart(f"bench: the server answers {status}: {' '.join(server.command)} (see {server.log.name})")
        time.sleep(0.05)


def check(bench, found):
    """All do the same work, or there is nothing to compare."""
    by_contender = {}
    for contender in found:
        with bench.serving(contender) as server:
            problems = list(sql_conformance.problems_of(
                server.port, lambda: int(bench.postgres.value("select count(*) from orders"))))
            if problems:
                raise SystemExit("\n  ".join([f"bench: {contender.title} does not do the same work:", *problems]))
            by_contender[contender.title] = sql_conformance.answers(server.port)
    sql_conformance.check_same(by_contender)
    print(f"same answers: {', '.join(by_contender)}", flush=True)


def plan(arguments, found):
    """(scenario, contender, round): everything of one round before the next, and the contenders in turns."""
    for number in range(arguments.rounds):
        turn = found if number % 2 == 0 else found[::-1]
        for name in arguments.scenarios:
            if name == FLOOR:
                yield name, None, number
            elif name in BY_SCENARIO and BY_SCENARIO[name].sqlite:
                yield name, SQLITE, number
            else:
                yield from ((name, contender, number) for contender in turn)


def run_all(bench, found):
    steps = list(plan(bench.arguments, found))
    progress, runs = Progress(len(steps)), []
    for name, contender, number in steps:
        title = f"{name}: {contender.title if contender else 'the floor'}, round {number + 1}"
        attempts = until_valid(progress, title, ATTEMPTS, lambda name=name, contender=contender: bench.run(name, contender))
        runs.append({**attempts[-1], "scenario": name, "contender": contender.name if contender else "floor", "round": number})
    return runs


def migrate(arguments, path):
    done = subprocess.run([str(arguments.build / "src/tidemill"), "migrate", "up", f"--queries.folder={FOLDER / 'sqlite'}",
                           f"--storage.sqlite.path={path}"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"bench: tidemill migrate up: {done.stderr}{done.stdout}")


def measured(arguments):
    machine.raise_file_limit(arguments.open + 1000)
    os.sched_setaffinity(0, {int(cores()[1])})  # what the probes ask must not take the server's core
    RESULTS.mkdir(exist_ok=True)
    found = [contender for contender in CONTENDERS if contender.name in arguments.contenders]
    BUILT.mkdir(parents=True, exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=BUILT))
    try:
        with PostgresServer(cores()[0], tables=(("items", ITEMS),), settings=("shared_preload_libraries=pg_stat_statements",)
                            ) as postgres:
            sql_probes.count_queries(postgres, "none")
            postgres.psql("create extension pg_stat_statements;" + (FOLDER / "schema.sql").read_text())
            migrate(arguments, folder / "items.db")
            bench = Bench(arguments, postgres, folder)
            check(bench, found)
            if arguments.check:
                return None
            runs = run_all(bench, found)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    results = {"machine": machine.facts(), "versions": {each.title: each.version(arguments.build) for each in found},
               "quick": arguments.quick, "rounds": arguments.rounds, "seconds": arguments.seconds,
               "connections": arguments.connections, "open": arguments.open,
               "contenders": {each.name: each.title for each in (*found, SQLITE)}, "runs": runs}
    path = RESULTS / time.strftime("sql-%Y%m%d-%H%M%S.json", time.gmtime())
    path.write_text(json.dumps(results, indent=1))
    print(f"written: {path.relative_to(ROOT)}")
    return results


def parse_arguments():
    names = [*(scenario.name for scenario in SCENARIOS), FLOOR, *sql_probes.PROBES]
    parser = parser_of("sql", __doc__, "a second", rounds=3)
    parser.add_argument("--connections", type=int, default=64, help="that ask at once (64)")
    parser.add_argument("--open", type=int, default=10_000, help="requests that are kept open (10000)")
    parser.add_argument("--check", action="store_true", help="only compare the answers")
    parser.add_argument("--contenders", nargs="+", choices=[each.name for each in CONTENDERS], metavar="X",
                        default=[each.name for each in CONTENDERS])
    parser.add_argument("--scenarios", nargs="+", choices=names, default=names, metavar="X", help=", ".join(names))
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rounds, arguments.seconds = 1, 1
    return arguments


if __name__ == "__main__":
    run_bench(parse_arguments, measured, sql_report)
