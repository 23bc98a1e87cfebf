"""A Redis that takes connections and refuses to work: who is told what, and how it ends."""
import json
import re
import socket
import subprocess
import threading

import assertions
from assertions import check, equal
from redis_server import RedisCluster, RedisError, RedisServer, free_port
from server import Server
from websocket import WebSocket

PUBLISHES = 30
PATIENCE_SECONDS = 120  # with a cluster, eight processes on a machine that does other things
CONFIG = """
loops = 2
http_api.key = "secret"
[broker.redis]
%s
user = "tidemill"
password = "canary-9d31"
ready_grace = "1s"
connect_timeout = "8s"
[client]
allow_anonymous_connect_without_token = true
[channel.without_namespace]
history_size = 100
history_ttl = "600s"
allow_subscribe_for_client = true
allow_subscribe_for_anonymous = true
allow_publish_for_client = true
allow_publish_for_anonymous = true
"""


def eventually(ask, what):
    return assertions.eventually(ask, what, PATIENCE_SECONDS)


def allow(redis, *rules):
    redis.command("ACL", "SETUSER", "tidemill", "on", *(rules or (">canary-9d31", "~*", "&*", "+@all")))


# For those that begin with its folder.
CHANGEABLE = {"enable-protected-configs": "yes"}


class State:
    """What is wrong with a Redis, how it comes about, and how it ends."""

    def __init__(self, kind, begin, end):
        self.kind, self.begin, self.end = kind, begin, end


def config(name, value, usual):
    return (lambda redis: redis.command("CONFIG", "SET", name, value),
            lambda redis: redis.command("CONFIG", "SET", name, usual))


def change_password(redis, password):
    redis.command("ACL", "SETUSER", "tidemill", "resetpass", ">" + password)
    try:
        redis.command("CLIENT", "KILL", "USER", "tidemill")
    except RedisError:
        pass  # none was there


def stop_saving(redis):
    redis.command("CONFIG", "SET", "save", "3600 1000")
    redis.command("CONFIG", "SET", "dir", "/proc")
    redis.command("BGSAVE")
    eventually(lambda: "rdb_last_bgsave_status:err" in redis.command("INFO", "persistence"), "it cannot save")


def save_again(redis):
    redis.command("CONFIG", "SET", "dir", redis.folder)
    redis.command("BGSAVE")


def run_for_ever(redis):
    redis.command("CONFIG", "SET", "busy-reply-threshold", "50")
    redis.endless = socket.create_connection(("127.0.0.1", redis.port))
    redis.endless.sendall(b"EVAL 'while true do end' 0\r\n")


def end_script(redis):
    redis.command("SCRIPT", "KILL")
    redis.endless.close()


STATES = [
    State("NOPERM", lambda redis: allow(redis, "resetchannels"), lambda redis: allow(redis, "allchannels")),
    State("NOPERM", lambda redis: allow(redis, "-xadd"), lambda redis: allow(redis, "+xadd")),
    State("NOPERM", lambda redis: allow(redis, "resetkeys", "~tidemill.incarnation"), lambda redis: allow(redis, "~*")),
    State("NOPERM", lambda redis: allow(redis, "-eval", "-evalsha"), lambda redis: allow(redis, "+eval", "+evalsha")),
    State("NOAUTH", lambda redis: change_password(redis, "other"), lambda redis: change_password(redis, "canary-9d31")),
    State("OOM", *config("maxmemory", "1", "0")),
    State("MISCONF", stop_saving, save_again),
    State("READONLY", lambda redis: redis.command("REPLICAOF", "127.0.0.1", "1"),
          lambda redis: redis.command("REPLICAOF", "NO", "ONE")),
    State("NOREPLICAS", *config("min-replicas-to-write", "1", "0")),
    State("BUSY", run_for_ever, end_script),
]


class Node(Server):
    def __init__(self, binary, folder, address):
        path = folder / "tidemill.toml"
        path.write_text(CONFIG % address, encoding="utf-8")
        super().__init__(binary, "--config", str(path))

    def ready(self):
        status, _, body = self.get("/ready")
        return status, json.loads(body)

    def not_ready_by(self, kind):
        status, body = self.ready()
        return status == 503 and body["why"] == kind

    def wait_until_ready(self):
        eventually(lambda: self.ready()[0] == 200, "it is ready")

    def error_of_publish(self, channel="news"):
        """The error's code and message; nothing when it was published."""
        body = self.request("POST", "/api/publish", json.dumps({"channel": channel, "data": {}}),
                            {"X-API-Key": self.api_key})[2]
        error = json.loads(body).get("error")
        return error and (error["code"], error["message"])

    def refusals(self, kind):
        """The lines of the log about them."""
        return [line for line in self.log().splitlines() if "redis.refused" in line and f"kind={kind} " in line]

    def counted(self, kind):
        found = re.search(rf'tidemill_redis_refusals_total{{kind="{kind}"}} (\d+)', self.get("/metrics")[2])
        return int(found[1])


def replies(client, *commands):
    """The answer to each command, pushes aside."""
    for command in commands:
        client.send_text(json.dumps(command))
    wanted, found = {command["id"] for command in commands}, {}
    while wanted - set(found):
        for line in client.receive().splitlines():
            message = json.loads(line)
            if "id" in message:
                found[message["id"]] = message
            elif not message:
                client.send_text("{}")
    return [found[command["id"]] for command in commands]


def next_data(client):
    while True:
        for line in client.receive().splitlines():
            message = json.loads(line)
            if "push" in message:
                return message["push"]["pub"]["data"]
            if not message:
                client.send_text("{}")


def assert_told(node, state):
    """Callers, the log, the metrics and /ready say what is wrong."""
    eventually(lambda: node.error_of_publish(), "a publish fails")
    said = ((100, "Redis refuses"), (100, "Redis is away"))
    for _ in range(PUBLISHES):
        check(node.error_of_publish() in said, node.error_of_publish())
    with WebSocket(node.address) as client:
        answers = replies(client, {"id": 1, "connect": {}}, {"id": 2, "publish": {"channel": "news", "data": {}}},
                          {"id": 3, "subscribe": {"channel": "other"}})
    check("error" in answers[1], answers)
    for answer in answers[1:]:  # a subscribe may need nothing that is refused
        error = answer.get("error", {"code": 100, "temporary": True})
        equal((error["code"], error["temporary"]), (100, True))
    eventually(lambda: node.not_ready_by(state.kind), f"/ready says {state.kind}")
    equal(node.get("/health")[0], 200)
    lines = node.refusals(state.kind)
    equal(len(lines), 1)
    check("advice=" in lines[0] and "text=" in lines[0] and f":{node.redis.port}" in lines[0], lines)
    check(node.counted(state.kind) >= 1, "it is not counted")


def refuse(binary, folder, state):
    with RedisServer(CHANGEABLE) as redis:
        allow(redis)
        with Node(binary, folder, f'address = "{redis.url}"') as node, WebSocket(node.address) as client:
            node.redis = redis
            node.wait_until_ready()
            subscribed = replies(client, {"id": 1, "connect": {}}, {"id": 2, "subscribe": {"channel": "news"}})[1]
            check("error" not in subscribed, subscribed)
            equal(node.error_of_publish(), None)
            equal(next_data(client), {})
            state.begin(redis)
            assert_told(node, state)
            state.end(redis)
            node.wait_until_ready()
            eventually(lambda: node.error_of_publish() is None, "a publish succeeds")
            equal(next_data(client), {})
            check("redis.serves_again" in node.log() or "redis.connected" in node.log(), node.log())
            check("canary-9d31" not in node.log(), "the password is in the log")


def cases_states(binary, folder):
    for number, state in enumerate(STATES):
        own = folder / str(number)
        own.mkdir()
        yield f"{state.kind} ({number}) is told and ends", lambda own=own, state=state: refuse(binary, own, state)


def test_wrong_type(binary, folder):
    """WRONGTYPE: somebody else's key spoils its channel, and the node stays ready"""
    with RedisServer() as redis:
        allow(redis)
        with Node(binary, folder, f'address = "{redis.url}"') as node:
            node.wait_until_ready()
            redis.command("SET", "tidemill.stream.{.news}", "1")
            redis.command("HSET", "tidemill.meta.{.news}", "e", "abcdefgh", "s", "1", "i", "1")
            for _ in range(PUBLISHES):
                equal(node.error_of_publish(), (100, "Redis refuses"))
            eventually(lambda: node.refusals("WRONGTYPE"), "a line of the log")
            equal(len(node.refusals("WRONGTYPE")), 1)
            for header in ("X-Tidemill-Error-Mode", "X-Centrifugo-Error-Mode"):
                status, _, body = node.request("POST", "/api/publish", '{"channel": "news", "data": {}}',
                                               {"X-API-Key": node.api_key, header: "transport"})
                equal((status, json.loads(body)), (503, {"code": 100, "message": "Redis refuses"}))
            equal(node.error_of_publish("other"), None)
            equal(node.ready(), (200, {}))


def test_never_reached(binary, folder):
    """a node that has not reached its Redis yet is not ready, grace or not, and becomes ready by itself"""
    port = free_port()
    with Node(binary, folder, f'address = "redis://127.0.0.1:{port}"') as node:
        equal(node.ready(), (503, {"status": "broker away", "why": "no answer"}))
        equal(node.get("/health")[0], 200)
        equal(node.error_of_publish(), (100, "Redis is away"))
        with RedisServer(port=port) as redis:
            eventually(lambda: node.not_ready_by("NOAUTH"), "it is not let in")
            allow(redis)
            node.wait_until_ready()
            equal(node.error_of_publish(), None)


def test_loading(binary, folder):
    """LOADING: a Redis that reads its data is told of, and waited for"""
    with RedisServer({"key-load-delay": "500", "loading-process-events-interval-bytes": "1024"}) as redis:
        allow(redis)
        redis.command("EVAL", "for i = 1, 3000 do redis.call('SET', 'key' .. i, string.rep('x', 100)) end", 0)
        redis.command("SAVE")
        with Node(binary, folder, f'address = "{redis.url.replace("//", "//default@")}"') as node:
            node.wait_until_ready()
            redis.kill()
            starting = threading.Thread(target=redis.start)
            starting.start()
            eventually(lambda: node.not_ready_by("LOADING"), "/ready says LOADING")
            starting.join()
            node.wait_until_ready()
            equal(len(node.refusals("LOADING")), 1)


def test_cluster_down(binary, folder):
    """CLUSTERDOWN: a cluster that does not serve all slots"""
    with RedisCluster() as cluster:
        for each in cluster.nodes:
            allow(each)
        with Node(binary, folder, f'cluster_address = "127.0.0.1:{cluster.nodes[0].port}"') as node:
            node.wait_until_ready()
            equal(node.error_of_publish(), None)
            for each in cluster.nodes:
                each.command("CLUSTER", "DELSLOTS", "0")
            eventually(lambda: node.not_ready_by("CLUSTERDOWN"), "/ready says CLUSTERDOWN")
            check(node.refusals("CLUSTERDOWN"), node.log())
            cluster.nodes[0].command("CLUSTER", "ADDSLOTS", "0")
            node.wait_until_ready()


def test_old_redis_keeps_secrets(binary, folder):
    """an unknown command is answered with its arguments: no password and no payload of them is in the log"""
    with RedisServer({"rename-command": ["AUTH nothing"]}) as redis:
        allow(redis)
        with Node(binary, folder, f'address = "{redis.url}"') as node:
            eventually(lambda: node.refusals("UNKNOWN"), "it is told")
            eventually(lambda: node.not_ready_by("UNKNOWN"), "/ready says it")
            check("canary-9d31" not in node.log(), node.log())
