"""Runs the scenarios, and those with a planted fault: faults.py BINARY [--seed N] [NAME…]

With SANITIZED set, only those scenarios that take the server through the most of its code.
"""
import os
import random
import sys
import time
import traceback

import test_history
from scenarios import PLANTED, SANITIZED, SCENARIOS
from server import Tally


def run(scenario, binary, seed, extra=()):
    try:
        return scenario(binary, seed, extra)
    except Exception:  # the scenario itself broke down
        return [traceback.format_exc()]


def main():
    binary, *names = sys.argv[1:]
    seed = random.randrange(1 << 30)
    if names[:1] == ["--seed"]:
        seed = int(names[1])
        names = names[2:]
    print(f"seed {seed}", flush=True)
    tally = Tally()
    for name, problem in test_history.cases():
        tally.record(name, problem)
    if not names and os.environ.get("SANITIZED"):
        names = SANITIZED
    for scenario in SCENARIOS:
        if names and scenario.__name__ not in names:
            continue
        begun = time.monotonic()
        print(f"{scenario.__name__}", flush=True)
        wrong = run(scenario, binary, seed)
        print(f"     {time.monotonic() - begun:.1f} s", flush=True)
        tally.record(scenario.__name__, "\n     ".join(wrong[:8]) or None)
    for bug, scenario in PLANTED:
        name = f"planted_{bug}"
        if names and name not in names and "planted" not in names:
            continue
        print(name, flush=True)
        wrong = run(scenario, binary, seed, (f"--broker.redis.plant_bug_for_test={bug}",))
        found = any("Traceback" not in line for line in wrong)
        print(f"     {wrong[0][:150] if wrong else 'nothing found'}", flush=True)
        tally.record(name, None if found else f"in {scenario.__name__} the checker found nothing: {wrong[:1]}")
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
