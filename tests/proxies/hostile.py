"""A service that is slow, huge, lying, redirecting or gone, beside a witness who does not need it."""
import contextlib
import re
import threading
import time

from assertions import SLACK_SECONDS, check, equal, eventually
from client import Client, serve
from runner import fixture
from service import Service, status

AWAY = {"code": 100, "message": "internal server error: the service behind a proxy is away", "temporary": True}
FAILS = {"code": 100, "message": "internal server error: the service behind a proxy fails", "temporary": True}


@fixture
def hostile():
    with Service() as service:
        yield service


def metric(server, name):
    found = re.search(rf"^{re.escape(name)} (\S+)$", server.get("/metrics")[2], re.M)
    return float(found[1]) if found else 0


def calls(server, outcome, kind="rpc"):
    return metric(server, f'tidemill_proxy_calls_total{{proxy="{kind}",name="default",outcome="{outcome}"}}')


def started(binary, folder, service, *flags):
    service.answers.clear()
    service.asked.clear()
    service.answers["/connect"] = {"result": {"user": "ann"}}
    return serve(binary, folder, service, *flags)


def cases_answers(binary, folder, hostile):
    """what is no answer is error 100 for the client, a line of the log, and costs nobody else anything"""
    with started(binary, folder, hostile, "--rpc.proxy.http.response_bytes_max=65536") as server, Client(server) as client:
        deep = b'{"result":{"data":' + b"[" * 5000 + b"]" * 5000 + b"}}"
        for name, answer, error in [
                ("text", status(200, b"ok"), FAILS),
                ("half of an object", status(200, b'{"result":{}'), FAILS),
                ("a number for data in base64", status(200, b'{"result":{"b64data":1234}}'), FAILS),
                ("an error without a code", status(200, b'{"error":{"code":0}}'), FAILS),
                ("a disconnect that no client knows", status(200, b'{"disconnect":{"code":77}}'), FAILS),
                ("very deep", status(200, deep), FAILS),
                ("a huge body", status(200, b"x" * (10 << 20)), FAILS),
                ("a huge length", b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", FAILS),
                ("a huge head", b"HTTP/1.1 200 OK\r\nX: " + b"y" * (1 << 20), FAILS),
                ("no HTTP", b"SSH-2.0-x\r\n\r\n", FAILS),
                ("half of an answer", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", AWAY),
                ("nothing", lambda question: None, AWAY),
                ("a redirect", status(302, headers=b"Location: http://127.0.0.1:1/\r\n"), FAILS),
                ("status 500", status(500, b"oops"), FAILS)]:
            def ask(answer=answer, error=error):
                hostile.answers["/rpc"] = answer
                equal(client.ask("rpc", {"method": "m", "data": {}})["error"], error)
                server.log_with(r"proxy\.failed .*proxy=rpc .*url=http://127\.0\.0\.1:\d+/rpc .*why=")

            yield name, ask


class Witness:
    """Subscribes and publishes where nobody is asked, and keeps how long each took."""

    def __init__(self, server):
        self._client = Client(server)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self.seconds, self.problem = [], None

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()
        self._client.socket.abort()

    def _work(self):
        try:
            while not self._over.wait(0.01):
                begun = time.monotonic()
                reply = self._client.ask("subscribe", {"channel": "plain:w"})
                self._client.ask("unsubscribe", {"channel": "plain:w"})
                check("subscribe" in reply, reply)
                self.seconds.append(time.monotonic() - begun)
        except Exception as problem:
            self.problem = problem

    def check(self):
        equal(self.problem, None)
        self.seconds.sort()
        check(self.seconds[int(len(self.seconds) * 0.99)] < SLACK_SECONDS, "the witness waited")


def test_slow(binary, folder, hostile):
    """a service that never answers costs its clients the time-out; others are served, and too many are refused"""
    gate = threading.Event()
    with started(binary, folder, hostile, "--loops=1", "--rpc.proxy.timeout=3s", "--rpc.proxy.http.connections_max=4",
                 "--rpc.proxy.http.waiting_max=8") as server, \
            Witness(server) as witness, contextlib.ExitStack() as stack:
        stack.callback(gate.set)
        clients = [stack.enter_context(Client(server)) for _ in range(20)]
        hostile.answers["/rpc"] = lambda question: gate.wait() and None
        for client in clients:
            client.send("rpc", {"method": "m"})
        replies = [client.hear()["error"] for client in clients]
        equal(sorted(reply["code"] for reply in replies), [100] * 12 + [111] * 8)
        equal((calls(server, "timeout"), calls(server, "too_many_wait")), (12, 8))
        check(4 <= len(hostile.questions("/rpc")) <= 12, "those that had a connection, or got one at the last moment")
        eventually(lambda: metric(server, 'tidemill_proxy_in_flight{proxy="rpc",name="default"}') == 0, "none is under way")
        gate.set()
        hostile.answers["/rpc"] = {"result": {"data": 1}}
        for client in clients:
            equal(client.ask("rpc", {"method": "m"})["rpc"], {"data": 1})
        witness.check()


def test_pings(binary, folder, hostile):
    """a client whose command waits is pinged, and not held to answers that wait behind the command"""
    gate = threading.Event()
    with started(binary, folder, hostile, "--rpc.proxy.timeout=4s", "--client.ping_interval=1s",
                 "--client.pong_timeout=500ms") as server, Client(server) as client:
        hostile.answers["/rpc"] = lambda question: gate.wait() and None
        client.send("rpc", {"method": "m"})
        heard = [client.socket.receive()]
        while heard[-1] == "{}":
            heard.append(client.socket.receive())
        gate.set()
        check(len(heard) >= 3 and "error" in heard[-1], heard)


def test_gone(binary, folder, hostile):
    """a service that nobody can connect to is left alone for a moment, and found again"""
    with started(binary, folder, hostile, "--loops=1", "--rpc.proxy.endpoint=http://127.0.0.1:1/") as server, \
            Client(server) as client:
        for _ in range(10):
            equal(client.ask("rpc", {"method": "m"})["error"], AWAY)
        equal((calls(server, "unreachable"), calls(server, "breaker_open")), (10, 0))
        eventually(lambda: client.ask("rpc", {"method": "m"})["error"] == AWAY and calls(server, "breaker_open") > 0,
                   "it is left alone")
        before = calls(server, "unreachable")
        eventually(lambda: client.ask("rpc", {"method": "m"})["error"] == AWAY and calls(server, "unreachable") > before,
                   "it is tried again")


def test_connections(binary, folder, hostile):
    """calls share connections that are kept: a hundred clients need a few"""
    with started(binary, folder, hostile, "--loops=1", "--client.proxy.connect.http.connections_max=3") as server:
        before = hostile.connections
        with contextlib.ExitStack() as stack:
            for _ in range(100):
                check(stack.enter_context(Client(server)).connected, "connected")
        equal(len(hostile.questions("/connect")), 100)
        check(hostile.connections - before <= 3, f"{hostile.connections - before} connections")


def test_hang_up(binary, folder, hostile):
    """clients that hang up while the service is asked leave nothing behind"""
    gate = threading.Event()

    def later(question):
        gate.wait()
        return {"result": {"user": "ann", "channels": ["plain:a"]}}

    with started(binary, folder, hostile, "--loops=1", "--client.proxy.connect.timeout=20s") as server:
        hostile.answers["/connect"] = later
        threads = [threading.Thread(target=connect_and_leave, args=(server,)) for _ in range(20)]
        for thread in threads:
            thread.start()
        eventually(lambda: len(hostile.questions("/connect")) == 20, "all are asked about")
        for thread in threads:
            thread.join()
        gate.set()
        eventually(lambda: metric(server, 'tidemill_proxy_in_flight{proxy="connect",name="default"}') == 0, "all are answered")
        equal(server.api("presence", {"channel": "plain:a"}), {"presence": {}})
        check(server.alive(), "it runs")


def connect_and_leave(server):
    from websocket import WebSocket
    socket = WebSocket(server.address)
    socket.send_text('{"id":1,"connect":{}}')
    time.sleep(0.5)
    socket.abort()


def test_settings(binary, folder, hostile):
    """a proxy that is used and not there stops the start, by name"""
    import subprocess
    for more, wanted in [('[[channel.namespaces]]\nname = "x2"\nsubscribe_proxy_name = "nobody"\n',
                          'channel.namespaces.x2.subscribe_proxy_name = "nobody": no such proxy in [[proxies]]'),
                         ("client.proxy.refresh.enabled = true\n", "client.proxy.refresh.endpoint: not set"),
                         ('client.proxy.connect.endpoint = "grpc://a:1"\n', "gRPC is not available")]:
        path = f"{folder}/bad.toml"
        with open(path, "w", encoding="utf-8") as file:
            file.write(more)
        checked = subprocess.run([binary, "config", "check", "--config", path], capture_output=True, text=True, check=False)
        check(checked.returncode != 0 and wanted in checked.stdout + checked.stderr, checked.stdout + checked.stderr)
