"""Real redis-server processes for a test: on free ports, in a temporary folder, stopped when the block ends."""
import atexit
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from assertions import check, eventually

START_SECONDS = 15
# In memory where there is such a folder: a disk that builds are writing to takes seconds for one fsync, and Redis waits.
FOLDERS = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port():
    """A port with its cluster-bus companion (10,000 higher), both below those that Linux gives to clients."""
    while True:
        port = random.randrange(10_000, 22_000)
        if is_free(port) and is_free(port + 10_000):
            return port


class RedisError(Exception):
    pass


class RedisServer:
    """One process. `options`: pairs of redis.conf, such as {"appendonly": "yes"}; sentinel=True: a sentinel."""

    def __init__(self, options=None, *, sentinel=False, port=None):
        self.port = port or free_port()
        self.folder = tempfile.mkdtemp(prefix="tidemill-redis-", dir=FOLDERS)
        self._sentinel = sentinel
        self._process = None
        if not shutil.which("redis-server"):
            raise RuntimeError("redis-server is missing. On Debian 12: apt-get install redis-server")
        lines = {"port": self.port, "bind": "127.0.0.1", "dir": self.folder, "save": '""',
                 "logfile": os.path.join(self.folder, "redis.log"), **(options or {})}
        if sentinel:
            del lines["save"]
        with open(self._config, "w", encoding="utf-8") as file:
            for name, value in lines.items():
                for each in value if isinstance(value, list) else [value]:
                    file.write(f"{name} {each}\n")
        atexit.register(self.close)  # whatever happens to the test
        self.start()

    @property
    def _config(self):
        return os.path.join(self.folder, "redis.conf")

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    @property
    def running(self):
        return self._process is not None

    @property
    def aof(self):
        """The file of the newest appended commands."""
        folder = os.path.join(self.folder, "appendonlydir")
        return os.path.join(folder, next(name for name in os.listdir(folder) if name.endswith(".incr.aof")))

    @property
    def pid(self):
        return self._process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def start(self):
        mode = ["--sentinel"] if self._sentinel else []
        self._process = subprocess.Popen(["redis-server", self._config, *mode], stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL)
        try:
            eventually(self._answers, "it answers", START_SECONDS)
        except AssertionError as error:
            raise RuntimeError(f"redis-server did not start: {error}: {self.log()[-2000:]}") from error

    def _answers(self):
        check(self._process.poll() is None, "it has ended")
        try:
            return self.command("PING") == "PONG"
        except (OSError, RedisError):
            return False

    def log(self):
        try:
            with open(os.path.join(self.folder, "redis.log"), encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def command(self, *arguments, timeout=5):
        """Sends one command on a connection of its own; gives the answer, or raises RedisError."""
        with socket.create_connection(("127.0.0.1", self.port), timeout) as connection:
            request = b"*%d\r\n" % len(arguments)
            for argument in arguments:
                data = argument if isinstance(argument, bytes) else str(argument).encode()
                request += b"$%d\r\n%s\r\n" % (len(data), data)
            connection.sendall(request)
            with connection.makefile("rb") as answers:
                return _read_answer(answers)

    def kill(self):
        """At once, as a crash would."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def shutdown(self):
        """In order: what is to be saved is saved."""
        self._process.terminate()
        self._process.wait(10)
        self._process = None

    def stop(self):
        """Lets it stand still, connections and all."""
        self._process.send_signal(signal.SIGSTOP)

    def cont(self):
        self._process.send_signal(signal.SIGCONT)

    def restart(self):
        self.kill()
        self.start()

    def lose_power(self, keep_bytes):
        """Kills it, and of what it appended after the first `keep_bytes` nothing is left on the disk."""
        self.kill()
        os.truncate(self.aof, keep_bytes)

    def close(self):
        if self._process:
            self._process.send_signal(signal.SIGCONT)
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.close)


def redis_replica(primary, options=None):
    """A server that follows `primary` and has caught up with it."""
    replica = RedisServer({**(options or {}), "replicaof": f"127.0.0.1 {primary.port}"})
    eventually(lambda: "master_link_status:up" in replica.command("INFO", "replication"), "the replica is in step", 30)
    return replica


def redis_sentinels(primary, count, name="main"):
    """Sentinels that watch `primary`; returned when each of them knows of a replica and of the others."""
    quorum = count // 2 + 1
    sentinels = [RedisServer({"sentinel": [f"monitor {name} 127.0.0.1 {primary.port} {quorum}",
                                           f"down-after-milliseconds {name} 700", f"failover-timeout {name} 3000"]},
                             sentinel=True) for _ in range(count)]

    def ready(sentinel):
        try:
            replicas = sentinel.command("SENTINEL", "REPLICAS", name)
            others = sentinel.command("SENTINEL", "SENTINELS", name)
            return replicas and len(others) == count - 1 and sentinel.command("SENTINEL", "CKQUORUM", name)
        except RedisError:
            return False

    eventually(lambda: all(ready(sentinel) for sentinel in sentinels), "the sentinels see what there is", 30)
    return sentinels


class RedisCluster:
    """Six nodes: three primaries with a replica each."""

    def __init__(self, options=None):
        each = {"cluster-enabled": "yes", "cluster-node-timeout": "1500", **(options or {})}
        self.nodes = []
        try:
            self.nodes = [RedisServer(each) for _ in range(6)]
            addresses = [f"127.0.0.1:{node.port}" for node in self.nodes]
            subprocess.run(["redis-cli", "--cluster", "create", *addresses, "--cluster-replicas", "1", "--cluster-yes"],
                           check=True, capture_output=True, timeout=60)
            eventually(lambda: all(self._complete(node) for node in self.nodes), "the cluster is complete", 30)
        except Exception:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for node in self.nodes:
            node.close()

    @property
    def addresses(self):
        return [f"127.0.0.1:{node.port}" for node in self.nodes]

    def primary_of(self, key):
        """The node that has the key's slot."""
        slot = self.nodes[0].command("CLUSTER", "KEYSLOT", key)
        living = next(node for node in self.nodes if node.running)
        for first, last, primary, *_ in living.command("CLUSTER", "SLOTS"):
            if first <= slot <= last:
                return next(node for node in self.nodes if node.port == primary[1])
        raise RuntimeError(f"slot {slot} is nobody's")

    def move_slot(self, key, pause=0.0):
        """Gives the slot of `key` to another primary, one key after the other, with a pause after each."""
        source = self.primary_of(key)
        slot = source.command("CLUSTER", "KEYSLOT", key)
        target = next(self.primary_of(other) for other in ("b", "c", "d", "e", "f", "g", "h")
                      if self.primary_of(other) is not source)
        ids = {node: node.command("CLUSTER", "MYID") for node in (source, target)}
        target.command("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[source])
        source.command("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[target])
        while keys := source.command("CLUSTER", "GETKEYSINSLOT", slot, 1):
            source.command("MIGRATE", "127.0.0.1", target.port, keys[0], 0, 5000)
            time.sleep(pause)
        for node in (target, source):
            node.command("CLUSTER", "SETSLOT", slot, "NODE", ids[target])

    @staticmethod
    def _complete(node):
        return ("cluster_state:ok" in node.command("CLUSTER", "INFO") and len(node.command("CLUSTER", "SLOTS")) == 3
                and all(len(slots) == 4 for slots in node.command("CLUSTER", "SLOTS")))


def _read_answer(answers):
    line = answers.readline().rstrip(b"\r\n").decode(errors="replace")
    if not line:
        raise RedisError("no answer")
    kind, rest = line[0], line[1:]
    if kind == "+":
        return rest
    if kind == "-":
        raise RedisError(rest)
    if kind == ":":
        return int(rest)
    if kind == "$":
        if rest == "-1":
            return None
        return answers.read(int(rest) + 2)[:-2].decode(errors="replace")
    return [_read_answer(answers) for _ in range(int(rest))]
