"""`tidemill jobs …` beside a running server."""
import json
import os
import pty
import select
import signal
import subprocess
import time

from assertions import WAIT_SECONDS, check, equal, eventually
from job_server import KEY, JobServer


def test_a_job_from_push_to_its_end(server):
    pushed = server.run("push", "email", "ann@example.com", '{"lang":"de"}', "42", "--queue", "cli")
    jid = pushed.removeprefix("pushed ").strip()
    head, row = server.run("list", "queued", "--queue", "cli").splitlines()
    equal(head.split(), ["JID", "TYPE", "QUEUE", "STATE", "WHEN", "ARGS"])
    equal(row.split(), [jid, "email", "cli", "queued", '["ann@example.com",{"lang":"de"},42]'])
    [job] = server.fetch(queues=["cli"])
    server.api("jobs_fail", {"jid": jid, "errtype": "E", "message": "broken pipe"})
    check("broken pipe" in server.run("show", jid), "the error is shown")
    equal(json.loads(server.run("show", jid, "--json"))["state"], "retry")
    equal(server.run("retry", jid), f"retried {jid}\n")
    equal(server.run("cancel", jid), f"cancelled {jid}\n")
    check("Job not found" in server.run("show", jid, code=1), "it is gone")
    check(f"{jid}: refused with error 104" in server.run("kill", jid, code=1), "it is gone")


def test_push_with_everything(server):
    jid = json.loads(server.run("push", "report", "--queue", "all", "--in", "1h", "--priority", "9", "--retry", "-1",
                                "--custom", '{"unique_for":600}', "--jid", "my-report-1", "--json"))["jid"]
    job = server.api("jobs_get", {"jid": jid})
    equal((jid, job["state"], job["job"]["priority"], job["job"]["retry"], job["job"]["custom"]),
          ("my-report-1", "scheduled", 9, -1, {"unique_for": 600}))
    check("refused with error 114" in server.run("push", "report", "--queue", "all", "--custom", '{"unique_for":600}',
                                                 code=1), "it is unique")
    equal(server.run("kill", jid), f"killed {jid}\n")
    equal(server.run("redrive", jid), "put back 1 job\n")
    equal(server.run("remove", "all", "--yes"), "removed all\n")


def test_many_at_once(server):
    for i in range(3):
        server.push("bulk", queue="many", jid=f"many-000{i}")
    check("say --yes" in server.run("kill", "--state", "queued", "--queue", "many", code=2), "it asks")
    equal(server.run("kill", "--state", "queued", "--queue", "many", "--contains", "many-0001", "--yes"),
          "killed 1 job\n")
    equal(server.state("many-0001"), "dead")
    equal(server.run("redrive", "--queue", "many", "--yes"), "put back 1 job\n")
    server.fetch(queues=["many"], worker="many-1")
    equal(server.run("cancel", "--state", "working", "--queue", "many", "--yes"), "cancelled 1 job\n")
    equal(server.run("cancel", "--queue", "many", "--yes"), "cancelled 2 jobs\n")
    [queue] = [each for each in server.api("jobs_queues", {})["queues"] if each["name"] == "many"]
    equal((queue["ready"], queue["working"]), (0, 1))
    equal(server.refused("jobs_kill_many", {"state": "dead", "all": True}),
          (107, 'bad request: "state" must be one of queued, scheduled, retry, blocked'))
    equal(server.refused("jobs_cancel_many", {"state": "queued"}),
          (107, 'bad request: no filter: "all":true means all of them'))


def test_batches_and_workflows_from_input(server):
    lines = "".join(json.dumps({"jobtype": "part", "args": [i], "queue": "parts", "custom": {"n": i}}) + "\n" for i in range(3))
    said = server.run("batch-push", "--success", '{"jobtype":"all","args":[],"queue":"whole"}', "--description", "import",
                      text=lines).splitlines()
    equal((said[0], said[1].split()[0]), ("pushed 3 jobs", "batch"))
    bid = said[1].split()[1]
    batch = server.api("jobs_batch", {"bid": bid})
    equal((batch["total"], batch["committed"], batch["description"]), (3, True, "import"))
    for job in server.fetch(queues=["parts"], count=3):
        equal(job["custom"], {"n": job["args"][0], "bid": bid})
        server.api("jobs_ack", {"jid": job["jid"]})
    equal([job["jobtype"] for job in server.fetch(queues=["whole"], wait=5)], ["all"])
    said = server.run("batch-push", "--success", '{"jobtype":"all","args":[]}', text="{}\n", code=1)
    check("line 1: refused with error 107" in said and "is not committed" in said, said)
    check("--success or --complete" in server.run("batch-push", text="", code=2), "it needs one")

    nodes = "".join(json.dumps({"name": name, "job": {"jobtype": name, "args": [], "queue": "nodes"}, "after": after}) + "\n"
                    for name, after in (("load", []), ("send", ["load"])))
    workflow = server.run("workflow-push", text=nodes).removeprefix("workflow ").strip()
    check(workflow.startswith("w-"), workflow)
    [first] = server.fetch(queues=["nodes"], count=2)
    equal(first["jobtype"], "load")
    server.api("jobs_ack", {"jid": first["jid"], "result": 7})
    [second] = server.fetch(queues=["nodes"], wait=5)
    equal((second["jobtype"], second["custom"]["_results"]), ("send", {"load": 7}))
    circle = json.dumps({"jobs": [{"name": "a", "job": {"jobtype": "t", "args": []}, "after": ["a"]}]})
    check("a → a" in server.run("workflow-push", text=circle, code=1), "it is spelled out")
    check("not JSON" in server.run("workflow-push", text="x\n", code=1), "it says how")


def test_push_lines(server):
    lines = "".join(json.dumps({"jobtype": "line", "args": [i], "queue": "lines"}) + "\n" for i in range(2500))
    equal(server.run("push", "-", text=lines), "pushed 2500 jobs\n")
    said = server.run("push", "-", text='{"jobtype":"line"}\n\nnot json\n' + '{"jobtype":"line","args":[],"queue":"lines"}\n',
                      code=1)
    check("line 1: refused with error 107" in said and "line 3: not a JSON object" in said, said)
    [queue] = [each for each in server.api("jobs_queues", {})["queues"] if each["name"] == "lines"]
    equal(queue["ready"], 2501)
    rows = server.run("list", "--queue", "lines", "--limit", "2").splitlines()
    check(rows[3].startswith("more: --cursor '"), rows)
    again = server.run("list", "--queue", "lines", "--limit", "1", "--cursor", rows[3].split("'")[1]).splitlines()
    equal(again[1].split()[4], "[2]")
    equal(server.run("remove", "lines", "--yes"), "removed lines\n")


def test_queues_and_workers(server):
    server.push(queue="tables")
    server.api("jobs_beat", {"worker": "cli-1", "hostname": "host", "pid": 5, "rss_kb": 4096})
    equal(server.run("pause", "tables"), "paused tables\n")
    [row] = [line.split() for line in server.run("queues").splitlines() if line.endswith(" tables")]
    equal((row[0], row[5]), ("1", "paused"))
    equal(server.run("resume", "tables"), "resumed tables\n")
    [row] = [line.split() for line in server.run("workers").splitlines() if line.startswith("cli-1 ")]
    equal((row[1:5], row[-1]), (["running", "0", "4", "MB"], "host:5"))
    equal(server.run("quiet", "cli-1"), "1 worker will hear it at the next beat\n")
    equal(json.loads(server.run("workers", "--json"))["workers"][0]["state"], "quiet")
    check("no such worker" in server.run("terminate", "nobody", code=1), "it is named")
    server.run("remove", "tables", "--yes")


def test_batches_signals_and_limits(server):
    bid = server.api("jobs_batch_new", {"description": "import", "success": {"jobtype": "t", "args": []}})["bid"]
    server.push(queue="batch", custom={"bid": bid})
    [row] = [line.split() for line in server.run("batches").splitlines() if line.startswith(bid)]
    equal((row[1:5], row[-1]), (["1", "1", "0", "open"], "import"))
    server.api("jobs_batch_commit", {"bid": bid})
    equal(json.loads(server.run("batch", bid, "--json"))["committed"], True)
    jid = server.push(queue="signal", custom={"signals": ["go"]})
    equal(server.state(jid), "blocked")
    equal(server.run("signal", "go", '{"n":1}'), "signalled\n")
    [job] = server.fetch(queues=["signal"], wait=30)
    equal((job["jid"], job["custom"]["_signals"]), (jid, {"go": {"n": 1}}))
    equal(server.run("limits", "batch", '{"concurrency":2}'), "limited\n")
    check('{"concurrency":2}' in server.run("limits", "batch"), "it is limited")
    equal(server.run("limits", "batch", "--reset"), "limited\n")
    check("concurrency" not in server.run("limits", "batch"), "it is not limited any more")
    first, second = (server.push(queue="order", custom={"sequence_key": "k"}, retry=-1) for _ in range(2))
    equal([job["jid"] for job in server.fetch(queues=["order"], count=2)], [first])
    server.api("jobs_fail", {"jid": first})
    check("halted" in server.run("sequences"), "it is halted")
    equal(server.run("skip", "k"), "skipped\n")
    equal([job["jid"] for job in server.fetch(queues=["order"], wait=30)], [second])
    for each in (jid, second):
        server.api("jobs_ack", {"jid": each})
    server.run("remove", "batch", "--yes")


def test_top_once(server):
    server.push(queue="top")
    text = server.run("top", "--once")
    check(text.startswith("enqueued "), text)
    check("READY  WORKING" in text and " top\n" in text, text)
    equal(json.loads(server.run("top", "--once", "--json")).keys(), {"counts", "queues", "workers", "working"})
    server.run("remove", "top", "--yes")


def test_top_on_a_terminal(server):
    """top draws in place on a terminal, and q gives the terminal back"""
    main, other = pty.openpty()
    top = subprocess.Popen([server.binary, "jobs", "top", "--url", server.http, "--key", KEY], stdin=other, stdout=other,
                           stderr=other)
    os.close(other)
    seen = b""

    def sees(words):
        nonlocal seen
        while select.select([main], [], [], 0)[0]:
            try:
                seen += os.read(main, 65536)
            except OSError:
                return words in seen
        return words in seen

    eventually(lambda: sees(b"\x1b[?1049h") and sees(b"enqueued "), "it is drawn")
    server.push(queue="onscreen")
    eventually(lambda: sees(b"onscreen"), "it is drawn again")
    os.write(main, b"q")
    eventually(lambda: sees(b"\x1b[?1049l"), "the terminal is as before")
    equal(top.wait(WAIT_SECONDS), 0)
    os.close(main)
    server.run("remove", "onscreen", "--yes")


def test_top_ends_on_a_signal(server):
    top = subprocess.Popen([server.binary, "jobs", "top", "--url", server.http, "--key", KEY], stdout=subprocess.PIPE,
                           stdin=subprocess.DEVNULL)
    check(top.stdout.readline().startswith(b"enqueued "), "a picture")
    time.sleep(0.2)
    top.send_signal(signal.SIGINT)
    equal(top.wait(WAIT_SECONDS), 0)


def test_without_jobs_it_says_what_is_missing(binary, folder):
    from server import Server
    with Server(binary, "--http_api.key=secret") as server:
        done = subprocess.run([binary, "jobs", "queues", "--url", server.http, "--key", "secret"], capture_output=True,
                              text=True)
    check(done.returncode == 1 and "jobs.enabled = true" in done.stderr, done)


def test_work(binary, folder):
    """a command works on what was pushed"""
    with JobServer(binary, folder) as server:
        jid = server.push("shout", ["hello"])
        worker = subprocess.Popen([binary, "jobs", "work", "--queue", "default", "--url", server.http, "--key", KEY, "--",
                                   "python3", "-c", "import sys; print(sys.stdin.read().upper())"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            eventually(lambda: server.api("jobs_counts", {})["processed"] == 1, "it is done")
            check(server.state(jid) in ("done", "unknown"), "it is acknowledged")
        finally:
            worker.terminate()
            worker.wait(WAIT_SECONDS)
