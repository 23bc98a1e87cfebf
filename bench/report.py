"""Turns results into tables: for the terminal, and docs/benchmarks-floor.md with its plots."""
import pathlib
import statistics

import measures
import plot

ROOT = pathlib.Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "benchmarks-floor.md"
REASON_CHARACTERS_MAX = 100
NEIGHBOUR_CORES_MAX = 0.1  # more than that, and the figures are called provisional


def values(results, measure, target, figure):
    """By round, of the runs that count."""
    return {r["round"]: r[figure] for r in results["runs"]
            if r["measure"] == measure and r["target"] == target and "void" not in r and figure in r}


def ratio(ours, floors):
    """Median of the ratios of the same round, or None."""
    rounds = [ours[n] / floors[n] for n in ours if floors.get(n)]
    return statistics.median(rounds) if rounds else None


def number(value):
    if value >= 1e6:
        return f"{value / 1e6:.2f} M"
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def spread(by_round, unit):
    """Median (min–max) with its unit."""
    if not by_round:
        return ""
    found = list(by_round.values())
    unit = {"us": " µs", "B": " B", "%": " %"}.get(unit, unit)
    middle = number(statistics.median(found)) + unit
    return middle if len(found) == 1 else f"{middle} ({number(min(found))}–{number(max(found))})"


def verdict(goal, ours, against_floor):
    """What was wanted, and whether it is so."""
    if goal.at_most is not None:
        unit = f"µs ({measures.GOALS_PROCESSOR})" if goal.unit == "us" else goal.unit
        wanted, met = f"≤ {number(goal.at_most)} {unit}", \
            statistics.median(ours.values()) <= goal.at_most if ours else None
    elif goal.ratio_at_most is not None:
        wanted, met = f"≤ {goal.ratio_at_most} × floor", \
            against_floor <= goal.ratio_at_most if against_floor is not None else None
    elif goal.ratio_at_least is not None:
        wanted, met = f"≥ {goal.ratio_at_least} × floor", \
            against_floor >= goal.ratio_at_least if against_floor is not None else None
    else:
        return "", ""
    return wanted, {True: "met", False: "**not met**", None: "not measured"}[met]


def rows(results):
    """(measure, [(what, ours, floor, ratio, goal, met)]) for each measure that was run."""
    for measure in measures.MEASURES:
        if not any(r["measure"] == measure.name for r in results["runs"]):
            continue
        table = []
        for goal in measure.figures:
            ours = values(results, measure.name, "tidemill", goal.figure)
            floors = values(results, measure.name, "floor", goal.figure)
            compared = goal.unit != "B" and goal.figure != "cpu_us_per_connection_second"
            against = ratio(ours, floors) if compared else None
            table.append((goal.title, spread(ours, goal.unit), spread(floors, goal.unit),
                          "" if against is None else f"{against:.2f}", *verdict(goal, ours, against)))
        yield measure, table


def neighbour_cores(results):
    found = [r["neighbour_cores"] for r in results["runs"] if "neighbour_cores" in r]
    return statistics.median(found) if found else 0.0


def warnings(results, subject=lambda run: f"{run['measure']} {run['target']}"):
    """What a reader must know of the runs; `subject` names one."""
    lines = []
    busy = neighbour_cores(results)
    if busy > NEIGHBOUR_CORES_MAX:
        lines.append(f"Provisional: other processes took {busy:.2f} cores (median) meanwhile.")
    if results["quick"]:
        lines.append("Provisional: short runs (`--quick`).")
    reasons = {}
    for run in results["runs"]:
        if "void" in run:
            key = f"{subject(run)}: {run['void'].splitlines()[0][:REASON_CHARACTERS_MAX]}"
            reasons[key] = reasons.get(key, 0) + 1
    lines += [f"Void, {count} of the runs: {reason}" for reason, count in reasons.items()]
    return lines


def text(results):
    """For the terminal."""
    lines = []
    for measure, table in rows(results):
        lines.append(f"\n{measure.name}: {measure.title}")
        for what, ours, floor, against, wanted, met in table:
            lines.append(f"  {what:<40} {ours:<28} floor {floor or '-':<28} {against and against + ' x':<8} "
                         f"{wanted:<14} {met.replace('*', '')}".rstrip())
    return "\n".join(lines + [""] + warnings(results))


INTRODUCTION = """# Beside the kernel floor

Written by `bench/run.py`; do not edit. Run it again with `./dev bench` (`--quick` for a first impression,
`--help` for the rest).

**How it is measured.** The server runs with one loop, pinned to core 0; the load generator (`bench/load/`,
one thread) is pinned to core 1. Beside it, in turns and in the same run, stands the *kernel floor*
(`bench/kernel_floor.cc`): a bare epoll loop that makes the same system calls with the same bytes and does
nothing else: no history, permissions, timers or limits. Each run has a fresh server. Figures are medians of
the rounds, with the smallest and largest; a ratio is the median of the ratios of each round. CPU is what the
scheduler charged to the server's threads, with the kernel's network thread of its core. A run in which a
delivery is missing, out of order or of the wrong size, or in which the generator itself was late, is void and
done again. At a fixed rate, one subscriber in 64 reads each frame as it comes (latency is theirs); what the
others received is collected every 10 ms without waking anybody. Latency counts from the moment a message was due,
whether the server was ready for it or not. Where the next message or request waits for the last one (one message at
a time, HTTP publishes), what is measured are *service times*: a server that stalls is asked less often meanwhile,
so they say nothing about the wait of a user who does not wait.

**How to read it.** All of it is one machine talking to itself: on loopback the sender's core also does the
receiver's half of TCP, so absolute figures are worse than over a network card, and differences between
servers are smaller than they would be there. Differences under about 10 % mean nothing from 10,000 subscribers
on. Goals in microseconds name the processor they were set on; from one processor to another only ratios compare. A
publication carries 128 bytes of data; the frame that each subscriber receives is 243 bytes.

| | |
|---|---|
"""


def markdown_table(table):
    lines = ["| | Tidemill | kernel floor | ratio | goal | |", "|---|---|---|---|---|---|"]
    return lines + ["| " + " | ".join(row) + " |" for row in table]


def write_documents(results):
    facts = results["machine"]
    lines = [INTRODUCTION.rstrip("\n")]
    lines += [f"| {name} | {facts[key]} |" for name, key in (
        ("date", "date"), ("commit", "commit"), ("CPU", "cpu"), ("cores", "cores"), ("memory", "memory"),
        ("kernel", "kernel"), ("TCP congestion control", "tcp"), ("compiler", "compiler"))]
    lines += [f"| command | `{results['command']}` |", f"| rounds | {results['rounds']} |", ""]
    lines += [f"> - {line}" for line in warnings(results)] + [""]
    for name, title, picture in plot.all_plots(results, values):
        path = DOCUMENT.parent / "benchmarks" / f"{name}.svg"
        path.parent.mkdir(exist_ok=True)
        path.write_text(picture)
        lines += [f"![{title}](benchmarks/{name}.svg)", ""]
    for measure, table in rows(results):
        heading = measure.title[0].upper() + measure.title[1:]
        lines += [f"## {heading}", "", *markdown_table(table), ""]
    DOCUMENT.write_text("\n".join(lines).rstrip("\n") + "\n")


def neighbours_warning(cores):
    """What is said of figures beside which other programs used so many of the cores: lines, or none."""
    if cores <= NEIGHBOUR_CORES_MAX:
        return []
    return [f"Provisional: other programs took {cores:.1f} of the cores meanwhile; rates are low, and CPU is dearer than it "
            "would be alone."]


def text_tables(tables):
    """Lines for a terminal, of tables (title, heads, rows) of texts."""
    lines = []
    for title, heads, rows in tables:
        widths = [max(len(row[at]) for row in [heads, *rows]) for at in range(len(heads))]
        lines += ["", title, *("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
                               for row in [heads, *rows])]
    return lines
