"""How much longer everything takes, since the machine is busy: for promises in seconds.

Another process does a small piece of work again and again, and compares the time that it took with the processor time
that it used: alone on a processor both are the same. It cannot tell who makes the machine busy, a test's own processes
do as well: whoever excuses something by it has a bound.
"""
import math
import subprocess
import sys
import threading
import time

_PIECE = """
import time
while True:
    cpu, begun = time.thread_time(), time.monotonic()
    while time.thread_time() - cpu < 0.01:
        pass
    print(time.monotonic(), (time.monotonic() - begun) / (time.thread_time() - cpu), flush=True)
    time.sleep(0.15)
"""


class Contention:
    """Measures while it is open."""

    def __enter__(self):
        self._process = subprocess.Popen([sys.executable, "-c", _PIECE], stdout=subprocess.PIPE, text=True)
        self._samples = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def _read(self):
        for line in self._process.stdout:
            self._samples.append(tuple(map(float, line.split())))

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def factor(self, begun, ended=None):
        """How many times as long things took between the two, by time.monotonic(): 1 on a machine that does nothing else;
        infinite if it had no time to measure anything."""
        if self._process.poll() is not None:
            raise AssertionError(f"who measures how busy the machine is has ended with {self._process.returncode}")
        ended = time.monotonic() if ended is None else ended
        taken = [ratio for at, ratio in list(self._samples) if begun <= at <= ended + 0.5]
        return max(1.0, sum(taken) / len(taken)) if taken else math.inf
