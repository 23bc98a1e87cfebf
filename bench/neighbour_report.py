"""Turns what the witness saw into a table for the terminal."""
import statistics

import report
from neighbours import NEIGHBOURS

QUIET = "quiet"
LATE_US_MAX = 1000  # p99; a witness that speaks later than that measures its own core


def runs_of(results, neighbour, contender):
    return [run for run in results["runs"] if (run["neighbour"], run["contender"]) == (neighbour, contender)]


def middle(runs, figure):
    found = [run[figure] for run in runs if figure in run]
    return statistics.median(found) if found else None


def milliseconds(value):
    return "–" if value is None else f"{value / 1000:.2f}" if value < 10_000 else f"{value / 1000:,.0f}"


def against_quiet(results, neighbour, contender):
    """The witness' p99 divided by what it is beside nobody, or None."""
    quiet = middle(runs_of(results, QUIET, contender), "witness_p99_us")
    beside = middle(runs_of(results, neighbour, contender), "witness_p99_us")
    return beside / quiet if quiet and beside is not None and neighbour != QUIET else None


def megabytes(value):
    return "–" if value is None else f"{value / 2**20:,.0f}"


def remark(neighbour, runs):
    """What else happened to the witness."""
    if any("void" in run for run in runs):
        return next(run["void"] for run in runs if "void" in run)[:60]
    said = [f"{word}: {sum(run[word] for run in runs):.0f}" for word in ("closed", "refused", "unanswered")
            if any(run[word] for run in runs)]
    late = middle(runs, "witness_late_p99_us") or 0
    said += [f"spoke late: {milliseconds(late)} ms"] if late > LATE_US_MAX else []
    return ", ".join(said)


def row(results, neighbour, contender):
    runs = runs_of(results, neighbour.name, contender)
    ratio = against_quiet(results, neighbour.name, contender)
    share = middle(runs, "server_cpu_share")
    return [results["contenders"][contender],
            *(milliseconds(middle(runs, f"witness_{figure}_us")) for figure in ("p50", "p99", "max")),
            "" if ratio is None else f"{ratio:.1f}", milliseconds(middle(runs, "longest_turn_us")),
            milliseconds(middle(runs, "longest_turn_cpu_us")),
            megabytes(middle(runs, "rss_peak_bytes")), "–" if share is None else f"{share:.0%}",
            megabytes(middle(runs, "sent_bytes_per_s")), report.number(middle(runs, "blocks_per_s") or 0),
            f"{middle(runs, 'neighbour_closed') or 0:.0f}", remark(neighbour, runs)]


HEADS = ["", "p50 ms", "p99 ms", "max ms", "p99 × quiet", "turn ms", "turn CPU ms", "peak MiB", "core", "sent MiB/s", "blocks/s",
         "closed", ""]


def table(results):
    """(neighbour, row for each contender), of those that were run."""
    for neighbour in NEIGHBOURS:
        rows = [row(results, neighbour, contender) for contender in results["contenders"]
                if runs_of(results, neighbour.name, contender)]
        if rows:
            yield neighbour, rows


def document(results):
    """Lines of Markdown: one table."""
    how = "over HTTP" if results["http"] else "over its WebSocket"
    lines = [f"A client that behaves publishes to itself {results['rate_per_s']:g} times a second, {how}; its latency counts",
             "from the moment a message was meant to be sent until the answer and the publication have come. Beside it, one",
             "after the other, each of these neighbours on connections of its own. A closed neighbour comes back.", "",
             f"| | {' | '.join(HEADS)} |", "|---|" + "---|" * len(HEADS)]
    for neighbour, rows in table(results):
        for at, cells in enumerate(rows):
            lines.append(f"| {'' if at else neighbour.title} | {' | '.join(cells)} |")
    found = [f"{neighbour.title}: {wanted}: {value}, {'met' if met else '**not met**'}"
             for neighbour, wanted, value, met in goals(results)]
    return [*lines, "", *(f"- {line}" for line in found), ""]


def goals(results, contender="tidemill"):
    """(neighbour, wanted, found, met)"""
    for neighbour in NEIGHBOURS:
        runs = runs_of(results, neighbour.name, contender)
        found = middle(runs, "witness_p99_us")
        if neighbour.p99_ms_at_most is None or found is None:
            continue
        yield neighbour, f"p99 at most {neighbour.p99_ms_at_most:g} ms", f"{milliseconds(found)} ms", \
            found <= neighbour.p99_ms_at_most * 1000


def text(results):
    rows = list(table(results))
    widths = [max(len(line[at]) for line in [HEADS, *(line for _, lines in rows for line in lines)])
              for at in range(len(HEADS))]
    lines = [f"a witness with {results['rate_per_s']:g} commands/s, {results['machine']['cpu']}, "
             f"{results['machine']['date']}", "",
             "  " + "  ".join(head.rjust(width) for head, width in zip(HEADS, widths)).rstrip()]
    for neighbour, found in rows:
        lines.append(f"{neighbour.name}: {neighbour.title}")
        for line in found:
            cells = [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:-1], widths[1:])), line[-1]]
            lines.append("  " + "  ".join(cells).rstrip())
    missed = [f"  {n.name}: {found}, {wanted}" for n, wanted, found, met in goals(results) if not met]
    lines += ["", "goals not met:" if missed else "all goals are met", *missed, ""]
    return "\n".join([*lines, *report.warnings(results, lambda run: f"{run['neighbour']}, {run['contender']}")])
