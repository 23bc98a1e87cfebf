"""Schedules beside npm cron-parser: random expressions, zones and instants around moves of the clock."""
import pathlib
import subprocess

from assertions import check
from runner import note

HERE = pathlib.Path(__file__).parent


def compare(binary, what, seed, count):
    driver = pathlib.Path(binary).resolve().parent / "cron_driver"
    run = subprocess.run(["node", "compare.mjs", driver, what, str(seed), str(count)], cwd=HERE, capture_output=True,
                         text=True)
    check(run.returncode == 0, f"{run.stdout}{run.stderr}")
    note(run.stdout.strip())


def test_firings(binary, seed):
    """Expressions fire when cron-parser says, and where clocks are moved when README.md says"""
    compare(binary, "firings", seed, 2000)


def test_accepted(binary, seed):
    """What is accepted of damaged expressions, cron-parser reads alike"""
    compare(binary, "damaged", seed, 3000)
