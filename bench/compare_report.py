"""Turns the results of the comparison into a table for the terminal, and into docs/benchmarks.md with its pictures."""
import pathlib
import statistics

import compare_plot
import neighbour_report
import report
from comparisons import COMPARISONS
from report import number

ROOT = pathlib.Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "benchmarks.md"
FASTER_IS_MORE = ("deliveries_per_s", "deliveries_per_cpu_second", "connections_per_s", "publishes_per_s",
                  "rate_reached", "spare_cpu")
FULL_CORE_PERCENT = 95
OF_THE_CORE = ("cpu_us_per_delivery", "deliveries_per_cpu_second")
# What the pictures show: file, title, comparisons.
PICTURES = (
    ("compare-cpu", "What the same work costs", ("one", "maximum", "one_10k", "rooms", "publish", "connect")),
    ("compare-user", "What a user waits for, and what a connection keeps",
     ("room_1k", "load_70", "small", "slow", "storm", "idle")),
)
DRAWN = {"room_1k": "delivery_p99_us", "small": "delivery_p99_us"}  # instead of the first figure


def runs_of(results, comparison, contender):
    return [r for r in results["runs"]
            if (r["comparison"], r["contender"]) == (comparison.name, contender) and "void" not in r]


def generator_full(comparison, run):
    return comparison.scenario == "fanout" and run["generator_cpu_share"] >= FULL_CORE_PERCENT


def values(results, comparison, contender, figure):
    """By round, of the runs that count. CPU per delivery is one second divided by what came, whatever the server does,
    at a rate that fills the core, and where the generator is full; the rate then is the generator's as well."""
    def counts(run):
        full = comparison.scenario == "rate" and run["server_cpu_share"] >= FULL_CORE_PERCENT
        return figure in run and not (full and figure in OF_THE_CORE) \
            and not (generator_full(comparison, run) and figure in (*OF_THE_CORE, "deliveries_per_s"))
    return {r["round"]: r[figure] for r in runs_of(results, comparison, contender) if counts(r)}


def shown(value, unit):
    if unit == "us":
        return f"{number(value / 1e6)} s" if value >= 1e6 else f"{number(value / 1e3)} ms" if value >= 1e3 \
            else f"{number(value)} µs"
    if unit == "B":
        return f"{number(value / 2**20)} MiB" if abs(value) >= 2**20 else f"{number(value / 1024)} KiB" \
            if abs(value) >= 1024 else f"{number(value)} B"
    return number(value) + {"%": " %", "/s": "/s"}.get(unit, "")


def spread(by_round, unit):
    if not by_round:
        return "–"
    found = list(by_round.values())
    middle = shown(statistics.median(found), unit)
    return middle if len(found) == 1 else f"{middle} ({shown(min(found), unit)} to {shown(max(found), unit)})"


def ratio(results, comparison, figure, above, below):
    """Median over the rounds of one contender's figure by another's, or None."""
    tops = values(results, comparison, above, figure)
    bottoms = values(results, comparison, below, figure)
    rounds = [tops[n] / bottoms[n] for n in tops if bottoms.get(n)]
    return statistics.median(rounds) if rounds else None


def table(results, comparison):
    """(heads, rows) for one comparison: a row for each contender that was measured."""
    first = comparison.figures[0]
    heads = [figure.title for figure in comparison.figures] + ["× Tidemill"]
    rows = []
    for contender in comparison.contenders:
        if not runs_of(results, comparison, contender):
            continue
        cells = [spread(values(results, comparison, contender, f.key), f.unit) for f in comparison.figures]
        against = ratio(results, comparison, first.key, contender, "tidemill")
        drowned = [r for r in runs_of(results, comparison, contender) if r.get("kept_up") == 0]
        if drowned:
            cells[0] += ", does not keep up" if cells[0] != "–" else " does not keep up"
        elif comparison.scenario == "rate" and cells[0] == "–":
            cells[0] = "core full"
        elif cells[0] == "–" and (full := [r for r in runs_of(results, comparison, contender)
                                           if generator_full(comparison, r)]):
            cells[0] = f"generator full at {shown(max(r['deliveries_per_s'] for r in full), '/s')}"
        rows.append([results["contenders"][contender]["title"], *cells, "" if against is None else f"{against:.2f}"])
    return heads, rows


def goals(results):
    """(comparison, what was wanted, what was found, whether it is met, what the kernel floor itself would reach)."""
    for comparison in COMPARISONS:
        for goal in comparison.goals:
            figure = goal.figure or comparison.figures[0].key
            title = next(f.title for f in comparison.figures if f.key == figure)
            more_is_better = figure in FASTER_IS_MORE
            if goal.contender == "floor":
                found = ratio(results, comparison, figure, goal.ours, "floor")
                wanted = f"{title}: at {'least' if more_is_better else 'most'} {goal.factor} × the kernel floor's"
                met = found is not None and (found >= goal.factor if more_is_better else found <= goal.factor)
            else:
                if goal.contender not in results["contenders"]:
                    continue
                who = results["contenders"][goal.contender]["title"]
                pair = (goal.ours, goal.contender) if more_is_better else (goal.contender, goal.ours)
                found = ratio(results, comparison, figure, *pair)
                wanted = f"{title}: at least {goal.factor} × {who}'s" if more_is_better else \
                    f"{title}: {who} needs at least {goal.factor} ×"
                met = found is not None and found >= goal.factor
            if goal.ours != "tidemill":
                wanted += ", ours with history"
            bound = None if goal.contender == "floor" else ratio(
                results, comparison, figure, *(("floor", goal.contender) if more_is_better else (goal.contender, "floor")))
            yield comparison, wanted, "not measured" if found is None else f"{found:.2f} ×", \
                "" if found is None else "met" if met else "**not met**", "" if bound is None else f"{bound:.2f} ×"


def losses(results):
    """Where a service has a better first figure than ours, beyond the noise."""
    lines = []
    for comparison in COMPARISONS:
        for figure in comparison.figures:
            if figure.unit not in ("us", "B") and figure.key not in FASTER_IS_MORE:
                continue
            for contender in comparison.contenders:
                if contender == "floor" or contender.startswith("tidemill"):
                    continue
                found = ratio(results, comparison, figure.key, contender, "tidemill")
                if found is None:
                    continue
                better = 1 / found if figure.key in FASTER_IS_MORE else found
                if better < 0.97:
                    lines.append(f"{comparison.title}: {figure.title}: {results['contenders'][contender]['title']} "
                                 f"{shown_median(results, comparison, contender, figure)}, Tidemill "
                                 f"{shown_median(results, comparison, 'tidemill', figure)}.")
    return lines


def shown_median(results, comparison, contender, figure):
    return shown(statistics.median(values(results, comparison, contender, figure.key).values()), figure.unit)


def warnings(results):
    return report.warnings(results, lambda run: f"{run['comparison']}, {run['contender']}")


def text(results):
    """For the terminal."""
    lines = []
    for comparison in COMPARISONS:
        heads, rows = table(results, comparison)
        if rows:
            lines += ["", f"{comparison.name}: {comparison.title}"]
            widths = [max(len(str(cell)) for cell in column) for column in zip(["", *heads], *rows)]
            for row in [["", *heads], *rows]:
                lines.append("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    lines += ["", *(f"{met.replace('*', ''):<8} {c.name}: {wanted}: {found}"
                    for c, wanted, found, met, _ in goals(results) if met)]
    return "\n".join([*lines, "", *warnings(results)])


INTRODUCTION = """# Benchmarks

Which backend language? The same realtime service, written the way a good engineer of each language would write it,
beside Tidemill: under the same load, in one run, on one machine. The programs are in `bench/peers/`; each passes the
same black-box conformance script before it is timed. Written by `./dev bench compare`; do not edit. What Tidemill's
own paths cost beside the kernel's is in [benchmarks-floor.md](benchmarks-floor.md), through Redis in
[benchmarks-redis.md](benchmarks-redis.md).

**How it is measured.** The server has core 0, the load generator (`bench/load/`, one thread of epoll that shares no
code with any server) core 1: one core each, so that nobody's cluster or workers can help; two processes appear only
where Redis joins them. Everybody is published to over HTTP with an API key. TLS and compression are off for all, a
message carries 128 bytes of data unless it says otherwise, and every server gives up on a client that is 1 MiB
behind. The generator reads every frame of every contender and counts the publications in it, so that none costs it
less than another. Every server has the defaults of its runtime (garbage collector, TCP_NODELAY); what tuning gives
is a row of its own. Contenders take turns and every run has a fresh server; figures are medians of the rounds, with the smallest
and the largest. CPU is what the scheduler charged to the server's threads, and to Redis where there is one, with the
kernel's network thread of its core. At a fixed rate latency counts from the moment a message was meant to be sent,
whether the server was ready for it or not, and CPU per delivery is left out where the core is full: there it is one
second divided by what came. Where the next message or request waits for the last, the times are *service times*: a
server that stalls is asked less often meanwhile. A run in which a delivery is missing or doubled, or in which the
generator itself was late, is void and done again. The *kernel floor* (`bench/kernel_floor.cc`) makes the system
calls that the work cannot do without, and nothing else: no history, permissions, timers or limits.

**How to read it.** On loopback the sender's core also does the receiver's half of TCP: that is most of what a single
delivery costs here, nobody can avoid it, and it draws all servers together. Where several messages share one write,
the servers themselves show. Tidemill and Centrifugo check permissions and count metrics; "history" is the same
server keeping 100 messages for recovery and sending their offsets. "centrifuge" is the library inside Centrifugo
behind two handlers. The other programs do none of that. Microseconds, rates and bytes are those of the processor
named below; on another one only the ratios compare.
"""


def picture_panels(results, names):
    for comparison in COMPARISONS:
        if comparison.name not in names:
            continue
        figure = next(f for f in comparison.figures if f.key == DRAWN.get(comparison.name, comparison.figures[0].key))
        bars = []
        for contender in comparison.contenders:
            found = list(values(results, comparison, contender, figure.key).values())
            if found:
                bars.append((contender, results["contenders"][contender]["title"], found,
                             shown(statistics.median(found), figure.unit)))
        if bars:
            yield comparison.title, f"{figure.title}; shorter is better", bars


def markdown(heads, rows):
    return [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads), *(f"| {' | '.join(row)} |" for row in rows)]


def write_documents(results):
    facts = results["machine"]
    lines = [INTRODUCTION.rstrip("\n"), ""]
    lines += [f"> - {line}" for line in warnings(results)] + [""]
    for name, title, wanted in PICTURES:
        panels = list(picture_panels(results, wanted))
        if panels:
            path = DOCUMENT.parent / "benchmarks" / f"{name}.svg"
            below = f"{facts['cpu']}, one core for the server; {facts['date']}"
            path.write_text(compare_plot.sheet(title, below, panels))
            lines += [f"![{title}](benchmarks/{name}.svg)", ""]
    lines += ["## What was wanted", "", *markdown(
        ["", "goal", "found", "", "the floor itself"], [[c.title, *rest] for c, *rest in goals(results)]), "",
        "The last column is what the kernel floor reaches in the same run. Where it falls short of a goal itself, the "
        "system calls alone cost more than the goal allows.", ""]
    worse = losses(results)
    lines += ["## Where somebody else is ahead", "",
              *([f"- {line}" for line in worse] or ["Nowhere, of the figures below."]), ""]
    lines += ["## Who is compared", "", *markdown(["", "made of", "lines of code"], [
        [c["title"], c["made_of"], str(c["lines"] or "")] for c in results["contenders"].values()]), ""]
    for comparison in COMPARISONS:
        heads, rows = table(results, comparison)
        if rows:
            lines += [f"## {comparison.title}", "", *([comparison.note, ""] if comparison.note else []),
                      *markdown(["", *heads], rows), ""]
    if results.get("neighbours"):
        lines += ["## Beside neighbours", "", *neighbour_report.document(results["neighbours"])]
    lines += ["## The machine", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {facts[key]} |" for name, key in (
        ("date", "date"), ("commit", "commit"), ("CPU", "cpu"), ("cores", "cores"), ("memory", "memory"),
        ("kernel", "kernel"), ("TCP congestion control", "tcp"), ("compiler of Tidemill", "compiler"))]
    lines += [f"| command | `{results['command']}` |", f"| rounds | {results['rounds']} |"]
    DOCUMENT.write_text("\n".join(lines) + "\n")
