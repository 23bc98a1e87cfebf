"""Turns what the job benchmark measured into tables: for the terminal, and docs/benchmarks-jobs.md."""
import pathlib
import statistics

import report
from job_scenarios import SCENARIOS

ROOT = pathlib.Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "benchmarks-jobs.md"
RAW = "tidemill_raw"
WORKING = ("work_1", "work_10", "work_100")
PEERS = ("bullmq", "bullmq_always", "river")
PEER_GOAL = 3

INTRODUCTION = """# Job servers side by side

Written by `bench/jobs.py`; do not edit. Run it again with `./dev bench jobs --docs`.

**How it is measured.** A server with its store is on core 0, the process that pushes and works on core 1. Each peer has
the client that its documentation shows, with producer and worker in one process; "raw load" is a program of
[bench/jobs](../bench/jobs/README.md) that speaks Faktory's protocol and costs little, so that the server is the limit.
Every run has fresh servers and a fresh store; contenders take turns and change their order from round to round. Each
job has a number: a run in which one is missing or ran twice does not count. Figures are medians of the rounds, with the
smallest and largest.

**How to read it.** *Durable* says that what is acknowledged is on disk, by fsync. A client in Node or Python is often
what is full, not its server: the CPU of the server per job is what that costs. The floor is SQLite's writer alone, with
fsync and without a protocol; "work" inserts each job in one transaction and deletes it in the next.

| | |
|---|---|
"""


def of(results, scenario, contender, figure):
    """By round, of the runs that count."""
    return {run["round"]: run[figure] for run in results["runs"]
            if (run["scenario"], run["contender"]) == (scenario, contender) and "void" not in run and figure in run}


def ratio(results, scenario, contender, figure="jobs_per_s", ours="tidemill"):
    return report.ratio(*(of(results, scenario, name, figure) for name in (ours, contender)))


def rows_of(results, scenario):
    columns = {"jobs_per_s": [("jobs_per_s", "/s")], "p50_ms": [("p50_ms", " ms"), ("p99_ms", " ms"), ("max_ms", " ms")],
               "p99_ms": [("p50_ms", " ms"), ("p99_ms", " ms"), ("max_ms", " ms")],
               "bytes_per_job": [("bytes_per_job", "B"), ("resident_bytes", "B")]}[scenario.figure]
    for contender in results["contenders"]:
        name = contender["name"]
        figures = [report.spread(of(results, scenario.name, name, figure), unit) for figure, unit in columns]
        if any(figures):
            yield [contender["title"], "yes" if contender["durable"] else "no", *figures,
                   report.spread(of(results, scenario.name, name, "server_cpu_us_per_job"), "us"),
                   report.spread(of(results, scenario.name, name, "server_cores"), "")]


HEADS = {"jobs_per_s": ["jobs"], "p50_ms": ["p50", "p99", "max"], "p99_ms": ["p50", "p99", "max"],
         "bytes_per_job": ["of each job", "in all"]}


def tables(results):
    """(title, heads, rows)"""
    measured = {run["scenario"] for run in results["runs"]}
    for scenario in SCENARIOS:
        if scenario.name in measured:
            yield scenario.title, ["server", "durable", *HEADS[scenario.figure], "server's CPU per job", "server's cores"], \
                list(rows_of(results, scenario))
    floors = [[str(batch), *(report.spread(of(results, "floor", "floor", f"{does}_{batch}"), "/s") for does in ("push", "work"))]
              for batch in (1, 64, 1000)]
    yield "The floor: SQLite's writer alone, with fsync", ["jobs in a transaction", "push", "work"], floors


def at_least(results, what, contender, scenario, figure, wanted):
    found = of(results, scenario, contender, figure)
    if found:
        middle = statistics.median(found.values())
        yield what, f"≥ {report.number(wanted)}", middle, middle >= wanted


def at_most(results, what, contender, scenario, figure, wanted):
    found = of(results, scenario, contender, figure)
    if found:
        middle = statistics.median(found.values())
        yield what, f"≤ {report.number(wanted)}", middle, middle <= wanted


def goals(results):
    """(what, wanted, found, met)"""
    titles = {each["name"]: each["title"] for each in results["contenders"]}
    for scenario in WORKING:
        for peer in PEERS:
            ours = "tidemill_postgres" if peer == "river" else "tidemill"
            found = ratio(results, scenario, peer, ours=ours)
            if found is not None:
                yield f"{scenario}: {titles[ours]} against {titles[peer]}", f"≥ {PEER_GOAL} ×", found, found >= PEER_GOAL
    yield from at_least(results, "bulk pushes a second on SQLite", RAW, "bulk", "jobs_per_s", 200_000)
    yield from at_least(results, "pushes a second with 64 in flight on SQLite", RAW, "push_64", "jobs_per_s", 80_000)
    yield from at_most(results, "push → start, p50 in ms", RAW, "latency", "p50_ms", 1)
    yield from at_most(results, "push → start, p99 in ms", RAW, "latency", "p99_ms", 10)
    yield from at_most(results, "a burst's p99 in ms", RAW, "burst", "p99_ms", 100)
    yield from at_most(results, "bytes in memory of a backlog of a million", RAW, "backlog", "resident_bytes", 200e6)


def warnings(results):
    lines = ["Provisional: short runs (`--quick`)."] if results["quick"] else []
    others = [run["neighbour_cores"] for run in results["runs"] if "neighbour_cores" in run]
    titles = {each["name"]: each["title"] for each in results["contenders"]}
    reasons = {f"{run['scenario']}, {titles.get(run['contender'], run['contender'])}: {run['void'].splitlines()[0]}"
               for run in results["runs"] if "void" in run}
    return lines + report.neighbours_warning(statistics.median(others) if others else 0) + \
        [f"Void: {reason}" for reason in sorted(reasons)]


def text(results):
    return "\n".join([*report.text_tables(tables(results)), "",
                      *(f"{what}: {report.number(found)}, wanted {wanted}: {'met' if met else 'not met'}"
                        for what, wanted, found, met in goals(results)), *warnings(results)])


def write(results):
    facts = {**results["machine"], "contenders": "; ".join(results["versions"]), "rounds": results["rounds"]}
    lines = [INTRODUCTION.rstrip("\n"), *(f"| {name} | {value} |" for name, value in facts.items()), "",
             *(f"> - {line}" for line in warnings(results)), ""]
    for title, heads, rows in tables(results):
        lines += [f"## {title}", "", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|",
                  *(f"| {' | '.join(row)} |" for row in rows), ""]
    lines += ["## Goals", "", *(f"- {what}: {report.number(found)}, wanted {wanted}: {'met' if met else '**not met**'}"
                                for what, wanted, found, met in goals(results))]
    DOCUMENT.write_text("\n".join(lines).rstrip("\n") + "\n")
    print(f"written: {DOCUMENT.relative_to(ROOT)}")
