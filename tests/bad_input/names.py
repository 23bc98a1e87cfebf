"""Users and channels of any name: whoever can have a token can connect, and what is sent to them alone reaches them
alone; with the memory broker and with Redis."""
import contextlib
import json

import jwt
from assertions import equal, eventually
from redis_server import RedisServer
from runner import fixture
from server import Server
from websocket import WebSocket

CONFIG = """
loops = 2
[http_api]
key = "secret"
[client]
token.hmac_secret_key = "secret"
subscribe_to_user_personal_channel.enabled = true
[channel.without_namespace]
presence = true
history_size = 10
history_ttl = "60s"
allow_user_limited_channels = true
allow_subscribe_for_client = true
[[channel.namespaces]]
name = "uni"
channel_regex = '^\\pL+$'
allow_subscribe_for_client = true
"""
USERS = ["u", "a b", " ", "ы", "🌊", "a:b", "#", "a#b", "a,b", ",", "$u", "a\nb", '"', "*", "{}", "}", "{x}y", "\0", "a\0b",
         "\u2028", "?[a]", "x" * 5000]


@fixture
def nodes(binary, folder):
    """A server by the name of its broker."""
    with contextlib.ExitStack() as stack:
        redis = stack.enter_context(RedisServer())
        servers = {}
        for broker, settings in [("memory", ""), ("redis", f'[broker.redis]\naddress = "{redis.url}"\n')]:
            file = folder / f"{broker}.toml"
            file.write_text(CONFIG + settings, encoding="utf-8")
            servers[broker] = stack.enter_context(Server(binary, "--config", str(file)))
        eventually(lambda: all(server.get("/ready")[0] == 200 for server in servers.values()), "both are ready")
        yield servers


class Client:
    def __init__(self, server, user):
        self._socket = WebSocket(server.address)
        self._lines = []
        self.connected = self.ask({"connect": {"token": jwt.sign({"sub": user})}})

    def ask(self, command):
        self._socket.send_text(json.dumps({"id": 1, **command}))
        return self.line()

    def line(self):
        """The next one that is no ping."""
        while not self._lines:
            self._lines = [line for line in self._socket.receive().splitlines() if line != "{}"]
        return json.loads(self._lines.pop(0))

    def close(self):
        self._socket.abort()


def check_user(server, user):
    channel = "#" + user
    client = Client(server, user)
    equal(list(client.connected["connect"]["subs"]), [channel])
    server.api("publish", {"channel": channel, "data": {"for": user}})
    push = client.line()["push"]
    equal((push["channel"], push["pub"]["data"]), (channel, {"for": user}))
    history = server.api("history", {"channel": channel, "limit": -1})
    equal([each["data"] for each in history["publications"]], [{"for": user}])
    equal([each["user"] for each in server.api("presence", {"channel": channel})["presence"].values()], [user])
    equal(server.api("channels", {})["channels"][channel], {"num_clients": 1})
    server.api("unsubscribe", {"user": user, "channel": channel})
    equal(client.line()["push"], {"channel": channel, "unsubscribe": {"code": 2000, "reason": "server unsubscribe"}})
    client.close()
    eventually(lambda: channel not in server.api("channels", {})["channels"], "nobody is there")


def check_strangers(server):
    """Parts of somebody else's id open no channel."""
    stranger = Client(server, "b")
    for channel in ["#a,b", "#a#b", "#a:b", "#a"]:
        equal(stranger.ask({"subscribe": {"channel": channel}})["error"]["code"], 103)
    equal("error" in stranger.ask({"subscribe": {"channel": "dialog#a,b"}}), False)
    for channel, code in [("uni:чат", None), ("uni:123", 107), ("чат", 107), ("юни:чат", 102)]:
        answer = stranger.ask({"subscribe": {"channel": channel}})
        equal(answer.get("error", {}).get("code"), code)
    stranger.close()


def cases_names(nodes):
    for broker, server in nodes.items():
        for user in USERS:
            yield f"{broker}: {user[:9]!r}", lambda server=server, user=user: check_user(server, user)
        yield f"{broker}: strangers", lambda server=server: check_strangers(server)
