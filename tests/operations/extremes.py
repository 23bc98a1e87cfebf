"""What config check calls good, serve starts with: every setting, at the ends of what its own description accepts."""
import functools
import os
import pathlib
import re
import selectors
import subprocess
import tempfile
import time

from assertions import check, equal
from node import run_command
from runner import fixture

START_SECONDS = 120
SANITIZED_STEP = 8  # a server starts slowly under a sanitizer: every eighth value must do
UNITS_MS = {"h": 3600_000, "m": 60_000, "s": 1000, "ms": 1}
# What most settings of a kind are right or wrong with; each is tried in all settings of the kind.
STRINGS = ["", "x", "/", "/x", "/x/", "a b", "ü", "0" * 300, "/health", "exp", "(", "a^", "[^\\s\\S]", "^[a-z]+$", "https://",
           "https://x", "http://u:p@x", "/nowhere/file", "/", "{pem}", "{other}", "{cert}", "{key}", "{other_key}"]
LISTS = ["", "x", "127.0.0.1:0", "127.0.0.1:0 [::1]:0", "127.0.0.1:0 127.0.0.1:0", ":0", "0.0.0.0:99999", "localhost:8000", "8000", ":",
         "127.0.0.1:-1", "127.0.0.1:{port} 127.0.0.1:{port}", ":{port} 127.0.0.1:{port}", "203.0.113.7:0", "[::1:0", "[fe80::1]:0",
         "unix:", "unix:{folder}/s", "unix:{folder}/s unix:{folder}/s", "unix:{folder}/none/s", "unix:{folder}", "unix:{folder}/file",
         "unix:{folder}/file/s", "unix:{folder}/" + "s" * 108, "unix:/proc/s", "*", "https://a.com", "https://a.com/", "a.com", "null",
         "10.0.0.0/8", "10.0.0.0/33", "::/0", "10.0.0.1", "redis://127.0.0.1:1", "redis://h:99999", "unix:///x", "rediss://127.0.0.1:1"]
SECRETS = ["", "x", "ü", "{pem}", "-----BEGIN PUBLIC KEY-----", "***", "base64:", "base64:AAEC", "base64:?", "file:", "file:/nowhere",
           "file:{folder}/file", "file:{folder}"]
TABLES = ["", "x", "{}", "[]", '{"X-A": "b"}', '{"X-A": 1}', '{"X A": "b"}', '{"X-A": "b\\nc"}', '{"Content-Length": "1"}']
ANY_LISTS = ["", "x", "[]", "{}", "[1]", '[{"status_code": 404}]', '[{"status_code": 404, "to_error": {"code": 1}}]',
             '[{"status_code": 404, "to_error": {"code": 404, "message": "no"}}]', '[{"status_code": 404, "to_disconnect": {"code": 1}}]']
# Values that are only tried together.
TOGETHER = [
    {"http_server.tls.cert_pem": "{cert}", "http_server.tls.key_pem": "{key}"},
    {"http_server.tls.cert_pem": "{cert}", "http_server.tls.key_pem": "{other_key}"},
    {"http_server.tls.cert_pem": "{cert}", "http_server.tls.key_pem": "{cert}"},
    {"http_server.tls.cert_pem": "{key}", "http_server.tls.key_pem": "{key}"},
    {"http_server.tls.cert_pem": "/nowhere", "http_server.tls.key_pem": "{key}"},
    {"http_server.tls.cert_pem": "{cert}", "http_server.tls.key_pem": "/nowhere"},
    {"http_server.tls.cert_pem": "{folder}", "http_server.tls.key_pem": "{key}"},
    {"http_server.listen": "127.0.0.1:{port}", "http_server.internal_listen": "127.0.0.1:{port}"},
    {"http_server.listen": "127.0.0.1:{port}", "http_server.internal_listen": "0.0.0.0:{port}"},
    {"http_server.listen": "unix:{folder}/s", "http_server.internal_listen": "unix:{folder}/s"},
    {"http_api.handler_prefix": "/x", "websocket.handler_prefix": "/x"},
    {"broker.type": "redis", "broker.redis.address": "rediss://127.0.0.1:1", "broker.redis.tls.server_ca_pem": "{cert}"},
    {"broker.type": "redis", "broker.redis.address": "rediss://127.0.0.1:1", "broker.redis.tls.server_ca_pem": "/nowhere"},
    {"broker.type": "redis", "broker.redis.address": "127.0.0.1:1", "broker.redis.tls.enabled": "true",
     "broker.redis.tls.server_ca_pem": "{pem}"},
    {"broker.type": "redis", "broker.redis.sentinel_address": "127.0.0.1:1", "broker.redis.sentinel_master_name": "x"},
    {"broker.type": "redis", "broker.redis.cluster_address": "127.0.0.1:1"},
    {"broker.type": "memory", "broker.redis.address": "rediss://127.0.0.1:1", "broker.redis.tls.server_ca_pem": "/nowhere"},
    {"client.token.jwks_public_endpoint": "https://x/keys", "client.token.rsa_public_key": "{pem}"},
    {"client.token.jwks_public_endpoint": "https://x/keys", "client.subscription_token.enabled": "true",
     "client.subscription_token.ed25519_public_key": "{pem}"},
    {"client.subscription_token.enabled": "true", "client.subscription_token.rsa_public_key": "{pem}"},
    {"client.subscription_token.enabled": "true", "client.subscription_token.user_id_claim": "channel"},
    {"client.pong_timeout": "25s", "client.ping_interval": "25s"},
    {"channel.without_namespace.history_size": "1", "channel.without_namespace.history_ttl": "87600h"},
    {"channel.without_namespace.history_size": "10000000", "channel.without_namespace.history_ttl": "1s"},
    {"channel.namespaces.chat.channel_regex": "a^"},
    {"channel.namespaces.chat.history_size": "1"},
    {"client.subscribe_to_user_personal_channel.personal_channel_namespace": "none"},
]


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


@fixture
def places(binary):
    """Files and addresses that stand in values by name."""
    import socket
    with tempfile.TemporaryDirectory(prefix="tidemill-") as name, socket.create_server(("127.0.0.1", 0)) as taken:
        folder = pathlib.Path(name)
        files = {each: str(folder / f"{each}.pem") for each in ("cert", "key", "other_key", "pem", "other")}
        for key in ("key", "other_key"):
            openssl("genpkey", "-algorithm", "ed25519", "-out", files[key])
        openssl("req", "-x509", "-key", files["key"], "-subj", "/CN=localhost", "-days", "9", "-out", files["cert"])
        openssl("pkey", "-in", files["key"], "-pubout", "-out", files["pem"])
        (folder / "other.pem").write_text("no PEM")
        (folder / "file").write_text("text")
        port = taken.getsockname()[1]
        taken.close()
        yield {"folder": str(folder), "port": str(port), **files}


def described(binary):
    """Type, default and accepted values of each setting, as the documentation says them."""
    code, text, _ = run_command(binary, "config", "doc")
    equal(code, 0)
    rows = re.findall(r"^\| `([a-z_.0-9]+)` \| ([a-z ]+) \| `(.*?)` \| (.*?) \| .* \|$", text, re.M)
    check(len(rows) > 100, f"only {len(rows)} settings are described")
    return rows


def milliseconds(text):
    return sum(int(number) * UNITS_MS[unit] for number, unit in re.findall(r"(\d+)(ms|[hms])", text))


def values_of(kind, accepted):
    """The ends of what is accepted, what is beyond them, and other values of the type."""
    if kind == "boolean":
        return ["true", "false", "maybe"]
    if kind == "integer":
        least, greatest = (int(end) for end in accepted.split(" … "))
        return [str(value) for value in (least, least + 1, greatest, greatest + 1, least - 1)] + ["x", ""]
    if kind == "duration":
        least, greatest = (milliseconds(end) for end in accepted.split(" … "))
        return [f"{value}ms" for value in (least, least + 1, greatest, greatest + 1)] + ["x", "-1s", ""]
    if kind == "string" and accepted:
        return re.findall(r'"(.*?)"', accepted) + ["x"]
    return {"string": STRINGS, "secret": SECRETS, "list of strings": LISTS, "list of addresses": LISTS,
            "list of secrets": SECRETS, "table of secrets": TABLES, "list": ANY_LISTS}[kind]


def stop(process):
    """Asks again where shutdown.delay is long: the second signal ends it."""
    while True:
        process.terminate()
        try:
            return process.wait(2)
        except subprocess.TimeoutExpired:
            continue


def serve(binary, flags, folder):
    """Whether serve begins to listen; and what it wrote."""
    with subprocess.Popen([binary, "serve", *flags], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          cwd=folder) as process:
        said, begun = b"", time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while time.monotonic() - begun < START_SECONDS:
                selector.select(1)
                piece = os.read(process.stdout.fileno(), 65536)
                said += piece
                if b"server.listening" in said or not piece:
                    break
        listens = b"server.listening" in said
        if listens:
            stop(process)
            said += process.stdout.read()
        return listens, process.wait(START_SECONDS), said.decode(errors="replace")


def agree(binary, values):
    """In a folder of their own, where a database may be made."""
    with tempfile.TemporaryDirectory() as folder:
        agree_in(folder, binary, values)


def agree_in(folder, binary, values):
    """config check and serve are asked with the same flags. Where a log is off or words differ, its lines are put on."""
    flags = [f"--{key}={value}" for key, value in values.items()]
    if "http_server.listen" not in values:
        flags.append("--http_server.listen=127.0.0.1:0")
    code, _, problem = run_command(binary, "config", "check", *flags, folder=folder)
    shown = flags if "log.level" in values or "log.format" in values else [*flags, "--log.level=info"]
    if values.get("log.level") in ("warn", "error", "off"):
        return equal(code, 0)
    listens, ended, said = serve(binary, shown, folder)
    check(listens == (code == 0), f"check: {code} {problem}\nserve: {listens} {said}")
    check(ended == 0 if listens else ended == 2, f"serve ended with {ended}: {said}")
    if not listens:
        equal(said.strip(), problem.strip())


def cases_extremes(binary, places):
    pairs = [(key, value) for key, kind, _, accepted in described(binary) for value in values_of(kind, accepted)]
    for key, value in pairs[::SANITIZED_STEP if os.environ.get("SANITIZED") else 1]:
        filled = re.sub(r"\{(\w+)\}", lambda found: places[found[1]], value)
        yield f"{key}={value[:60]}", functools.partial(agree, binary, {key: filled})


def cases_together(binary, places):
    for values in TOGETHER:
        filled = {key: re.sub(r"\{(\w+)\}", lambda found: places[found[1]], value) for key, value in values.items()}
        yield " ".join(f"{key}={value}" for key, value in values.items()), functools.partial(agree, binary, filled)
