"""Three nodes that act as one."""
import tempfile
from contextlib import ExitStack

from assertions import eventually
from proxy import Proxy
from redis_server import RedisServer
from runner import fixture
from sdk_clients import Events, JavaScriptClients, PythonClients
from server import Server

PRESENCE_TTL_SECONDS = 3
CONFIG = f"""
loops = 2
http_api.key = "secret"
broker.redis.address = "%s"
broker.redis.presence_ttl = "{PRESENCE_TTL_SECONDS}s"
broker.redis.ready_grace = "1s"
sse.enabled = true
http_stream.enabled = true
uni_sse.enabled = true
[client]
presence_update_interval = "1s"
ping_interval = "2s"
pong_timeout = "1s"
[client.rate_limit.user_command]
storage = "redis"
rpc_methods = ["rare 3/1h", "scarce 2/1h"]
[client.token]
hmac_secret_key = "secret"
[channel.without_namespace]
history_size = 10000
history_ttl = "600s"
force_recovery = true
presence = true
allow_subscribe_for_client = true
allow_publish_for_subscriber = true
allow_presence_for_subscriber = true
"""


class Node(Server):
    """One, and the address at which a load balancer would stand before it."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.balancer = None

    def __enter__(self):
        super().__enter__()
        host, port = self.address.split(":")
        self.balancer = Proxy((host, int(port)))
        return self

    def __exit__(self, kind, error, trace):
        self.balancer.__exit__()
        super().__exit__(kind, error, trace)

    @property
    def url(self):
        return f"ws://127.0.0.1:{self.balancer.port}/connection/websocket"


class Cluster:
    """Nodes, their Redis, and clients of both libraries."""

    def __init__(self, binary, stack):
        self.redis = stack.enter_context(RedisServer({"appendonly": "yes", "appendfsync": "always"}))
        config = stack.enter_context(tempfile.NamedTemporaryFile("w", suffix=".toml"))
        config.write(CONFIG % self.redis.url)
        config.flush()
        self._arguments = (binary, "--config", config.name)
        self._stack = stack
        self.nodes = [self.new_node() for _ in range(3)]
        self.events = Events()
        self.libraries = [JavaScriptClients(self.events), PythonClients(self.events)]
        for library in self.libraries:
            stack.callback(library.end)
        self.wait_until_complete()

    def wait_until_complete(self):
        """Each node knows of all three."""
        eventually(lambda: all(len(node.api("info", {})["nodes"]) == 3 for node in self.nodes), "three nodes are there")

    def new_node(self):
        return self._stack.enter_context(Node(*self._arguments))

    def open_everywhere(self, case, channels):
        """A client of each library on each node, subscribed. Gives (library, name, node); its user is its name."""
        opened = []
        for node in self.nodes:
            for library in self.libraries:
                name = f"{case}-{'js' if library is self.libraries[0] else 'py'}-{len(opened)}"
                library.open(name, node.url, name, channels)
                opened.append((library, name, node))
        for _, name, _ in opened:
            for channel in channels:
                self.events.wait(name, "subscribed", channel=channel)
        return opened


@fixture
def cluster(binary):
    with ExitStack() as stack:
        yield Cluster(binary, stack)
