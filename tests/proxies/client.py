"""A client of the protocol, in JSON over WebSocket, and a server with proxies."""
import json

from assertions import WAIT_SECONDS
from server import Server
from websocket import Closed, WebSocket

CONFIG = """
client.proxy.connect.enabled = true
client.proxy.connect.endpoint = "{url}/connect"
client.proxy.connect.http_headers = ["Cookie", "X-Real-Ip"]
client.proxy.connect.emulated_headers = ["Authorization"]
channel.proxy.subscribe.endpoint = "{url}/subscribe"
channel.proxy.publish.endpoint = "{url}/publish"
channel.proxy.sub_refresh.endpoint = "{url}/sub_refresh"
channel.proxy.map_publish.endpoint = "{url}/map_publish"
channel.proxy.map_remove.endpoint = "{url}/map_remove"
rpc.without_namespace.proxy_enabled = true

[client.proxy.connect.http.static_headers]
Authorization = "Bearer static"
X-Key = "k"

[rpc.proxy]
endpoint = "{url}/rpc"
include_connection_meta = true
http.status_to_code_transforms = [
  {{ status_code = 404, to_error = {{ code = 1404, message = "no such method" }} }},
  {{ status_code = 403, to_disconnect = {{ code = 4503, reason = "banned" }} }},
]

[[proxies]]
name = "binary"
endpoint = "{url}/binary"
binary_encoding = true

[[rpc.namespaces]]
name = "binary"
proxy_enabled = true
proxy_name = "binary"

[[channel.namespaces]]
name = "asks"
subscribe_proxy_enabled = true
publish_proxy_enabled = true
sub_refresh_proxy_enabled = true
allow_user_limited_channels = true
history_size = 10
history_ttl = "1m"

[[channel.namespaces]]
name = "plain"
allow_subscribe_for_client = true
presence = true
allow_presence_for_client = true

[[channel.namespaces]]
name = "keys"
subscription_type = "map"
allow_subscribe_for_client = true
[channel.namespaces.map]
mode = "persistent"
publish_proxy_enabled = true
remove_proxy_enabled = true
"""


def serve(binary, folder, service, *flags, more=""):
    """A server whose proxies ask the service."""
    path = f"{folder}/tidemill.toml"
    with open(path, "w", encoding="utf-8") as file:
        file.write(CONFIG.format(url=service.url("")) + more)
    return Server(binary, "--config", path, "--http_api.key=secret", "--client.token.hmac_secret_key=secret", *flags)


class Client:
    """One connection. `ask` gives the reply to a command; what was pushed before it is in `pushed`."""

    def __init__(self, server, connect=None, headers=None):
        self.socket = WebSocket(server.address, headers=headers)
        self.pushed = []
        self._id = 0
        self._frames = []
        self.reply = self.ask("connect", connect or {})
        self.connected = self.reply.get("connect")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.abort()

    def send(self, name, request):
        self._id += 1
        self.socket.send_text(json.dumps({"id": self._id, name: request}))
        return self._id

    def ask(self, name, request):
        number = self.send(name, request)
        while (message := self.hear()).get("id") != number:
            self.pushed.append(message)
        return message

    def hear(self, timeout=WAIT_SECONDS):
        """The next message, which is no ping; {"closed": …} at the end."""
        while True:
            while self._frames:
                message = json.loads(self._frames.pop(0))
                if message:
                    return message
                self.socket.send_text("{}")
            try:
                self._frames = [line for line in self.socket.receive(timeout).split("\n") if line]
            except Closed as closed:
                return {"id": self._id, "closed": (closed.code, closed.reason)}

    def push(self, timeout=WAIT_SECONDS):
        return self.pushed.pop(0) if self.pushed else self.hear(timeout)
