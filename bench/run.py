"""Measures the server beside the kernel floor, in turns, and says which goals are met.

The server is pinned to core 0 and the load generator to core 1; each run has a fresh server. Results go to
bench/results/ as JSON; a full run also writes docs/benchmarks-floor.md.
"""
import argparse
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import machine
import measures
import report

ROOT = pathlib.Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results"
SERVER_CORE, LOAD_CORE = "0", "1"
SERVER_SETTINGS = ("--loops=1", "--log.level=error", "--client.insecure=true", "--http_api.key=bench")
QUIET_SETTINGS = ("--client.ping_interval=1h",)  # a ping would be counted as a piece of a message
ATTEMPTS = 3                                     # for a run that is void
RUN_SECONDS_MAX = 180


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class DidNotStart(SystemExit):
    """The message says which server, and where its log is. Ends the program unless it is caught."""


class Server:
    """A server of its own for one run, on the server's core."""

    def __init__(self, command, port, log, environment=None):
        self.command, self.port, self.log = command, port, log
        self.environment = {**os.environ, **(environment or {})}
        self.start()

    def start(self):
        """Returns when it listens."""
        self.process = subprocess.Popen(["taskset", "-c", SERVER_CORE, *self.command], stdout=self.log,
                                        stderr=self.log, env=self.environment)
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise DidNotStart(
                        f"bench: the server did not start: {' '.join(self.command)} (see {self.log.name})")
                time.sleep(0.01)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def server_command(arguments, measure, target, port):
    if target == "floor":
        return [str(arguments.build / "bench/kernel_floor"), str(port), measure.floor]
    settings = measure.settings or QUIET_SETTINGS
    if measure.transport != "websocket":
        settings = (*settings, f"--{measure.transport}.enabled=true")
    return [str(arguments.build / "src/tidemill"), "serve", f"--http_server.listen=127.0.0.1:{port}",
            *SERVER_SETTINGS, *settings]


@contextlib.contextmanager
def service_behind(arguments, measure, log):
    """The settings with which the server asks a service; none where the measure has no service."""
    if not measure.asks_service:
        yield ()
        return
    port = free_port()
    service = subprocess.Popen(["taskset", "-c", LOAD_CORE, str(arguments.build / "bench/proxy_service"), str(port)],
                               stdout=log, stderr=log)
    try:
        yield ("--client.proxy.connect.enabled=true", f"--client.proxy.connect.endpoint=http://127.0.0.1:{port}/",
               "--client.proxy.connect.timeout=10s")
    finally:
        service.terminate()
        service.wait()


def run_once(arguments, measure, target):
    """One server, one load; the figures, with "void" and the reason when they must not be used."""
    port = free_port()
    spoken = measure.transport if target == "tidemill" and measure.transport != "websocket" else target
    out = RESULTS / "run.json"
    out.unlink(missing_ok=True)
    with open(RESULTS / f"{target}.log", "a") as log, service_behind(arguments, measure, log) as asking:
        server = Server([*server_command(arguments, measure, target, port), *asking], port, log)
        try:
            neighbours = machine.Neighbours([server.process.pid])
            seconds = measure.quick_seconds if arguments.quick else measure.seconds
            load = subprocess.run(
                ["taskset", "-c", LOAD_CORE, str(arguments.build / "bench/load"), measure.scenario,
                 "--port", str(port), "--pid", str(server.process.pid), "--core", SERVER_CORE,
                 "--target", spoken, "--subscribers", str(measure.subscribers), "--seconds", str(seconds),
                 "--json-out", str(out), *measure.arguments],
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=RUN_SECONDS_MAX)
            others = neighbours.cores()
        finally:
            server.stop()
    if load.returncode not in (0, 3):
        return {"void": load.stderr.strip() or f"the load generator ended with {load.returncode}"}
    return with_shares(json.loads(out.read_text())) | {"neighbour_cores": round(others, 3)}


def with_shares(figures):
    """The figures with those that say how well a rate was kept, in percent."""
    if "server_cpu_share" in figures:
        figures["spare_cpu"] = max(0.0, 1 - figures["server_cpu_share"]) * 100
    if "rate_per_s" in figures:
        due = figures["rate_per_s"] * figures["receivers"] * figures["seconds"]
        figures["rate_reached"] = min(1.0, figures["deliveries"] / due) * 100
    if figures.get("kept_up") == 0:  # what came late or never has no latency
        figures = {name: value for name, value in figures.items() if not name.startswith("delivery_p")}
    return figures


class Progress:
    """One line that changes on a terminal; one line for each run elsewhere."""

    def __init__(self, total):
        self.total, self.done, self.begun = total, 0, time.monotonic()
        self.terminal = sys.stderr.isatty()

    def show(self, text):
        elapsed = time.monotonic() - self.begun
        left = elapsed / self.done * (self.total - self.done) if self.done else 0
        line = f"[{self.done + 1:3}/{self.total}] {text:<44} {elapsed:4.0f} s"
        line += f", {left:.0f} s left" if left else ""
        if self.terminal:
            print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
        else:
            print(line, file=sys.stderr, flush=True)

    def say(self, text):
        print(f"\r\033[K{text}" if self.terminal else text, file=sys.stderr, flush=True)


def until_valid(progress, name, attempts, run):
    """The figures of each attempt, of which only the last may count."""
    found = []
    for attempt in range(attempts):
        progress.show(f"{name}, attempt {attempt + 1}" if attempt else name)
        found.append(run())
        if "void" not in found[-1]:
            break
        progress.say(f"      {name}: void: {found[-1]['void']}")
    progress.done += 1
    return found


def run_all(arguments, chosen):
    plan = []
    for measure in chosen:
        targets = ["floor", "tidemill"] if measure.floor else ["tidemill"]
        for number in range(arguments.rounds):
            order = targets if number % 2 == 0 else targets[::-1]
            plan += [(measure, target, number) for target in order if target in arguments.targets]
    progress = Progress(len(plan))
    runs = []
    for measure, target, number in plan:
        found = until_valid(progress, f"{measure.name} {target}, round {number + 1} of {arguments.rounds}", ATTEMPTS,
                            lambda: run_once(arguments, measure, target))
        runs += [{"measure": measure.name, "target": target, "round": number, **figures} for figures in found]
    progress.say(f"{len(runs)} runs in {time.monotonic() - progress.begun:.0f} s")
    return runs


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], epilog="measures: " + ", ".join(
        m.name for m in measures.MEASURES))
    parser.add_argument("--quick", action="store_true", help="short runs, two rounds")
    parser.add_argument("--scenario", action="append", default=[], metavar="X",
                        help="only measures whose name or scenario is X (repeatable)")
    parser.add_argument("--rounds", type=int, help="runs of each target (5, quick: 2)")
    parser.add_argument("--targets", nargs="+", default=["floor", "tidemill"], choices=["floor", "tidemill"])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="build folder")
    parser.add_argument("--docs", action="store_true",
                        help="write docs/benchmarks-floor.md after a partial run too")
    parser.add_argument("--from", dest="source", type=pathlib.Path, metavar="FILE",
                        help="measure nothing: write the documents from a file of bench/results/")
    arguments = parser.parse_args()
    arguments.rounds = arguments.rounds or (2 if arguments.quick else 5)
    return arguments


def command(arguments):
    """What to type for the same run. The build folder is left out: it is this machine's."""
    scenarios = "".join(f" --scenario {name}" for name in arguments.scenario)
    return f"./dev bench{' --quick' if arguments.quick else ''}{scenarios} --rounds {arguments.rounds}"


def main():
    arguments = parse_arguments()
    if arguments.source:
        report.write_documents(json.loads(arguments.source.read_text()))
        return
    chosen = [m for m in measures.MEASURES
              if not arguments.scenario or m.name in arguments.scenario or m.scenario in arguments.scenario]
    if not chosen:
        raise SystemExit("bench: no such scenario; see --help")
    for binary in ("bench/load", "bench/kernel_floor", "src/tidemill"):
        if "tidemill" in binary and "tidemill" not in arguments.targets:
            continue
        if not os.access(arguments.build / binary, os.X_OK):
            raise SystemExit(f"bench: {arguments.build / binary} is not there; ./dev bench builds it")
    if (os.cpu_count() or 1) < 2:
        raise SystemExit("bench: two cores are needed, one for the server and one for the load")
    machine.raise_file_limit(max(m.subscribers for m in chosen) + 200)
    RESULTS.mkdir(exist_ok=True)
    facts = machine.facts()
    results = {"machine": facts, "quick": arguments.quick, "rounds": arguments.rounds,
               "command": command(arguments), "runs": run_all(arguments, chosen)}
    path = RESULTS / (time.strftime("%Y%m%d-%H%M%S", time.gmtime()) + ".json")
    path.write_text(json.dumps(results, indent=1))
    print(report.text(results))
    print(f"written: {path.relative_to(ROOT)}")
    if arguments.docs or (len(chosen) == len(measures.MEASURES) and not arguments.quick):
        report.write_documents(results)
        print("written: docs/benchmarks-floor.md")


if __name__ == "__main__":
    main()
