"""SIGHUP: what can change while running does, and nothing else is disturbed."""
import ssl
import subprocess
import urllib.error

from assertions import check, equal, eventually
from node import OPEN, Client, Node, token
from websocket import Closed, tcp_connection

CHAT = """
[[channel.namespaces]]
name = "chat"
allow_subscribe_for_client = true
allow_subscribe_for_anonymous = true
"""


def api_works(node, key):
    node.api_key = key
    try:
        node.api("info", {})
        return True
    except urllib.error.HTTPError as error:
        equal(error.code, 401)
        return False


def test_namespace_added(binary, folder):
    """a namespace is added under live connections, and taken away again"""
    with Node(binary, folder) as node:
        clients = [Client(node.address) for _ in range(20)]
        for client in clients:
            client.subscribe("news")
            try:
                client.subscribe("chat:x")
            except AssertionError as error:
                check("102" in str(error), error)
            else:
                raise AssertionError("the namespace is there already")
        check("server.reloaded" in node.reload(OPEN + CHAT), "not reloaded")
        for client in clients:
            client.subscribe("chat:x")
        node.api("publish", {"channel": "chat:x", "data": 1})
        node.api("publish", {"channel": "news", "data": 2})
        for client in clients:
            equal(sorted([client.next_data(), client.next_data()]), [1, 2])
        node.reload(OPEN)
        try:
            node.api("publish", {"channel": "chat:x", "data": 1})
        except RuntimeError as error:
            check("102" in str(error), error)
        else:
            raise AssertionError("the namespace is still there")
        node.api("publish", {"channel": "news", "data": 3})
        for client in clients:
            equal(client.next_data(), 3)
        equal(node.metrics()["tidemill_connections"], 20)


def test_keys_changed(binary, folder):
    """API key and token secret are replaced, on every loop"""
    with Node(binary, folder, "loops = 3\n" + OPEN) as node:
        fresh = OPEN.replace('key = "secret"', 'key = "fresh"', 1)
        node.reload("loops = 3\n" + fresh.replace('hmac_secret_key = "secret"', 'hmac_secret_key = "other"'))
        for _ in range(20):
            check(api_works(node, "fresh"), "the new key is refused")
            check(not api_works(node, "secret"), "the old key is taken")
            try:
                Client(node.address, {"token": token("u")})
            except Closed as closed:
                equal(closed.code, 3500)
            else:
                raise AssertionError("a token of the old secret is taken")


def test_bad_file(binary, folder):
    """a bad file changes nothing, and the log says why"""
    with Node(binary, folder) as node:
        client = Client(node.address)
        client.subscribe("news")
        for text, word in [(OPEN + "\n[client2]\n", "client2"), (OPEN.replace("true", '"maybe"'), "maybe"),
                           (OPEN + CHAT + CHAT, "chat"), ("[", "TOML")]:
            log = node.reload(text.replace('key = "secret"', 'key = "fresh"', 1))
            check("server.reload_refused" in log and word in log, f"{word!r} is not in: {log}")
            check(not api_works(node, "fresh") and api_works(node, "secret"), "the bad file is half taken")
        node.api("publish", {"channel": "news", "data": 1})
        equal(client.next_data(), 1)
        check("server.reloaded" in node.reload(OPEN + CHAT), "a good file is refused after bad ones")


def test_log_level(binary, folder):
    """the log's level and format change"""
    with Node(binary, folder) as node:
        def log_of_refused_command():
            before = len(node.log())
            client = Client(node.address)
            client.send_text("x")
            equal(client.close_code(), 3501)
            node.metrics()  # another turn
            return node.log()[before:]

        check("DEBUG" not in log_of_refused_command(), "a line at debug level")
        node.reload("[log]\nlevel = 'debug'\n" + OPEN)
        eventually(lambda: "session.disconnected" in log_of_refused_command(), "a line at debug level")
        node.reload("[log]\nlevel = 'debug'\nformat = 'json'\n" + OPEN)
        eventually(lambda: log_of_refused_command().startswith("{"), "a line in JSON")
        node.reload(OPEN)
        check("DEBUG" not in log_of_refused_command(), "a line at debug level")


def test_restart_needed(binary, folder):
    """the log names what changed and needs a restart"""
    with Node(binary, folder) as node:
        changed = "loops = 7\nprometheus.enabled = false\n[http_server]\nheaders_timeout = '3s'\n"
        log = node.reload(changed + OPEN)
        for name in ("loops", "prometheus.enabled", "http_server.headers_timeout"):
            check(f"setting_needs_restart setting={name}\n" in log, f"{name} is not in: {log}")
        equal(node.get("/metrics")[0], 200)


def make_certificate(folder, name):
    """Gives the settings that serve with it."""
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", key, "-out", cert, "-days", "9",
                    "-subj", f"/CN={name}"], check=True, capture_output=True)
    return f'[http_server.tls]\ncert_pem = "{cert}"\nkey_pem = "{key}"\n'


def certificate_of(node):
    """What a new connection is shown; None: it speaks no TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with context.wrap_socket(tcp_connection(node.address)) as connection:
            return ssl.DER_cert_to_PEM_cert(connection.getpeercert(binary_form=True))
    except ssl.SSLError:
        return None


def test_certificates(binary, folder):
    """TLS begins and its certificate changes with a reload; it never ends with one, and the log says so"""
    one, other = make_certificate(folder, "one"), make_certificate(folder, "other")
    needs_restart = "setting_needs_restart setting=http_server.tls.cert_pem\n"
    with Node(binary, folder) as node:
        equal(certificate_of(node), None)
        check(needs_restart not in node.reload(OPEN + one), "TLS could begin")
        equal(certificate_of(node), (folder / "one.pem").read_text())
        node.reload(OPEN + other)
        equal(certificate_of(node), (folder / "other.pem").read_text())
        for _ in range(2):
            check(needs_restart in node.reload(OPEN), "the log does not say that TLS goes on")
            equal(certificate_of(node), (folder / "other.pem").read_text())
        check(needs_restart not in node.reload(OPEN + one), "TLS goes on as it should")
        equal(certificate_of(node), (folder / "one.pem").read_text())
