"""`tidemill jobs work`: a command for each job, with real scripts."""
import json
import os
import signal
import subprocess
import time

from assertions import check, equal, eventually
from job_server import JobServer
from webhooks import push, reaches, state, view


class Worker:
    """A process of `tidemill jobs work`."""

    def __init__(self, binary, server, script, *options):
        self._process = subprocess.Popen(
            [binary, "jobs", "work", "--url", server.http, "--api-key", server.api_key, "--json", *options, "--",
             "python3", "-c", script],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    def send_signal(self, number):
        self._process.send_signal(number)

    def end(self, number=signal.SIGTERM):
        """Its exit code, what it did, what it said."""
        self.send_signal(number)
        out, error = self._process.communicate(timeout=90)
        return self._process.returncode, [json.loads(line) for line in out.splitlines()], error

    def wait(self):
        out, error = self._process.communicate(timeout=90)
        return self._process.returncode, out, error


SCRIPT = """
import json, os, sys
args = json.load(sys.stdin)
print("::progress 50 half of it")
print("working on", args, file=sys.stderr)
if args[0] == "fail":
    raise KeyError("to")
if args[0] == "later" and not os.path.exists(args[1]):
    open(args[1], "w").close()
    sys.exit(75)
names = ("TIDEMILL_JID", "TIDEMILL_TYPE", "TIDEMILL_QUEUE", "TIDEMILL_ATTEMPT")
print(json.dumps({"args": args, **{name: os.environ[name] for name in names}}))
"""


def test_exit_status(binary, folder):
    """0 is done with its result, 75 goes back without a failure, anything else fails with what was said last"""
    with JobServer(binary, folder) as server, Worker(binary, server, SCRIPT, "--queue", "a", "--queue", "b") as worker:
        push(server, "a", "job-done-1", args=["ok"], custom={"track": 1})
        push(server, "b", "job-fail-1", args=["fail"], custom={"track": 1})
        push(server, "b", "job-later-1", args=["later", f"{folder}/seen"], custom={"track": 1})
        equal(reaches(server, "job-done-1", "done")["result"],
              {"args": ["ok"], "TIDEMILL_JID": "job-done-1", "TIDEMILL_TYPE": "Send", "TIDEMILL_QUEUE": "a",
               "TIDEMILL_ATTEMPT": "1"})
        check("working on ['ok']" in view(server, "job-done-1")["log"], view(server, "job-done-1"))
        failure = reaches(server, "job-fail-1", "retry")["job"]["failure"]
        equal((failure["errtype"], failure["message"]), ("exit 1", "KeyError: 'to'"))
        check(any("Traceback" in line for line in failure["backtrace"]), failure)
        equal(reaches(server, "job-later-1", "done")["result"]["TIDEMILL_ATTEMPT"], "1")
        code, outcomes, error = worker.end()
        equal((code, error), (0, ""))
        equal(sorted(each["outcome"] for each in outcomes), ["done", "done", "failed", "given back"])


SLOW = """
import os, signal, subprocess, sys, time
child = subprocess.Popen(["sleep", "1000"])
print(os.getpid(), child.pid, file=sys.stderr, flush=True)
for i in range(600):
    print(f"::progress {i % 100} step {i}", flush=True)
    time.sleep(0.2)
"""


def pids(server, jid):
    """Of the script and what it has started, from its log."""
    line = eventually(lambda: view(server, jid).get("log"), "the log comes while it runs")[0]
    return [int(word) for word in line.split()]


def gone(numbers):
    def is_gone(pid):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:  # nobody has waited for it
            return stat.read().rsplit(")", 1)[1].split()[0] == "Z"
    eventually(lambda: all(is_gone(pid) for pid in numbers), f"{numbers} are gone")


def test_cancelled_while_it_runs(binary, folder):
    """a job that is cancelled has its whole process group ended"""
    with JobServer(binary, folder) as server, Worker(binary, server, SLOW) as worker:
        push(server, "default", "job-slow-1", custom={"track": 1})
        numbers = pids(server, "job-slow-1")
        eventually(lambda: (view(server, "job-slow-1").get("percent") or 0) > 0, "progress is shown")
        server.api("jobs_cancel", {"jid": "job-slow-1"})
        gone(numbers)
        eventually(lambda: state(server, "job-slow-1") not in ("working", "queued"), "it has ended")
        equal([each["outcome"] for each in worker.end()[1]], ["cancelled"])


def test_timeout(binary, folder):
    """a job that takes too long is ended and fails"""
    with JobServer(binary, folder) as server, Worker(binary, server, SLOW, "--timeout", "2s"):
        push(server, "default", "job-slow-1", custom={"track": 1})
        numbers = pids(server, "job-slow-1")
        equal(reaches(server, "job-slow-1", "retry")["job"]["failure"]["errtype"], "timed out")
        gone(numbers)


def test_sigterm(binary, folder):
    """SIGTERM: what runs may end; after the grace it is ended and goes back without a failure"""
    with JobServer(binary, folder) as server:
        with Worker(binary, server, "import time; time.sleep(3); print(1)") as worker:
            push(server, "default", "job-short-1", custom={"track": 1})
            reaches(server, "job-short-1", "working")
            code, outcomes, _ = worker.end()
            equal((code, [each["outcome"] for each in outcomes]), (0, ["done"]))
            equal(state(server, "job-short-1"), "done")
        with Worker(binary, server, SLOW, "--grace", "1s") as worker:
            push(server, "default", "job-slow-1", custom={"track": 1})
            numbers = pids(server, "job-slow-1")
            code, outcomes, _ = worker.end()
            equal((code, [each["outcome"] for each in outcomes]), (0, ["given back"]))
            gone(numbers)
            equal(state(server, "job-slow-1"), "queued")


def test_kill_nine_of_the_worker(binary, folder):
    """kill -9 of a worker ends its commands too, and its job is run again by another within the rescue's time"""
    with JobServer(binary, folder, "--jobs.rescue_after=25s") as server:  # over a worker's 15 s between heartbeats
        with Worker(binary, server, SLOW) as worker:
            push(server, "default", "job-slow-1", custom={"track": 1})
            numbers = pids(server, "job-slow-1")
            worker.send_signal(signal.SIGKILL)
            gone(numbers[:1])
        os.kill(numbers[1], signal.SIGKILL)  # what a script starts is the script's to end
        with Worker(binary, server, "print(7)"):
            equal(reaches(server, "job-slow-1", "done")["result"], 7)


def test_server_that_restarts(binary, folder):
    """a worker waits for a server that is away, and tells it then what became of the job"""
    with JobServer(binary, folder) as server:
        address = server.address
        worker = Worker(binary, server, "import time; time.sleep(4); print(5)")
        push(server, "default", "job-short-1", custom={"track": 1})
        reaches(server, "job-short-1", "working")
        server.kill()
    with worker, JobServer(binary, folder, address=address) as server:
        equal(reaches(server, "job-short-1", "done")["result"], 5)


def test_concurrency(binary, folder):
    """as many at once as --concurrency says"""
    with JobServer(binary, folder) as server, \
            Worker(binary, server, "import time; time.sleep(1)", "--concurrency", "4") as worker:
        for i in range(8):
            push(server, "default", f"job-{i:08}")
        eventually(lambda: sum(state(server, f"job-{i:08}") == "working" for i in range(8)) == 4, "four run")
        begun = time.monotonic()
        eventually(lambda: server.api("jobs_counts", {})["enqueued"] == 0, "all are taken")
        check(time.monotonic() - begun < 30, "they run one after the other")
        worker.end()


def test_mistakes(binary, folder):
    """what is wrong with the command line is said before any job is taken"""
    with JobServer(binary, folder) as server:
        for options, text in ((["--", "no-such-command"], "no-such-command: there is no such command"),
                              (["--concurrency", "0", "--", "true"], "--concurrency"),
                              (["--timeout", "soon", "--", "true"], "--timeout"),
                              ([], "COMMAND is required")):
            done = subprocess.run([binary, "jobs", "work", "--url", server.http, *options], capture_output=True, text=True,
                                  check=False)
            equal(done.returncode, 2)
            check(text in done.stderr, done.stderr)
