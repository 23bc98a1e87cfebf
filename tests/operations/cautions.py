"""What an operator may not have meant is said at the start, once each, and by doctor; serve --dev knows its names."""
import os

from assertions import check, equal, eventually
from node import OPEN, Node, run_command
from server import Server
from websocket import raw_request

RISKY = """
client.allowed_origins = ["*"]
client.token.hmac_secret_key = "short"
client.connection_limit_per_address = 9
http_api.key = "short"
"""
NAMED = ["client.allowed_origins", "client.token.hmac_secret_key", "http_api.key"]


def cautions(log):
    return [line for line in log.splitlines() if "server.caution" in line]


def test_said_at_the_start(binary, folder):
    """each caution is one warning at the start"""
    with Node(binary, folder, RISKY, listen="0.0.0.0:0") as node:
        said = cautions(node.log())
        named = [*NAMED, "prometheus.enabled", *(["user"] if os.geteuid() == 0 else [])]
        for name in named:
            equal((name, sum(f"setting={name}" in line for line in said)), (name, 1))
        equal(len(said), len(named))
        check(all("WARN" in line for line in said), said)


def test_said_by_doctor(binary, folder):
    """doctor names them, and a limit per address behind a proxy"""
    path = folder / "risky.toml"
    path.write_text(RISKY, encoding="utf-8")
    said = run_command(binary, "doctor", "--config", str(path), "--http_server.listen", "127.0.0.1:0")[1]
    for name in [*NAMED, "client.connection_limit_per_address"]:
        check(f"WARN {name}: " in said, f"{name} is not in: {said}")
    said = run_command(binary, "doctor", "--port", "0", "--http_api.key", "k" * 32)[1]
    check("WARN http_api.key: a secret in the command line" in said, said)
    check("k" * 32 not in said, said)


def test_nothing_to_say(binary, folder):
    """settings as they should be are not warned of"""
    good = "[client]\nallowed_origins = ['https://a.com']\ntoken.hmac_secret_key = '" + "k" * 32 + "'\n"
    with Node(binary, folder, good) as node:
        said = [line for line in cautions(node.log()) if "setting=user" not in line]
        equal(said, [])


def status_for(server, host, path="/"):
    port = server.address.rsplit(":", 1)[1]
    answer = raw_request(f"127.0.0.1:{port}", f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    return int(answer.split(b" ", 2)[1]), answer.decode(errors="replace")


def test_dev_knows_its_names(binary):
    """serve --dev answers to addresses and to names of this machine; another name gets 421, whatever it asks for"""
    with Server(binary, "--dev") as server:
        port = server.address.rsplit(":", 1)[1]
        for host in ("127.0.0.1", f"127.0.0.1:{port}", f"localhost:{port}", "[::1]:1", "app.localhost", "10.0.0.7"):
            equal((host, status_for(server, host, "/demo/config.json")[0]), (host, 200))
        for path in ("/demo/config.json", "/", "/connection/websocket", "/none"):
            status, answer = status_for(server, f"evil.example:{port}", path)
            equal((path, status), (path, 421))
            check("http_server.allowed_hosts" in answer, answer)
        equal(cautions(server.log()), [line for line in cautions(server.log()) if "setting=user" in line])


def test_dev_on_a_public_address(binary):
    """serve --dev on a public address says so"""
    with Server(binary, "--dev", address="0.0.0.0:0") as server:
        eventually(lambda: "serve --dev gives tokens" in server.log(), "it is said")
        equal(status_for(server, "evil.example", "/demo/config.json")[0], 421)


def test_allowed_hosts(binary, folder):
    """http_server.allowed_hosts is for every server, and not for its internal port"""
    settings = "http_server.allowed_hosts = ['*.example.com']\n" + OPEN
    with Node(binary, folder, settings, internal="127.0.0.1:0") as node:
        equal(status_for(node, "a.example.com:443", "/none")[0], 404)
        equal(status_for(node, "a.example.org", "/none")[0], 421)
        equal(node.get("/health", headers={"Host": "prometheus.internal"})[0], 200)


def test_allowed_hosts_reloaded(binary, folder):
    """a reload takes over http_server.allowed_hosts"""
    settings = "http_server.allowed_hosts = ['*.example.com']\n" + OPEN
    with Node(binary, folder, settings) as node:
        log = node.reload(settings.replace("example.com", "example.org"))
        check("setting_needs_restart" not in log, log)
        equal(status_for(node, "a.example.com", "/none")[0], 421)
        equal(status_for(node, "a.example.org", "/none")[0], 404)
