"""The code of docs/guide/jobs.md, as it stands there: with the clients' packages of tests/jobs."""
import os
import pathlib
import re
import subprocess
import sys

from assertions import WAIT_SECONDS, check, eventually
from job_server import KEY, JobServer

ROOT = pathlib.Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```\w+ (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def files_in(folder):
    """Writes the files that the guide shows; gives their names."""
    (folder / "node_modules").symlink_to(ROOT / "tests/jobs/node_modules")
    files = FENCE.findall((ROOT / "docs/guide/jobs.md").read_text(encoding="utf-8"))
    for name, text in files:
        (folder / name).write_text(text, encoding="utf-8")
    return {name for name, _ in files}


class Guide:
    def __init__(self, server, folder):
        self.folder = pathlib.Path(folder)
        self.files = files_in(self.folder)
        self.environment = {**os.environ, "FAKTORY_URL": f"tcp://{server.faktory}", "TIDEMILL_HTTP": server.http,
                            "TIDEMILL_API_KEY": KEY}

    def start(self, *command):
        return subprocess.Popen(command, cwd=self.folder, env=self.environment, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, start_new_session=True)

    def run(self, *command):
        done = self.start(*command)
        out, _ = done.communicate(timeout=2 * WAIT_SECONDS)
        check(done.returncode == 0, f"{command}: {out}")
        return out


def works(server, worker, said):
    """That the worker takes the one job there is, and says so."""
    try:
        eventually(lambda: server.api("jobs_counts", {})["processed"] >= 1, "the job is done")
        check(server.api("jobs_counts", {})["failures"] == 0, "it failed")
    finally:
        os.killpg(worker.pid, 9)
        out = worker.communicate()[0]
    check(said in out, out)


def test_javascript(binary, folder):
    with JobServer(binary, folder) as server:
        guide = Guide(server, folder)
        check(guide.run("node", "push.mjs").startswith("pushed "), "it says what it pushed")
        works(server, guide.start("node", "work.mjs"), "email to ann@example.com")


def test_python(binary, folder):
    with JobServer(binary, folder) as server:
        guide = Guide(server, folder)
        # The guide's address is that of every client when nothing else is said.
        for name in ("push.py", "work.py"):
            text = (guide.folder / name).read_text(encoding="utf-8")
            check("tcp://localhost:7419" in text, name)
            (guide.folder / name).write_text(text.replace("tcp://localhost:7419", guide.environment["FAKTORY_URL"]),
                                             encoding="utf-8")
        check(guide.run(sys.executable, "push.py").startswith("pushed "), "it says what it pushed")
        works(server, guide.start(sys.executable, "work.py"), "email to ann@example.com")


def test_http(binary, folder):
    with JobServer(binary, folder) as server:
        guide = Guide(server, folder)
        jid = server.push("email", ["ann@example.com"])
        works(server, guide.start(sys.executable, "http_worker.py"), "email ann@example.com")
        check(server.api("jobs_get", {"jid": jid})["result"] == {"sent": True}, "its result is kept")
