#!/usr/bin/env python3
"""Builds and tests, side by side: what ./dev calls.

    tests/run.py all                            every build and test
    tests/run.py preset PRESET                  one of them: build, unit tests, black-box suites
    tests/run.py blackbox PRESET [SUITE…]       suites alone, against what is built

Tests mostly wait, so the next build runs beside them, with less priority than they have. Output goes to build/log/.
"""
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/lib"))
from schedule import Job, Schedule  # noqa: E402

# Longest first.
SUITES = ("faults", "sdk", "cluster", "browser_chat", "browser", "conformance", "operations", "bad_input", "stores", "api", "bench", "readme",
          "queries", "outbox", "accounts", "live", "chat", "sdks", "jobs", "jobs_faults", "jobs_api", "jobs_workers", "proxies", "package", "http", "cron")
PRESETS = {
    "test": SUITES,
    # What parses, and what holds objects for long.
    "asan": ("faults", "operations", "bad_input", "api", "http", "accounts", "queries", "jobs", "jobs_api", "proxies"),
    # What threads share.
    "tsan": ("faults", "queries", "jobs", "proxies", "outbox"),
}
# Whose nodes must hear of one another, and of Redis, in time: one of these at a time, before all else.
TIMED_SUITES = ("faults", "cluster")
PLACES = {"builds": 1, "tests": 2, "timed": 1}
BUILD_NICE, TEST_NICE = 19, 5
FUZZ_SECONDS = 10


def check_suites():
    """A suite that is in no list would never run."""
    there = {path.parent.name for path in (ROOT / "tests").glob("*/run.sh")}
    if there != set(SUITES) or not all(set(suites) <= there for suites in PRESETS.values()):
        raise SystemExit(f"tests/run.py: the suites are {sorted(there)}")


def build(preset, needs=()):
    return Job(f"{preset}/build", [str(ROOT / "dev"), "build", preset], needs, lane="builds", nice=BUILD_NICE,
               seconds_max=3600, announced=True)


def suite(preset, name, needs=()):
    binary = str(ROOT / "build" / preset / "src/tidemill")
    timed = name in TIMED_SUITES
    command = [str(ROOT / "tests" / name / "run.sh"), binary]
    return Job(f"{preset}/{name}", command, needs, lane="timed" if timed else "tests", nice=0 if timed else TEST_NICE,
               again=command,
               environment={"SANITIZED": "1"} if preset in ("asan", "tsan") else {})


def tests(preset):
    """The tests of a preset, once it is built."""
    needs = (f"{preset}/build",)
    yield Job(f"{preset}/unit", [str(ROOT / "dev"), "unit"], needs, nice=TEST_NICE,
              again=[str(ROOT / "dev"), "unit-again"], environment={"PRESET": preset})
    yield from (suite(preset, name, needs) for name in PRESETS[preset])


def every_job():
    before = ()
    for preset in PRESETS:
        yield build(preset, before)
        before = (f"{preset}/build",)
    for preset in PRESETS:
        yield from tests(preset)
        if preset == "asan":
            yield Job("asan/fuzz", [str(ROOT / "dev"), "fuzz-all", str(FUZZ_SECONDS)], ("asan/build",), nice=TEST_NICE)


def chosen(words):
    match words:
        case ["all"]:
            return every_job()
        case ["preset", preset]:
            return [build(preset), *tests(preset)]
        case ["blackbox", preset, *names]:
            return [suite(preset, name) for name in names or SUITES]
    raise SystemExit(__doc__)


def main():
    check_suites()
    return 0 if Schedule(chosen(sys.argv[1:]), PLACES, ROOT / "build/log").run() else 1


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
