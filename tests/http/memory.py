"""What clients can make the server keep in memory over HTTP, beside a witness who is served all the while."""
import contextlib
import os
import re
import selectors
import socket
import ssl
import subprocess
import threading
import time

from assertions import SLACK_SECONDS, WAIT_SECONDS, check, equal, eventually
from runner import note
from server import Server
from websocket import CONT, TEXT, Closed, WebSocket, frame, tcp_connection

MIB = 1 << 20
BODY_BYTES = 4 * MIB  # as much as http_server.max_request_body_bytes allows
KEY = b"X-API-Key: secret\r\n"
SANITIZED = bool(os.environ.get("SANITIZED"))
# On a machine that does other things too; who is starved waits for ever. The note says how long it was.
WITNESS_MS_MAX = 1000 * SLACK_SECONDS


class Witness:
    """Asks for /health again and again, on one connection, and keeps how long each answer took."""

    def __init__(self, address):
        self._connection = tcp_connection(address, timeout=WAIT_SECONDS)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self.seconds, self.problem = [], None

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()
        self._connection.close()

    def _ask(self):
        while not self._over.wait(0.005):
            begun = time.monotonic()
            self._connection.sendall(b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n")
            answer = self._connection.recv(4096)
            if not answer.startswith(b"HTTP/1.1 200 "):
                self.problem = answer
                return
            self.seconds.append(time.monotonic() - begun)

    def check(self):
        equal(self.problem, None)
        self.seconds.sort()
        p50, p99 = (self.seconds[int(len(self.seconds) * part)] * 1000 for part in (0.5, 0.99))
        note(f"witness: p50 {p50:.1f} ms, p99 {p99:.1f} ms of {len(self.seconds)}")
        check(p99 < WITNESS_MS_MAX, f"the witness waited {p99:.0f} ms at p99")


def check_growth(peak, mib_max):
    """A sanitizer keeps what was freed: there it is only noted."""
    check(peak.bytes < mib_max * MIB or SANITIZED, f"memory grew by {peak.bytes / MIB:.1f} MiB")


class Posters:
    """Clients that send a request's head and of its body whatever the server takes, but for the last byte."""

    def __init__(self, address, count, head):
        self._selector = selectors.DefaultSelector()
        self._body = memoryview(bytes(BODY_BYTES - 1))
        self.answers = [b""] * count
        self.sent = [0] * count
        self._sockets = []
        for number in range(count):
            connection = tcp_connection(address, timeout=WAIT_SECONDS)
            connection.sendall(head)
            connection.setblocking(False)
            self._sockets.append(connection)
            self._selector.register(connection, selectors.EVENT_READ | selectors.EVENT_WRITE, number)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for connection in self._sockets:
            connection.close()
        self._selector.close()

    def run(self, seconds, watch):
        """Sends for so long, or until nobody has more to send; `watch` is called now and then."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._selector.get_map():
            for key, events in self._selector.select(0.05):
                with contextlib.suppress(BlockingIOError):
                    self._serve(key.fileobj, key.data, events)
            watch()

    def _serve(self, connection, number, events):
        try:
            if events & selectors.EVENT_READ:
                piece = connection.recv(65536)
                self.answers[number] += piece
                if not piece:
                    self._selector.unregister(connection)
                    return
            if events & selectors.EVENT_WRITE:
                rest = self._body[self.sent[number]:]
                if rest:
                    self.sent[number] += connection.send(rest[:65536])
                else:
                    self._selector.modify(connection, selectors.EVENT_READ, number)
        except ConnectionError:
            self._selector.unregister(connection)

    def statuses(self):
        found = [re.match(rb"HTTP/1\.1 (\d{3}) ", answer) for answer in self.answers]
        return [int(each[1]) if each else None for each in found]


class Peak:
    """The most that the server's memory has grown by."""

    def __init__(self, server):
        self._server, self._before, self.bytes = server, server.rss_bytes(), 0

    def look(self):
        self.bytes = max(self.bytes, self._server.rss_bytes() - self._before)


def post(path, *lines):
    return b"POST %s HTTP/1.1\r\nHost: h\r\n%sContent-Length: %d\r\n\r\n" % (path, b"".join(lines), BODY_BYTES)


def metric(server, name):
    return float(re.search(rf"^{name} (\S+)$", server.get("/metrics")[2], re.M)[1])


def cases_strangers(binary):
    """500 that post 4 MiB each are refused on their heads and cost next to nothing"""
    for name, head, status in [("to no such path", post(b"/nowhere"), 404),
                               ("without a key", post(b"/api/publish"), 401),
                               ("with a wrong key", post(b"/api/publish", b"X-API-Key: x\r\n"), 401),
                               ("to a path for GET", post(b"/health"), 405)]:
        yield name, lambda h=head, s=status: strangers(binary, h, s)


def strangers(binary, head, status):
    with Server(binary, "--http_api.key=secret") as server, Witness(server.address) as witness:
        peak = Peak(server)
        with Posters(server.address, 500, head) as posters:
            posters.run(6, peak.look)
            equal(set(posters.statuses()), {status})
        witness.check()
        note(f"500 x {sum(posters.sent) / 500 / MIB:.1f} MiB sent, memory grew by {peak.bytes / MIB:.1f} MiB")
        check_growth(peak, 24)


def test_budget(binary):
    """bodies of those who have the key stay within http_server.buffers_bytes_max, and a refusal says so"""
    with Server(binary, "--http_api.key=secret", f"--http_server.buffers_bytes_max={32 * MIB}") as server, \
            Witness(server.address) as witness:
        peak = Peak(server)
        with Posters(server.address, 100, post(b"/api/publish", KEY)) as posters:
            posters.run(4, peak.look)
            statuses = posters.statuses()
            check(statuses.count(503) >= 80, f"{statuses.count(503)} of 100 were refused")
            equal(set(statuses), {503, None})
            refused = posters.answers[statuses.index(503)]
            check(b"http_server.buffers_bytes_max" in refused and b"Retry-After: 1" in refused, refused)
            equal(metric(server, "tidemill_http_buffers_refused_total"), statuses.count(503))
            check(16 * MIB < metric(server, "tidemill_http_buffers_bytes") <= 32 * MIB, "the metric of used bytes")
            equal(metric(server, "tidemill_http_buffers_max_bytes"), 32 * MIB)
            server.api("publish", {"channel": "a", "data": 1})  # small requests do not count
        witness.check()
        note(f"memory grew by {peak.bytes / MIB:.1f} MiB")
        check_growth(peak, 48)
        server.log_with(r"http\.buffers_used_up")
        eventually(lambda: metric(server, "tidemill_http_buffers_bytes") == 0, "all of it is given back")


def beginning_of_a_message():
    """All of it but for the last byte, as one frame that the server takes in pieces."""
    return frame(TEXT, b"x" * 65_000)[:-1]


def beginnings_of_fragments():
    return b"".join(frame(TEXT if number == 0 else CONT, b"x" * 650, fin=False) for number in range(100))


def cases_websockets(binary):
    """1,000 WebSockets that have not connected and send messages but for the end share half of the budget"""
    for name, payload in [("frames in pieces", beginning_of_a_message()), ("fragments", beginnings_of_fragments())]:
        yield name, lambda p=payload: websockets(binary, p)


def code_of(peer):
    """With which the server has closed it; None: it is open."""
    try:
        return peer.receive(timeout=0.01)
    except Closed as closed:
        return closed.code
    except TimeoutError:
        return None


def websockets(binary, payload):
    count = 1000
    with Server(binary, "--client.allow_anonymous_connect_without_token=true", "--client.stale_close_delay=60s",
                f"--http_server.max_request_body_bytes={MIB}", f"--http_server.buffers_bytes_max={16 * MIB}") as server, \
            Witness(server.address) as witness, contextlib.ExitStack() as stack:
        peers = [stack.enter_context(WebSocket(server.address)) for _ in range(count)]
        peak = Peak(server)
        for peer in peers:
            peer.send_raw(payload)
            peak.look()
        eventually(lambda: metric(server, "tidemill_http_buffers_refused_total") > count - 140, "most are refused")
        peak.look()
        closed = [code_of(peer) for peer in peers].count(1013)
        note(f"{closed} of {count} closed with 1013, memory grew by {peak.bytes / MIB:.1f} MiB")
        # 8 MiB is for strangers: 128 buffers of 64 KiB, or fewer that are larger.
        check(count - 140 < closed < count - 40, f"{closed} were closed")
        equal(metric(server, "tidemill_http_buffers_refused_total"), closed)
        check(metric(server, "tidemill_http_buffers_bytes") <= 8 * MIB, "strangers have half of it")
        check("http_server.buffers_bytes_max" in server.log_with(r"session\.refused.*reason=limit"), "the setting is named")
        # Who connects is no stranger: there is room for what it sends.
        with WebSocket(server.address) as known:
            known.send_text('{"id":1,"connect":{}}')
            check('"connect"' in known.receive(), "connected")
            known.send_raw(payload)
            equal(code_of(known), None)
            witness.check()
            check_growth(peak, 24)
        for peer in peers:
            peer.abort()
        eventually(lambda: metric(server, "tidemill_http_buffers_bytes") == 0, "all of it is given back")


def test_large_body(binary):
    """a body of the greatest length that comes slowly is taken, also where the budget is the least for it"""
    with Server(binary, "--http_api.key=secret", f"--http_server.buffers_bytes_max={2 * BODY_BYTES}") as server:
        data = b'{"channel":"a","data":"' + b"x" * (BODY_BYTES - 25) + b'"}'
        equal(len(data), BODY_BYTES)
        with tcp_connection(server.address, timeout=WAIT_SECONDS) as peer:
            peer.sendall(post(b"/api/publish", KEY))
            for at in range(0, BODY_BYTES, 100_000):
                peer.sendall(data[at:at + 100_000])
                time.sleep(0.002)
            answer = peer.recv(4096)
        check(answer.startswith(b"HTTP/1.1 200 "), answer)


def test_unread_answers(binary):
    """who leaves answers unread is closed after http_server.answer_timeout"""
    with Server(binary, "--http_server.answer_timeout=1s") as server, Witness(server.address) as witness:
        peak = Peak(server)
        clients = []
        for _ in range(3):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            host, port = server.address.rsplit(":", 1)
            client.connect((host, int(port)))
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n" * 300)
            clients.append(client)
        begun = time.monotonic()

        def closed():
            peak.look()
            return metric(server, "tidemill_http_answer_timeouts_total") == len(clients)

        eventually(closed, "all are closed")
        seconds = time.monotonic() - begun
        witness.check()
        note(f"closed within {seconds:.1f} s, memory grew by {peak.bytes / MIB:.1f} MiB")
        check_growth(peak, 24)
        for client in clients:
            client.close()


def seconds_until_closed(connection):
    begun = time.monotonic()
    connection.settimeout(WAIT_SECONDS)
    with contextlib.suppress(ConnectionError):
        equal(connection.recv(1), b"")
    return time.monotonic() - begun


def test_silent(binary, folder):
    """a connection that sends nothing leaves by http_server.headers_timeout, before and after the TLS handshake"""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    f"{folder}/key.pem", "-out", f"{folder}/cert.pem", "-days", "2", "-subj", "/CN=localhost"],
                   check=True, capture_output=True)
    timeout = "--http_server.headers_timeout=1s"
    tls = [f"--http_server.tls.cert_pem={folder}/cert.pem", f"--http_server.tls.key_pem={folder}/key.pem"]
    with Server(binary, timeout) as plain, TlsServer(binary, timeout, *tls) as secure:
        waits = []
        for server in (plain, secure):
            with tcp_connection(server.address, timeout=WAIT_SECONDS) as peer:
                waits.append(seconds_until_closed(peer))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(tcp_connection(secure.address, timeout=WAIT_SECONDS)) as peer:
            waits.append(seconds_until_closed(peer))
        with tcp_connection(secure.address, timeout=WAIT_SECONDS) as peer:
            peer.sendall(b"\x16\x03\x01")  # the beginning of a greeting
            waits.append(seconds_until_closed(peer))
    note("closed after " + ", ".join(f"{seconds:.1f} s" for seconds in waits))
    # A connection without a byte is the kernel's for some seconds: the server does not know of it (TCP_DEFER_ACCEPT).
    check(all(0.9 <= seconds <= 6 + SLACK_SECONDS for seconds in waits), f"closed after {waits}")


class TlsServer(Server):
    checks_health = False
