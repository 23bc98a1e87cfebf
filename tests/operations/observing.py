"""Metrics, logs, and what must never be in them."""
import json
import re
import time

import jwt
from assertions import check, equal, eventually
from node import OPEN, Client, Node, run_command
from websocket import Closed, WebSocket, raw_request

SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)')
TYPES = ("counter", "gauge", "histogram")
PARTS = re.compile(r"_(bucket|sum|count)$")
IDLE_SECONDS = 3
IDLE_CPU_MAX = 0.02  # of one core


def parse_metrics(text):
    """Value by (name, labels); raises where the text is not of the Prometheus format, version 0.0.4."""
    check(text.endswith("\n"), "the last line does not end")
    kinds, helped, series, family = {}, set(), {}, None
    for line in text.splitlines():
        if line.startswith("#"):
            _, word, family, rest = line.split(" ", 3)
            if word == "HELP":
                check(family not in helped and family not in kinds, f"again: {line}")
                helped.add(family)
            else:
                check(word == "TYPE" and family not in kinds and rest in TYPES, f"bad or again: {line}")
                kinds[family] = rest
            continue
        found = SAMPLE.fullmatch(line)
        check(found, f"no sample: {line}")
        name, labels, value = found[1], found[2] or "", float(found[3])
        check("".join(m.group(0) for m in LABEL.finditer(labels)) == labels, f"bad labels: {line}")
        pairs = LABEL.findall(labels)
        check(len({key for key, _ in pairs}) == len(pairs), f"a label twice: {line}")
        own = PARTS.sub("", name) if kinds.get(family) == "histogram" else name
        check(own == family and family in helped and family in kinds, f"outside its family: {line}")
        key = (name, tuple(sorted(pairs)))
        check(key not in series, f"twice: {line}")
        series[key] = value
    check_histograms(kinds, series)
    return kinds, series


def check_histograms(kinds, series):
    groups = {}
    for (name, labels), value in series.items():
        if kinds.get(PARTS.sub("", name)) == "histogram" and name.endswith("_bucket"):
            bound = float(dict(labels)["le"])
            rest = tuple(pair for pair in labels if pair[0] != "le")
            groups.setdefault((name, rest), []).append((bound, value))
    check(groups, "no histogram at all")
    for (name, rest), buckets in groups.items():
        counts = [count for _, count in sorted(buckets)]
        equal((name, counts), (name, sorted(counts)))
        equal((name, counts[-1]), (name, series[(name.replace("_bucket", "_count"), rest)]))


def test_metrics_parse(binary, folder):
    """/metrics is in the Prometheus format, however often and long it is read"""
    with Node(binary, folder, "loops = 3\n" + OPEN) as node:
        for _ in range(3):
            status, headers, text = node.get("/metrics")
            equal((status, headers["content-type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
            kinds, series = parse_metrics(text)
            for name, kind in kinds.items():
                check((kind == "counter") == name.endswith("_total"), f"{name} is a {kind}")
                check(name.startswith(("tidemill_", "process_")), name)
            equal(len([1 for name, _ in series if name == "tidemill_loop_lag_seconds"]), 3)
            Client(node.address)


def test_metrics_move(binary, folder):
    """what happens is counted"""
    with Node(binary, folder) as node:
        before = node.metrics()
        clients = [Client(node.address) for _ in range(5)]
        for client in clients:
            client.subscribe("news")
        for number in range(10):
            node.api("publish", {"channel": "news", "data": number})
        for client in clients:
            equal([client.next_data() for _ in range(10)], list(range(10)))
        try:
            clients[0].subscribe("nons:x")
        except AssertionError:
            pass
        try:
            node.api("publish", {"channel": "nons:x", "data": 1})
        except RuntimeError:
            pass
        clients[1].send_text("x")
        equal(clients[1].close_code(), 3501)
        clients[2].abort()
        wanted = {
            "tidemill_connects_total": 5, "tidemill_connections": 3, "tidemill_subscriptions": 3,
            'tidemill_commands_total{command="connect"}': 5, 'tidemill_commands_total{command="subscribe"}': 6,
            'tidemill_reply_errors_total{code="102"}': 1, 'tidemill_disconnects_total{code="3501"}': 1,
            "tidemill_hub_frames_sent_total": 50, "tidemill_frames_received_total": 12,
            'tidemill_api_command_duration_seconds_count{method="publish"}': 11,
            'tidemill_api_command_errors_total{method="publish"}': 1, "tidemill_broker_channels": 1,
        }

        def difference():
            now = node.metrics()
            return {name: now[name] - before[name] for name in wanted}

        try:
            eventually(lambda: difference() == wanted, "the metrics")
        except AssertionError:
            equal(difference(), wanted)
        check(node.metrics()["process_resident_memory_bytes"] > 1 << 20, "no memory")


CANARIES = {name: f"canary-{name}-5f2a91" for name in ("hmac", "previous", "api", "query", "header", "cookie", "data")}
CANARY_SETTINGS = f"""
[log]
level = "debug"
[http_api]
key = "{CANARIES['api']}"
[client]
token.hmac_secret_key = "{CANARIES['hmac']}"
token.hmac_previous_secret_key = "{CANARIES['previous']}"
allow_anonymous_connect_without_token = true
[channel.without_namespace]
allow_subscribe_for_client = true
allow_publish_for_client = true
"""


def use_secrets(node):
    """All ways in which a secret comes in, right and wrong; gives what was answered."""
    answers, key = [], CANARIES["api"]
    good = jwt.sign({"sub": "u", "info": {"n": CANARIES["data"]}}, secret=CANARIES["hmac"])
    bad_tokens = [good[:-4] + "AAAA", jwt.sign({"sub": "u", "exp": 1}, secret=CANARIES["hmac"]), CANARIES["query"],
                  jwt.sign(b"{" + CANARIES["data"].encode(), secret=CANARIES["hmac"])]
    body = json.dumps({"channel": "news", "data": CANARIES["data"]})
    for path, header, text in [
        (f"/api/publish?api_key={key}", "X: x", body), ("/api/publish", f"X-API-Key: {key}", body),
        ("/api/publish", f"Authorization: apikey {key}", body), (f"/api/publish?api_key={key}x", "X: x", body),
        ("/api/publish", f"X-API-Key: {key}", body[:-1]), ("/api/publish", f"X-API-Key: x{key}", body),
        (f"/{key}", "X: x", body), (f"/health?token={good}", f"Cookie: {CANARIES['cookie']}", body),
        (f"/api/no-such?api_key={key}", "X: x", body), ("/api/publish", f"X-Broken : {CANARIES['header']}", body),
        ("/api/publish", f"X-API-Key: {key}", json.dumps({"channel": CANARIES["data"] + ":x", "data": 1})),
    ]:
        request = f"POST {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{header}\r\nContent-Length: {len(text)}\r\n\r\n"
        answers.append(raw_request(node.address, (request + text).encode()).decode())
    for one in [good, *bad_tokens]:
        for path in ("/connection/websocket", f"/connection/websocket?token={one}&cf_protocol=json"):
            with WebSocket(node.address, path, headers={"Authorization": f"Bearer {one}"}) as client:
                client.send_text(json.dumps({"id": 1, "connect": {"token": one}}))
                client.send_text(json.dumps({"id": 2, "subscribe": {"channel": "news", "token": one}}))
                client.send_text(json.dumps({"id": 3, "publish": {"channel": "news", "data": CANARIES["data"]}}))
                client.send_text(json.dumps({"id": 4, "refresh": {"token": one}})[:-1] + CANARIES["data"])
                try:
                    while True:
                        answers.append(client.receive(5))
                except Closed as closed:
                    answers.append(closed.reason)
    return answers, [good, *bad_tokens[:2]]


def test_no_secrets(binary, folder):
    """keys, tokens and payloads are in no log at debug level, no metric, no error, no config show"""
    with Node(binary, folder, CANARY_SETTINGS) as node:
        answers, used = use_secrets(node)
        node.reload(CANARY_SETTINGS.replace("debug", "info"))
        node.reload(CANARY_SETTINGS.replace('"debug"', '"debug"\nlevel2 = 1'))
        places = {"the log": node.log(), "/metrics": node.get("/metrics")[2]}
        check("DEBUG" in places["the log"], "the test is void: nothing was logged")
    path = folder / "tidemill.toml"
    path.write_text(CANARY_SETTINGS, encoding="utf-8")
    places["config show"] = run_command(binary, "config", "show", "--config", str(path))[1]
    places["doctor"] = "".join(run_command(binary, "doctor", "--config", str(path))[1:])
    path.write_text(CANARY_SETTINGS.replace("canary", "canary\\q"), encoding="utf-8")
    places["an error of TOML"] = "".join(run_command(binary, "config", "check", "--config", str(path))[1:])
    secrets = [*CANARIES.values(), *used, *(one.split(".")[1] for one in used), "5f2a91"]
    for where, text in places.items():
        for secret in secrets:
            check(secret not in text, f"{secret} is in {where}: {text[max(text.find(secret) - 300, 0):][:500]}")
    keys = [CANARIES[name] for name in ("hmac", "previous", "api", "cookie", "header")]
    for answer in answers:
        for secret in keys:
            check(secret not in answer, f"{secret} is answered: {answer}")


def test_json_log(binary, folder):
    """with log.format json each line is one object, whatever is in it"""
    settings = "[log]\nlevel = 'debug'\nformat = 'json'\n" + OPEN
    with Node(binary, folder, settings) as node:
        for text in ("x", '{"id":1,"connect":{"token":"\\n\\u0000\\"}{\u2028"}}', '{"id":1,"\\n\\"\u202e":{}}'):
            with WebSocket(node.address) as client:
                client.send_text(text)
                try:
                    client.receive()
                except Closed:
                    pass
        raw_request(node.address, b"GET /\xff\n\" HTTP/1.1\r\nHost: a\r\n\r\n")
        node.reload(settings + "\n['x\"y']\n")
        eventually(lambda: node.log().count("session.") >= 3, "debug lines")
        lines = node.log().splitlines()
    for line in lines:
        entry = json.loads(line)
        equal(list(entry)[:3], ["time", "level", "event"])
    check(any("server.reload_refused" in line for line in lines), "the reload is not in it")


def test_text_log(binary, folder):
    """in the text format too, one event is one line, and control characters do not reach the terminal"""
    settings = "[log]\nlevel = 'debug'\n" + OPEN
    with Node(binary, folder, settings) as node:
        with WebSocket(node.address) as client:
            client.send_text('{"id":1,"\\n\\u001b[31m\\u0000evil 2026-01-01T00:00:00Z INFO server.drained":{}}')
            try:
                client.receive()
            except Closed:
                pass
        raw_request(node.address, b"GET /\x1b[31m\r\n\r\n")
        node.reload(settings + "\n[\"x\\n\\u001b[31my\"]\n")
        log = node.log()
    check("\x1b" not in log and "\0" not in log, "control characters")
    for line in log.splitlines():
        check(re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z (DEBUG|INFO|WARN|ERROR) [a-z_]+\.[a-z_]+( |$)", line), line)


def test_idle_cpu(binary, folder):
    """an idle server with a hundred idle clients uses next to no CPU"""
    with Node(binary, folder, "loops = 4\n" + OPEN) as node:
        for _ in range(100):
            Client(node.address).subscribe("news")
        time.sleep(1)  # what starting and connecting left behind
        before = node.cpu_seconds()
        time.sleep(IDLE_SECONDS)
        share = (node.cpu_seconds() - before) / IDLE_SECONDS
        check(share <= IDLE_CPU_MAX, f"{share:.3f} of a core")
