"""`tidemill doctor` asks Redis and the endpoints of key sets, and says what to do."""
import http.server
import json
import subprocess
import threading

from assertions import check, equal
from redis_server import RedisServer, free_port
from refusals import CHANGEABLE, CONFIG, STATES, allow

GOOD_KEY = {"kid": "k", "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
SECRET_KEY = {"kid": "k", "kty": "oct", "k": "c2VjcmV0"}


def findings(binary, folder, settings):
    """The exit code, and what was found by subject: the verdict and the text."""
    path = folder / "tidemill.toml"
    path.write_text(settings, encoding="utf-8")
    done = subprocess.run([binary, "doctor", "--json", "--config", path, "--port", "0"], capture_output=True, text=True,
                          timeout=60)
    check("canary" not in done.stdout + done.stderr, "the password is shown")
    equal(done.stderr, "")
    return done.returncode, {one["subject"]: (one["verdict"], one["text"]) for one in json.loads(done.stdout)}


def of_redis(binary, folder, address, more=""):
    code, found = findings(binary, folder, CONFIG % f"{address}\n{more}")
    return code, {subject: text for subject, text in found.items() if "Redis" in subject}


def test_good(binary, folder):
    """a good Redis: version, role, user, and that all works"""
    with RedisServer() as redis:
        allow(redis)
        code, found = of_redis(binary, folder, f'address = "{redis.url}"')
        equal(code, 0)
        verdict, text = found[f"Redis 127.0.0.1:{redis.port}"]
        check(verdict == "ok" and "standalone, master, as user tidemill" in text, text)
        equal(found["Redis: use"][0], "ok")
        equal(found[f"memory of Redis 127.0.0.1:{redis.port}"], ("ok", "no limit"))
        left = [key for key in redis.command("KEYS", "*") if not key.endswith(".incarnation")]
        equal(left, [])


def test_memory_policy(binary, folder):
    """a limit of memory without a policy that helps is warned of"""
    with RedisServer({"maxmemory": "64mb"}) as redis:
        allow(redis)
        for policy, wanted in (("noeviction", "warn"), ("allkeys-lru", "warn"), ("volatile-ttl", "ok")):
            redis.command("CONFIG", "SET", "maxmemory-policy", policy)
            code, found = of_redis(binary, folder, f'address = "{redis.url}"')
            verdict, text = found[f"memory of Redis 127.0.0.1:{redis.port}"]
            equal((code, verdict, policy in text), (0, wanted, True))


def fails(binary, folder, state):
    with RedisServer(CHANGEABLE) as redis:
        allow(redis)
        state.begin(redis)
        code, found = of_redis(binary, folder, f'address = "{redis.url}"', 'io_timeout = "2s"')
        state.end(redis)
        equal(code, 1)
        failed = [text for verdict, text in found.values() if verdict == "fail"]
        check(failed, found)
        check(any(len(text.split("; ")) > 1 for text in failed) or state.kind == "READONLY", f"no advice: {failed}")


def cases_states(binary, folder):
    for number, state in enumerate(STATES):
        own = folder / str(number)
        own.mkdir()
        yield f"{state.kind} ({number}) is found", lambda own=own, state=state: fails(binary, own, state)


def test_away(binary, folder):
    """a Redis that is not there is named with its address"""
    port = free_port()
    code, found = of_redis(binary, folder, f'address = "127.0.0.1:{port}"')
    verdict, text = found[f"Redis 127.0.0.1:{port}"]
    equal((code, verdict, "refused" in text), (1, "fail", True))


def test_no_redis(binary, folder):
    """without a Redis in the settings there is no word about it"""
    equal([subject for subject in findings(binary, folder, "")[1] if "Redis" in subject], [])


class KeySets(http.server.BaseHTTPRequestHandler):
    sets = {"/good": {"keys": [GOOD_KEY, SECRET_KEY]}, "/useless": {"keys": [SECRET_KEY]}, "/none": {}}

    def do_GET(self):
        keys = self.sets.get(self.path)
        self.send_response(404 if keys is None else 200)
        self.end_headers()
        self.wfile.write(json.dumps(keys).encode())

    def log_message(self, *_):
        pass


def test_key_sets(binary, folder):
    """a key set is fetched: reachable, with keys that can be used"""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), KeySets) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for path, wanted, word in (("/good", "ok", "1 key(s), 1 left out"), ("/useless", "fail", "no key in it"),
                                   ("/none", "fail", "keys"), ("/missing", "fail", "404")):
            endpoint = f"http://127.0.0.1:{server.server_port}{path}"
            _, found = findings(binary, folder, f'client.token.jwks_public_endpoint = "{endpoint}"\n')
            verdict, text = found["key set of client.token.jwks_public_endpoint"]
            check((verdict, word in text) == (wanted, True), f"{path}: {verdict} {text}")
        server.shutdown()
    _, found = findings(binary, folder, f'client.token.jwks_public_endpoint = "http://127.0.0.1:{free_port()}/"\n')
    verdict, text = found["key set of client.token.jwks_public_endpoint"]
    equal((verdict, "refused" in text), ("fail", True))
