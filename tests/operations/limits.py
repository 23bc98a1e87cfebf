"""Too many, too slow, too much: such a client is refused, and the others do not notice."""
import http.client
import json
import os
import socket
import threading
import time

from assertions import SLACK_SECONDS, check, equal, eventually
from node import OPEN, Client, Node, token
from websocket import Closed, WebSocket, raw_request, tcp_connection

PUBLICATIONS = 400
PUBLICATION_BYTES = 64 * 1024
MEMORY_GROWTH_MAX = 32 << 20


def refused_with_503(node, source=None):
    status, headers, _ = node.get("/health", source=source)
    equal(status, 503)
    check(int(headers["retry-after"]) > 0, headers)


def serves(node, source=None):
    try:
        return node.get("/health", source=source)[0] == 200
    except (ConnectionError, http.client.HTTPException):
        return False


def test_connection_limit(binary, folder):
    """connections beyond client.connection_limit get 503, and the others go on"""
    with Node(binary, folder, OPEN.replace("[client]", "[client]\nconnection_limit = 6")) as node:
        clients = [Client(node.address) for _ in range(6)]
        for client in clients:
            client.subscribe("news")
        for _ in range(30):
            refused_with_503(node)
        clients[0].call("publish", {"channel": "news", "data": 1})
        for client in clients:
            equal(client.next_data(), 1)
        clients.pop().abort()
        eventually(lambda: serves(node), "a place is free again")


def test_limit_per_address(binary, folder):
    """connections beyond client.connection_limit_per_address get 503, those of other addresses none"""
    with Node(binary, folder, OPEN.replace("[client]", "[client]\nconnection_limit_per_address = 3")) as node:
        clients = [Client(node.address) for _ in range(3)]
        refused_with_503(node)
        for _ in range(3):
            check(serves(node, source="127.0.0.2"), "another address is refused")
        clients[0].subscribe("news")
        clients[1].call("publish", {"channel": "news", "data": 1})
        equal(clients[0].next_data(), 1)
        clients.pop().abort()
        eventually(lambda: serves(node), "a place is free again")


def refused_connect(address, user):
    """The code that this user's connection is closed with."""
    try:
        Client(address, {"token": token(user)})
    except Closed as closed:
        return closed.code
    return None


def test_user_limit(binary, folder):
    """a user has no more connections than client.user_connection_limit, whichever loops they are on"""
    settings = "loops = 4\n" + OPEN.replace("[client]", "[client]\nuser_connection_limit = 5")
    with Node(binary, folder, settings) as node:
        clients = [Client(node.address, {"token": token("eve")}) for _ in range(5)]
        for _ in range(10):
            equal(refused_connect(node.address, "eve"), 3504)
        equal(refused_connect(node.address, "adam"), None)
        for client in clients:
            client.subscribe("news")
        clients.pop().abort()
        eventually(lambda: refused_connect(node.address, "eve") is None, "a place is free again")
        Client(node.address)  # anonymous users are not counted
        equal(refused_connect(node.address, "eve"), 3504)


def test_user_limit_at_once(binary, folder):
    """however many come at once, never more than the limit stay, and the limit is reached again"""
    settings = "loops = 4\n" + OPEN.replace("[client]", "[client]\nuser_connection_limit = 5")
    with Node(binary, folder, settings) as node:
        clients = [WebSocket(node.address) for _ in range(40)]
        for number, client in enumerate(clients, 1):
            client.send_text(json.dumps({"id": number, "connect": {"token": token("eve")}}))
        answers = []
        for client in clients:
            try:
                answers.append("connect" in json.loads(client.receive()))
            except Closed as closed:
                equal(closed.code, 3504)
        check(len(answers) <= 5 and all(answers), f"{len(answers)} connected")
        kept = len(answers)
        while kept < 5:
            equal((kept, refused_connect(node.address, "eve")), (kept, None))
            kept += 1
        equal(refused_connect(node.address, "eve"), 3504)
        for client in clients:
            client.abort()


def test_single_connection(binary, folder):
    """with single_connection, the new connection of a user ends the old one, whichever loops they are on"""
    settings = OPEN + "[client.subscribe_to_user_personal_channel]\nenabled = true\nsingle_connection = true\n"
    with Node(binary, folder, "loops = 4\n" + settings) as node:
        other = Client(node.address, {"token": token("adam")})
        clients = [Client(node.address, {"token": token("eve")})]
        for _ in range(12):
            clients.append(Client(node.address, {"token": token("eve")}))
            check(clients[-2].close_code() >= 3000, "the old one stays")
        node.api("publish", {"channel": "#eve", "data": 1})
        equal(clients[-1].next_data(), 1)
        other.call("publish", {"channel": "news", "data": 1})
        eventually(lambda: node.metrics()["tidemill_connections"] == 2, "two are left")


def slow_connection(address):
    """Its peer can send little that is not read."""
    host, port = address.rsplit(":", 1)
    connection = socket.socket()
    connection.settimeout(10)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect((host, int(port)))
    return connection


def test_slow_consumer(binary, folder):
    """a client that stops reading is closed with 3008 within seconds; the others get everything; memory is bounded"""
    with Node(binary, folder) as node:
        slow = Client(node.address, connection=slow_connection(node.address))
        readers = [Client(node.address) for _ in range(4)]
        for client in [slow, *readers]:
            client.subscribe("big")
        received = [[] for _ in readers]

        def read(client, into):
            while len(into) < PUBLICATIONS:
                into.append(client.next_data()["n"])

        threads = [threading.Thread(target=read, args=pair, daemon=True) for pair in zip(readers, received)]
        for thread in threads:
            thread.start()
        memory, begun, slow_after = node.rss_bytes(), time.monotonic(), None
        most = memory
        for number in range(PUBLICATIONS):
            node.api("publish", {"channel": "big", "data": {"n": number, "fill": "x" * PUBLICATION_BYTES}})
            if number % 20 == 0:
                most = max(most, node.rss_bytes())
                if slow_after is None and node.metrics()['tidemill_disconnects_total{code="3008"}'] == 1:
                    slow_after = time.monotonic() - begun
        for thread in threads:
            thread.join()
        for numbers in received:
            equal(numbers, list(range(PUBLICATIONS)))
        check(slow_after is not None and slow_after < 10 + SLACK_SECONDS, f"closed after {slow_after} s")
        check_growth(memory, most)
        check_slow_end(slow)
        eventually(lambda: node.metrics()["tidemill_connections"] == 4, "it is gone")


def check_growth(memory, most):
    if not os.environ.get("SANITIZED"):  # a sanitizer keeps what was freed
        check(most - memory < MEMORY_GROWTH_MAX, f"{memory} bytes became {most}")


def check_slow_end(slow):
    """What it gets when it reads at last: a beginning without a gap, and an end."""
    number, code = 0, None
    try:
        while True:
            equal(slow.next_data()["n"], number)
            number += 1
    except Closed as closed:
        code = closed.code
    check(number < PUBLICATIONS, "it was not slow")
    check(code in (3008, None), f"closed with {code}")


def test_many_slow_consumers(binary, folder):
    """fifty of them hold no more memory than what was published once, and all are closed"""
    with Node(binary, folder) as node:
        slow = [Client(node.address, connection=slow_connection(node.address)) for _ in range(50)]
        reader = Client(node.address)
        for client in [*slow, reader]:
            client.subscribe("big")
        memory = most = node.rss_bytes()
        for number in range(PUBLICATIONS):
            node.api("publish", {"channel": "big", "data": {"n": number, "fill": "x" * PUBLICATION_BYTES}})
            equal(reader.next_data()["n"], number)
            most = max(most, node.rss_bytes()) if number % 10 == 0 else most
        check_growth(memory, most)
        eventually(lambda: node.metrics()['tidemill_disconnects_total{code="3008"}'] == 50, "all closed")


def answer_to_slow(address, text, pause):
    """Sends a byte at a time; gives what is answered in the end, and after how long."""
    begun = time.monotonic()
    with tcp_connection(address) as connection:
        answer = b""
        for byte in text:
            try:
                connection.send(bytes([byte]))
                connection.settimeout(pause)
                answer = connection.recv(4096)
            except TimeoutError:
                continue
            except ConnectionError:
                pass
            break
        return answer, time.monotonic() - begun


def test_slow_requests(binary, folder):
    """a request that trickles in is cut at headers_timeout or body_timeout, and others are served meanwhile"""
    limits = "[http_server]\nheaders_timeout = '1s'\nbody_timeout = '1s'\nkeep_alive_timeout = '1s'\n"
    with Node(binary, folder, limits + OPEN) as node:
        head = b"GET /health HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * 100
        body = b"POST /api/info HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"
        results = {}

        def ask(name, text, pause):
            results[name] = answer_to_slow(node.address, text, pause)

        threads = [threading.Thread(target=ask, args=(n, head, 0.1)) for n in range(20)]
        threads += [threading.Thread(target=ask, args=(n + 20, body + b" " * 100, 0.02)) for n in range(20)]
        client = Client(node.address)
        client.subscribe("news")
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            node.api("publish", {"channel": "news", "data": 1})
            equal(client.next_data(), 1)
        for number, (answer, seconds) in sorted(results.items()):
            check(answer.startswith(b"HTTP/1.1 408 ") and 0.9 < seconds < 4 + SLACK_SECONDS, f"{number}: {answer!r} after {seconds} s")
        begun = time.monotonic()
        check(raw_request(node.address, b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n").startswith(b"HTTP/1.1 200"), "not 200")
        check(0.9 < time.monotonic() - begun < 4 + SLACK_SECONDS, "the idle connection is kept")
        equal(node.metrics()["tidemill_http_timeouts_total"], 40)


def test_slow_handshake(binary, folder):
    """a client that connects over WebSocket and sends nothing is closed with 3502"""
    with Node(binary, folder, OPEN.replace("[client]", "[client]\nstale_close_delay = '500ms'")) as node:
        clients = [WebSocket(node.address) for _ in range(20)]
        for client in clients:
            try:
                client.receive()
            except Closed as closed:
                equal((closed.code, closed.reason), (3502, "stale"))
            client.abort()
        eventually(lambda: node.metrics()["tidemill_open_connections"] <= 1, "all are gone")


def test_rate_limits(binary, folder):
    """commands over client.rate_limit are error 111, of a connection and of a user on all loops; a reload changes it"""
    limits = """
[client.rate_limit.client_command]
publish = ["3/1h"]
[client.rate_limit.user_command]
publish = ["4/1h"]
"""

    def passed(*clients):
        """Of ten publishes each."""
        codes = [client.ask("publish", {"channel": "x", "data": 1}).get("error", {}).get("code", 0)
                 for client in clients for _ in range(10)]
        check(set(codes) <= {0, 111}, codes)
        return codes.count(0)

    with Node(binary, folder, "loops = 2\n" + OPEN + limits) as node:
        equal(passed(Client(node.address), Client(node.address)), 6)  # users without a name are not counted
        equal(passed(*(Client(node.address, {"token": token("eve")}) for _ in range(3))), 4)
        equal(passed(Client(node.address, {"token": token("adam")})), 3)
        node.log_with(r"reason=rate .*setting=client\.rate_limit\.client_command\.publish")
        node.reload("loops = 2\n" + OPEN + limits.replace("3/1h", "6/1h"))
        equal(passed(*(Client(node.address, {"token": token("eve")}) for _ in range(3))), 4)
        equal(passed(Client(node.address)), 6)


def test_command_rate(binary, folder):
    """more commands than client.commands_per_second end the connection with 3013"""
    with Node(binary, folder, OPEN.replace("[client]", "[client]\ncommands_per_second = 20")) as node:
        client = Client(node.address)
        for number in range(2, 102):
            client.send_text(json.dumps({"id": number, "unsubscribe": {"channel": "x"}}))
        equal(client.close_code(), 3013)
