"""The tests of the crate `faktory`, one of ours for each of its own: tests/jobs/rust.sh compiles them."""
import os
import subprocess
import tempfile

from assertions import WAIT_SECONDS, check
from shared import JobServer

PROGRAM = os.environ["RUST_TESTS"]


def said(arguments, **environment):
    return subprocess.run([PROGRAM, *arguments], env={**os.environ, **environment}, capture_output=True, text=True,
                          timeout=4 * WAIT_SECONDS, check=False)


def names():
    """Each is `community::enqueue_job` or the like. Those that are ignored want a server to themselves, which they get."""
    lines = said(["--list"]).stdout.splitlines()
    return [line.removesuffix(": test") for line in lines if line.endswith(": test")]


def cases_of_the_crate(binary):
    found = names()
    check(len(found) >= 28, f"the crate has {len(found)} tests")
    for name in found:
        yield name, lambda name=name: run(binary, name)


def run(binary, name):
    with tempfile.TemporaryDirectory() as folder, JobServer(binary, folder) as server:
        done = said(["--exact", name, "--include-ignored", "--nocapture"], FAKTORY_URL=server.url(), FAKTORY_ENT="1")
    check(done.returncode == 0 and "1 passed" in done.stdout, f"{name}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
