"""Compares Tidemill with the same service in Go, Node and Python, with Centrifugo, and with the kernel floor.

The server (and Redis, where there is one) has core 0, the load generator core 1; every run has a fresh server, and
the contenders take turns. A server that does not pass bench/peers/conformance.py is not timed. Results go to
bench/results/ as JSON, and to docs/benchmarks.md with its pictures.
"""
import argparse
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import time
import types

import compare_report
import machine
import neighbour_report
import witness
from comparisons import COMPARISONS, SERVICES
from contenders import API_KEY, BUILT, CONTENDERS, PEERS, lines_of_code, versions
from neighbours import NEIGHBOURS
from redis_server import RedisServer
from run import (LOAD_CORE, RESULTS, ROOT, RUN_SECONDS_MAX, SERVER_CORE, DidNotStart, Progress, Server, free_port,
                 until_valid, with_shares)

ATTEMPTS = 2  # for a run that is void
NEIGHBOURS_SCENARIO = "neighbours"
BESIDE = ("quiet", "pongs", "gets", "publishes_8", "pongs_100", "fanout", "history", "presence", "recoveries", "user", "bodies")
BY_NAME = {contender.name: contender for contender in CONTENDERS}


@contextlib.contextmanager
def servers(arguments, contender, processes, log, **options):
    """So many processes of one contender, with a Redis between them if they are several: (ports, servers, pids)."""
    with contextlib.ExitStack() as stack:
        pids, redis_url = [], ""
        if processes > 1:
            redis = stack.enter_context(RedisServer())
            os.sched_setaffinity(redis.pid, {int(SERVER_CORE)})
            pids, redis_url = [redis.pid], redis.url
        ports = [free_port() for _ in range(processes)]
        running = []
        for port in ports:
            command, environment = contender.start(arguments.build, port, redis_url=redis_url, **options)
            running.append(Server(command, port, log, environment))
            stack.callback(running[-1].stop)
        if processes > 1:
            time.sleep(0.5)  # until they have found each other
        yield ports, running, pids + [server.process.pid for server in running]


def conforms(arguments, contender, log):
    """Whether it passes the conformance script, alone and as two processes."""
    for processes in (1, 2):
        with servers(arguments, contender, processes, log, presence=True) as (ports, _, pids):
            other = ["--other-port", str(ports[1])] if processes > 1 else []
            done = subprocess.run(
                [str(BUILT / "python/bin/python"), str(PEERS / "conformance.py"), "--protocol", contender.protocol,
                 "--port", str(ports[0]), "--pid", str(pids[-processes]), "--api-key", API_KEY, *other],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=RUN_SECONDS_MAX, check=False)
            if done.returncode != 0:
                print(f"{contender.title} does not do the same work and is left out:\n{done.stdout}")
                return False
    return True


def rate_of(comparison, contender, number, runs):
    """The generator's --rate where it is a share of the maximum that this round found; None: it is not known."""
    for run in runs:
        found = (run["comparison"], run["contender"], run["round"])
        if found == ("maximum", contender.name, number) and "void" not in run:
            return comparison.share_of_maximum * run["messages_per_s"]
    return None


def run_once(arguments, comparison, contender, rate):
    """One run; the figures, with "void" and the reason when they must not be used."""
    if comparison.share_of_maximum and rate is None:
        return {"void": "its maximum is not known"}
    try:
        with open(RESULTS / f"{contender.name}.log", "a", encoding="utf-8") as log:
            return load_once(arguments, comparison, contender, log, rate)
    except DidNotStart as why:
        return {"void": str(why)}


def load_once(arguments, comparison, contender, log, rate):
    """Fresh processes, one load."""
    out = RESULTS / "run.json"
    out.unlink(missing_ok=True)
    options = {"ping_seconds": comparison.ping_seconds} if comparison.ping_seconds else {}
    with servers(arguments, contender, comparison.processes, log, floor=comparison.floor, **options) as (
            ports, running, pids):
        neighbours = machine.Neighbours(pids)
        load = subprocess.Popen(
            ["taskset", "-c", LOAD_CORE, str(arguments.build / "bench/load"), comparison.scenario,
             "--port", str(ports[-1]), "--publish-port", str(ports[0]), "--pid", ",".join(map(str, pids)),
             "--core", SERVER_CORE, "--target", contender.target, "--api-key", API_KEY,
             "--seconds", str(comparison.quick_seconds if arguments.quick else comparison.seconds),
             "--count-frames", "--json-out", str(out), *comparison.load, *(["--rate", f"{rate:.1f}"] if rate else [])],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        restarted = restart(load, running[0]) if comparison.storm else {}
        try:
            _, errors = load.communicate(timeout=RUN_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            load.kill()
            return {"void": "the load generator did not end"}
        if comparison.storm:
            restarted["cpu_s"] = machine.cpu_of(running[0].process.pid) - restarted["cpu_s"]
        others = neighbours.cores()
    if load.returncode not in (0, 3):
        return {"void": errors.strip() or f"the load generator ended with {load.returncode}"}
    return derived(json.loads(out.read_text()), restarted) | {"neighbour_cores": round(others, 3)}


def restart(load, server):
    """Kills the server once the generator's connections are open, and starts it again."""
    if load.stdout.readline().strip() != "ready":
        return {"cpu_s": 0, "started_s": 0}  # the generator says why when it ends
    killed = time.monotonic()
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    server.start()
    return {"cpu_s": machine.cpu_of(server.process.pid), "started_s": time.monotonic() - killed}


def derived(figures, restarted):
    if figures.get("cpu_us_per_delivery"):
        figures["deliveries_per_cpu_second"] = 1e6 / figures["cpu_us_per_delivery"]
    figures = with_shares(figures)
    if "server_cpu_share" in figures:
        figures["server_cpu_share"] *= 100
        figures["generator_cpu_share"] *= 100
    if restarted and figures.get("back"):
        figures["started_us"] = restarted["started_s"] * 1e6
        figures["back_after_start_us"] = figures["back_all_us"] - figures["started_us"]
        figures["cpu_us_per_back"] = restarted["cpu_s"] * 1e6 / figures["back"]
    return figures


def run_all(arguments, chosen, taking_part):
    plan = []
    for number in range(arguments.rounds):
        for comparison in chosen:
            if number > 0 and comparison.name in arguments.once:
                continue
            names = [name for name in comparison.contenders if name in taking_part]
            plan += [(comparison, BY_NAME[name], number) for name in (names if number % 2 == 0 else names[::-1])]
    progress = Progress(len(plan))
    runs = []
    for comparison, contender, number in plan:
        rate = rate_of(comparison, contender, number, runs) if comparison.share_of_maximum else None
        found = until_valid(
            progress, f"{comparison.name}: {contender.title}, round {number + 1} of {arguments.rounds}", ATTEMPTS,
            lambda: run_once(arguments, comparison, contender, rate))
        runs += [{"comparison": comparison.name, "contender": contender.name, "round": number, **figures}
                 for figures in found]
    progress.say(f"{len(runs)} runs in {(time.monotonic() - progress.begun) / 60:.1f} minutes")
    return runs


def beside_neighbours(arguments, taking_part):
    """The witness' results, of one round; None if nobody takes part."""
    contenders = [BY_NAME[name] for name in SERVICES if name in taking_part]
    if not contenders:
        return None
    setup = types.SimpleNamespace(build=arguments.build, rounds=1, seconds=2 if arguments.quick else 5, rate=200,
                                  http=True, real_time=witness.may_go_first())
    return witness.measure(setup, contenders, [each for each in NEIGHBOURS if each.name in BESIDE])


def parse_arguments():
    names = [contender.name for contender in CONTENDERS]
    parser = argparse.ArgumentParser(prog="./dev bench compare", description=__doc__.split("\n", maxsplit=1)[0],
                                     epilog="comparisons: " + ", ".join([*(c.name for c in COMPARISONS), NEIGHBOURS_SCENARIO]))
    parser.add_argument("--quick", action="store_true", help="short runs, one round: about a quarter of an hour")
    parser.add_argument("--scenario", action="append", default=[], metavar="X",
                        help="only this comparison (repeatable)")
    parser.add_argument("--rounds", type=int, help="runs of each contender (3, quick: 1)")
    parser.add_argument("--contenders", nargs="+", default=names, choices=names)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="build folder")
    parser.add_argument("--no-docs", action="store_true", help="leave docs/benchmarks.md as it is")
    parser.add_argument("--no-conformance", action="store_true", help="time them unchecked")
    parser.add_argument("--from", dest="source", type=pathlib.Path, metavar="FILE",
                        help="measure nothing: write the documents from a file of bench/results/")
    arguments = parser.parse_args()
    arguments.rounds = arguments.rounds or (1 if arguments.quick else 3)
    arguments.once = ("idle", "slow")  # long runs whose figures hardly differ
    return arguments


def main():
    arguments = parse_arguments()
    if arguments.source:
        compare_report.write_documents(json.loads(arguments.source.read_text()))
        return
    chosen = [c for c in COMPARISONS if not arguments.scenario or c.name in arguments.scenario]
    with_neighbours = not arguments.scenario or NEIGHBOURS_SCENARIO in arguments.scenario
    if not chosen and not with_neighbours:
        raise SystemExit("bench: no such comparison; see --help")
    if (os.cpu_count() or 1) < 2:
        raise SystemExit("bench: two cores are needed, one for the server and one for the load")
    machine.raise_file_limit(10_200)
    RESULTS.mkdir(exist_ok=True)
    taking_part = []
    for name in arguments.contenders:
        contender = BY_NAME[name]
        with open(RESULTS / f"{name}.log", "a", encoding="utf-8") as log:
            if contender.protocol is None or arguments.no_conformance or conforms(arguments, contender, log):
                taking_part.append(name)
                print(f"  {'passes' if contender.protocol else 'stands'}  {contender.title}", flush=True)
    made_of = {name: {"title": BY_NAME[name].title, "made_of": versions(BY_NAME[name], arguments.build),
                      "lines": lines_of_code(BY_NAME[name].folder)} for name in taking_part}
    results = {"machine": machine.facts(), "quick": arguments.quick, "rounds": arguments.rounds,
               "command": "./dev bench compare" + (" --quick" if arguments.quick else ""),
               "contenders": made_of, "runs": run_all(arguments, chosen, taking_part),
               "neighbours": beside_neighbours(arguments, taking_part) if with_neighbours else None}
    path = RESULTS / time.strftime("compare-%Y%m%d-%H%M%S.json", time.gmtime())
    path.write_text(json.dumps(results, indent=1))
    print(compare_report.text(results))
    if results["neighbours"]:
        print(neighbour_report.text(results["neighbours"]))
    print(f"written: {path.relative_to(ROOT)}")
    if not arguments.no_docs and not arguments.scenario:
        compare_report.write_documents(results)
        print("written: docs/benchmarks.md")


if __name__ == "__main__":
    main()
