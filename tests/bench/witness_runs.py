"""A witness beside neighbours, for a second each: that the tools work, not how fast the server is."""
import json
import pathlib
import subprocess
import sys

from assertions import check, equal

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_witness(binary, folder):
    """It has all its answers beside a flood and beside large answers, and all is in the table and in the JSON."""
    out = pathlib.Path(folder) / "out.json"
    names = ("quiet", "pongs", "history")
    done = subprocess.run(
        [sys.executable, str(ROOT / "bench/witness.py"), "--build", str(pathlib.Path(binary).resolve().parents[1]),
         "--contenders", "tidemill", "--seconds", "1", "--rate", "20", "--neighbour", "pongs", "--neighbour", "history",
         "--check", "--json", str(out)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
    check(done.returncode == 0, done.stdout)
    runs = {run["neighbour"]: run for run in json.loads(out.read_text())["runs"]}
    equal(tuple(runs), names)
    for name, run in runs.items():
        equal((name, run["operations"], run["unanswered"], run["refused"]), (name, 20, 0, 0))
        check(0 < run["witness_p50_us"] <= run["witness_p99_us"] <= run["witness_max_us"], name)
        check(name in done.stdout, "the table has no such row")
    check(runs["pongs"]["sent_bytes_per_s"] > 10_000, "there was no flood")
    check(runs["history"]["read_bytes_per_s"] > 1_000_000, "nobody read histories")
