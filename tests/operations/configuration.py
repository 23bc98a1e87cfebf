"""Configuration files: what is wrong is named, what is shown can be read back."""
import subprocess

from assertions import check, equal, eventually
from node import OPEN, Node, run_command

BAD = """
loops = 99
[client]
ping_intervall = "5s"
pong_timeout = "5x"
insecure = "yes"
token.hmac_previous_secret_key = 5
[engine]
type = "redis"
[channel.without_namespace]
force_recovery = true
[[channel.namespaces]]
name = "Bad Name"
"""
NAMED = ["loops", "0 … 64", "ping_intervall", "client.ping_interval?", "pong_timeout", '"5x"', "insecure", "boolean",
         "hmac_previous_secret_key", "engine.type", "force_recovery", "history_size", "Bad Name"]


def write(folder, text):
    path = folder / "tidemill.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_names_everything(binary, folder):
    """serve ends with 2 and names all that is wrong in the file"""
    code, _, error = run_command(binary, "serve", "--config", write(folder, BAD))
    equal(code, 2)
    for word in NAMED:
        check(word in error, f"{word!r} is not in: {error}")


def test_check_says_the_same(binary, folder):
    """config check finds the same, and nothing in a good file"""
    path = write(folder, BAD)
    serve = run_command(binary, "serve", "--config", path)
    checked = run_command(binary, "config", "check", "--config", path)
    check(checked[0] != 0, "config check ended with 0")
    equal(sorted((checked[1] + checked[2]).splitlines()), sorted(serve[2].splitlines()))
    equal(run_command(binary, "config", "check", "--config", write(folder, OPEN))[0], 0)


def test_origins_that_match_nothing(binary, folder):
    """an origin that can never match is refused by check and serve, in a file and in the environment"""
    for origin in ["https://a.com/", "a.com", "https://a.com,https://b.com", '["https://a.com"]']:
        path = write(folder, f"client.allowed_origins = ['{origin}']\n")
        for command in (["config", "check"], ["serve"]):
            code, _, error = run_command(binary, *command, "--config", path)
            check(code != 0 and "is no origin pattern" in error, f"{command} {origin}: {code} {error}")
            code, _, error = run_command(binary, *command, environment={"TIDEMILL_CLIENT_ALLOWED_ORIGINS": origin})
            check(code != 0 and "CLIENT_ALLOWED_ORIGINS" in error, f"{command} {origin}: {code} {error}")


def test_unreadable_files(binary, folder):
    """serve ends with 2 without the file, or when it is no TOML"""
    for path in [str(folder / "none.toml"), str(folder), write(folder, "[client")]:
        code, _, error = run_command(binary, "serve", "--config", path)
        equal(code, 2)
        check(path in error, f"{path} is not in: {error}")


def test_default_loads(binary, folder):
    """the output of config default is a configuration, and shows as itself"""
    code, default, _ = run_command(binary, "config", "default")
    equal(code, 0)
    check("\n# duration, 1s … 1h ↻\nping_interval" in default, "a setting has no comment")
    path = write(folder, default)
    equal(run_command(binary, "config", "check", "--config", path)[0], 0)
    shown = run_command(binary, "config", "show", "--config", path)[1]
    equal(shown, run_command(binary, "config", "show")[1])


def test_init(binary, folder):
    """what init writes is good, serves, and gives tokens that the server takes; a file that is there is kept"""
    path = folder / "t.toml"
    code, said, _ = run_command(binary, "init", str(path))
    equal((code, oct(path.stat().st_mode & 0o777)), (0, "0o600"))
    check(f"tidemill serve --config {path}" in said, said)
    equal(run_command(binary, "config", "check", "--config", str(path))[0], 0)
    text = path.read_text(encoding="utf-8")
    equal(run_command(binary, "init", str(path))[0], 1)
    equal(path.read_text(encoding="utf-8"), text)
    with Node(binary, folder, text.replace("127.0.0.1:8000", "127.0.0.1:0")) as node:
        config = ["--config", str(path)]
        code, made, _ = run_command(binary, "token", "create", "--user", "42", *config)
        equal(code, 0)
        code, _, error = run_command(binary, "publish", "chat:x", "1", *config, "--url", node.http)
        equal((code, error), (0, ""))
        command = [binary, "tail", "chat:x", "--url", node.websocket, "--token", made.strip()]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                eventually(lambda: node.metrics()["tidemill_subscriptions"] == 1, "tail subscribed")
            finally:
                process.kill()


def test_show_masks(binary, folder):
    """config show masks secrets, and its output is refused instead of taken for the secrets"""
    secrets = ["canary1", "canary2", "canary3"]
    path = write(folder, f'[http_api]\nkey = ["{secrets[0]}", "{secrets[1]}"]\n'
                         f'[client.token]\nhmac_secret_key = "{secrets[2]}"\n')
    code, shown, _ = run_command(binary, "config", "show", "--config", path)
    equal(code, 0)
    for secret in secrets:
        check(secret not in shown, f"{secret} is in: {shown}")
    check("***" in shown, "nothing is masked")
    check(run_command(binary, "config", "check", "--config", write(folder, shown))[0] != 0, "*** is taken")


def test_order_of_sources(binary, folder):
    """a flag goes over the file"""
    path = write(folder, "[client]\nping_interval = '20s'\npong_timeout = '3s'\n")
    shown = run_command(binary, "config", "show", "--config", path, "--client.ping_interval=30s")[1]
    check('ping_interval = "30s"' in shown, shown)
    check('pong_timeout = "3s"' in shown, shown)
