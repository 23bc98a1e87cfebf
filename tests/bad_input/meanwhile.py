"""What the API does to a client while a command of that client is in flight: the client is told in an order that makes
sense, and what the API has said is done stays done. Each pair: src/realtime/session/meanwhile_test.cc."""
import itertools
import json
import re
import threading

import jwt
from assertions import check, equal, eventually
from redis_server import RedisServer
from runner import fixture
from server import Server
from websocket import WebSocket

CONFIG = """
loops = 2
[http_api]
key = "secret"
[client.token]
hmac_secret_key = "secret"
[channel.without_namespace]
presence = true
history_size = 10
history_ttl = "60s"
allow_subscribe_for_client = true
"""
PAUSE_MILLISECONDS = 600
CLIENTS = 30
ROUNDS = 20


def started(binary, folder, more=""):
    file = folder / "tidemill.toml"
    file.write_text(CONFIG + more, encoding="utf-8")
    return Server(binary, "--config", str(file))


@fixture
def node(binary, folder):
    with started(binary, folder) as server:
        yield server


@fixture
def redis():
    with RedisServer() as server:
        yield server


@fixture
def redis_node(binary, folder, redis):
    with started(binary, folder, f'[broker.redis]\naddress = "{redis.url}"\n') as server:
        eventually(lambda: server.get("/ready")[0] == 200, "Redis is reached")
        eventually(lambda: reaches_the_nodes(server), "the other nodes could be reached")
        yield server


def reaches_the_nodes(server):
    try:
        return server.api("unsubscribe", {"user": "nobody", "channel": "none"}) == {}
    except RuntimeError:
        return False


class Client:
    """One connection of the user u, which reads whole dialogues."""

    def __init__(self, server):
        self._socket = WebSocket(server.address)
        self._lines = []
        self._id = 0
        self.tell({"connect": {"token": jwt.sign({"sub": "u"})}})
        self.until(self._id)

    def tell(self, command):
        self._id += 1
        self._socket.send_text(json.dumps({"id": self._id, **command}))
        return self._id

    def line(self):
        """The next one that is no ping."""
        while True:
            while self._lines:
                if line := json.loads(self._lines.pop(0)):
                    return line
            self._lines = self._socket.receive().splitlines()

    def until(self, number):
        """What is told up to the reply of that number, which comes last."""
        told = [self.line()]
        while told[-1].get("id") != number:
            told.append(self.line())
        return told

    def so_far(self):
        """What has been told by now: an unsubscribe from nothing is answered behind it."""
        return self.until(self.tell({"unsubscribe": {"channel": "no such"}}))[:-1]

    def close(self):
        self._socket.abort()


def frames(server):
    """How many the server has received from clients."""
    return float(re.search(r"^tidemill_frames_received_total (\S+)", server.get("/metrics")[2], re.MULTILINE)[1])


def unsubscribe_of(line):
    return line.get("push", {}).get("unsubscribe")


def test_unsubscribe_while_redis_does_not_answer(redis_node, redis):
    """The client hears of its subscription, then of its end; it is never told to try again."""
    client = Client(redis_node)
    for attempt in range(3):
        channel = f"slow-{attempt}"
        redis.command("CLIENT", "PAUSE", PAUSE_MILLISECONDS, "ALL")
        before = frames(redis_node)
        number = client.tell({"subscribe": {"channel": channel}})
        eventually(lambda: frames(redis_node) > before, "the subscribe is in flight")
        redis_node.api("unsubscribe", {"user": "u", "channel": channel})
        reply = client.until(number)
        equal([line.get("error") for line in reply], [None])
        redis_node.api("publish", {"channel": channel, "data": 1})
        told = client.so_far()
        equal([unsubscribe_of(line) for line in told], [{"code": 2000, "reason": "server unsubscribe"}])
        equal(redis_node.api("presence_stats", {"channel": channel}), {})
    client.close()


def test_disconnect_while_redis_does_not_answer(redis_node, redis):
    """What was in flight is forgotten: nobody is present, nobody follows."""
    client = Client(redis_node)
    redis.command("CLIENT", "PAUSE", PAUSE_MILLISECONDS, "ALL")
    before = frames(redis_node)
    client.tell({"subscribe": {"channel": "gone"}})
    eventually(lambda: frames(redis_node) > before, "the subscribe is in flight")
    redis_node.api("disconnect", {"user": "u"})
    equal(redis_node.api("presence_stats", {"channel": "gone"}), {})
    equal(redis_node.api("channels", {"pattern": "gone"}), {"channels": {}})
    client.close()


def test_unsubscribes_race_with_subscribes(node):
    """On two busy loops: whichever comes first, the client's view is the server's."""
    clients = [Client(node) for _ in range(CLIENTS)]
    over = threading.Event()

    def keep_busy():
        while not over.is_set():
            publish = {"publish": {"channel": "busy", "data": "x" * 1000}}
            node.api("batch", {"commands": [publish] * 200, "parallel": True})

    load = threading.Thread(target=keep_busy, daemon=True)
    load.start()
    ended = 0
    try:
        for number in range(ROUNDS):
            ended += race(node, clients, f"race-{number}")
    finally:
        over.set()
        load.join()
    check(ended > 0, "no unsubscribe found a subscription")


def race(node, clients, channel):
    """Gives how many were unsubscribed."""
    for client in clients:
        client.tell({"subscribe": {"channel": channel}})
    node.api("unsubscribe", {"user": "u", "channel": channel})
    follows = []
    for client in clients:
        told = client.so_far()
        equal([line["error"] for line in told if "error" in line], [])
        replies = [index for index, line in enumerate(told) if "subscribe" in line]
        ends = [index for index, line in enumerate(told) if unsubscribe_of(line)]
        equal(len(replies), 1)
        check(not ends or ends > replies, f"the end before the subscription: {told}")
        follows.append(not ends)
    node.api("publish", {"channel": channel, "data": "seen"})
    for client in itertools.compress(clients, follows):
        equal(client.line()["push"]["pub"]["data"], "seen")
    for client in clients:
        equal(client.so_far(), [])
        client.until(client.tell({"unsubscribe": {"channel": channel}}))
    return follows.count(False)
