"""Job servers side by side: Tidemill beside BullMQ, River, bunqueue and arq, each with its own client.

The servers of a contender, its store included, are on core 0; its producer and workers on core 1. Each run has fresh
servers, and the contenders take turns in each round. A run in which a job is missing or ran twice does not count.
Results go to bench/results/ as JSON and, with --docs, to docs/benchmarks-jobs.md. README.md in bench/jobs/ says what
is measured.
"""
import json
import os
import subprocess
import time

import job_report
import machine
from job_contenders import BUILT, CONTENDERS, serving
from job_scenarios import SCENARIOS
from run import LOAD_CORE, RESULTS, ROOT, SERVER_CORE, DidNotStart, Progress, until_valid
from store_arguments import parser_of, run_bench

ATTEMPTS = 2
RUN_SECONDS_MAX = 120
JOB_SECONDS_MAX = 50  # for what was pushed to be done
FLOOR = "floor"


def run(arguments, scenario, contender):
    """The figures, with "void" and the reason when they must not be used."""
    options = scenario.options_for(arguments.quick, contender.scale)
    jobs = options.get("jobs") or options["rate"] * options["seconds"]
    try:
        with serving(contender, arguments.build) as running:
            before, begun = running.resident_bytes(), time.monotonic()
            cpu, neighbours = running.cpu_seconds(), machine.Neighbours([os.getpid(), *running.pids()])
            figures = contender.run(scenario.does, {**options, "pool": 16, "url": running.url, "build": arguments.build,
                                                    "seconds_max": JOB_SECONDS_MAX}, LOAD_CORE, RUN_SECONDS_MAX)
            if "void" in figures:
                return figures
            figures |= {"jobs": jobs, "server_cpu_us_per_job": (running.cpu_seconds() - cpu) / jobs * 1e6,
                        "server_cores": (running.cpu_seconds() - cpu) / (time.monotonic() - begun),
                        "neighbour_cores": neighbours.cores()}
            if scenario.does == "backlog":
                figures["bytes_per_job"] = (running.resident_bytes() - before) / jobs
                figures["resident_bytes"] = running.resident_bytes()
    except DidNotStart as why:
        return {"void": str(why)}
    return judged(scenario, figures)


def judged(scenario, figures):
    if figures.get("missing") or figures.get("twice"):
        return {"void": f"{figures['missing']} jobs are missing, {figures['twice']} ran twice"}
    if figures.get("early"):
        return {"void": f"{figures['early']} jobs started before their time"}
    if scenario.does == "burst" and not figures["pushed_in_time"]:
        return {"void": "it took too long to schedule them"}
    if scenario.figure == "jobs_per_s":
        figures["jobs_per_s"] = figures["jobs"] / figures["seconds"]
    return figures


def floor(arguments):
    """One writer, fsync, no protocol: rows inserted and deleted in SQLite, a transaction for each batch."""
    folder = BUILT / "floor"
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["taskset", "-c", SERVER_CORE, str(arguments.build / "bench/job_floor"), str(folder),
                           "0.5" if arguments.quick else "2"], capture_output=True, text=True, timeout=RUN_SECONDS_MAX, check=False)
    if done.returncode != 0:
        return {"void": done.stderr.strip()[:300] or f"exit code {done.returncode}"}
    return json.loads(done.stdout)


def plan(arguments, found):
    """(scenario, contender, round): everything of one round before the next, and the contenders in turns."""
    for number in range(arguments.rounds):
        yield None, None, number
        for scenario in (each for each in SCENARIOS if each.name in arguments.scenarios):
            for contender in found if number % 2 == 0 else found[::-1]:
                yield scenario, contender, number


def measured(arguments):
    machine.raise_file_limit(4096)
    RESULTS.mkdir(exist_ok=True)
    BUILT.mkdir(parents=True, exist_ok=True)
    found = [contender for contender in CONTENDERS if contender.name in arguments.contenders]
    steps = list(plan(arguments, found))
    progress, runs = Progress(len(steps)), []
    for scenario, contender, number in steps:
        if scenario is None:
            attempts = until_valid(progress, f"the floor, round {number + 1}", 1, lambda: floor(arguments))
            runs.append({**attempts[-1], "scenario": FLOOR, "contender": FLOOR, "round": number})
            continue
        attempts = until_valid(progress, f"{scenario.name}: {contender.title}, round {number + 1}", ATTEMPTS,
                               lambda scenario=scenario, contender=contender: run(arguments, scenario, contender))
        runs.append({**attempts[-1], "scenario": scenario.name, "contender": contender.name, "round": number})
    results = {"machine": machine.facts(), "quick": arguments.quick, "rounds": arguments.rounds,
               "contenders": [{"name": each.name, "title": each.title, "durable": each.durable} for each in found],
               "versions": versions(arguments), "runs": runs}
    path = RESULTS / time.strftime("jobs-%Y%m%d-%H%M%S.json", time.gmtime())
    path.write_text(json.dumps(results, indent=1))
    print(f"written: {path.relative_to(ROOT)}")
    return results


def versions(arguments):
    """What the contenders are made of, in words."""
    folder = ROOT / "bench" / "jobs"
    packages = {}
    for name in ("node", "bun"):
        packages |= json.loads((folder / name / "package.json").read_text())["dependencies"]
    return [machine.first_line(str(arguments.build / "src/tidemill"), "version"),
            *(f"{name} {version}" for name, version in packages.items()),
            *(line.strip() for line in (folder / "river/go.mod").read_text().splitlines() if "riverqueue/river v" in line),
            (folder / "python/requirements.txt").read_text().split()[0].replace("==", " "),
            machine.first_line("redis-server", "--version"), machine.first_line("postgres", "--version"),
            f"Node {machine.first_line('node', '--version')}", machine.first_line("go", "version")]


def parse_arguments():
    parser = parser_of("jobs", __doc__, "few jobs", timed=False)
    parser.add_argument("--contenders", nargs="+", choices=[each.name for each in CONTENDERS], metavar="X",
                        default=[each.name for each in CONTENDERS], help=", ".join(each.name for each in CONTENDERS))
    parser.add_argument("--scenarios", nargs="+", choices=[each.name for each in SCENARIOS], metavar="X",
                        default=[each.name for each in SCENARIOS], help=", ".join(each.name for each in SCENARIOS))
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rounds = 1
    return arguments


if __name__ == "__main__":
    run_bench(parse_arguments, measured, job_report)
