"""The commands beside serve."""
import json
import os
import select
import signal
import subprocess
import time

from assertions import WAIT_SECONDS, check, equal, eventually
from node import OPEN, Node, run_command, token
from server import Server


def tail(binary, node, *arguments):
    command = [binary, "tail", "news", "--url", f"ws://{node.address}", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def read_line(stream, seconds=WAIT_SECONDS):
    """One line, however it is cut; "" at the end."""
    line, deadline = b"", time.monotonic() + seconds
    while not line.endswith(b"\n"):
        check(select.select([stream], [], [], deadline - time.monotonic())[0], f"no whole line came: {line}")
        byte = os.read(stream.fileno(), 1)
        if not byte:
            break
        line += byte
    return line.decode()


def test_publish_reaches_tail(binary, folder):
    """what publish sends, tail --json prints; SIGINT ends it with 0"""
    with Node(binary, folder) as node:
        with tail(binary, node, "--json") as process:
            try:
                eventually(lambda: node.metrics()["tidemill_subscriptions"] == 1, "tail subscribed")
                code, out, error = run_command(binary, "publish", "news", '{"text":"hello"}', "--url", node.http,
                                               "--api-key", "secret")
                equal((code, error), (0, ""))
                check("published" in out, out)
                equal(json.loads(read_line(process.stdout))["data"], {"text": "hello"})
                process.send_signal(signal.SIGINT)
                equal(process.wait(WAIT_SECONDS), 0)
            finally:
                process.kill()


def test_dev_keys(binary, folder):
    """beside serve --dev, publish, tail and token create need no key; one that was killed leaves none"""
    folder.chmod(0o700)
    old = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    try:
        with Server(binary, "--dev") as server:
            port = server.address.rpartition(":")[2]
            path = folder / f"tidemill-dev-{port}"
            equal(path.stat().st_mode & 0o777, 0o600)
            with tail(binary, server, "--json") as process:
                try:
                    check(b"news" in process.stderr.readline(), "tail does not say that it follows")
                    code, _, error = run_command(binary, "publish", "news", '{"text":"hi"}', "--url", server.http)
                    equal((code, error), (0, ""))
                    equal(json.loads(read_line(process.stdout))["data"], {"text": "hi"})
                finally:
                    process.kill()
            create = ["token", "create", "--user", "42", "--port", port]
            code, out, _ = run_command(binary, *create)
            equal(code, 0)
            equal(run_command(binary, "token", "check", out.strip(), "--port", port)[0], 0)
            server.kill()
            check(path.exists(), "the killed server has removed its file")
            code, _, error = run_command(binary, *create)
            equal((code, "no HMAC key" in error), (1, True))
        with Server(binary, "--dev", address=f"127.0.0.1:{port}") as server:
            equal(run_command(binary, "publish", "news", "1", "--url", server.http)[0], 0)
        check(not path.exists(), "the file is still there")
    finally:
        os.environ.pop("XDG_RUNTIME_DIR")
        if old is not None:
            os.environ["XDG_RUNTIME_DIR"] = old


def test_tail_survives_restart(binary, folder):
    """tail reconnects when its server comes back"""
    with Node(binary, folder) as node:
        address = node.address
        process = tail(binary, node, "--json")
    try:
        with Node(binary, folder, listen=address) as node:
            eventually(lambda: node.metrics()["tidemill_subscriptions"] == 1, "tail subscribed again")
            node.api("publish", {"channel": "news", "data": 1})
            equal(json.loads(read_line(process.stdout))["data"], 1)
            process.send_signal(signal.SIGINT)
            equal(process.wait(WAIT_SECONDS), 0)
    finally:
        process.kill()
        process.communicate()


def test_tail_refused(binary, folder):
    """tail with a bad token ends with an error"""
    with Node(binary, folder) as node:
        with tail(binary, node, "--token", token("u") + "x") as process:
            equal(process.wait(WAIT_SECONDS), 1)
            check(b"invalid token" in process.stderr.read(), "it does not say why")


def test_publish_refused(binary, folder):
    """publish says why it failed"""
    with Node(binary, folder) as node:
        cases = [
            (["news", "{}", "--url", node.http, "--api-key", "wrong"], 1, "API key"),
            (["nons:x", "{}", "--url", node.http, "--api-key", "secret"], 1, "102"),
            (["news", "{", "--url", node.http, "--api-key", "secret"], 2, "not JSON"),
            (["news", "{}", "--url", "nonsense://x", "--api-key", "secret"], 2, "--url"),
        ]
        for arguments, wanted, text in cases:
            code, _, error = run_command(binary, "publish", *arguments)
            equal((code, text in error), (wanted, True))
        code, out, _ = run_command(binary, "publish", "news", "-", "--url", node.http, "--api-key", "secret",
                                   stdin='{"from":"stdin"}')
        equal((code, "published" in out), (0, True))
    equal(run_command(binary, "publish", "news", "{}", "--url", "http://127.0.0.1:1", "--api-key", "secret")[0], 1)


def test_tokens(binary, folder):
    """what token create signs, token check and the server take"""
    (folder / "t.toml").write_text(OPEN, encoding="utf-8")
    config = ["--config", str(folder / "t.toml")]
    code, made, _ = run_command(binary, "token", "create", "--user", "42", "--info", '{"n":1}', *config)
    made = made.strip()
    equal(code, 0)
    code, out, _ = run_command(binary, "token", "check", made, *config)
    equal((code, "good" in out, '"42"' in out), (0, True, True))
    equal(run_command(binary, "token", "check", made[:-4] + "AAAA", *config)[0], 1)
    equal(run_command(binary, "token", "check", made, "--hmac-key", "other")[0], 1)
    code, out, error = run_command(binary, "token", "check", token("42", exp=1), *config)
    equal((code, "expired" in out + error), (1, True))
    equal(run_command(binary, "token", "create", "--user", "42", "--port", "1")[0], 1)
    equal(run_command(binary, "token", "create", "--user", "42", "--ttl", "long", *config)[0], 2)
    with Node(binary, folder) as node:
        with tail(binary, node, "--token", made) as process:
            try:
                eventually(lambda: node.metrics()["tidemill_subscriptions"] == 1, "tail subscribed")
                equal(list(node.api("info", {})["nodes"])[0]["num_users"], 1)
            finally:
                process.kill()


def test_doctor(binary, folder):
    """doctor ends with 0 for good settings and with 1 for bad ones, and names them"""
    path = folder / "t.toml"
    path.write_text(OPEN, encoding="utf-8")
    equal(run_command(binary, "doctor", "--config", str(path), "--http_server.listen", "127.0.0.1:0")[0], 0)
    path.write_text("[client]\nping_intervall = 1\n", encoding="utf-8")
    code, out, _ = run_command(binary, "doctor", "--config", str(path), "--http_server.listen", "127.0.0.1:0")
    equal((code, "client.ping_interval?" in out), (1, True))
    path.write_text(f'[http_server.tls]\ncert_pem = "{folder}/none.pem"\nkey_pem = "{folder}/none.key"\n',
                    encoding="utf-8")
    code, out, _ = run_command(binary, "doctor", "--config", str(path), "--http_server.listen", "127.0.0.1:0")
    equal((code, "none.pem" in out), (1, True))


def test_wrong_usage(binary):
    """what is no command or option ends with 2 and a hint"""
    for arguments in (["no-such"], ["serve", "--no-such"], ["publish"], ["token", "create"]):
        code, out, error = run_command(binary, *arguments)
        equal((arguments, code), (arguments, 2))
        check(out + error, f"{arguments}: not a word")


def test_output_that_is_lost(binary, folder):
    """output that cannot be written is an error, except where the reader went away"""
    for arguments in (["config", "show"], ["config", "doc"], ["config", "check"], ["version"], ["--help"]):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([binary, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, timeout=WAIT_SECONDS)
        equal((arguments, done.returncode), (arguments, 1))
        check(done.stderr.startswith("tidemill: standard output: "), done.stderr)
    with Node(binary, folder) as node:
        with tail(binary, node) as process:
            try:
                eventually(lambda: node.metrics()["tidemill_subscriptions"] == 1, "tail subscribed")
                process.stdout.close()
                node.api("publish", {"channel": "news", "data": 1})
                equal(process.wait(WAIT_SECONDS), 0)
            finally:
                process.kill()


def test_asks_for_help(binary):
    """help comes by every name that people try"""
    whole = run_command(binary, "--help")
    equal(whole[0], 0)
    for arguments in (["-h"], ["help"]):
        equal(run_command(binary, *arguments), whole)
    equal(run_command(binary, "help", "token", "create"), run_command(binary, "token", "create", "--help"))
    equal(run_command(binary, "-v"), run_command(binary, "version"))


def test_prints_json(binary, folder):
    """what prints data prints it as JSON when asked"""
    def lines(*arguments):
        return json.loads(run_command(binary, *arguments)[1])
    facts = lines("version", "--json")
    check({"version", "commit", "build", "compiler", "openssl"} <= set(facts), facts)
    equal(lines("config", "show", "--json", "--loops", "2")["loops"], 2)
    checks = lines("doctor", "--json", "--port", "0")
    equal((checks[0]["subject"], checks[0]["verdict"]), ("configuration", "ok"))
    made = run_command(binary, "token", "create", "--user", "42", "--hmac-key", "k")[1].strip()
    judged = lines("token", "check", made, "--json", "--hmac-key", "k")
    equal((judged["good"], judged["claims"]["sub"]), (True, "42"))
    equal(lines("token", "check", made, "--json", "--hmac-key", "x")["good"], False)
    with Node(binary, folder, OPEN + "history_size = 1\nhistory_ttl = '1m'\n") as node:
        published = lines("publish", "news", "1", "--json", "--url", node.http, "--api-key", "secret")
        equal(published["offset"], 1)


def test_next_steps(binary, folder):
    """an error that a user can do something about says what"""
    _, _, error = run_command(binary, "publish", "news", "1", "--port", "1", "--api-key", "k")
    check("Connection refused; is the server running? --url or --port" in error, error)
    with Node(binary, folder, OPEN + "[http_server]\nmax_request_body_bytes = 1024\n") as node:
        _, _, error = run_command(binary, "publish", "news", "1", "--url", node.http)
        check("wants an API key, and none was given" in error, error)
        _, _, error = run_command(binary, "publish", "news", "1", "--url", node.http, "--api-key", "wrong")
        check("refused the API key" in error, error)
        _, _, error = run_command(binary, "publish", "news", f'"{"x" * 2000}"', "--url", node.http, "--api-key", "secret")
        check("http_server.max_request_body_bytes" in error, error)
        with tail(binary, node, "--token", token("u") + "x") as process:
            equal(process.wait(WAIT_SECONDS), 1)
            check(b"tidemill token check TOKEN" in process.stderr.read(), "it does not say what to do")


def test_short_port(binary):
    """--port is short for the address to listen on"""
    code, out, _ = run_command(binary, "config", "show", "--port", "9123")
    equal((code, 'listen = ["127.0.0.1:9123"]' in out), (0, True))
    code, _, error = run_command(binary, "publish", "news", "1", "--port", "1", "--api-key", "k")
    equal((code, "127.0.0.1:1" in error), (1, True))
    equal(run_command(binary, "serve", "--port", "x")[0], 2)
