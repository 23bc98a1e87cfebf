"""What the server refuses leaves a trace: a line that says who, where, why and which setting, and a counter."""
import json
import re
import time

import jwt
from assertions import check, equal, eventually
from node import Node
from websocket import Closed, WebSocket, raw_request

SETTINGS = """
http_api.key = "canary-key-77"
[client]
token.hmac_secret_key = "canary-hmac-77"
channel_limit = 2
allowed_origins = ["https://good.example"]
[channel.without_namespace]
allow_subscribe_for_client = false
[[channel.namespaces]]
name = "open"
allow_subscribe_for_client = true
"""
FLOOD = 300


def token(secret="canary-hmac-77", **claims):
    return jwt.sign({"sub": "u42", **claims}, secret=secret)


def talk(node, *commands, give=None):
    """What is answered to the commands after a connect; ends with the connection's closing."""
    answers = []
    with WebSocket(node.address) as client:
        commands = [{"id": 1, "connect": {"token": token() if give is None else give}}, *commands]
        client.send_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in commands))
        try:
            while len(answers) < len(commands):
                answers += [json.loads(line) for line in client.receive(10).splitlines()]
        except Closed as closed:
            answers.append(closed.code)
    return answers


def subscribe(channel, **more):
    return {"id": 2, "subscribe": {"channel": channel, **more}}


def api(node, body, key="canary-key-77", path="/api/publish"):
    return node.request("POST", path, body, {"X-API-Key": key} if key else {})


def refused(node, event, reason):
    return [line for line in node.log().splitlines() if f" {event} " in line and f"reason={reason} " in line]


def counted(node, reason):
    return node.metrics()[f'tidemill_refusals_total{{reason="{reason}"}}']


def check_line(node, reason, *parts):
    """There is one line about it with all of the parts: the newest, once it was written."""
    def newest_has_all():
        lines = refused(node, "session.refused", reason)
        return lines and all(part in lines[-1] for part in parts)
    eventually(newest_has_all, f"a line about {reason} with {parts}")
    check(counted(node, reason) >= 1, f"{reason} is not counted")


def test_clients(binary, folder):
    """each refusal of a client is logged at info with user, address, channel, reason and setting, and counted"""
    with Node(binary, folder, SETTINGS) as node:
        equal(talk(node, give="")[-1], 3501)
        check_line(node, "token", "allow_anonymous_connect_without_token", "address=127.0.0.1")
        time.sleep(1.1)  # the next line about tokens
        equal(talk(node, give=token(secret="wrong"))[-1], 3500)
        check_line(node, "token", "code=3500", "setting=client.token")
        equal(talk(node, give=token(exp=1))[-1]["error"]["code"], 109)
        check_line(node, "expired", "code=109")
        equal(talk(node, subscribe("news"))[-1]["error"]["code"], 103)
        check_line(node, "permission", "user=u42", "channel=news", "setting=allow_subscribe_for_client")
        equal(talk(node, subscribe("nowhere:x"))[-1]["error"]["code"], 102)
        check_line(node, "unknown_channel", "user=u42", "channel=nowhere:x", "setting=channel.namespaces")
        time.sleep(1.1)
        equal(talk(node, subscribe("news", token=token(secret="wrong", channel="news")))[-1]["error"]["code"], 103)
        check_line(node, "token", "code=103", "channel=news")
        equal(talk(node, "{\"id\":")[-1], 3501)
        check_line(node, "bad_request", "user=u42", "code=3501", "why=")
        answers = talk(node, *({"id": i, "subscribe": {"channel": f"open:{i}"}} for i in (2, 3, 4)))
        equal(answers[-1]["error"]["code"], 106)
        check_line(node, "limit", "channel=open:4", "setting=client.channel_limit")
        equal(talk(node, {"id": 2, "rpc": {"method": "x", "data": {}}})[-1]["error"]["code"], 108)
        check_line(node, "not_available", "rpc")
        status = raw_request(node.address, b"GET /connection/websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
                             b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                             b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: https://evil.example\r\n\r\n")
        check(status.startswith(b"HTTP/1.1 403"), status)
        eventually(lambda: "session.origin_refused" in node.log(), "a line about the origin")
        equal(counted(node, "origin"), 1)
        check("canary" not in node.log(), "a secret is in the log")
        for line in node.log().splitlines():
            check(not re.search(r"eyJ[\w-]{10}", line), f"a token is in the log: {line}")


def test_callers(binary, folder):
    """a call of the API without a good key gets a 401 that says so; both it and a broken body are logged and counted"""
    with Node(binary, folder, SETTINGS) as node:
        for key, why in ((None, "no API key"), ("wrong-key-55", "API key is wrong")):
            status, headers, body = api(node, "{}", key)
            equal((status, headers["www-authenticate"]), (401, "apikey"))
            check(why in body and "X-API-Key" in body, body)
            time.sleep(1.1)
        lines = refused(node, "api.refused", "key")
        equal(len(lines), 2)
        check("address=127.0.0.1" in lines[0] and "path=/api/publish" in lines[0] and "http_api.key" in lines[0], lines)
        for path, body in (("/api/publish", '{"channel": "a", "data": '), ("/api/publish", '{"channel": 1}'),
                           ("/api/batch", "[]"), ("/api", "{")):
            status, _, answer = api(node, body, path=path)
            equal(status, 400)
            check(answer.startswith("Bad Request: ") and len(answer) > 20, answer)
        eventually(lambda: refused(node, "api.refused", "bad_request"), "a line about what cannot be read")
        metrics = node.metrics()
        equal(metrics['tidemill_api_requests_refused_total{reason="key"}'], 2)
        equal(metrics['tidemill_api_requests_refused_total{reason="bad_request"}'], 4)
        check("wrong-key" not in node.log() and "canary" not in node.log(), "a key is in the log")


def test_flood(binary, folder):
    """a flood of refusals is counted in full and logged once a second for each reason"""
    with Node(binary, folder, "loops = 1\n" + SETTINGS) as node:
        begun = time.monotonic()
        for _ in range(FLOOD):
            equal(api(node, "{}", "wrong")[0], 401)
        with WebSocket(node.address) as client:
            commands = [{"id": 1, "connect": {"token": token()}},
                        *({"id": 2 + i, "subscribe": {"channel": "news"}} for i in range(50))]
            client.send_text("\n".join(json.dumps(one) for one in commands))
            eventually(lambda: counted(node, "permission") == 50, "all are counted")
        time.sleep(1.1)
        equal(api(node, "{}", "wrong")[0], 401)
        seconds = time.monotonic() - begun
        def told():
            lines = refused(node, "api.refused", "key")
            check(len(lines) <= seconds + 1, f"{len(lines)} lines in {seconds:.1f} s")
            return sum(int(re.search(r"suppressed=(\d+)", line)[1]) for line in lines) + len(lines)
        eventually(lambda: told() == FLOOD + 1, "all are told of")
        check(len(refused(node, "session.refused", "permission")) <= seconds + 1, node.log())
