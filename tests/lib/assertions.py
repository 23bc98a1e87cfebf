"""What every test asserts with."""
import time

WAIT_SECONDS = 15


def check(condition, problem):
    if not condition:
        raise AssertionError(problem)


def equal(got, wanted):
    check(got == wanted, f"got {got!r}, wanted {wanted!r}")


def eventually(ask, what, seconds=WAIT_SECONDS):
    """Waits until `ask` gives something true, and gives that."""
    deadline = time.monotonic() + seconds
    while True:
        got = ask()
        if got:
            return got
        check(time.monotonic() < deadline, f"not within {seconds} s: {what}")
        time.sleep(0.02)
