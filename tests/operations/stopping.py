"""How a server ends: in order, at once, and by a crash."""
import json
import signal
import time

from assertions import SLACK_SECONDS, WAIT_SECONDS, check, equal, eventually
from node import OPEN, Client, Node, refuses_connections
from websocket import WebSocket, read_all, tcp_connection

HISTORY = OPEN + "history_size = 10\nhistory_ttl = '1h'\nforce_recovery = true\n"


def terminate(node, until="server.draining"):
    node.process.send_signal(signal.SIGTERM)
    eventually(lambda: until in node.log(), until)


def test_drains(binary, folder):
    """SIGTERM: clients are closed with 3001, requests under way are answered, the port is closed, the end is 0"""
    with Node(binary, folder) as node:
        clients = [Client(node.address) for _ in range(200)]
        with tcp_connection(node.address) as kept, tcp_connection(node.address) as idle:
            kept.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n")
            idle.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
            check(idle.recv(4096).startswith(b"HTTP/1.1 200"), "not healthy")
            node.metrics()  # the server has seen what was sent before
            terminate(node)
            check(refuses_connections(node.address), "new connections are taken")
            equal(read_all(idle), b"")
            kept.sendall(b"\r\n")
            answer = read_all(kept)
            check(answer.startswith(b"HTTP/1.1 503 "), answer)
            check(b"Connection: close" in answer, answer)
        for client in clients:
            equal(client.close_code(), 3001)
        for client in clients:
            client.abort()
        equal(node.process.wait(WAIT_SECONDS), 0)
        check("server.drained" in node.log(), node.log())


def test_health_on_internal_port(binary, folder):
    """an internal port goes on answering while the server drains: 503"""
    with Node(binary, folder, internal="127.0.0.1:0") as node:
        stubborn = Client(node.addresses[0])
        equal(node.get("/ready")[0], 200)
        terminate(node)
        check(refuses_connections(node.addresses[0]), "new connections are taken")
        for path in ("/health", "/ready"):
            equal((path, node.get(path)[0]), (path, 503))
        equal(node.get("/metrics")[0], 200)
        equal(stubborn.close_code(), 3001)
        stubborn.abort()
        equal(node.process.wait(WAIT_SECONDS), 0)


def time_to_end(node, *signals, until="server.draining"):
    """Seconds until the end, with a client that answers nothing; the signals follow when the log has `until`."""
    stubborn = WebSocket(node.address)
    stubborn.send_text(json.dumps({"id": 1, "connect": {}}))
    stubborn.receive()
    begun = time.monotonic()
    terminate(node, until)
    for one in signals:
        node.process.send_signal(one)
    equal(node.process.wait(WAIT_SECONDS), 0)
    stubborn.abort()
    return time.monotonic() - begun


def test_second_signal(binary, folder):
    """a stop that waits for others ends at once with a second signal, and by itself"""
    with Node(binary, folder) as node:
        check(1 < time_to_end(node) < 6 + SLACK_SECONDS, "it did not wait, or for too long")
        check("server.drain_aborted" not in node.log(), node.log())
    for again in (signal.SIGTERM, signal.SIGINT):
        with Node(binary, folder, "shutdown.delay = '10m'\n" + OPEN) as node:
            seconds = time_to_end(node, again, until="server.leaving")
            check("server.drain_aborted" in node.log() and seconds < SLACK_SECONDS, f"it took {seconds} s")


def test_crash(binary, folder):
    """after kill -9 a client recovers nothing, is told so, and sees a new epoch"""
    with Node(binary, folder, HISTORY) as node:
        address = node.address
        client = Client(address)
        before = client.subscribe("news")
        node.api("publish", {"channel": "news", "data": 1})
        equal(client.next_data(), 1)
        node.kill()
        equal(client.close_code(), None)
    with Node(binary, folder, HISTORY, listen=address) as node:
        for offset in (0, 1, 5):
            again = Client(address).subscribe("news", recover=True, epoch=before["epoch"], offset=offset)
            check(again["was_recovering"] and not again.get("recovered"), again)
            check(again["epoch"] != before["epoch"], "the epoch is the old one")
            equal(again.get("publications", []), [])
        node.api("publish", {"channel": "news", "data": 2})
        again = Client(address).subscribe("news", recover=True, epoch=again["epoch"], offset=0)
        equal([p["data"] for p in again["publications"]], [2])
        check(again["recovered"], again)


def test_many_restarts(binary, folder):
    """a client finds its server again after each of ten restarts on one port"""
    with Node(binary, folder) as node:
        address = node.address
        Client(address).subscribe("news")
    for _ in range(10):
        with Node(binary, folder, listen=address):
            Client(address).subscribe("news")


def test_signals_at_idle(binary, folder):
    """SIGINT ends an idle server with 0 at once"""
    with Node(binary, folder, "shutdown.timeout = '10m'\n" + OPEN) as node:
        begun = time.monotonic()
        node.process.send_signal(signal.SIGINT)
        equal(node.process.wait(WAIT_SECONDS), 0)
        check(time.monotonic() - begun < SLACK_SECONDS, "it took long")
