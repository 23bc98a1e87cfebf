"""How soon the subscribers of live queries see a commit, beside the same service in Node, and what writers lose.

Each server is one process on core 0; PostgreSQL and the client have the others. The client (live/client, Go, links
nothing of ours) is all subscribers and the writer, so that both have one clock: a delivery counts from the moment at
which its commit was answered. A run is void when a subscription differs from the table in the end, or when the
writer was late itself. Results go to bench/results/ as JSON and, with --docs, to docs/benchmarks-live.md.
"""
import contextlib
import dataclasses
import json
import os
import pathlib
import subprocess
import tempfile
import time
import urllib.request

import live_report
import machine
from run import LOAD_CORE, RESULTS, ROOT, DidNotStart, Server, free_port
from store_arguments import parser_of, run_bench
from store_server import BINARIES, PostgresServer

FOLDER = ROOT / "bench" / "live"
CLIENT = ROOT / "build" / "live" / "client"
ROWS = 10  # of a sensor
LATE_MS_MAX = 50
READY_SECONDS_MAX = 120
TABLE = """drop table if exists readings;
create table readings (id int primary key, sensor int not null, value bigint not null default 0);
insert into readings select n, n / {rows} from generate_series(0, {count} - 1) as n;
create index on readings (sensor);
vacuum analyze readings;
"""
NOTIFY = """create or replace function notify_reading() returns trigger language plpgsql as
$$ begin perform pg_notify('readings', new.sensor::text); return null; end $$;
create trigger notify_reading after insert or update on readings for each row execute function notify_reading();
"""
WRITE = "\\set id random(0, {count} - 1)\nupdate readings set value = value + 1 where id = :id;\n"
TPCB_KEYS = {"accounts": "aid", "tellers": "tid", "branches": "bid", "history": "aid"}
PGBENCH = ("off", "live", "notify", "tpcb-off", "tpcb-live")
TIDEMILL = ("--loops=1", "--log.level=error", "--client.allow_anonymous_connect_without_token=true",
            "--queries.live.queries_max=20000")


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    to: str  # an endpoint of ours, or "plain": the peer
    connections: int
    each: int = 1
    cohorts: int = 500
    rate: int = 50


SCENARIOS = (
    Scenario("keyed", "5,000 subscribers, 500 queries, 50 commits/s", "keyed", 5_000),
    Scenario("many", "10,000 queries of one table, 50 commits/s", "keyed", 1_000, 10, 10_000),
    Scenario("unkeyed", "5,000 subscribers, 500 queries that no key tells apart, 10 commits/s", "unkeyed", 5_000, rate=10),
    Scenario("node", "Node: LISTEN, query, ws: 5,000 subscribers, 500 queries, 50 commits/s", "plain", 5_000),
)


def memory_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def metric(server, name):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.split("{")[0].split(" ")[0] == name)


class Bench:
    """What all runs share."""

    def __init__(self, arguments, postgres):
        self.arguments, self.postgres = arguments, postgres
        self.url = f"postgres://postgres@127.0.0.1:{postgres.port}/postgres"

    @contextlib.contextmanager
    def serving(self, scenario):
        port = free_port()
        if scenario.to == "plain":
            command, environment = ["node", str(FOLDER / "node/main.js")], {"PORT": str(port), "DATABASE_URL": self.url}
        else:
            command = [str(self.arguments.build / "src/tidemill"), "serve", f"--http_server.listen=127.0.0.1:{port}",
                       f"--queries.folder={FOLDER / 'queries'}", f"--storage.postgres.url={self.url}", *TIDEMILL]
            environment = {}
        with open(RESULTS / f"live-{scenario.name}.log", "a", encoding="utf-8") as log:
            server = Server(command, port, log, environment)
            try:
                if scenario.to != "plain":
                    until_served(server, scenario.to)
                    until_ready(server)
                yield server
            finally:
                server.stop()

    def run(self, scenario):
        self.postgres.psql(TABLE.format(rows=ROWS, count=scenario.cohorts * ROWS) +
                           (NOTIFY if scenario.to == "plain" else ""))
        with self.serving(scenario) as server:
            return self.follow(scenario, server)

    def follow(self, scenario, server):
        idle_kib = memory_kib(server.process.pid)
        client = self.client(scenario, server)
        first = client.stdout.readline()
        if not first:
            return {"void": f"nobody follows: {client.communicate()[1][-300:]}"}
        time.sleep(0.5)
        ours = scenario.to != "plain"
        before = {"cpu": machine.cpu_of(server.process.pid), "postgres": self.postgres.cpu_seconds(),
                  "refreshes": metric(server, "tidemill_live_refreshes_total") if ours else 0, "at": time.monotonic()}
        neighbours = machine.Neighbours([server.process.pid, client.pid, os.getpid()])
        following_kib = memory_kib(server.process.pid)
        client.stdin.write("\n")
        client.stdin.flush()
        out, problem = client.communicate(timeout=self.arguments.seconds + 60)
        if client.returncode != 0:
            return {"void": problem[-300:]}
        seconds = time.monotonic() - before["at"]
        figures = {**json.loads(first), **json.loads(out), "idle_kib": idle_kib, "following_kib": following_kib,
                   "subscriptions": scenario.connections * scenario.each, "queries": scenario.cohorts,
                   "server_cores": (machine.cpu_of(server.process.pid) - before["cpu"]) / seconds,
                   "postgres_cores": (self.postgres.cpu_seconds() - before["postgres"]) / seconds}
        figures["neighbour_cores"] = max(0.0, neighbours.cores() - figures["postgres_cores"])
        if ours:
            figures["refreshes"] = metric(server, "tidemill_live_refreshes_total") - before["refreshes"]
        if figures["lost_states"] > 0:
            figures["void"] = f"{figures['lost_states']} subscriptions differ from the table"
        elif figures["writer_late_ms"] > LATE_MS_MAX:
            figures["late"] = True
        return figures

    def client(self, scenario, server):
        return subprocess.Popen(
            ["taskset", "-c", LOAD_CORE, str(CLIENT), "-to", scenario.to, "-address", f"127.0.0.1:{server.port}", "-database", self.url,
             "-connections", str(scenario.connections), "-each", str(scenario.each), "-cohorts", str(scenario.cohorts),
             "-rows", str(ROWS), "-rate", str(scenario.rate), "-seconds", str(self.arguments.seconds)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def transactions(self, kind):
        """What pgbench commits a second: with nobody who follows, with some who do, with a NOTIFY for each row; an
        update of one row, or TPC-B's five statements, where the triggers of all four tables tell their keys."""
        count = 5_000
        tpcb, who = kind.startswith("tpcb"), kind.split("-")[-1]
        self.postgres.psql(TABLE.format(rows=ROWS, count=count) + (NOTIFY if who == "notify" else ""))
        if tpcb:
            self.pgbench("-i", "-q", "-s", "5")
        scenario = Scenario(f"pgbench-{kind}", "", "keyed", 20, cohorts=count // ROWS, rate=1)
        with contextlib.ExitStack() as stack:
            if who == "live":
                server = stack.enter_context(self.serving(scenario))
                client = self.client(scenario, server)
                stack.callback(client.wait)
                stack.callback(client.kill)
                if not client.stdout.readline():
                    return {"void": "nobody follows"}
                if "tidemill_live_update" not in self.triggers():
                    return {"void": "no trigger tells of what is written"}
            if tpcb and who == "live":
                self.postgres.psql("".join(f"select tidemill.tidemill_live_follow('pgbench_{table}', '{{{key}}}');\n"
                                           for table, key in TPCB_KEYS.items()))
            script = stack.enter_context(tempfile.NamedTemporaryFile("w", suffix=".sql"))
            script.write(WRITE.format(count=count))
            script.flush()
            done = self.pgbench("-n", "-M", "prepared", "-c", "4", "-j", "1", "-T", str(max(3, int(self.arguments.seconds / 2))),
                                *(("-b", "tpcb-like") if tpcb else ("-f", script.name)))
        found = [line for line in done.stdout.splitlines() if line.startswith("tps =")]
        return {"tps": float(found[0].split()[2])} if found else {"void": done.stderr[-300:]}

    def triggers(self):
        found = subprocess.run([*self.postgres.psql_command(), "-c", "select tgname from pg_trigger where tgrelid = 'readings'::regclass"],
                               capture_output=True, text=True, check=True, **self.postgres.options())
        return found.stdout.split()

    def pgbench(self, *arguments):
        return subprocess.run(["taskset", "-c", LOAD_CORE, str(BINARIES / "pgbench"), *arguments, "-h", "127.0.0.1", "-p",
                               str(self.postgres.port), "-U", "postgres", "postgres"], capture_output=True, text=True, check=False)


def until_served(server, endpoint):
    deadline = time.monotonic() + 20
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{server.port}/rest/{endpoint}?sensor=1", timeout=5).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise DidNotStart(f"bench: the endpoint is not served (see {server.log.name})") from None
            time.sleep(0.05)


def until_ready(server):
    """Our own tables are there: the queries are followed by triggers from the beginning."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{server.port}/ready", timeout=5).close()
        except OSError:
            if time.monotonic() > deadline:
                raise DidNotStart(f"bench: the server is not ready (see {server.log.name})") from None
            time.sleep(0.05)


def measured(arguments):
    machine.raise_file_limit(20_000)
    RESULTS.mkdir(exist_ok=True)
    results = {"machine": machine.facts(), "seconds": arguments.seconds, "runs": {}, "pgbench": {kind: [] for kind in PGBENCH}}
    with PostgresServer(LOAD_CORE, tables=()) as postgres:
        bench = Bench(arguments, postgres)
        for number in range(arguments.rounds):
            for scenario in SCENARIOS:
                figures = bench.run(scenario)
                results["runs"].setdefault(scenario.name, {"title": scenario.title, "rounds": []})["rounds"].append(figures)
                print(f"round {number + 1}, {scenario.name}: {live_report.one_line(figures)}", flush=True)
            for kind, found in results["pgbench"].items():
                found.append(bench.transactions(kind))
                print(f"round {number + 1}, pgbench {kind}: {found[-1]}", flush=True)
    path = RESULTS / f"live-{time.strftime('%Y%m%d-%H%M%S')}.json"
    path.write_text(json.dumps(results, indent=1))
    print(f"results: {path}")
    return results


def parse_arguments():
    arguments = parser_of("live", __doc__, "six seconds each", rounds=3).parse_args()
    if arguments.quick:
        arguments.rounds, arguments.seconds = 1, 6
    elif arguments.seconds == 3:
        arguments.seconds = 20
    return arguments


if __name__ == "__main__":
    run_bench(parse_arguments, measured, live_report)
