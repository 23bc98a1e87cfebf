"""What the second loop costs: CPU per publication with history and per connect, with one loop and with two.

    ./dev bench loops [--rounds N] [--quick] [--cores 0,1]

Both run on one core: what differs is what crosses loops, not how many work at once. `--cores 0,1` gives them both; the
load is on the second then too. Rounds take turns.
"""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess

import machine
import run
from report import number
from run import LOAD_CORE, QUIET_SETTINGS, RESULTS, ROOT, Progress, Server, free_port, until_valid

GOAL = 1.4
ATTEMPTS = 3
HISTORY = ("--channel.without_namespace.history_size=100", "--channel.without_namespace.history_ttl=10m")
SETTINGS = ("--log.level=info", "--log.format=text", "--client.insecure=true", "--http_api.key=bench", *QUIET_SETTINGS)
LONGEST_TURN = re.compile(r"longest_turn_cpu_us\"?[=:](\d+)")
# A title, the load's scenario and subscribers, settings of the server, the figure, whether it has the goal.
MEASURES = (
    ("publish with history, nobody listening", "publish", 0, HISTORY, "cpu_us_per_publish", True),
    ("publish with history, one subscriber per channel", "publish", 1000, HISTORY, "cpu_us_per_publish", True),
    ("publish without history, nobody listening", "publish", 0, (), "cpu_us_per_publish", False),
    ("connect", "connect", 9000, (), "cpu_us_per_connect", True),
    ("close", "connect", 9000, (), "cpu_us_per_close", False),
)


def run_once(arguments, measure, loops):
    """The figures of the load, and the longest turn of a loop, in CPU time."""
    _, scenario, subscribers, settings, *_ = measure
    port, out, log_path = free_port(), RESULTS / "run.json", RESULTS / "loops.log"
    out.unlink(missing_ok=True)
    with open(log_path, "w+") as log:
        server = Server([str(arguments.build / "src/tidemill"), "serve", f"--http_server.listen=127.0.0.1:{port}",
                         f"--loops={loops}", *SETTINGS, *settings], port, log)
        try:
            load = subprocess.run(
                ["taskset", "-c", LOAD_CORE, str(arguments.build / "bench/load"), scenario, "--port", str(port), "--pid",
                 str(server.process.pid), "--core", arguments.cores[0], "--subscribers", str(subscribers), "--seconds",
                 "1" if arguments.quick else "3", "--json-out", str(out)],
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=180)
        finally:
            server.stop()
    if load.returncode not in (0, 3):
        return {"void": load.stderr.strip() or f"the load generator ended with {load.returncode}"}
    turns = map(int, LONGEST_TURN.findall(log_path.read_text()))
    return json.loads(out.read_text()) | {"longest_turn_cpu_us": max(turns, default=0)}


def measure_all(arguments):
    """By title and loops, the figures of each round."""
    progress = Progress(len(MEASURES) * arguments.rounds * 2)
    found = {}
    for measure in MEASURES:
        for number_of_round in range(arguments.rounds):
            for loops in (1, 2) if number_of_round % 2 == 0 else (2, 1):
                runs = until_valid(progress, f"{measure[0]}, {loops} loops", ATTEMPTS,
                                   lambda loops=loops, measure=measure: run_once(arguments, measure, loops))
                if "void" not in runs[-1]:
                    found.setdefault((measure[0], loops), []).append((runs[-1][measure[4]], runs[-1]["longest_turn_cpu_us"]))
    return found


def text(found):
    lines = [f"{'':50} {'one loop':>10} {'two loops':>10} {'ratio':>6}   longest turn (CPU)"]
    for title, *_, has_goal in MEASURES:
        one, two = found.get((title, 1)), found.get((title, 2))
        if not one or not two:
            lines.append(f"{title:50} not measured")
            continue
        costs = [statistics.median(cost for cost, _ in runs) for runs in (one, two)]
        turns = max(turn for _, turn in one + two)
        met = ("met" if costs[1] <= GOAL * costs[0] else f"over {GOAL}") if has_goal else ""
        lines.append(f"{title:50} {number(costs[0]):>7} µs {number(costs[1]):>7} µs {costs[1] / costs[0]:6.2f}   "
                     f"{number(turns)} µs   {met}")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="short runs, three rounds")
    parser.add_argument("--rounds", type=int, help="runs of each (7, quick: 3)")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="build folder")
    parser.add_argument("--cores", default=run.SERVER_CORE, metavar="N[,N]", help="of the server (%(default)s)")
    arguments = parser.parse_args()
    run.SERVER_CORE = arguments.cores
    arguments.rounds = arguments.rounds or (3 if arguments.quick else 7)
    if (os.cpu_count() or 1) < 2:
        raise SystemExit("bench: two cores are needed, one for the server and one for the load")
    machine.raise_file_limit(10_000)
    RESULTS.mkdir(exist_ok=True)
    print(machine.facts()["cpu"])
    print(text(measure_all(arguments)))


if __name__ == "__main__":
    main()
