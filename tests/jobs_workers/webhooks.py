"""Queues whose jobs are sent to a URL. Signatures are checked by the official libraries of Standard Webhooks."""
import contextlib
import email.utils
import json
import pathlib
import socket
import subprocess
import threading
import time

from assertions import SLACK_SECONDS, check, equal, eventually
from receiver import Receiver
from job_server import JobServer
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

HERE = pathlib.Path(__file__).parent
OLD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEW = "whsec_2nQW0G6uLWhdMdGWNEIA9m2HiLYXDX9b"


def push_options(queue, url, **options):
    return [f"--jobs.queues.{queue}.push.url={url}", f"--jobs.queues.{queue}.push.allow_private=true",
            *(f"--jobs.queues.{queue}.push.{name}={value}" for name, value in options.items())]


def push(server, queue, jid, **members):
    server.api("jobs_push", {"jid": jid, "jobtype": "Send", "queue": queue, "args": [1, "two"], **members})


def jobs(binary, server, *arguments):
    """What a `tidemill jobs` command prints."""
    return subprocess.run([binary, "jobs", *arguments, "--url", server.http, "--key", "secret"], text=True, check=True,
                          capture_output=True).stdout


def view(server, jid):
    """Nothing when it is not known any more."""
    try:
        return server.api("jobs_get", {"jid": jid})
    except RuntimeError:
        return {}


def state(server, jid):
    return view(server, jid).get("state")


def reaches(server, jid, wanted):
    eventually(lambda: state(server, jid) == wanted, f"{jid} is {wanted}")
    return view(server, jid)


def test_signatures(binary, folder):
    """requests carry the job and are signed with both secrets; the official libraries of Python and npm say so"""
    with Receiver(lambda request: (200, {}, b'{"sent": 3}')) as receiver, \
            JobServer(binary, folder, *push_options("mail", receiver.url, secrets=f"{NEW} {OLD}")) as server:
        push(server, "mail", "job-00000001", custom={"track": 1})
        headers, body = receiver.wait(1)[0]
        job = json.loads(body)
        equal((job["jid"], job["args"], job["queue"]), ("job-00000001", [1, "two"], "mail"))
        equal(headers["webhook-id"], "job-00000001")
        equal((headers["Tidemill-Queue"], headers["Tidemill-Type"], headers["Tidemill-Attempt"]), ("mail", "Send", "1"))
        for secret in (NEW, OLD):
            equal(Webhook(secret).verify(body, headers)["jid"], "job-00000001")
        with contextlib.suppress(WebhookVerificationError):
            Webhook(NEW).verify(body + b" ", headers)
            check(False, "another body is accepted")
        with contextlib.suppress(WebhookVerificationError):
            Webhook(NEW).verify(body, headers | {"webhook-id": "job-00000002"})
            check(False, "another id is accepted")
        done = subprocess.run(["node", HERE / "verify.mjs", NEW], input=json.dumps([headers, body.decode()]), text=True,
                              capture_output=True, check=False)
        equal(done.stdout.strip(), "job-00000001 verified")
        equal(reaches(server, "job-00000001", "done")["result"], {"sent": 3})


def test_answers(binary, folder):
    """a failure is tried again as the job says; a redirect is none; 400 and 500 tell why"""
    def answer(request):
        jid = json.loads(request["body"])["jid"]
        return {"job-status-400": (400, {}, b"no such template"),
                "job-status-500": (500, {}, b""),
                "job-redirected": (302, {"Location": "http://169.254.169.254/"}, b""),
                "job-without-json": (200, {}, b"thanks")}[jid]

    with Receiver(answer) as receiver, JobServer(binary, folder, *push_options("hooks", receiver.url)) as server:
        for jid in ("job-status-400", "job-status-500", "job-redirected", "job-without-json"):
            push(server, "hooks", jid, retry=3, custom={"track": 1})
        reaches(server, "job-without-json", "done")
        for jid, text in (("job-status-400", "answered 400: no such template"), ("job-status-500", "answered 500"),
                          ("job-redirected", "answered 302, and redirects are not followed")):
            job = reaches(server, jid, "retry")
            failure = job["job"]["failure"]
            equal(failure["errtype"], "WebhookFailed")
            check(text in failure["message"], failure)
            check("hidden" not in failure["message"], "the query may have a secret")
        equal(len(receiver.requests), 4)


def test_private_addresses(binary, folder):
    """an endpoint on this machine is not reached unless it is allowed"""
    with Receiver() as receiver, \
            JobServer(binary, folder, f"--jobs.queues.hooks.push.url={receiver.url}") as server:
        push(server, "hooks", "job-00000001", retry=2)
        failure = reaches(server, "job-00000001", "retry")["job"]["failure"]
        equal(failure["errtype"], "WebhookRefused")
        check("push.allow_private" in failure["message"], failure)
        equal(receiver.requests, [])


def test_later(binary, folder):
    """202 with Tidemill-Completion: later leaves the job reserved until the HTTP API says what became of it"""
    def answer(_):
        return 202, {"Tidemill-Completion": "later"}, b""

    with Receiver(answer) as receiver, \
            JobServer(binary, folder, *push_options("hooks", receiver.url, concurrency=1)) as server:
        push(server, "hooks", "job-00000001", custom={"track": 1})
        push(server, "hooks", "job-00000002", custom={"track": 1})
        receiver.wait(1)
        equal(state(server, "job-00000001"), "working")
        server.api("jobs_progress", {"jid": "job-00000001", "percent": 50})
        time.sleep(1)
        equal(receiver.jids(), ["job-00000001"])  # it counts among those that are under way
        server.api("jobs_ack", {"jid": "job-00000001", "result": [1]})
        equal(reaches(server, "job-00000001", "done")["result"], [1])
        receiver.wait(2)
        server.api("jobs_fail", {"jid": "job-00000002", "message": "no"})
        reaches(server, "job-00000002", "retry")


def test_slow_down(binary, folder):
    """429 and 503 with Retry-After: nothing is sent for so long, and no failure is counted"""
    times = []

    def answer(request):
        times.append(time.monotonic())
        if request["number"] == 1:
            return 429, {"Retry-After": "2"}, b""
        if request["number"] == 2:
            return 503, {"Retry-After": email.utils.formatdate(time.time() + 3, usegmt=True)}, b""
        return 200, {}, json.dumps({"attempt": request["headers"]["Tidemill-Attempt"]}).encode()

    with Receiver(answer) as receiver, \
            JobServer(binary, folder, *push_options("hooks", receiver.url, concurrency=1)) as server:
        push(server, "hooks", "job-00000001", custom={"track": 1})
        equal(reaches(server, "job-00000001", "done")["result"], {"attempt": "1"})
        check(times[1] - times[0] >= 1.9, times)
        check(times[2] - times[1] >= 1.9, times)  # a date has whole seconds


def test_gone(binary, folder):
    """410: the job goes back, nothing more is sent, and the log says so"""
    with Receiver(lambda _: (410, {}, b"")) as receiver, \
            JobServer(binary, folder, *push_options("hooks", receiver.url, concurrency=1)) as server:
        push(server, "hooks", "job-00000001")
        push(server, "hooks", "job-00000002")
        server.log_with(r"webhook\.gone.*queue=hooks")
        time.sleep(1)
        equal(len(receiver.requests), 1)
        equal([state(server, jid) for jid in ("job-00000001", "job-00000002")], ["queued", "queued"])
        check('tidemill_jobs_webhook_stopped{queue="hooks"} 1' in server.get("/metrics")[-1], "the metric says it")
        [endpoint] = server.api("jobs_webhooks", {})["webhooks"]
        equal((endpoint["queue"], endpoint["state"], endpoint["sending"]), ("hooks", "gone", 0))
        check("410" in endpoint["problem"], endpoint)
        row = jobs(binary, server, "webhooks").splitlines()[1].split()
        equal(row[:4], ["hooks", "gone", "0", "-"])
        server.api("jobs_webhook_enable", {"queue": "hooks"})
        receiver.wait(2)
        eventually(lambda: server.api("jobs_webhooks", {})["webhooks"][0]["state"] == "gone", "it is gone again")
        equal(jobs(binary, server, "enable", "hooks"), "enabled hooks\n")
        receiver.wait(3)
        status, _, text = server.request("POST", "/api/jobs_webhook_enable", b'{"queue":"none"}',
                                         {"X-API-Key": "secret"})
        equal((status, json.loads(text)["error"]["code"]), (200, 104))


def test_breaker(binary, folder):
    """an endpoint that fails ten times in a row is left alone; jobs wait, and go out when it works again"""
    works = threading.Event()

    def answer(_):
        return (200, {}, b"") if works.is_set() else (500, {}, b"")

    with Receiver(answer) as receiver, \
            JobServer(binary, folder, *push_options("hooks", receiver.url, concurrency=1)) as server:
        for i in range(30):
            push(server, "hooks", f"job-{i:08}")
        server.log_with(r"webhook\.failing.*queue=hooks")
        failed = len(receiver.requests)
        equal(failed, 10)
        time.sleep(2)
        equal(len(receiver.requests), failed)
        works.set()
        server.log_with(r"webhook\.recovered")
        receiver.wait(30)


class Hostile:
    """Accepts connections and does with each what `behave` does."""

    def __init__(self, behave):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._behave = behave
        self._sockets = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/"

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._sockets.append(connection)
                threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection):
        with contextlib.suppress(OSError):
            self._behave(connection)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()
        for connection in self._sockets:
            connection.close()


def never(connection):
    connection.recv(1)


def endless(connection):
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")


def drips(connection):
    connection.recv(65536)
    for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


def resets(connection):
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    connection.close()


def garbage(connection):
    connection.recv(65536)
    connection.sendall(b"\0" * 100_000)


def test_hostile_endpoints(binary, folder):
    """endpoints that hang, never end, drip, reset and send garbage hold up no other, and their jobs fail in time"""
    behaviours = (never, endless, drips, resets, garbage)
    with contextlib.ExitStack() as stack:
        good = stack.enter_context(Receiver())
        options = push_options("good", good.url)
        for behave in behaviours:
            hostile = stack.enter_context(Hostile(behave))
            options += push_options(behave.__name__, hostile.url, timeout="3s", concurrency=4)
        server = stack.enter_context(JobServer(binary, folder, *options))
        for behave in behaviours:
            for i in range(8):
                push(server, behave.__name__, f"job-{behave.__name__}-{i}", retry=1)
        begun = time.monotonic()
        for i in range(50):
            push(server, "good", f"job-good-{i:04}", custom={"track": 1})
        for i in range(50):
            reaches(server, f"job-good-{i:04}", "done")
        check(time.monotonic() - begun < 3 + SLACK_SECONDS, "the good one was held up")
        for behave in behaviours:
            failure = reaches(server, f"job-{behave.__name__}-0", "retry")["job"]["failure"]
            check(failure["errtype"] in ("WebhookTimeout", "WebhookUnreachable"), failure)
        check(server.rss_bytes() < 300 << 20, server.rss_bytes())


def test_kill_nine(binary, folder):
    """after kill -9 what was on its way is sent again, with the same id, and nothing is lost"""
    slow = threading.Event()

    def answer(_):
        slow.wait(20)
        return 200, {}, b""

    with Receiver(answer) as receiver:
        options = [*push_options("hooks", receiver.url, concurrency=5), "--jobs.rescue_after=2s"]
        with JobServer(binary, folder, *options) as server:
            for i in range(5):
                push(server, "hooks", f"job-{i:08}", custom={"track": 1})
            receiver.wait(5)
            server.kill()
        slow.set()
        with JobServer(binary, folder, *options) as server:
            for i in range(5):
                reaches(server, f"job-{i:08}", "done")
        equal(sorted(set(receiver.jids())), [f"job-{i:08}" for i in range(5)])


def test_settings(binary, folder):
    """wrong settings are refused by name, and no secret is told"""
    for option, text in ((f"--jobs.queues.hooks.push.secrets={OLD}x", "jobs.queues.hooks.push.secrets"),
                         ("--jobs.queues.hooks.push.url=ftp://example.com", "jobs.queues.hooks.push.url"),
                         ("--jobs.queues.hooks.push.url=http://user:secret@example.com/", "jobs.queues.hooks.push.url")):
        done = subprocess.run([binary, "config", "check", "--jobs.enabled=true", f"--storage.sqlite.path={folder}/x.db",
                               "--jobs.queues.hooks.push.url=https://example.com/", option] if "secrets" in option else
                              [binary, "config", "check", "--jobs.enabled=true", f"--storage.sqlite.path={folder}/x.db", option],
                              capture_output=True, text=True, check=False)
        said = done.stdout + done.stderr
        check(done.returncode != 0 and text in said, said)
        check(OLD[8:] not in said and "secret@" not in said, said)
