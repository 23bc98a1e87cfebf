"""Turns what the SQL benchmark measured into tables: for the terminal, and docs/benchmarks-sql.md."""
import pathlib
import statistics

import report
from sql_scenarios import SCENARIOS

ROOT = pathlib.Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "benchmarks-sql.md"
OURS = "tidemill"
ASKING = ("lookup", "types", "rows", "insert")  # scenarios that ask PostgreSQL each time
RATE_GOALS = {"go": 1.3, "node": 2, "python": 4}
CPU_GOAL = 1 / 3                                # of Go's
CACHED_GOAL, NOT_MODIFIED_GOAL = 4, 5           # times the lookup
SQLITE_GOAL = 100_000                           # a second
OPEN_GOAL = 8192                                # bytes
FULL_CORE = 0.9                                 # more than that, and the server is the limit

INTRODUCTION = """# SQL APIs: beside Go, Node and Python

Written by `bench/sql.py`; do not edit. Run it again with `./dev bench sql --docs`.

**How it is measured.** The same service four times: `.sql` files in Tidemill, and programs of
[bench/sql](../bench/sql/README.md) in Go (net/http, pgx), Node (Fastify, postgres.js) and Python (FastAPI, asyncpg).
Each is one process on core 0 with eight connections to one PostgreSQL; PostgreSQL and the load generator have the
other cores, on a machine of two they share one. All answers are compared before anything is timed. Connections stay
open, and each sends its next request when it has its answer: the percentiles are service times. CPU of the server is
that of its process, user and system, while requests were counted; PostgreSQL's is apart. The order changes from round
to round, and each run has a fresh server. Figures are medians of the rounds, with the smallest and largest; a ratio
is the median of the ratios of each round.

**How to read it.** Where the server's core is not full, PostgreSQL or the generator is the limit: requests per second
say little of the server then, CPU per request is what it costs. The times of a thousand callers and of open requests
are those of a client in Python, which is slow itself. Tidemill and Go see to it that a read only reads and send
claims and statement in one go; postgres.js sends them together after `begin`, asyncpg one after the other, as their
documentation has it.

| | |
|---|---|
"""


def of(results, scenario, contender, figure):
    """By round, of the runs that count."""
    return {run["round"]: run[figure] for run in results["runs"]
            if (run["scenario"], run["contender"]) == (scenario, contender) and "void" not in run and figure in run}


def contenders_of(results, scenario):
    ran = {run["contender"] for run in results["runs"] if run["scenario"] == scenario}
    return [(name, title) for name, title in results["contenders"].items() if name in ran]


def ratio(results, scenario, contender, figure):
    """Ours divided by the contender's, or None."""
    return None if contender == OURS else report.ratio(*(of(results, scenario, name, figure) for name in (OURS, contender)))


def times(value):
    return "" if value is None else f"{value:.2f}"


def load_rows(results, scenario):
    for name, title in contenders_of(results, scenario):
        def figure(what, unit, name=name):
            return report.spread(of(results, scenario, name, what), unit)
        shares = [{n: share * 100 for n, share in of(results, scenario, name, what).items()}
                  for what in ("server_cpu_share", "postgres_cores", "generator_cpu_share")]
        yield [title, figure("requests_per_s", "/s"), times(ratio(results, scenario, name, "requests_per_s")),
               figure("cpu_us_per_request", "us"), times(ratio(results, scenario, name, "cpu_us_per_request")),
               figure("postgres_us_per_request", "us"), figure("answer_p50_us", "us"), figure("answer_p99_us", "us"),
               *(report.spread(share, "%") for share in shares)]


LOAD_HEADS = ["server", "requests", "ours ÷ it", "CPU per request", "ours ÷ it", "PostgreSQL's CPU", "service p50",
              "service p99", "server's core", "PostgreSQL's cores", "generator's core"]


def probe_tables(results):
    measured = {run["scenario"] for run in results["runs"]}
    if "misses" in measured:
        rows = [[title, report.spread(of(results, "misses", name, "queries"), ""),
                 report.spread(of(results, "misses", name, "seconds"), " s")] for name, title in contenders_of(results, "misses")]
        yield "A thousand callers at once of one answer that is not cached", ["server", "queries", "until all had it"], rows
    if "open" in measured:
        rows = [[title, report.spread(of(results, "open", name, "bytes_per_request"), "B"),
                 report.spread(of(results, "open", name, "answered_s"), " s"),
                 report.spread(of(results, "open", name, "answers_cpu_us"), "us")] for name, title in contenders_of(results, "open")]
        yield f"{results['open']:,} requests that are open at once, while their table is locked", [
            "server", "memory of each, its connection included", "until all had answers, once it was not", "CPU of each answer"], rows
    if "sqlite_floor" in measured:
        yield "SQLite's floor: sqlite3_step in a loop", ["", "lookups"], [
            ["one thread, no server", report.spread(of(results, "sqlite_floor", "floor", "requests_per_s"), "/s")]]


def tables(results):
    """(title, heads, rows)"""
    measured = {run["scenario"] for run in results["runs"]}
    for scenario in SCENARIOS:
        if scenario.name in measured:
            yield scenario.title, LOAD_HEADS, list(load_rows(results, scenario.name))
    yield from probe_tables(results)


def server_is_limit(results, scenario, contender):
    shares = of(results, scenario, contender, "server_cpu_share")
    return bool(shares) and statistics.median(shares.values()) >= FULL_CORE


def rate_goals(results):
    for scenario in ASKING:
        for contender, wanted in RATE_GOALS.items():
            found = ratio(results, scenario, contender, "requests_per_s")
            if found is not None:
                limit = "" if server_is_limit(results, scenario, OURS) else " (our core is not full)"
                yield (f"{scenario}: requests per second against {results['contenders'][contender]}{limit}", f"≥ {wanted} ×", found,
                       found >= wanted)
        found = ratio(results, scenario, "go", "cpu_us_per_request")
        if found is not None:
            yield f"{scenario}: CPU per request against {results['contenders']['go']}", "≤ 0.33 ×", found, found <= CPU_GOAL


def own_goals(results):
    lookups = of(results, "lookup", OURS, "requests_per_s")
    for scenario, wanted in (("cached", CACHED_GOAL), ("not_modified", NOT_MODIFIED_GOAL)):
        found = report.ratio(of(results, scenario, OURS, "requests_per_s"), lookups)
        if found is not None:
            yield f"{scenario}: requests per second against lookup", f"≥ {wanted} ×", found, found >= wanted
    for scenario, contender, figure, wanted, least in (
            ("sqlite", "tidemill_sqlite", "requests_per_s", SQLITE_GOAL, True),
            ("open", OURS, "bytes_per_request", OPEN_GOAL, False)):
        by_round = of(results, scenario, contender, figure)
        if by_round:
            found = statistics.median(by_round.values())
            what = f"{scenario}: {figure.replace('_per_', ' per ').replace('requests per s', 'requests per second')}"
            yield what, f"{'≥' if least else '≤'} {report.number(wanted)}", found, found >= wanted if least else found <= wanted
    queries = of(results, "misses", OURS, "queries")
    if queries:
        yield "misses: queries of a thousand callers, in any round", "1", max(queries.values()), set(queries.values()) == {1}


def goals(results):
    """(what, wanted, found, met)"""
    yield from rate_goals(results)
    yield from own_goals(results)


def warnings(results):
    lines = ["Provisional: short runs (`--quick`)."] if results["quick"] else []
    others = [run["neighbour_cores"] for run in results["runs"] if "neighbour_cores" in run]
    lines += report.neighbours_warning(statistics.median(others) if others else 0)
    reasons = {f"{run['scenario']}, {results['contenders'].get(run['contender'], run['contender'])}: "
               f"{run['void'].splitlines()[0]}" for run in results["runs"] if "void" in run}
    return lines + [f"Void: {reason}" for reason in sorted(reasons)]


def text(results):
    lines = report.text_tables(tables(results))
    lines += ["", *(f"{what}: {report.number(found)}, wanted {wanted}: {'met' if met else 'not met'}"
                    for what, wanted, found, met in goals(results)), *warnings(results)]
    return "\n".join(lines)


def write(results):
    facts = {**results["machine"], **results["versions"], "connections": results["connections"], "rounds": results["rounds"],
             "seconds of each": results["seconds"]}
    lines = [INTRODUCTION.rstrip("\n"), *(f"| {name} | {value} |" for name, value in facts.items()), "",
             *(f"> - {line}" for line in warnings(results)), ""]
    for title, heads, rows in tables(results):
        lines += [f"## {title}", "", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|",
                  *(f"| {' | '.join(row)} |" for row in rows), ""]
    lines += ["## Goals", "", *(f"- {what}: {report.number(found)}, wanted {wanted}: {'met' if met else '**not met**'}"
                                for what, wanted, found, met in goals(results))]
    DOCUMENT.write_text("\n".join(lines).rstrip("\n") + "\n")
    print(f"written: {DOCUMENT.relative_to(ROOT)}")
