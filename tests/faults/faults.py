"""Runs the scenarios, then those with a fault planted in the server: faults.py BINARY [--seed N] [NAME…]

A name is that of a scenario, `planted`, or `planted_` and the name of a fault. They mostly wait, so several run at
the same time.
"""
import random
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import test_history
from scenarios import PLANTED, SCENARIOS, notes
from server import Tally

AT_THE_SAME_TIME = 3


def run(name, scenario, binary, seed, extra=()):
    """Gives the violations that the checker found, and whether the scenario got to its end."""
    begun = time.monotonic()
    notes.lines = []
    try:
        wrong, ended = scenario(binary, seed, extra), True
    except Exception:  # the scenario itself broke down
        wrong, ended = [traceback.format_exc()], False
    told = [f"{name}: {time.monotonic() - begun:.1f} s", *notes.lines]
    print("\n     ".join(told), flush=True)
    return wrong, ended


def judge(tally, binary, seed, scenario):
    wrong, _ = run(scenario.__name__, scenario, binary, seed)
    tally.record(scenario.__name__, "\n     ".join(wrong[:8]) or None)


def judge_planted(tally, binary, seed, bug, scenario):
    name = f"planted_{bug}"
    wrong, ended = run(name, scenario, binary, seed, (f"--broker.redis.plant_bug_for_test={bug}",))
    if ended and wrong:
        print(f"     {name} found: {wrong[0][:150]}", flush=True)
        tally.record(name)
    else:
        tally.record(name, f"in {scenario.__name__} the checker found nothing: {wrong[:1]}")


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
    with ThreadPoolExecutor(AT_THE_SAME_TIME) as pool:
        futures = [pool.submit(judge, tally, binary, seed, scenario) for scenario in SCENARIOS
                   if not names or scenario.__name__ in names]
        futures += [pool.submit(judge_planted, tally, binary, seed, bug, scenario) for bug, scenario in PLANTED
                    if not names or f"planted_{bug}" in names or "planted" in names]
    for future in futures:
        future.result()
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
