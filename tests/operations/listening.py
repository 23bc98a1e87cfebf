"""Where a server listens, over TLS and without, and to whom it speaks."""
import base64
import http.client
import os
import re
import socket
import ssl
import subprocess
import time

from assertions import WAIT_SECONDS, check, equal
from node import OPEN, Client, Node, run_command
from server import Server, answer_of
from websocket import raw_request, tcp_connection

ORIGINS = """
allowed_origins = ["https://app.example.com", "https://*.example.org"]
"""


def make_certificate(folder, name):
    """A self-signed one for 127.0.0.1, in cert.pem and key.pem."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
               "-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1",
               "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(command, check=True, capture_output=True)


def with_tls(folder):
    return OPEN + f'[http_server.tls]\ncert_pem = "{folder}/cert.pem"\nkey_pem = "{folder}/key.pem"\n'


def trusting(folder):
    return ssl.create_default_context(cafile=str(folder / "cert.pem"))


def tls_connection(address, context):
    return context.wrap_socket(tcp_connection(address), server_hostname="127.0.0.1")


def https_get(address, path, context):
    host, port = address.rsplit(":", 1)
    connection = http.client.HTTPSConnection(host, int(port), timeout=WAIT_SECONDS, context=context)
    try:
        connection.request("GET", path)
        return answer_of(connection.getresponse())
    finally:
        connection.close()


def test_tls(binary, folder):
    """HTTPS and WSS, with certificates that are replaced while running, and no TLS before 1.2"""
    make_certificate(folder, "one")
    with Node(binary, folder, with_tls(folder)) as node:
        first = trusting(folder)
        equal(https_get(node.address, "/health", first)[0], 200)
        client = Client(node.address, connection=tls_connection(node.address, first))
        other = Client(node.address, connection=tls_connection(node.address, first))
        client.subscribe("news")

        make_certificate(folder, "two")
        second = trusting(folder)
        node.reload(with_tls(folder))
        equal(https_get(node.address, "/health", second)[0], 200)
        try:
            tls_connection(node.address, first)
        except ssl.SSLCertVerificationError:
            pass
        else:
            raise AssertionError("the first certificate is still served")
        other.call("publish", {"channel": "news", "data": "x" * 50_000})
        equal(client.next_data(), "x" * 50_000)

        (folder / "key.pem").write_text("no key", encoding="utf-8")
        log = node.reload(with_tls(folder))
        check("reload_refused" in log and "key.pem" in log, log)
        equal(https_get(node.address, "/health", second)[0], 200)


def test_internal_plain_http(binary, folder):
    """with TLS, internal addresses have it too, unless http_server.internal_plain_http says otherwise"""
    make_certificate(folder, "one")
    for plain in (False, True):
        setting = f"http_server.internal_plain_http = {str(plain).lower()}\n"
        with Node(binary, folder, setting + with_tls(folder), internal="127.0.0.1:0") as node:
            with tls_connection(node.addresses[0], trusting(folder)):
                pass
            if plain:
                equal(node.get("/health")[0], 200)
                node.reload(setting + with_tls(folder))
                equal(node.get("/health")[0], 200)
            else:
                with tls_connection(node.addresses[1], trusting(folder)):
                    pass


def test_old_tls(binary, folder):
    """TLS 1.1 is refused, 1.2 and 1.3 are spoken, and what is no TLS at all ends"""
    make_certificate(folder, "one")
    with Node(binary, folder, with_tls(folder)) as node:
        for version, name in [(ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")]:
            context = trusting(folder)
            context.minimum_version = context.maximum_version = version
            with tls_connection(node.address, context) as connection:
                equal(connection.version(), name)
        hello = subprocess.run(["openssl", "s_client", "-connect", node.address, "-tls1_1", "-cipher",
                                "ALL@SECLEVEL=0"], input="", capture_output=True, text=True, timeout=WAIT_SECONDS)
        equal(hello.returncode, 1)
        check("protocol version" in hello.stderr, f"not for its version: {hello.stderr}")
        check(b"200" not in raw_request(node.address, b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"), "plaintext answered")
        equal(https_get(node.address, "/health", trusting(folder))[0], 200)


def test_unix_socket(binary, folder):
    """a Unix socket, which goes with the server and replaces one left over by a crash"""
    path = folder / "s.sock"

    def connected():
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(path))
        connection.settimeout(10)
        return connection

    listen = f"127.0.0.1:0 unix:{path}"
    with Node(binary, folder, listen=listen) as node:
        clients = [Client("localhost", connection=connected()) for _ in range(8)]
        clients[0].subscribe("news")
        clients[7].call("publish", {"channel": "news", "data": 1})
        equal(clients[0].next_data(), 1)
        node.kill()
        check(path.exists(), "the test is void: nothing is left over")
        with Node(binary, folder, listen=listen):
            Client("localhost", connection=connected()).abort()
        check(not path.exists(), "the socket's file is left behind")


def test_internal_port(binary, folder):
    """with internal addresses, API, metrics and health are there only, and clients are not"""
    with Node(binary, folder, internal="127.0.0.1:0") as node:
        public, internal = node.addresses
        for path in ("/health", "/ready", "/metrics"):
            equal((path, node.get(path, public)[0]), (path, 404))
            equal((path, node.get(path, internal)[0]), (path, 200))
        request = (b"POST /api/info HTTP/1.1\r\nHost: a\r\nX-API-Key: secret\r\nConnection: close\r\n"
                   b"Content-Length: 2\r\n\r\n{}")
        check(raw_request(public, request).startswith(b"HTTP/1.1 404 "), "the API is on the public port")
        check(raw_request(internal, request).startswith(b"HTTP/1.1 200 "), "the API is not on the internal port")
        equal(upgrade(node, internal, None), 404)
        client = Client(public)
        client.subscribe("news")
        node.api("publish", {"channel": "news", "data": 1})
        equal(client.next_data(), 1)


def handshake(node, address, origin, host=None):
    """Status, headers and body of the answer to a WebSocket handshake."""
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
               "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), "Host": host or address}
    if origin is not None:
        headers["Origin"] = origin
    return node.get("/connection/websocket", address, headers)


def upgrade(*arguments, **more):
    return handshake(*arguments, **more)[0]


def test_origins(binary, folder):
    """web pages of listed origins may connect; without a list, those of the same host"""
    with Node(binary, folder) as node:
        own = node.address
        cases = [(None, 101), (f"http://{own}", 101), ("https://evil.example", 403), ("null", 403), ("", 403),
                 (f"http://{own}.evil.example", 403), (f"http://evil.example/{own}", 403), ("http://127.0.0.1:1", 403)]
        for origin, wanted in cases:
            equal((origin, upgrade(node, own, origin)), (origin, wanted))
        equal(upgrade(node, own, "https://rt.example.com", host="rt.example.com"), 101)
        node.reload(OPEN.replace("[client]", "[client]" + ORIGINS))
        cases = [(None, 101), ("https://app.example.com", 101), ("https://APP.example.com", 101),
                 ("https://a.b.example.org", 101), ("http://app.example.com", 403), ("https://app.example.com:8443", 403),
                 ("https://example.org", 403), ("https://evilexample.org", 403), ("https://x.example.com", 403),
                 ("https://app.example.com.evil.example", 403), ("null", 403), (f"http://{own}", 403)]
        for origin, wanted in cases:
            equal((origin, upgrade(node, own, origin)), (origin, wanted))


def test_refused_origin_is_named(binary, folder):
    """a refused origin is named in the answer and in the log, with the setting, in one line a second"""
    with Node(binary, folder, "loops = 1\n" + OPEN) as node:
        began = time.monotonic()
        for _ in range(20):
            status, _, body = handshake(node, node.address, "http://localhost:5173")
            equal(status, 403)
            check('"http://localhost:5173"' in body and "client.allowed_origins" in body, body)
        log = node.log_with("session.origin_refused")
        lines = [line for line in log.splitlines() if "session.origin_refused" in line]
        check(1 <= len(lines) <= 2 + time.monotonic() - began, f"{len(lines)} lines")
        check("WARN" in lines[0] and "http://localhost:5173" in lines[0] and "client.allowed_origins" in lines[0], lines)
        time.sleep(1.1)
        handshake(node, node.address, "http://localhost:5173")
        node.log_with(r"origin_refused .*suppressed=[1-9]")


def test_dev_lets_local_pages_in(binary):
    """serve --dev: pages of this machine, on any port, may connect; others may not"""
    with Server(binary, "--dev") as server:
        for origin, wanted in [("http://localhost:5173", 101), ("http://127.0.0.1:3000", 101), ("http://[::1]:80", 101),
                               ("https://evil.example", 403), ("null", 403)]:
            equal((origin, upgrade(server, server.address, origin)), (origin, wanted))
        equal(upgrade(server, server.address, "http://evil.example", host="evil.example"), 421)


def test_taken_port(binary, folder):
    """a second server on the same port ends with 1 and says so; the first one goes on"""
    with Node(binary, folder) as node:
        code, _, error = run_command(binary, "serve", "--http_server.listen", node.address)
        equal(code, 1)
        check(node.address in error and "in use" in error, error)
        code, _, error = run_command(binary, "serve", "--http_server.listen", "192.0.2.1:80")
        equal((code, "192.0.2.1:80" in error), (2, True))
        for _ in range(10):
            Client(node.address).abort()


def test_one_port_twice(binary, folder):
    """one address given twice is refused, instead of shared between public and internal"""
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]  # free again in a moment
    code, _, error = run_command(binary, "serve", "--http_server.listen", f"127.0.0.1:{port}",
                                 "--http_server.internal_listen", f"127.0.0.1:{port}")
    equal((code, f"127.0.0.1:{port}" in error), (2, True))
