"""Maps under faults: whoever follows one sees in the end what it holds, whatever happened to Redis and the nodes.

Each producer changes keys of its own, one change at a time, so that it knows what each must hold. Followers do what the
SDKs do: read the map in pages, follow it, come back with their position, and begin from scratch when they are told to.
In the channel whose keys expire every key is gone in the end, for the map and for its followers."""
import json
import os
import random
import time
from contextlib import ExitStack
from tempfile import NamedTemporaryFile

from actors import Actor, RETRY_SECONDS
from assertions import SLACK_SECONDS, WAIT_SECONDS, eventually
from redis_server import RedisServer
from runner import note
from scenarios import ALWAYS, EVERY_SECOND, scenario
from server import Server
from websocket import Closed, WebSocket

LASTING, EXPIRING = "map:lasting", "brief:expiring"
KEYS = 40  # of each producer
CHANGES_MIN, FOLLOWED_MIN = 100, 500  # with less a verdict says nothing
UNKNOWN = object()
CONFIG = """
client.insecure = true
client.channel_position_check_delay = "2s"
broker.redis.io_timeout = "2s"
[[channel.namespaces]]
name = "map"
subscription_type = "map"
map.mode = "persistent"
map.stream_size = 1000
map.stream_ttl = "600s"
map.min_page_size = 10
[[channel.namespaces]]
name = "brief"
subscription_type = "map"
map.mode = "recoverable"
map.key_ttl = "1500ms"
map.stream_size = 1000
"""


class MapProducer(Actor):
    def __init__(self, nodes, name, seed):
        super().__init__()
        self.name, self._nodes, self._random = name, nodes, random.Random(seed)
        self.holds = {}  # key: its value, None: it was removed, UNKNOWN: the last change was not answered
        self.changes = 0

    def run(self):
        count = 0
        while not self.ending.wait(0.005):
            count += 1
            key = f"{self.name}-{self._random.randrange(KEYS)}"
            value = None if self._random.random() < 0.2 else count
            channel = EXPIRING if self._random.random() < 0.2 else LASTING
            done = self._change(channel, key, value)
            if channel == LASTING:
                self.holds[key] = value if done else UNKNOWN
            self.changes += done

    def _change(self, channel, key, value):
        node = self._random.choice(self._nodes)
        try:
            if value is None:
                node.api("map_remove", {"channel": channel, "key": key})
            else:
                node.api("map_publish", {"channel": channel, "key": key, "data": value})
            return True
        except (RuntimeError, OSError):
            return False


class Follower(Actor):
    def __init__(self, nodes, channel, seed):
        super().__init__()
        self._nodes, self._channel, self._random = nodes, channel, random.Random(seed)
        self.state, self.live, self.received = {}, False, 0
        self._position = None
        self._entries = {}  # of the pages so far

    def run(self):
        while not self.ending.is_set():
            try:
                with WebSocket(self._random.choice(self._nodes).address, timeout=WAIT_SECONDS) as socket:
                    self._converse(socket)
            except (OSError, Closed):
                pass
            self.live = False
            self.ending.wait(self._random.uniform(*RETRY_SECONDS))

    def _converse(self, socket):
        socket.send_text(json.dumps({"id": 1, "connect": {}}))
        self._ask(socket)
        while not self.ending.is_set():
            try:
                for line in socket.receive(0.1).split("\n"):
                    self._take(socket, json.loads(line))
            except TimeoutError:
                pass

    def _ask(self, socket, **more):
        request = {"channel": self._channel, "type": 1, "limit": 10, "phase": 2, **more}
        if self._position and not more:
            request |= {"phase": 1, "recover": True, "epoch": self._position[0], "offset": self._position[1]}
        elif not more:
            self._entries = {}
        socket.send_text(json.dumps({"id": 2, "subscribe": request}))

    def _take(self, socket, message):
        if not message:
            socket.send_text("{}")
        elif "error" in message:
            if message["error"]["code"] == 112:
                self._position = None
            time.sleep(self._random.uniform(*RETRY_SECONDS))
            self._ask(socket)
        elif "subscribe" in message:
            self._on_answer(socket, message["subscribe"])
        elif "unsubscribe" in message.get("push", {}):
            self.live = False
            self._ask(socket)
        elif "pub" in message.get("push", {}):
            self._apply(self.state, message["push"]["pub"])

    def _on_answer(self, socket, result):
        phase, epoch, offset = result.get("phase", 0), result.get("epoch", ""), result.get("offset", 0)
        from_scratch = not result.get("was_recovering") and self._position is None
        target = self._entries if from_scratch else self.state
        for entry in result.get("state", []) + result.get("publications", []):
            self._apply(target, entry)
        if phase == 2:
            more = {"cursor": result["cursor"]} if "cursor" in result else {"phase": 1}
            return self._ask(socket, epoch=epoch, offset=offset, **more)
        if phase == 1:
            return self._ask(socket, phase=1, epoch=epoch, offset=offset)
        if from_scratch:
            self.state = self._entries
        self._position, self.live = [epoch, offset], True

    def _apply(self, target, publication):
        self.received += 1
        if publication.get("removed"):
            target.pop(publication["key"], None)
        else:
            target[publication["key"]] = publication["data"]
        if self.live:
            self._position[1] = publication["offset"]


class MapStage:
    def __init__(self, binary, seed, stack, redis, extra):
        config = stack.enter_context(NamedTemporaryFile("w", suffix=".toml"))
        config.write(f'broker.redis.address = "{redis.url}"\n' + CONFIG)
        config.flush()
        options = ("--config", config.name, "--http_api.key=secret", "--loops=2", *extra)
        self._two_nodes = lambda: [stack.enter_context(Server(binary, *options)) for _ in range(2)]
        self.nodes = self._two_nodes()
        self.producers = [MapProducer(self.nodes, f"p{n}", seed + n) for n in range(3)]
        self.followers = {channel: [Follower(self.nodes, channel, seed + 10 + n) for n in range(4)]
                          for channel in (LASTING, EXPIRING)}
        self.actors = [*self.producers, *(each for group in self.followers.values() for each in group)]
        stack.callback(self.end)
        for actor in self.actors:
            actor.start()
        self.wait_until_normal()

    def end(self):
        for actor in self.actors:
            actor.ending.set()
        for actor in self.actors:
            actor.finish()

    def wait_until_normal(self):
        before = sum(producer.changes for producer in self.producers)
        eventually(lambda: sum(producer.changes for producer in self.producers) > before + 10
                   and all(each.live for group in self.followers.values() for each in group), "all is normal")

    def replace_nodes(self):
        for node in self.nodes:
            node.kill()
        self.nodes[:] = self._two_nodes()

    def verdict(self, durable, last_harm):
        """What is wrong, as sentences."""
        eventually(lambda: self._changes() >= CHANGES_MIN and self._received() >= FOLLOWED_MIN, "enough has happened")
        eventually(lambda: all(each.state for each in self.followers[EXPIRING]), "there is something to expire")
        for producer in self.producers:
            producer.finish()
        last_harm(self)
        wrong = self._ghosts()
        for channel, followers in self.followers.items():
            states = [eventually(lambda: state_of(node, channel), "the map is read") for node in self.nodes]
            wanted = states[0]["entries"]
            wrong += [f"{channel}: the nodes read different maps"] if states[1:] and states[-1]["entries"] != wanted else []
            deadline = time.monotonic() + SLACK_SECONDS
            while time.monotonic() < deadline and not all(each.state == wanted for each in followers):
                time.sleep(0.1)
            for each in followers:
                stale = {key: value for key, value in each.state.items() if wanted.get(key) != value}
                missing = sorted(wanted.keys() - each.state.keys())
                if stale or missing:
                    wrong.append(f"{channel}: a follower is stale in {dict(list(stale.items())[:5])}, misses {missing[:5]}")
        lasting = state_of(self.nodes[0], LASTING)["entries"]
        if durable:
            wrong += [f"{key} is {lasting.get(key)}, and {value} was acknowledged last" for producer in self.producers
                      for key, value in producer.holds.items() if value is not UNKNOWN and lasting.get(key) != value]
        if state_of(self.nodes[0], EXPIRING)["entries"]:
            wrong.append("keys have not expired")
        note(f"{self._changes()} changes, {self._received()} followed")
        return wrong

    def _ghosts(self):
        """Keys that followers still have when their time is over. Nothing reads the map before: that removes them too."""
        followers, deadline = self.followers[EXPIRING], time.monotonic() + SLACK_SECONDS
        while time.monotonic() < deadline and any(each.state for each in followers):
            time.sleep(0.1)
        return [f"{EXPIRING}: a follower still has {sorted(each.state)[:5]}" for each in followers if each.state]

    def _changes(self):
        return sum(producer.changes for producer in self.producers)

    def _received(self):
        return sum(each.received for group in self.followers.values() for each in group)


def state_of(node, channel):
    """What the map holds, or None while Redis does not answer."""
    try:
        answer = node.api("map_read_state", {"channel": channel, "limit": -1})
    except (RuntimeError, OSError) as error:
        note(f"again: {error}")
        return None
    return {"entries": {entry["key"]: entry["data"] for entry in answer["entries"]}}


def on_stage(harm, binary, seed, extra, options, durable, last_harm=lambda stage: None):
    """`last_harm` is done when nobody publishes any more."""
    with ExitStack() as stack:
        redis = stack.enter_context(RedisServer(options))
        stage = MapStage(binary, seed, stack, redis, extra)
        harm(redis, stage)
        stage.wait_until_normal()
        return stage.verdict(durable, last_harm)


@scenario(finds=("reuse_offsets",))
def maps_lose_their_tail(binary, seed, extra=()):
    def harm(redis, stage):
        for _ in range(2):
            kept = os.path.getsize(redis.aof)
            time.sleep(1.2)
            redis.lose_power(kept)
            redis.start()
            stage.wait_until_normal()
    return on_stage(harm, binary, seed, extra, EVERY_SECOND, durable=False)


@scenario(finds=("keep_removed_keys", "silent_expiry"))
def maps_and_a_node_is_killed(binary, seed, extra=()):
    def harm(_, stage):
        time.sleep(0.5)
        stage.nodes.pop(0).kill()
    return on_stage(harm, binary, seed, extra, ALWAYS, durable=True)


@scenario()
def maps_and_all_nodes_are_replaced(binary, seed, extra=()):
    """The keys' time is over on nodes that did not publish them, and whose clients have only come back to them."""
    return on_stage(lambda redis, stage: None, binary, seed, extra, ALWAYS, durable=True, last_harm=MapStage.replace_nodes)


@scenario(finds=("skip_catch_up",))
def maps_and_connections_are_killed(binary, seed, extra=()):
    def harm(redis, stage):
        for kind in ("pubsub", "normal", "pubsub", "pubsub"):
            redis.command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
            time.sleep(0.7)
    return on_stage(harm, binary, seed, extra, ALWAYS, durable=True)


@scenario()
def maps_are_evicted(binary, seed, extra=()):
    def harm(redis, stage):
        redis.command("CONFIG", "SET", "maxmemory", "1")
        time.sleep(0.5)
        redis.command("CONFIG", "SET", "maxmemory", "0")
        stage.wait_until_normal()
        redis.command("DEL", "tidemill.map.data.{.map:lasting}")
    return on_stage(harm, binary, seed, extra, {**ALWAYS, "maxmemory-policy": "allkeys-lru"}, durable=False)
