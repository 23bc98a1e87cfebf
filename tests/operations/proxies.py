"""Behind proxies: whose connection it is, and how a node leaves a balancer."""
import json
import signal
import socket
import struct
import time

from assertions import SLACK_SECONDS, WAIT_SECONDS, check, equal, eventually
from listening import make_certificate, trusting, with_tls
from node import OPEN, Client, Node
from websocket import read_all, tcp_connection

LIMITED = OPEN.replace("[client]", "[client]\nconnection_limit_per_address = 2\nallowed_origins = ['https://a.com']")
TRUSTED = "http_server.trusted_proxies = ['127.0.0.1', '10.0.0.0/8', 'unix']\n"
PROXIED = TRUSTED + "http_server.proxy_protocol = true\n"
V2 = b"\r\n\r\n\0\r\nQUIT\n"


def upgrade(address, *headers, before=b"", source=None, origin=None):
    """A WebSocket's handshake over a connection that begins with `before`; the socket and the answer's status."""
    connection = socket.create_connection(address, 10, source_address=(source, 0) if source else None)
    lines = ["GET /connection/websocket HTTP/1.1", "Host: a", "Upgrade: websocket", "Connection: Upgrade",
             "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", *headers]
    lines += [f"Origin: {origin}"] if origin else []
    connection.sendall(before + "\r\n".join([*lines, "", ""]).encode())
    answer = connection.recv(4096)
    return connection, int(answer.split(b" ", 2)[1]) if answer else 0


def place(node):
    host, port = node.address.rsplit(":", 1)
    return host, int(port)


def v1(client):
    return f"PROXY TCP4 {client} 192.0.2.1 56324 443\r\n".encode()


def v2(client):
    return V2 + b"\x21\x11" + struct.pack(">H", 12) + socket.inet_aton(client) + bytes(4) + struct.pack(">HH", 1, 2)


def limits_each_client(network, connect):
    """`connect(client)` gives a socket and a status: two of each client are let in, a third is not."""
    kept = []
    for client in (f"{network}.7", f"{network}.8"):
        for wanted in (101, 101, 503):
            connection, status = connect(client)
            equal((client, status), (client, wanted))
            kept.append(connection)
    for connection in kept[:3]:
        connection.close()
    eventually(lambda: let_in(connect, f"{network}.7"), "a place is free again")
    for connection in kept:
        connection.close()


def is_closed(connection):
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def let_in(connect, client):
    connection, status = connect(client)
    connection.close()
    return status == 101


def test_forwarded_addresses(binary, folder):
    """limits per address count the clients that a trusted proxy names, and not the proxy"""
    with Node(binary, folder, TRUSTED + LIMITED) as node:
        headers = ["X-Forwarded-For: 203.0.113.1, {}", "Forwarded: for={};proto=https", "X-Forwarded-For: {}, 10.1.1.1"]
        for i, header in enumerate(headers):
            limits_each_client(f"192.0.{i}", lambda client, header=header: upgrade(place(node), header.format(client)))
        for _ in range(5):
            equal(node.get("/health", headers={"X-Forwarded-For": "192.0.2.7"})[0], 200)


def test_untrusted_headers(binary, folder):
    """what a client says of its address itself is not believed"""
    with Node(binary, folder, TRUSTED + LIMITED) as node:
        kept = []
        for i, wanted in enumerate((101, 101, 503)):
            connection, status = upgrade(place(node), f"X-Forwarded-For: 192.0.2.{i}", source="127.0.0.2")
            equal(status, wanted)
            kept.append(connection)
        for connection in kept:
            connection.close()


def test_address_in_the_log(binary, folder):
    """a refusal in the log names the client's address"""
    with Node(binary, folder, TRUSTED + LIMITED, ) as node:
        connection, status = upgrade(place(node), "X-Forwarded-For: 192.0.2.77", origin="https://evil.com")
        equal(status, 403)
        connection.close()
        eventually(lambda: "192.0.2.77" in node.log(), "the address is in the log")


def test_proxy_protocol(binary, folder):
    """PROXY headers of both versions name the client, in one piece or byte by byte"""
    with Node(binary, folder, PROXIED + LIMITED) as node:
        for i, header in enumerate((v1, v2)):
            limits_each_client(f"192.0.{i}", lambda client, header=header: upgrade(place(node), before=header(client)))
        with tcp_connection(node.address) as slow:
            for byte in v1("192.0.2.9") + b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n":
                slow.sendall(bytes([byte]))
            check(read_all(slow).startswith(b"HTTP/1.1 200"), "not served")
        for own in (b"PROXY UNKNOWN\r\n", V2 + b"\x20\x00\x00\x00"):
            connection, status = upgrade(place(node), before=own)
            equal(status, 101)
            connection.close()


def test_proxy_protocol_before_tls(binary, folder):
    """a PROXY header comes before the TLS handshake"""
    make_certificate(folder, "one")
    with Node(binary, folder, PROXIED + with_tls(folder)) as node:
        connection = tcp_connection(node.address)
        connection.sendall(v2("192.0.2.7"))
        with trusting(folder).wrap_socket(connection, server_hostname="127.0.0.1") as secure:
            secure.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            check(secure.recv(4096).startswith(b"HTTP/1.1 200"), "not served")


def test_proxy_protocol_refused(binary, folder):
    """a trusted proxy without a header is closed and told of in the log; who is none is served as it is"""
    with Node(binary, folder, PROXIED + LIMITED) as node:
        with tcp_connection(node.address) as bare:
            bare.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
            equal(is_closed(bare), True)
        node.log_with(r"net\.proxy_header_refused .*http_server\.proxy_protocol")
        equal(node.get("/health", source="127.0.0.2")[0], 200)
        connection, status = upgrade(place(node), before=v1("192.0.2.7"), source="127.0.0.2")
        equal(status, 400)
        connection.close()
        with tcp_connection(node.address) as silent:
            silent.sendall(b"PROXY ")
            silent.settimeout(WAIT_SECONDS)
            begun = time.monotonic()
            equal(is_closed(silent), True)
            check(time.monotonic() - begun < 11 + SLACK_SECONDS, "it waited for longer than its patience")


def test_reloaded(binary, folder):
    """a reload takes over whom we trust, the header that counts, and whether PROXY headers come"""
    def in_force(node, settings):
        log = node.reload(settings + LIMITED)
        check("setting_needs_restart" not in log, log)

    forwarded = lambda client: upgrade(place(node), f"Forwarded: for={client}")
    proxied = lambda client: upgrade(place(node), before=v1(client))
    with Node(binary, folder, LIMITED) as node:
        in_force(node, TRUSTED)
        limits_each_client("192.0.0", forwarded)
        in_force(node, TRUSTED + "http_server.client_address_header = 'Forwarded'\n")
        limits_each_client("192.0.1", lambda client: upgrade(place(node), f"Forwarded: for={client}\r\nX-Forwarded-For: 1.1.1.1"))
        in_force(node, PROXIED)
        limits_each_client("192.0.2", proxied)
        in_force(node, TRUSTED)
        limits_each_client("192.0.3", forwarded)
        connection, status = proxied("192.0.3.7")
        equal(status, 400)
        connection.close()


def test_shutdown_delay(binary, folder):
    """with shutdown.delay a node that is stopped serves on for a while, and /ready says 503"""
    with Node(binary, folder, "shutdown.delay = '2s'\n" + OPEN) as node:
        before = Client(node.address)
        begun = time.monotonic()
        node.process.send_signal(signal.SIGTERM)
        eventually(lambda: node.get("/ready")[0] == 503, "not ready")
        equal(node.get("/ready")[2], '{"status":"leaving"}')
        equal(node.get("/health")[0], 200)
        new = Client(node.address)
        new.subscribe("news")
        before.call("publish", {"channel": "news", "data": 1})
        equal(new.next_data(), 1)
        equal((before.close_code(), new.close_code()), (3001, 3001))
        check(time.monotonic() - begun >= 2, "it did not wait")
        before.abort()
        new.abort()
        equal(node.process.wait(WAIT_SECONDS), 0)


def test_second_signal_ends_the_delay(binary, folder):
    """a second SIGTERM ends the delay too"""
    with Node(binary, folder, "shutdown.delay = '1h'\n" + OPEN) as node:
        node.process.send_signal(signal.SIGTERM)
        eventually(lambda: "server.leaving" in node.log(), "leaving")
        node.process.send_signal(signal.SIGTERM)
        equal(node.process.wait(WAIT_SECONDS), 0)
