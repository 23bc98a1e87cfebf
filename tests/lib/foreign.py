"""Test programs in other languages, whose output is read test by test."""
import re
import subprocess


def _fail(output):
    raise AssertionError(output)


def foreign_cases(command, passed, failed, *, folder, environment=None):
    """Runs the command; gives the pairs of a suite's `cases_` function. `passed` and `failed`: expressions with the
    test's name as their group. What the program printed stands with the first test that failed."""
    done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    bad = []
    for line in done.stdout.splitlines():
        if found := re.search(passed, line):
            yield found[1], lambda: None
        elif found := re.search(failed, line):
            bad.append(found[1])
    for number, name in enumerate(bad):
        yield name, lambda n=number: _fail(done.stdout[-20000:] if n == 0 else "see the first that failed")
    if done.returncode != 0 and not bad:
        yield "the program ends well", lambda: _fail(f"it ended with {done.returncode}:\n{done.stdout[-20000:]}")
