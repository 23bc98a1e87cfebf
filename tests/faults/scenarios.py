"""What is done to Redis and to the nodes while producers and subscribers are at work. Each scenario sets a Stage, does
its harm, and waits until it is over; what must hold is checked afterwards."""
import os
import tempfile
import time
from contextlib import ExitStack, contextmanager

from actors import History, Producer, Subscriber
from assertions import SLACK_SECONDS, WAIT_SECONDS, eventually
from history import Acknowledged, Received, Stored, check, losses_told
from proxy import Proxy
from redis_server import RedisCluster, RedisServer, redis_replica, redis_sentinels
from runner import note
from server import Server

LONG = bool(os.environ.get("FAULTS_LONG"))
ROUNDS = 10 if LONG else 1
CHANNELS = ["a", "b", "c", "d"]
ACKNOWLEDGED_MIN, RECEIVED_MIN = 50, 200  # with less a verdict says nothing
CONFIG = """
client.insecure = true
client.channel_position_check_delay = "2s"
broker.redis.io_timeout = "2s"
[channel.without_namespace]
history_size = 10000
history_ttl = "600s"
force_recovery = true
"""


class Stage:
    """Nodes, actors, and the Redis they share."""

    def __init__(self, binary, seed, stack, redis_lines, extra=(), nodes=2):
        self.history = History()
        config = stack.enter_context(tempfile.NamedTemporaryFile("w", suffix=".toml"))
        config.write(redis_lines + CONFIG)
        config.flush()
        options = ("--config", config.name, "--http_api.key=secret", "--loops=2", *extra)
        self.nodes = [stack.enter_context(Server(binary, *options)) for _ in range(nodes)]
        self.producers = [Producer(self.history, self.nodes, CHANNELS, 150, seed + n) for n in range(2)]
        self.subscribers = [Subscriber(f"c{n}", self.history, self.nodes, CHANNELS, seed + 100 + n) for n in range(8)]
        for actor in [*self.subscribers, *self.producers]:
            actor.start()
        stack.callback(self.end)
        self.wait_until_normal()

    def end(self):
        for actor in [*self.producers, *self.subscribers]:
            actor.ending.set()
        for actor in [*self.producers, *self.subscribers]:
            actor.finish()

    def wait_until_normal(self, seconds=WAIT_SECONDS):
        """Publishes are acknowledged again and everybody is subscribed to everything; gives how long it took."""
        begun = time.monotonic()
        while time.monotonic() < begun + seconds:
            acknowledged = self.history.count(Acknowledged)
            time.sleep(0.2)
            all_there = all(len(subscriber.subscribed) == len(CHANNELS) for subscriber in self.subscribers)
            if all_there and self.history.count(Acknowledged) > acknowledged + 5:
                return time.monotonic() - begun
        raise RuntimeError(f"not normal after {seconds} s")

    def wait_for_enough(self, seconds=WAIT_SECONDS):
        """Goes on until enough has happened to judge, which takes longer on a busy machine."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and (self.history.count(Acknowledged) < ACKNOWLEDGED_MIN
                                               or self.history.count(Received) < RECEIVED_MIN):
            time.sleep(0.1)

    def settle(self):
        """Lets everything that was published arrive, for as long as it takes; what never comes is the checker's."""
        for producer in self.producers:
            producer.finish()
        time.sleep(3)
        for node in self.nodes:
            for channel in CHANNELS:
                history = eventually(lambda: whole_history(node, channel), f"{channel} is read")
                publications = tuple((each["offset"], each["data"]["id"]) for each in history["publications"])
                self.history.add(Stored(channel, history["epoch"], publications))
        deadline = time.monotonic() + SLACK_SECONDS
        while not self._all_is_received() and time.monotonic() < deadline:
            time.sleep(0.1)

    def _all_is_received(self):
        ends = {event.channel: (event.epoch, event.publications[-1][0] if event.publications else 0)
                for event in self.history.events if isinstance(event, Stored)}
        return all(subscriber.is_at(channel, *end) for channel, end in ends.items() for subscriber in self.subscribers)


def whole_history(node, channel):
    """What is stored of a channel, or None while Redis does not answer: reading changes nothing and may be repeated."""
    try:
        return node.api("history", {"channel": channel, "limit": -1})
    except RuntimeError as error:
        note(f"again: {error}")
        return None


@contextmanager
def single(binary, seed, options, extra=()):
    with ExitStack() as stack:
        redis = stack.enter_context(RedisServer(options))
        yield redis, Stage(binary, seed, stack, f'broker.redis.address = "{redis.url}"\n', extra)


@contextmanager
def proxied(binary, seed, extra=()):
    with ExitStack() as stack:
        redis = stack.enter_context(RedisServer({"appendonly": "yes", "appendfsync": "always"}))
        proxy = stack.enter_context(Proxy(("127.0.0.1", redis.port)))
        yield redis, proxy, Stage(binary, seed, stack, f'broker.redis.address = "{proxy.url}"\n', extra)


def verdict(stage, durable):
    stage.wait_for_enough()
    stage.settle()
    stage.end()
    history = stage.history
    wrong = check(history.events, durable)
    acknowledged, received = history.count(Acknowledged), history.count(Received)
    note(f"{acknowledged} acknowledged, {history.refused} refused, {history.unknown} unknown; "
         f"{received} received, {losses_told(history.events)} losses told")
    if not wrong and (acknowledged < ACKNOWLEDGED_MIN or received < RECEIVED_MIN):
        raise RuntimeError("too little happened to judge")
    return wrong


ALWAYS = {"appendonly": "yes", "appendfsync": "always"}
EVERY_SECOND = {"appendonly": "yes", "appendfsync": "everysec"}


@contextmanager
def in_cluster(binary, seed, extra=()):
    with ExitStack() as stack:
        cluster = stack.enter_context(RedisCluster(ALWAYS))
        yield cluster, Stage(binary, seed, stack, f"broker.redis.cluster_address = {cluster.addresses}\n", extra)


# The user that a replica comes as, so that it can be turned away.
REPLICA_USER = {"user": "replica on >replica +psync +replconf +ping"}
AS_REPLICA_USER = {"masteruser": "replica", "masterauth": "replica"}


def written_by(server):
    """The bytes of the replication stream that it has."""
    lines = server.command("INFO", "replication").splitlines()
    names = ("slave_repl_offset", "master_repl_offset")
    return max(int(value) for name, _, value in (line.partition(":") for line in lines) if name in names)


def scenario(*, finds=(), long=False):
    """Marks a scenario: a function of (binary, seed, extra) that gives the violations which the checker found. `finds`:
    faults that the server can be told to have, and that must be found in it. `long`: only with FAULTS_LONG."""
    def mark(function):
        function.finds = finds
        function.left_out = long and not LONG
        return function

    return mark


# Longest first: several run at the same time.


@scenario()
def slots_move(binary, seed, extra=()):
    """The slots of two channels, key by key: for a while the parts of a stream are on different nodes."""
    with in_cluster(binary, seed, extra) as (cluster, stage):
        for _ in range(ROUNDS):
            for channel in CHANNELS[:2]:
                cluster.move_slot("{.%s}" % channel, pause=0.2)
                stage.wait_until_normal()
                time.sleep(0.5)
        return verdict(stage, durable=True)

@scenario(finds=("reuse_offsets",))
def redis_loses_its_tail(binary, seed, extra=()):
    """The hazard: what subscribers saw is gone after a power loss, and the next publications would get the same
    offsets in the same epoch. Some subscribers and a node are away meanwhile, so that the stream grows past what
    they saw before they are back."""
    with single(binary, seed, EVERY_SECOND, extra) as (redis, stage):
        for _ in range(2):
            kept = os.path.getsize(redis.aof)
            time.sleep(1.2)
            redis.lose_power(kept)
            stage.nodes[0].process.send_signal(19)  # SIGSTOP: this node comes back last
            redis.start()
            time.sleep(2)
            stage.nodes[0].process.send_signal(18)
            stage.wait_until_normal()
            time.sleep(1)
        return verdict(stage, durable=False)

@scenario()
def primary_fails_over(binary, seed, extra=(), lagging=False):
    """Sentinels promote the replica; with `lagging`, one that had stopped hearing from the primary."""
    with ExitStack() as stack:
        primary = stack.enter_context(RedisServer({**ALWAYS, **REPLICA_USER}))
        replica = stack.enter_context(redis_replica(primary, {**ALWAYS, **AS_REPLICA_USER}))
        sentinels = [stack.enter_context(each) for each in redis_sentinels(primary, 3 if LONG else 1)]
        addresses = [f"127.0.0.1:{each.port}" for each in sentinels]
        stage = Stage(binary, seed, stack, f"""broker.redis.sentinel_address = {addresses}
broker.redis.sentinel_master_name = "main"
""", extra)
        time.sleep(0.5)
        if lagging:
            primary.command("ACL", "SETUSER", "replica", "off")
            primary.command("CLIENT", "KILL", "TYPE", "replica")
            time.sleep(0.6)
        else:
            # Until it is killed: what it acknowledged later would not be the replica's.
            primary.command("CLIENT", "PAUSE", "60000", "WRITE")
            eventually(lambda: written_by(replica) >= written_by(primary), "the replica is in step")
        primary.kill()
        stage.wait_until_normal()
        return verdict(stage, durable=not lagging)

@scenario()
def lagging_replica_is_promoted(binary, seed, extra=()):
    return primary_fails_over(binary, seed, extra, lagging=True)

@scenario()
def connection_is_half_open(binary, seed, extra=()):
    """Packets vanish and nobody is told, one way or both: found out by silence, within 5 s."""
    with proxied(binary, seed, extra) as (_, proxy, stage):
        late = []
        for ways in ({"there", "back"}, {"there"}, {"back"}):
            before = [node.log().count("no answer in time") for node in stage.nodes]
            begun = time.monotonic()
            proxy.swallow = ways
            eventually(lambda: all(node.log().count("no answer in time") > count
                                   for node, count in zip(stage.nodes, before)), "the nodes notice")
            noticed = time.monotonic() - begun
            proxy.swallow = frozenset()
            proxy.cut()
            stage.wait_until_normal()
            late += [f"noticed after {noticed:.1f} s that packets vanish {sorted(ways)}"] if noticed > 5 + SLACK_SECONDS else []
        return late + verdict(stage, durable=True)

@scenario()
def connection_is_bad(binary, seed, extra=()):
    with proxied(binary, seed, extra) as (_, proxy, stage):
        proxy.delay = 0.05
        time.sleep(1)
        proxy.delay = 0
        proxy.cut()
        time.sleep(0.7)
        proxy.half_close()
        time.sleep(0.7)
        proxy.stalled = True
        time.sleep(1.5)
        proxy.stalled = False
        stage.wait_until_normal()
        return verdict(stage, durable=True)

@scenario(finds=("forget_buffered",))
def subscribers_come_and_go(binary, seed, extra=()):
    """Under load, while some connections to Redis are slower than others: what a subscriber is answered and what
    follows come from different ones."""
    with proxied(binary, seed, extra) as (_, proxy, stage):
        proxy.delay_of_every_other = 0.04
        end = time.monotonic() + 5
        while time.monotonic() < end:
            time.sleep(0.1)
            for subscriber in stage.subscribers:
                subscriber.leave()
        proxy.delay_of_every_other = 0
        stage.wait_until_normal()
        return verdict(stage, durable=True)

@scenario()
def redis_stands_still(binary, seed, extra=()):
    with single(binary, seed, ALWAYS, extra) as (redis, stage):
        redis.stop()
        time.sleep(30 if LONG else 5)
        redis.cont()
        stage.wait_until_normal()
        return verdict(stage, durable=True)

@scenario(finds=("ack_before_append",))
def redis_restarts(binary, seed, extra=()):
    with single(binary, seed, ALWAYS, extra) as (redis, stage):
        for end in (redis.shutdown, redis.kill):
            end()
            time.sleep(0.5)
            redis.start()
            stage.wait_until_normal()
            time.sleep(1)
        return verdict(stage, durable=True)

@scenario(finds=("skip_catch_up", "drop_resubscribe", "duplicate_delivery"))
def connections_are_killed(binary, seed, extra=()):
    with single(binary, seed, ALWAYS, extra) as (redis, stage):
        for kind in ("pubsub", "normal", "pubsub", "pubsub"):
            redis.command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
            time.sleep(0.7)
        stage.wait_until_normal()
        return verdict(stage, durable=True)

@scenario(finds=("skip_epoch_check",))
def everything_is_flushed(binary, seed, extra=()):
    with single(binary, seed, ALWAYS, extra) as (redis, stage):
        redis.command("FLUSHALL")
        time.sleep(1)
        for key in redis.command("KEYS", "tidemill.meta.*")[:2]:
            redis.command("DEL", key)
        time.sleep(1)
        redis.command("SET", "tidemill.meta.{.a}", "not a hash")
        time.sleep(1)
        redis.command("DEL", "tidemill.meta.{.a}")
        stage.wait_until_normal()
        return verdict(stage, durable=False)

@scenario()
def redis_evicts(binary, seed, extra=()):
    with single(binary, seed, {**ALWAYS, "maxmemory-policy": "allkeys-lru"}, extra) as (redis, stage):
        redis.command("CONFIG", "SET", "maxmemory", "1")
        time.sleep(0.5)
        redis.command("CONFIG", "SET", "maxmemory", "0")
        stage.wait_until_normal()
        return verdict(stage, durable=False)

@scenario()
def redis_is_full(binary, seed, extra=()):
    with single(binary, seed, {**ALWAYS, "maxmemory-policy": "noeviction"}, extra) as (redis, stage):
        redis.command("CONFIG", "SET", "maxmemory", "1")
        time.sleep(1)
        redis.command("CONFIG", "SET", "maxmemory", "0")
        stage.wait_until_normal()
        wrong = verdict(stage, durable=True)
        return wrong if stage.history.refused else [*wrong, "a full Redis refused nothing"]

@scenario()
def node_is_killed(binary, seed, extra=()):
    with single(binary, seed, ALWAYS, extra) as (_, stage):
        stage.nodes.pop(0).kill()
        stage.wait_until_normal()
        return verdict(stage, durable=True)

@scenario(long=True)
def cluster_fails_over(binary, seed, extra=()):
    with in_cluster(binary, seed, extra) as (cluster, stage):
        cluster.primary_of("{.a}").kill()
        stage.wait_until_normal()
        return verdict(stage, durable=False)
