"""Measures publishes and deliveries through Redis: what they cost a node and what they cost Redis.

Redis and the nodes share core 0, the load generator has core 1. Each measure has fresh processes. CPU is what the
kernel charged to each process while the load ran, its connections included. Results go to bench/results/ as JSON and
to docs/benchmarks-redis.md.
"""
import argparse
import json
import os
import pathlib
import subprocess
import time

import machine
from redis_server import RedisServer
from run import LOAD_CORE, RESULTS, ROOT, SERVER_CORE, SERVER_SETTINGS, Server, free_port

TICKS = os.sysconf("SC_CLK_TCK")
HISTORY = ("--channel.without_namespace.history_size=100", "--channel.without_namespace.history_ttl=300s")
PUBLISHERS = ("--channel.without_namespace.allow_publish_for_client=true", "--client.ping_interval=1h",
              "--channel.without_namespace.allow_subscribe_for_client=true")
# name, what it says, scenario, nodes, settings, arguments of the load generator
MEASURES = [
    ("publish", "HTTP publishes, no history, nobody subscribed", "publish", 1, (), ("--subscribers", "0")),
    ("publish_history", "HTTP publishes with history", "publish", 1, HISTORY, ("--subscribers", "0")),
    ("publish_memory", "the same without Redis, for comparison", "publish", 0, HISTORY, ("--subscribers", "0")),
    *((f"rate_{rate}", f"{rate:,} messages/s on one node to 1,000 subscribers on the other", "rate", 2, PUBLISHERS,
       ("--subscribers", "1000", "--rate", str(rate))) for rate in (1000, 3000, 10000)),
]


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def publishes(redis):
    """How many Redis has carried out, in scripts or alone."""
    calls = 0
    for line in redis.command("INFO", "commandstats").split():
        if line.startswith("cmdstat_publish:"):
            calls = int(line.split("calls=")[1].split(",")[0])
    return calls


def measure(arguments, scenario, nodes, settings, load):
    """The figures of one run, or why there are none."""
    with RedisServer() as redis:
        os.sched_setaffinity(redis.pid, {int(SERVER_CORE)})
        ports = [free_port() for _ in range(max(nodes, 1))]
        through = (f"--broker.redis.address={redis.url}",) if nodes else ()
        servers = []
        out = RESULTS / "run.json"
        out.unlink(missing_ok=True)
        with open(RESULTS / "redis.log", "a", encoding="utf-8") as log:
            try:
                for port in ports:
                    servers.append(Server([str(arguments.build / "src/tidemill"), "serve",
                                           f"--http_server.listen=127.0.0.1:{port}", *SERVER_SETTINGS, *settings,
                                           *through], port, log))
                time.sleep(0.5)
                pids = [redis.pid, *(server.process.pid for server in servers)]
                before, begun = [cpu_seconds(pid) for pid in pids], publishes(redis)
                run = subprocess.run(
                    ["taskset", "-c", LOAD_CORE, str(arguments.build / "bench/load"), scenario, "--port", str(ports[-1]),
                     "--publish-port", str(ports[0]), "--pid", str(servers[-1].process.pid), "--core", SERVER_CORE,
                     "--seconds", str(arguments.seconds), "--json-out", str(out), *load],
                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=180, check=False)
                used = [after - first for after, first in zip((cpu_seconds(pid) for pid in pids), before)]
                count = publishes(redis) - begun
            finally:
                for server in servers:
                    server.stop()
    if run.returncode not in (0, 3):
        return {"void": run.stderr.strip()}
    figures = json.loads(out.read_text())
    if nodes and count:
        figures |= {"redis_publishes": count, "redis_us_per_publish": used[0] / count * 1e6,
                    "node_us_per_publish": used[1] / count * 1e6}
    if nodes == 2:
        figures |= dict(zip(("redis_core", "node_core", "subscribers_node_core"),
                            (seconds / arguments.seconds for seconds in used)))
    return figures


def row(name, text, figures):
    if "void" in figures:
        return f"| {text} | void: {figures['void']} |" + " |" * (4 if name.startswith("publish") else 6)
    def number(key, form="{:,.1f}"):
        return form.format(figures[key]) if key in figures else ""
    if name.startswith("publish"):
        rate, p50, p99 = (number(key) for key in ("publishes_per_s", "answer_p50_us", "answer_p99_us"))
        return f"| {text} | {rate} | {p50} | {p99} | {number('cpu_us_per_publish')} | {number('redis_us_per_publish')} |"
    rate, p50, p99 = (number(key) for key in ("deliveries_per_s", "delivery_p50_us", "delivery_p99_us"))
    shares = [figures[key] for key in ("node_core", "subscribers_node_core", "redis_core")]
    cells = [f"{share:.0%}" for share in (*shares, max(0.0, 1 - sum(shares)))]
    return f"| {text} | {rate} | {p50} | {p99} | {' | '.join(cells)} |"


def document(results):
    facts = results["machine"]

    def rows(kind):
        return [row(name, text, results["runs"][name]) for name, text, *_ in MEASURES
                if name.startswith(kind) and name in results["runs"]]
    lines = [
        "# Benchmarks with Redis", "",
        "Written by `bench/redis.py`; run it again with `./dev bench redis`. Debian's Redis 7.0 without persistence. Redis",
        "and all nodes share one core, the load generator has the other, so that rates say what one core does for all of",
        "them together.", "",
        "| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in facts.items()), "",
        "## As much as one core does", "",
        "| what | per second | p50 µs | p99 µs | node CPU µs per publication | Redis CPU µs per publication |",
        "|---|---|---|---|---|---|", *rows("publish"), "",
        "Per second: publishes answered. p50 and p99: until the answer, a service time: each of the callers waits for its own.",
        "", "## At a fixed rate", "",
        "| what | deliveries per second | p50 µs | p99 µs | node | node with the subscribers | Redis | spare |",
        "|---|---|---|---|---|---|---|---|", *rows("rate"), "",
        "Deliveries: publications × subscribers. p50 and p99: from the time a message was due to its receipt. The last four",
        "columns share out the core: where nothing is spare, a cost per message says only what the rate is.",
    ]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=float, default=5, help="length of each measure")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="build folder")
    arguments = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    results = {"machine": machine.facts(), "seconds": arguments.seconds, "runs": {}}
    for name, text, scenario, nodes, settings, load in MEASURES:
        figures = measure(arguments, scenario, nodes, settings, load)
        results["runs"][name] = figures
        print(row(name, text, figures), flush=True)
    path = RESULTS / time.strftime("redis-%Y%m%d-%H%M%S.json", time.gmtime())
    path.write_text(json.dumps(results, indent=1))
    (ROOT / "docs/benchmarks-redis.md").write_text(document(results))
    print(f"written: {path.relative_to(ROOT)}, docs/benchmarks-redis.md")


if __name__ == "__main__":
    main()
