"""What a store costs: our client beside libpq, pgx and postgres.js on the same PostgreSQL, and SQLite beside its floor.

The server has core 0, each client core 1. The clients take turns within each round. All of them turn each row into a
JSON text. CPU is the client's own, by getrusage over the measured time. Results go to bench/results/ as JSON and, with
--docs, to docs/benchmarks-stores.md. README.md in bench/stores/ says what each mode does. SQLite has both cores.
"""
import dataclasses
import datetime
import json
import os
import pathlib
import re
import subprocess
import time

import machine
import store_report
from run import LOAD_CORE, RESULTS, ROOT, SERVER_CORE, Progress
from store_arguments import parser_of, run_bench
from store_server import BIG, ITEMS, LOOKUP, STREAM, PostgresServer

STORES = ROOT / "bench" / "stores"
BUILT = ROOT / "build" / "stores"
IN_FLIGHT = (1, 16, 256)
IDLE = (10, 210)      # connections; what one costs is the difference
READERS = (2, 34)     # of SQLite; the same
CHECKED_IDS = 60
RUN_SECONDS_MAX = 120


@dataclasses.dataclass(frozen=True)
class Client:
    name: str
    title: str
    command: tuple[str, ...]
    connections_max: int  # at once, however many are in flight; what more there is waits or is pipelined
    environment: tuple[tuple[str, str], ...] = ()
    measures: tuple[str, ...] = ("check", "lookup", "stream", "idle")


def clients(arguments):
    libpq_18 = os.environ.get("LIBPQ_18")
    found = [
        Client("tidemill", "Tidemill", (str(arguments.build / "bench/stores_tidemill"),), 2),
        Client("libpq", "libpq 15, pipelined", (str(BUILT / "libpq"),), 1),
        Client("pgx", "pgx", (str(BUILT / "pgx"),), 16),
        Client("postgresjs", "postgres.js", ("node", "--expose-gc", str(STORES / "postgresjs/main.js")), 10),
        Client("floor", "floor, two connections", (str(BUILT / "floor"),), 2, measures=("lookup",)),
        Client("floor_1", "floor, one connection", (str(BUILT / "floor"),), 1, measures=("lookup",)),
    ]
    if libpq_18:
        found.insert(2, Client("libpq_18", "libpq 18, pipelined", (str(BUILT / "libpq"),), 1,
                               (("LD_LIBRARY_PATH", libpq_18),)))
    return [client for client in found if client.name in arguments.clients]


def run(client, server, transport, mode, sql, **options):
    """What the client says, or why it says nothing."""
    words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    command = ["taskset", "-c", LOAD_CORE, *client.command, "--mode", mode, "--host", server.host(transport), "--port",
               str(server.port), "--user", server.user, "--database", "postgres", "--sql", sql, *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_SECONDS_MAX, check=False,
                              env={**os.environ, **dict(client.environment)})
    except subprocess.TimeoutExpired:
        return {"void": "it did not end"}
    if done.returncode != 0:
        return {"void": done.stderr.strip()[:300] or f"exit code {done.returncode}"}
    return done.stdout if mode == "check" else json.loads(done.stdout)


def normal(row):
    """Times are written in more than one way."""
    row["created"] = datetime.datetime.fromisoformat(row["created"].replace("Z", "+00:00")).timestamp()
    return row


def check(found, server):
    """All give the same rows, or there is nothing to compare."""
    expected = None
    for client in [client for client in found if "check" in client.measures]:
        text = run(client, server, "unix", "check", LOOKUP, ids=CHECKED_IDS)
        if not isinstance(text, str):
            raise SystemExit(f"bench: {client.title}: {text['void']}")
        rows = [normal(json.loads(line)) for line in text.splitlines()]
        expected = expected or rows
        if rows != expected or len(rows) != CHECKED_IDS:
            wrong = next((pair for pair in zip(expected, rows) if pair[0] != pair[1]), (len(expected), len(rows)))
            raise SystemExit(f"bench: {client.title} gives other rows than {found[0].title}: {wrong}")


def lookup(arguments, client, server, transport, in_flight):
    before = server.cpu_seconds()
    figures = run(client, server, transport, "lookup", LOOKUP, in_flight=in_flight, ids=ITEMS, warm_up=arguments.warm_up,
                  connections=min(client.connections_max, in_flight), seconds=arguments.seconds)
    if "void" in figures:
        return figures
    queries = figures["queries"]
    whole = figures["seconds"] + arguments.warm_up
    return {**figures, "lookups_per_s": queries / figures["seconds"], "cpu_us": figures["cpu_seconds"] / queries * 1e6,
            "core": figures["cpu_seconds"] / figures["seconds"],
            "server_core": (server.cpu_seconds() - before) / whole, "json_bytes_each": figures["json_bytes"] / queries}


def stream(_arguments, client, server, transport, _):
    figures = run(client, server, transport, "stream", STREAM)
    if "void" not in figures and figures["rows"] != BIG:
        return {"void": f"{figures['rows']} rows"}
    return figures if "void" in figures else {**figures, "rows_per_s": BIG / figures["seconds"],
                                              "cpu_us": figures["cpu_seconds"] / BIG * 1e6}


def idle(_arguments, client, server, transport, _):
    few, many = (run(client, server, transport, "idle", LOOKUP, connections=count) for count in IDLE)
    if "void" in few or "void" in many:
        return few if "void" in few else many
    return {"kib_per_connection": (many["anonymous_kib"] - few["anonymous_kib"]) / (IDLE[1] - IDLE[0]),
            "anonymous_kib": few["anonymous_kib"]}


def sqlite(arguments, client, *_):
    """SQLite's own program: what it says, and what a reader costs."""
    folder = BUILT / "sqlite"  # on the disk of this folder: it is the disk that is measured
    folder.mkdir(parents=True, exist_ok=True)
    said = []
    for words in ((str(arguments.seconds),), *(("idle", str(readers)) for readers in READERS)):
        try:
            done = subprocess.run([*client.command, str(folder), *words], capture_output=True, text=True, check=False,
                                  timeout=RUN_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            return {"void": "it did not end"}
        if done.returncode != 0:
            return {"void": done.stderr.strip()[:300] or f"exit code {done.returncode}"}
        said.append(json.loads(done.stdout))
    figures, few, many = said
    return {**figures, "kib_per_reader": (many["anonymous_kib"] - few["anonymous_kib"]) / (READERS[1] - READERS[0])}


PLAN = [*(("lookup", lookup, transport, in_flight) for transport in ("unix", "tcp") for in_flight in IN_FLIGHT),
        ("stream", stream, "unix", 0), ("idle", idle, "unix", 0)]


def run_all(arguments, found, server):
    plan = [(*step, client, number) for number in range(arguments.rounds) for step in PLAN
            for client in (found if number % 2 == 0 else found[::-1])
            if step[0] in arguments.measures and step[0] in client.measures]
    if "sqlite" in arguments.measures:
        own = Client("sqlite", "SQLite", (str(arguments.build / "bench/stores_sqlite"),), 1)
        plan += [("sqlite", sqlite, "file", 0, own, number) for number in range(arguments.rounds)]
    progress, runs = Progress(len(plan)), []
    neighbours, server_begun, begun = machine.Neighbours([]), server.cpu_seconds(), time.monotonic()
    for name, measure, transport, in_flight, client, number in plan:
        progress.show(f"{name} {transport} {in_flight or ''}: {client.title}, round {number + 1}")
        figures = measure(arguments, client, server, transport, in_flight)
        if "void" in figures:
            progress.say(f"      {name}, {client.title}: {figures['void']}")
        runs.append({"measure": name, "transport": transport, "in_flight": in_flight, "client": client.name,
                     "round": number, **figures})
        progress.done += 1
    server_cores = (server.cpu_seconds() - server_begun) / (time.monotonic() - begun)
    return {"runs": runs, "neighbour_cores": round(max(0.0, neighbours.cores() - server_cores), 2)}


def versions():
    """What is compared, in words."""
    go_mod = (STORES / "pgx/go.mod").read_text()
    locked = json.loads((STORES / "postgresjs/package-lock.json").read_text())["packages"]
    return {
        "PostgreSQL": machine.first_line("postgres", "--version") if pathlib.Path("/usr/bin/postgres").exists() else
                      machine.first_line("/usr/lib/postgresql/15/bin/postgres", "--version"),
        "libpq": machine.first_line("pkg-config", "--modversion", "libpq"),
        "pgx": f"{re.search(r'pgx/v5 (v[0-9.]+)', go_mod)[1]}, {machine.first_line('go', 'env', 'GOVERSION')}",
        "postgres.js": f"{locked['node_modules/postgres']['version']}, Node {machine.first_line('node', '--version')}",
    }


def parse_arguments():
    parser = parser_of("stores", __doc__, "half a second")
    parser.add_argument("--warm-up", type=float, default=1, help="before each measure of lookups (1)")
    parser.add_argument("--clients", nargs="+", metavar="X",
                        default=["tidemill", "libpq", "libpq_18", "pgx", "postgresjs", "floor", "floor_1"])
    parser.add_argument("--measures", nargs="+", default=["lookup", "stream", "idle", "sqlite"], metavar="X")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rounds, arguments.seconds, arguments.warm_up = 1, 0.5, 0.3
    return arguments


def measured(arguments):
    if (os.cpu_count() or 1) < 2:
        raise SystemExit("bench: two cores are needed, one for the server and one for the client")
    RESULTS.mkdir(exist_ok=True)
    found = clients(arguments)
    with PostgresServer(SERVER_CORE) as server:
        check(found, server)
        results = {"machine": machine.facts(), "versions": versions(), "quick": arguments.quick, "rounds": arguments.rounds,
                   "seconds": arguments.seconds, "clients": {client.name: client.title for client in found},
                   **run_all(arguments, found, server)}
    path = RESULTS / time.strftime("stores-%Y%m%d-%H%M%S.json", time.gmtime())
    path.write_text(json.dumps(results, indent=1))
    print(f"written: {path.relative_to(ROOT)}")
    return results


if __name__ == "__main__":
    run_bench(parse_arguments, measured, store_report)
