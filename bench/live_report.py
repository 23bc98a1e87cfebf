"""What the benchmark of live queries prints, and docs/benchmarks-live.md."""
import statistics

from run import ROOT

GOALS = {"p50_ms": 20, "p95_ms": 100}
LOSS_MAX = 0.2
WRITERS = {"off": "an update of one row, nobody follows", "live": "somebody follows", "notify": "a NOTIFY for each row",
           "tpcb-off": "TPC-B, nobody follows", "tpcb-live": "somebody follows, all four tables tell their keys"}


def one_line(figures):
    if "void" in figures:
        return f"void: {figures['void']}"
    return (f"p50 {figures['p50_ms']:.1f} ms, p95 {figures['p95_ms']:.1f} ms, max {figures['max_ms']:.0f} ms, "
            f"{figures['deliveries']} of {figures['wanted']} deliveries, lost {figures['lost_states']}")


def sound(rounds):
    return [each for each in rounds if "void" not in each]


def median(rounds, name):
    return statistics.median(each[name] for each in rounds)


def rows(results):
    yield ("", "followed in s", "p50 ms", "p95 ms", "max ms", "lost", "asked per commit", "server cores", "PostgreSQL cores",
           "KiB a subscription", "others' cores")
    for run in results["runs"].values():
        found = sound(run["rounds"])
        if not found:
            yield (run["title"], "void", *[""] * 9)
            continue
        asked = "" if "refreshes" not in found[0] else f"{statistics.median(each['refreshes'] / each['commits'] for each in found):.1f}"
        memory = statistics.median((each["following_kib"] - each["idle_kib"]) / each["subscriptions"] for each in found)
        yield (run["title"], f"{median(found, 'ready_s'):.1f}", f"{median(found, 'p50_ms'):.1f}", f"{median(found, 'p95_ms'):.1f}",
               f"{max(each['max_ms'] for each in found):.0f}", f"{max(each['lost_states'] for each in found)}", asked,
               f"{median(found, 'server_cores'):.2f}", f"{median(found, 'postgres_cores'):.2f}", f"{memory:.1f}",
               f"{median(found, 'neighbour_cores'):.2f}")


def writers(results):
    tps = {kind: statistics.median(each["tps"] for each in sound(found)) for kind, found in results["pgbench"].items() if sound(found)}
    for kind, title in WRITERS.items():
        base = "tpcb-off" if kind.startswith("tpcb") else "off"
        if kind in tps:
            loss = 1 - tps[kind] / tps[base] if base in tps else 0
            yield f"{title}: {tps[kind]:.0f} transactions/s ({-loss * 100:+.0f} %)"


def goals(results):
    found = sound(results["runs"]["keyed"]["rounds"])
    if not found:
        return
    for name, most in GOALS.items():
        reached = median(found, name)
        yield f"{name.removesuffix('_ms')} < {most} ms: {'met' if reached < most else 'NOT met'} ({reached:.1f} ms)"
    for what, kinds in (("an update of one row", ("off", "live")), ("TPC-B", ("tpcb-off", "tpcb-live"))):
        off, live = (sound(results["pgbench"].get(kind, [])) for kind in kinds)
        if not off or not live:
            continue
        loss = 1 - median(live, "tps") / median(off, "tps")
        yield f"writers lose < {LOSS_MAX * 100:.0f} %, {what}: {'met' if loss < LOSS_MAX else 'NOT met'} ({loss * 100:.0f} %)"


def table(lines):
    lines = list(lines)
    first = "| " + " | ".join(lines[0]) + " |\n|" + "---|" * len(lines[0]) + "\n"
    return first + "".join("| " + " | ".join(line) + " |\n" for line in lines[1:])


def text(results):
    return "\n".join([table(rows(results)), *writers(results), "", *goals(results)])


def write(results):
    facts = results["machine"]
    page = f"""# Live queries, measured

`./dev bench live` on {facts['cpu']}, {facts['cores']} cores, {facts['memory']}, Linux {facts['kernel']}, commit {facts['commit']}, {facts['date']}. The
server has one core; PostgreSQL, the writer and all subscribers share the other. {results['seconds']:.0f} s a run, the median of
{len(results['runs']['keyed']['rounds'])}. A delivery counts from the moment at which its commit was answered. "Lost": subscriptions that differ from the
table in the end. KiB a subscription: what the server's memory grew by, connections included.

{table(rows(results))}
What pgbench commits with 4 clients:

{"".join(f"- {line}" + chr(10) for line in writers(results))}
Goals:

{"".join(f"- {line}" + chr(10) for line in goals(results))}"""
    (ROOT / "docs/benchmarks-live.md").write_text(page, encoding="utf-8")
