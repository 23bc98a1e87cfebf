"""A well-behaved client beside busy neighbours: how long the server makes it wait for its answers.

Each row has a fresh server on core 0. The witness, a process of its own, publishes to itself at fixed times; its
latency counts from the moment a command was meant to be sent until the answer and the publication have come. The
neighbour, another process, shares core 1 with it and gives way to it.
"""
import argparse
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import machine
import neighbour_report
from contenders import CONTENDERS
from neighbours import API_KEY, NAMESPACES, NEIGHBOURS, TOKEN_SECRET, Target
from run import LOAD_CORE, RESULTS, ROOT, SERVER_CORE, DidNotStart, Progress, Server, free_port

CONTENDER = {contender.name: contender for contender in CONTENDERS}
READY_SECONDS = 60
WITNESS_SECONDS_MAX = 60
# The longest turn of the last second as the clock on the wall has it, with whatever else had the core; and the CPU time of
# the longest since the start, what came before the witness included.
TURNS = {"longest_turn_us": re.compile(r"^\w*_turn_max_seconds(?:\{.*\})? (\S+)$", re.MULTILINE),
         "longest_turn_cpu_us": re.compile(r"^\w*_turn_cpu_max_seconds(?:\{.*\})? (\S+)$", re.MULTILINE)}


class Api:
    """The server's HTTP API."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"

    def __call__(self, method, request):
        call = urllib.request.Request(f"{self.url}/api/{method}", json.dumps(request).encode(),
                                      {"Content-Type": "application/json", "X-API-Key": API_KEY})
        with urllib.request.urlopen(call, timeout=10) as response:
            answer = json.load(response)
        for reply in answer.get("replies", [answer]):
            if "error" in reply:
                raise RuntimeError(f"{method}: {reply['error']}")
        return answer.get("result", answer)


class LongestTurn(threading.Thread):
    """Asks the server again and again how long its longest turns were, if it says such a thing."""

    def __init__(self, api):
        super().__init__(daemon=True)
        self.api, self.ended, self.figures = api, threading.Event(), {}
        self.start()

    def ask(self):
        with urllib.request.urlopen(f"{self.api.url}/metrics", timeout=10) as response:
            text = response.read().decode()
        for name, line in TURNS.items():
            found = [float(value) * 1e6 for value in line.findall(text)]
            if found:
                self.figures[name] = max([*found, self.figures.get(name, 0)])

    def run(self):
        ended = False
        while not ended:
            ended = self.ended.wait(0.5)
            try:
                self.ask()
            except OSError:
                pass  # too busy to say

    def stop(self):
        self.ended.set()
        self.join()
        return self.figures


def peak_rss(pid):
    fields = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(fields["VmHWM"].split()[0]) * 1024


def load_command(arguments, *words, first=True):
    """The witness goes before its neighbour on the core that they share."""
    priority = ["chrt", "-f", "1"] if first and arguments.real_time else ["nice", "-n", "0" if first else "10"]
    return ["taskset", "-c", LOAD_CORE, *priority, str(arguments.build / "bench/load"), *map(str, words)]


class Beside:
    """The neighbour at work."""

    def __init__(self, arguments, neighbour, contender, port, folder):
        self.out, self.process = folder / "neighbour.json", None
        if neighbour.block is None:
            return
        target = Target(contender.protocol, Api(port))
        if neighbour.prepare:
            neighbour.prepare(target)
        block = folder / "block"
        block.write_bytes(neighbour.block(target) if callable(neighbour.block) else neighbour.block)
        subscribers = () if "--subscribers" in neighbour.load else ("--subscribers", "0")
        command = load_command(arguments, "neighbour", "--port", port, "--target", contender.target, "--block", block, "--connections",
                               neighbour.connections, "--json-out", self.out, *subscribers, *neighbour.load, first=False)
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        timer = threading.Timer(READY_SECONDS, self.process.kill)
        timer.start()
        ready = self.process.stdout.readline().strip() == "ready"
        timer.cancel()
        if not ready:
            raise DidNotStart(f"the neighbour did not start: {self.process.communicate()[1].strip()}")

    def stop(self):
        """What it did."""
        if self.process is None:
            return {}
        self.process.send_signal(signal.SIGTERM)
        try:
            errors = self.process.communicate(timeout=10)[1]
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            return {"void": "the neighbour did not end"}
        if self.process.returncode != 0:
            return {"void": f"the neighbour ended: {errors.strip()}"}
        return json.loads(self.out.read_text())


def witness(arguments, contender, port, pid, folder):
    """Its figures, with "void" when there are none."""
    out = folder / "witness.json"
    command = load_command(arguments, "witness", "--port", port, "--pid", pid, "--core", SERVER_CORE, "--target",
                           contender.target, *(("--callers", "1") if arguments.http else ()), "--rate", arguments.rate, "--seconds", arguments.seconds, "--json-out", out)
    try:
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
                              timeout=WITNESS_SECONDS_MAX + arguments.seconds)
    except subprocess.TimeoutExpired:
        return {"void": "the witness did not end"}
    if done.returncode not in (0, 3):
        return {"void": done.stderr.strip()}
    return json.loads(out.read_text())


def run_once(arguments, contender, neighbour, log):
    port = free_port()
    command, environment = contender.start(arguments.build, port, namespaces=NAMESPACES, token_secret=TOKEN_SECRET,
                                           settings=neighbour.settings)
    server = Server(command, port, log, environment)
    pid = server.process.pid
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder, beside = pathlib.Path(name), None
        try:
            others = machine.Neighbours([pid])
            beside = Beside(arguments, neighbour, contender, port, folder)
            turns = LongestTurn(Api(port)) if contender.target == "tidemill" else None
            figures = witness(arguments, contender, port, pid, folder)
            if server.process.poll() is not None:
                return {"void": f"the server ended with {server.process.returncode}"}
            did = beside.stop()
            if turns:
                figures |= turns.stop()
            figures["rss_peak_bytes"] = peak_rss(pid)
            figures["neighbour_cores"] = round(others.cores(), 3)
            return {**did, **figures, **({"void": did["void"]} if "void" in did else {})} | {
                "neighbour_closed": did.get("closed", 0)}
        finally:
            if beside and beside.process and beside.process.poll() is None:
                beside.process.kill()
            server.stop()


def may_go_first():
    """Whether the witness may have real-time priority on its core."""
    return subprocess.run(["chrt", "-f", "1", "true"], capture_output=True, check=False).returncode == 0


def measure(arguments, contenders, chosen):
    """The results; `arguments` has build, rounds, seconds, rate, http and real_time."""
    return {"machine": machine.facts(), "quick": False, "rounds": arguments.rounds, "seconds": arguments.seconds,
            "rate_per_s": arguments.rate, "http": arguments.http, "real_time": arguments.real_time,
            "contenders": {contender.name: contender.title for contender in contenders},
            "runs": run_all(arguments, contenders, chosen)}


def run_all(arguments, contenders, chosen):
    plan = [(contender, neighbour, number) for number in range(arguments.rounds) for neighbour in chosen
            for contender in (contenders if number % 2 == 0 else contenders[::-1])
            if contender.has_api or not neighbour.needs_api]
    progress = Progress(len(plan))
    runs = []
    for contender, neighbour, number in plan:
        progress.show(f"{neighbour.name}: {contender.title}, round {number + 1} of {arguments.rounds}")
        with open(RESULTS / f"{contender.name}.log", "a", encoding="utf-8") as log:
            try:
                figures = run_once(arguments, contender, neighbour, log)
            except (DidNotStart, OSError, RuntimeError) as why:
                figures = {"void": str(why)}
        if "void" in figures:
            progress.say(f"      {neighbour.name}, {contender.title}: {figures['void']}")
        runs.append({"neighbour": neighbour.name, "contender": contender.name, "round": number, **figures})
        progress.done += 1
    progress.say(f"{len(runs)} runs in {(time.monotonic() - progress.begun) / 60:.1f} minutes")
    return runs


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./dev bench neighbours", description=__doc__.split("\n", maxsplit=1)[0],
                                     epilog="neighbours: " + ", ".join(n.name for n in NEIGHBOURS))
    parser.add_argument("--neighbour", action="append", default=[], metavar="X",
                        help="only this one, beside the quiet server (repeatable)")
    parser.add_argument("--contenders", nargs="+", default=["tidemill", "centrifugo"], choices=[name for name, each in CONTENDER.items() if each.protocol])
    parser.add_argument("--seconds", type=float, default=3, help="length of each row (3)")
    parser.add_argument("--rate", type=float, default=200, help="the witness' commands per second (200)")
    parser.add_argument("--http", action="store_true", help="the witness publishes over HTTP, as peers without that command need")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="build folder")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write the results there too")
    parser.add_argument("--check", action="store_true", help="exit 1 if a row is void, or the witness is closed or refused")
    parser.add_argument("--from", dest="source", type=pathlib.Path, metavar="FILE",
                        help="measure nothing: print the table of a file of bench/results/")
    arguments = parser.parse_args()
    arguments.real_time = may_go_first()
    without = [name for name in arguments.contenders if not CONTENDER[name].has_api]
    if without and not arguments.http:
        parser.error(f"--http is needed for {', '.join(without)}")
    return arguments


def main():
    arguments = parse_arguments()
    if arguments.source:
        print(neighbour_report.text(json.loads(arguments.source.read_text())))
        return 0
    chosen = [n for n in NEIGHBOURS if not arguments.neighbour or n.name in ("quiet", *arguments.neighbour)]
    if len(chosen) <= len(set(arguments.neighbour) - {"quiet"}):
        raise SystemExit("bench: no such neighbour; see --help")
    if (os.cpu_count() or 1) < 2:
        raise SystemExit("bench: two cores are needed, one for the server and one for the load")
    machine.raise_file_limit(max(n.files for n in chosen))
    RESULTS.mkdir(exist_ok=True)
    results = measure(arguments, [CONTENDER[name] for name in arguments.contenders], chosen)
    path = RESULTS / time.strftime("neighbours-%Y%m%d-%H%M%S.json", time.gmtime())
    for place in (path, arguments.json):
        if place:
            place.write_text(json.dumps(results, indent=1))
    print(neighbour_report.text(results))
    print(f"written: {path.relative_to(ROOT)}")
    failed = [run for run in results["runs"] if "void" in run or run["closed"] or run["refused"] or run["unanswered"]]
    return 1 if arguments.check and failed else 0


if __name__ == "__main__":
    sys.exit(main())
