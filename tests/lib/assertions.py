"""What every test asserts with."""
import time

# For what must come: far over what the slowest build takes on a machine that is busy with others.
WAIT_SECONDS = 60
# What a busy machine may add to a time that we measure. What does not happen in time must take far longer than this, so
# that the difference is seen: a test sets the other timeouts to minutes.
SLACK_SECONDS = 30


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
