"""Runs jobs side by side: each when what it needs has passed, never more at a time than the machine bears.

A job's output goes to a file; a line on standard output says how it ended, and the file's tail follows if it failed. A
job that takes too long is ended, and has failed. After a failure of what others need, those are not run and are named.

What other jobs do beside it can make a job miss its times. So one that may is tried again when all else has ended, alone,
and fails if it fails again; that it was tried again is said at the end. A sanitizer's report is never tried again.
"""
import contextlib
import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass, field

TAIL_LINES = 40
# Of a build that goes well, of tests that pass.
PROGRESS = re.compile(r"^\[\d+/\d+\] |^ok |^\s*Start +\d+: |^\s*\d+/\d+ Test .* Passed |^\[ +(RUN|OK) +\] ")
REPORT = re.compile(r"(Address|Leak|Thread|UndefinedBehavior)Sanitizer|runtime error: ")
RESULT = re.compile(r"^.*\d+ passed.*|^\d+% tests passed.*|.*executed_units.*", re.MULTILINE)


@dataclass
class Job:
    name: str
    command: list
    needs: tuple = ()  # names of jobs
    lane: str = "tests"  # jobs of one lane share its places
    nice: int = 0
    seconds_max: int = 1200
    announced: bool = False  # a line tells of its begin too
    again: list = field(default_factory=list)  # the command that tries it once more, alone, after a failure
    environment: dict = field(default_factory=dict)


@dataclass
class Running:
    job: Job
    process: subprocess.Popen
    begun: float
    log: str


class Schedule:
    """`places`: how many jobs of each lane run at a time. Jobs start in the order given."""

    def __init__(self, jobs, places, log_folder):
        self._waiting = list(jobs)
        self._places = places
        self._log_folder = log_folder
        self._running = []
        self._passed, self.failed = set(), []
        self._again, self._repeated = [], []

    def run(self):
        """Whether all passed."""
        os.makedirs(self._log_folder, exist_ok=True)
        try:
            while self._waiting or self._running or self._again:
                self._drop_hopeless()
                self._repeat_alone()
                self._start_ready()
                self._collect()
                time.sleep(0.1)
        finally:
            for each in self._running:
                _end(each)
        if self._repeated:
            print(f"tried again, alone: {' '.join(self._repeated)}", flush=True)
        if self.failed:
            print(f"failed: {' '.join(self.failed)}", flush=True)
        return not self.failed

    def _drop_hopeless(self):
        for job in list(self._waiting):
            missing = [name for name in job.needs if name in self.failed]
            if missing:
                self._waiting.remove(job)
                self.failed.append(job.name)
                print(f"  FAIL  {job.name:<20}       not run: {missing[0]} failed", flush=True)

    def _repeat_alone(self):
        if self._again and not self._running and not self._waiting:
            self._start(self._again.pop(0))

    def _start_ready(self):
        for job in list(self._waiting):
            taken = sum(each.job.lane == job.lane for each in self._running)
            if taken < self._places[job.lane] and all(name in self._passed for name in job.needs):
                self._waiting.remove(job)
                self._start(job)

    def _start(self, job):
        """In a process group, not in a session of its own: Linux compares niceness within a session only."""
        ending = ".again.log" if job.name in self._repeated else ".log"
        path = os.path.join(self._log_folder, job.name.replace("/", "-") + ending)
        with open(path, "w", encoding="utf-8") as log:
            command = job.again if job.name in self._repeated else job.command
            process = subprocess.Popen(["nice", "-n", str(job.nice), *command], stdin=subprocess.DEVNULL,
                                       stdout=log, stderr=log, process_group=0,
                                       env={**os.environ, **job.environment})
        self._running.append(Running(job, process, time.monotonic(), path))
        if job.announced:
            print(f"  ...   {job.name:<20}         {os.path.relpath(path)}", flush=True)

    def _collect(self):
        for each in list(self._running):
            seconds = time.monotonic() - each.begun
            too_long = seconds > each.job.seconds_max
            if each.process.poll() is None and not too_long:
                continue
            self._running.remove(each)
            _end(each)
            code = each.process.returncode
            with open(each.log, encoding="utf-8", errors="replace") as file:
                text = file.read()
            if code == 0 and not too_long:
                self._passed.add(each.job.name)
                told = RESULT.findall(text)
                print(f"  ok    {each.job.name:<20} {seconds:4.0f} s  {told[-1] if told else ''}", flush=True)
                continue
            why = f"ended after {seconds:.0f} s, its limit" if too_long else f"exit code {code}"
            print(f"  FAIL  {each.job.name:<20} {seconds:4.0f} s  {why}; {os.path.relpath(each.log)}", flush=True)
            print("\n".join(_tail(text)), flush=True)
            if each.job.again and each.job.name not in self._repeated and not REPORT.search(text):
                self._repeated.append(each.job.name)
                self._again.append(each.job)
            else:
                self.failed.append(each.job.name)


def _tail(text):
    """The last lines that say something."""
    return [line for line in text.splitlines() if not PROGRESS.match(line)][-TAIL_LINES:]


def _end(running):
    """Ends what is left of it: the job itself after its time, and what it has left behind."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.process.pid, signal.SIGTERM)
    try:
        running.process.wait(5)
    except subprocess.TimeoutExpired:
        os.killpg(running.process.pid, signal.SIGKILL)
        running.process.wait()
