"""Turns what the stores' clients cost into tables: for the terminal, and docs/benchmarks-stores.md."""
import pathlib
import statistics

import report

ROOT = pathlib.Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "benchmarks-stores.md"
OURS = "tidemill"
FLOOR = "floor"  # with as many connections as we have
# Our CPU per lookup, divided by theirs.
GOALS = {"libpq": 0.5, "pgx": 0.25}
GOALS_IN_FLIGHT = (16, 256)
TRANSPORTS = {"unix": "Unix socket", "tcp": "TCP"}

INTRODUCTION = """# Stores: clients of PostgreSQL, and SQLite

Written by `bench/stores.py`; do not edit. Run it again with `./dev bench stores --docs`.

**How it is measured.** One PostgreSQL with its default plans has core 0, each client in its turn core 1; the order
changes from round to round. A lookup is `select` of eight columns by primary key out of 100,000 rows, prepared once;
every client turns each row into a JSON text, and all texts are compared before anything is measured. CPU is the
client's own, user and system, while the lookups were counted. Each client is used as its documentation says: libpq in
pipeline mode on one connection with a sync for each lookup, so that a failure touches no other; pgx with a pool of at
most 16 connections, `Scan` and `encoding/json`; postgres.js with 10 connections on which it pipelines by itself;
Tidemill with two shared connections. The floor is a plain epoll loop in C that sends requests made beforehand but for
the id, reads the answers and looks at their lengths alone: no client that speaks over a socket can cost less with as
many connections. Tidemill sees to it that a read only reads, which is one more statement in each of its lookups; nobody
else here does. Figures are medians of the rounds, with the smallest and largest; a ratio is the
median of the ratios of each round.

**How to read it.** Lookups per second are those of a server with one core: where its core is full, they say what the
client leaves of it to gain, not what the client can. CPU per lookup is what a server that has other work pays. More
connections cost their client more, as less is read and written at once, and use more cores of the server.

**SQLite** has both cores and the disk of the build folder. Its floor is `sqlite3_step` in a loop on one thread, with the
same settings, and `fdatasync` alone; callers share a loop, and each waits for its answer before it asks again.

| | |
|---|---|
"""


def of(results, measure, client, figure, transport="unix", in_flight=0):
    """By round, of the runs that count."""
    return {r["round"]: r[figure] for r in results["runs"] if (r["measure"], r["client"], r["transport"], r["in_flight"]) ==
            (measure, client, transport, in_flight) and "void" not in r}


def ratio(results, client, transport, in_flight):
    """Our CPU per lookup divided by the client's, or None."""
    found = [of(results, "lookup", name, "cpu_us", transport, in_flight) for name in (OURS, client)]
    return report.ratio(*found) if client != OURS else None


def share(by_round):
    return f"{statistics.median(by_round.values()):.0%}" if by_round else ""


def lookup_rows(results, transport):
    for in_flight in sorted({r["in_flight"] for r in results["runs"] if r["measure"] == "lookup"}):
        for client, title in results["clients"].items():
            key = ("lookup", client)
            against = ratio(results, client, transport, in_flight)
            yield [str(in_flight), title, report.spread(of(results, *key, "lookups_per_s", transport, in_flight), "/s"),
                   report.spread(of(results, *key, "cpu_us", transport, in_flight), "us"),
                   "" if against is None else f"{against:.2f}",
                   share(of(results, *key, "core", transport, in_flight)),
                   share(of(results, *key, "server_core", transport, in_flight))]


LOOKUP_HEADS = ["in flight", "client", "lookups", "CPU per lookup", "ours ÷ it", "client's core", "server's core"]


def other_rows(results):
    for client, title in results["clients"].items():
        if not any(run["client"] == client and run["measure"] != "lookup" for run in results["runs"]):
            continue
        peak = {n: kib * 1024 / 2**20 for n, kib in of(results, "stream", client, "peak_kib").items()}
        idle = of(results, "idle", client, "kib_per_connection")
        yield [title, report.spread(of(results, "stream", client, "rows_per_s"), "/s"),
               report.spread(of(results, "stream", client, "cpu_us"), "us"), report.spread(peak, " MiB"),
               report.spread(idle, " KiB")]


SQLITE_HEADS = ["what", "callers", "per second", "÷ floor", "median wait", "99 of 100"]
SQLITE_CALLERS = (1, 64, 1000)


def sqlite_figure(results, find):
    """By round; `find` takes it out of what a run has said."""
    return {run["round"]: find(run) for run in results["runs"] if run["measure"] == "sqlite" and "void" not in run}


def sqlite_rows(results):
    def of_store(what, callers, name):
        return sqlite_figure(results, lambda run: next(row[name] for row in run["store"]
                                                       if (row["what"], row["callers"]) == (what, callers)))
    alone = {"read": [("sqlite3_step in a loop", "floor_reads_per_second"),
                      ("Tidemill's connection in a loop, no thread between", "in_place_reads_per_second")],
             "write": [("fdatasync of a page in a loop", "fsyncs_per_second"),
                       ("sqlite3_step in a loop", "floor_writes_per_second")]}
    for what, title in (("read", "reads by primary key"), ("write", "durable writes of one row")):
        floor = sqlite_figure(results, lambda run, what=what: run[f"floor_{what}s_per_second"])
        rows = [(f"{title}: {name}", "", sqlite_figure(results, lambda run, key=key: run[key]), {}, {})
                for name, key in alone[what]]
        rows += [(f"{title}: Tidemill", str(callers), *(of_store(what, callers, name)
                                                        for name in ("per_second", "p50_us", "p99_us")))
                 for callers in SQLITE_CALLERS]
        for name, callers, rate, median, high in rows:
            against = report.ratio(rate, floor)
            yield [name, callers, report.spread(rate, "/s"), "" if against is None else f"{against:.2f}",
                   report.spread(median, "us"), report.spread(high, "us")]
    yield ["memory of a reader that has read 20 rows, its thread included", "",
           report.spread(sqlite_figure(results, lambda run: run["kib_per_reader"]), " KiB"), "", "", ""]


OTHER_HEADS = ["client", "rows streamed", "CPU per row", "peak memory", "memory of an idle connection"]


def floor_against(results, client, transport, in_flight):
    """The floor's CPU per lookup divided by the client's, in words."""
    found = report.ratio(*(of(results, "lookup", name, "cpu_us", transport, in_flight) for name in (FLOOR, client)))
    return "" if found is None else f" (the floor is {found:.2f})"


def goals(results):
    """(what, wanted, found, met)"""
    for client, wanted in GOALS.items():
        for in_flight in GOALS_IN_FLIGHT:
            for transport, name in TRANSPORTS.items():
                found = ratio(results, client, transport, in_flight) if client in results["clients"] else None
                if found is not None:
                    yield (f"CPU per lookup, {in_flight} in flight, {name}, against {results['clients'][client]}"
                           f"{floor_against(results, client, transport, in_flight)}", wanted, found, found <= wanted)


def tables(results):
    """(title, heads, rows)"""
    measured = {run["measure"] for run in results["runs"]}
    if "lookup" in measured:
        for transport, name in TRANSPORTS.items():
            yield f"Lookups by primary key, {name}", LOOKUP_HEADS, list(lookup_rows(results, transport))
    if measured & {"stream", "idle"}:
        yield "A million rows, and connections that do nothing", OTHER_HEADS, list(other_rows(results))
    if "sqlite" in measured:
        yield "SQLite", SQLITE_HEADS, list(sqlite_rows(results))


def warnings(results):
    lines = ["Provisional: short runs (`--quick`)."] if results["quick"] else []
    lines += report.neighbours_warning(results.get("neighbour_cores", 0))
    reasons = {f"{run['measure']}, {results['clients'].get(run['client'], run['client'])}: {run['void'].splitlines()[0]}"
               for run in results["runs"] if "void" in run}
    return lines + [f"Void: {reason}" for reason in sorted(reasons)]


def text(results):
    lines = report.text_tables(tables(results))
    lines += ["", *(f"{what}: {found:.2f}, wanted ≤ {wanted}: {'met' if met else 'not met'}"
                    for what, wanted, found, met in goals(results)), *warnings(results)]
    return "\n".join(lines)


def write(results):
    facts = {**results["machine"], **results["versions"], "rounds": results["rounds"],
             "seconds of each": results["seconds"]}
    lines = [INTRODUCTION.rstrip("\n"), *(f"| {name} | {value} |" for name, value in facts.items()), "",
             *(f"> - {line}" for line in warnings(results)), ""]
    for title, heads, rows in tables(results):
        lines += [f"## {title}", "", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|",
                  *(f"| {' | '.join(row)} |" for row in rows), ""]
    lines += ["## Goals", "", *(f"- {what}: {found:.2f}, wanted at most {wanted}: {'met' if met else '**not met**'}"
                                for what, wanted, found, met in goals(results))]
    DOCUMENT.write_text("\n".join(lines).rstrip("\n") + "\n")
    print(f"written: {DOCUMENT.relative_to(ROOT)}")
