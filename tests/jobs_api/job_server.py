"""A server with jobs, for the tests of this folder."""
import json
import re
import socket
import subprocess
import tempfile

from assertions import WAIT_SECONDS, check, eventually
from runner import fixture
from server import Server

KEY = "secret"
FAKTORY = re.compile(r"jobs\.listening.*?address\"?[=:]\"?([^\s\"]+)")


class JobServer(Server):
    def __init__(self, binary, folder, *arguments):
        self.binary = binary
        super().__init__(binary, "--jobs.enabled=true", "--jobs.faktory.listen=127.0.0.1:0", "--loops=2",
                         f"--storage.sqlite.path={folder}/jobs.db", f"--http_api.key={KEY}",
                         "--http_api.jobs_key=for-jobs", *arguments, api_key=KEY)

    def _started(self):
        """Jobs are served when /ready says so."""
        return super()._started() and self.get("/ready")[0] == 200

    @property
    def faktory(self):
        """Where the protocol's port is, host:port."""
        return eventually(lambda: FAKTORY.findall(self.log()), "jobs listen")[0]

    def push(self, jobtype="t", args=(), **more):
        return self.api("jobs_push", {"jobtype": jobtype, "args": list(args), **more})["jid"]

    def fetch(self, **params):
        """The jobs alone."""
        return [each["job"] for each in self.api("jobs_fetch", params)["jobs"]]

    def state(self, jid):
        answer = self.answer("jobs_get", {"jid": jid})
        return answer["result"]["state"] if "result" in answer else "unknown"

    def answer(self, method, params, key=KEY):
        """The whole answer, or the status and the text when it is not 200."""
        body = params if isinstance(params, str) else json.dumps(params)
        status, _, text = self.request("POST", f"/api/{method}", body.encode(), {"X-API-Key": key})
        return json.loads(text) if status == 200 else (status, text)

    def refused(self, method, params):
        """Code and message of the error."""
        answer = self.answer(method, params)
        check(isinstance(answer, dict) and "error" in answer, f"{method} {params}: {answer}")
        return answer["error"]["code"], answer["error"]["message"]

    def begin(self, method, params):
        """A request whose answer is not read: the socket."""
        host, port = self.addresses[-1].rsplit(":", 1)
        connection = socket.create_connection((host, int(port)), timeout=WAIT_SECONDS)
        body = json.dumps(params)
        connection.sendall(f"POST /api/{method} HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\n"
                           f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        return connection

    def run(self, *arguments, code=0, text=None):
        """A `tidemill jobs` command: what it prints; of one that fails, what it complains of."""
        done = subprocess.run([self.binary, "jobs", *arguments, "--url", self.http, "--key", KEY], text=True,
                              input=text, capture_output=True, timeout=2 * WAIT_SECONDS)
        check(done.returncode == code, f"{arguments} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stderr if code else done.stdout


def result_in(connection):
    """The result of a request that was begun."""
    data = b""
    while True:
        head, found, body = data.partition(b"\r\n\r\n")
        if found:
            length = int(next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
                         .split(b":")[1])
            if len(body) >= length:
                return json.loads(body)["result"]
        more = connection.recv(65536)
        check(more, f"the connection ended after {data!r}")
        data += more


@fixture
def server(binary):
    with tempfile.TemporaryDirectory() as folder, JobServer(binary, folder) as started:
        yield started
