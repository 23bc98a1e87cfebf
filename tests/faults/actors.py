"""Producers and subscribers that write down what they see. A subscriber does what the SDKs do: it comes back after
every loss, somewhere, and asks to recover from where it was."""
import http.client
import json
import random
import threading
import time

from assertions import WAIT_SECONDS
from history import Acknowledged, Lost, Received, Subscribed
from websocket import Closed, WebSocket

RETRY_SECONDS = (0.05, 0.4)
API_TIMEOUT_SECONDS = 8


class History:
    """Any thread."""

    def __init__(self):
        self._lock = threading.Lock()
        self.events = []
        self.refused = 0
        self.unknown = 0

    def add(self, event):
        with self._lock:
            self.events.append(event)

    def count(self, kind):
        with self._lock:
            return sum(isinstance(event, kind) for event in self.events)


class Actor(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.ending = threading.Event()

    def finish(self):
        self.ending.set()
        self.join(20)


class Producer(Actor):
    """Publishes to the channels in turn, over the API of the nodes in turn."""

    ids = iter(range(1, 1 << 60))

    def __init__(self, history, nodes, channels, per_second, seed):
        super().__init__()
        self._history, self._nodes, self._channels = history, nodes, channels
        self._pause = 1 / per_second
        self._random = random.Random(seed)

    def run(self):
        connection, address = None, None
        while not self.ending.wait(self._pause):
            node = self._random.choice(self._nodes)
            try:
                if address != node.address:
                    connection, address = http.client.HTTPConnection(node.address, timeout=API_TIMEOUT_SECONDS), node.address
                self._publish(connection, node)
            except (OSError, http.client.HTTPException):
                self._history.unknown += 1
                connection, address = None, None

    def _publish(self, connection, node):
        channel, identity = self._random.choice(self._channels), next(Producer.ids)
        body = json.dumps({"channel": channel, "data": {"id": identity}})
        connection.request("POST", "/api/publish", body, {"X-API-Key": node.api_key})
        answer = json.loads(connection.getresponse().read())
        if "error" in answer:
            self._history.refused += 1
        else:
            result = answer["result"]
            self._history.add(Acknowledged(channel, identity, result.get("epoch", ""), result.get("offset", 0)))


class Subscriber(Actor):
    def __init__(self, name, history, nodes, channels, seed):
        super().__init__()
        self.name, self._history, self._nodes, self._channels = name, history, nodes, channels
        self._random = random.Random(seed)
        self._positions = {}  # channel: [epoch, offset]
        self._wanted = {}  # command id: channel
        self._due = {}  # channel: when to subscribe again
        self._ids = iter(range(2, 1 << 60))
        self.subscribed = set()
        self._leaving = threading.Event()

    def is_at(self, channel, epoch, offset):
        """Whether it has received all up to there."""
        return self._positions.get(channel) == [epoch, offset]

    def leave(self):
        """Drops the connection once in a while when asked, and comes back."""
        self._leaving.set()

    def run(self):
        while not self.ending.is_set():
            try:
                with WebSocket(self._random.choice(self._nodes).address, timeout=WAIT_SECONDS) as socket:
                    self._converse(socket)
            except (OSError, Closed):
                pass
            for channel in list(self.subscribed):
                self._lose(channel)
            self.ending.wait(self._random.uniform(*RETRY_SECONDS))

    def _converse(self, socket):
        socket.send_text(json.dumps({"id": 1, "connect": {}}))
        self._wanted.clear()
        self._due = {channel: 0 for channel in self._channels}
        self._leaving.clear()
        while not self.ending.is_set():
            if self._leaving.is_set() and self.subscribed and self._random.random() < 0.2:
                return
            self._leaving.clear()
            try:
                for line in socket.receive(0.1).split("\n"):
                    self._take(socket, json.loads(line))
            except TimeoutError:
                pass
            self._subscribe(socket)

    def _subscribe(self, socket):
        now = time.monotonic()
        for channel in [channel for channel, when in self._due.items() if when <= now]:
            del self._due[channel]
            identity = next(self._ids)
            self._wanted[identity] = channel
            request = {"channel": channel, "recoverable": True, "positioned": True}
            if channel in self._positions:
                epoch, offset = self._positions[channel]
                request |= {"recover": True, "epoch": epoch, "offset": offset}
            socket.send_text(json.dumps({"id": identity, "subscribe": request}))

    def _take(self, socket, message):
        if not message:
            socket.send_text("{}")
        elif message.get("id") in self._wanted:
            self._on_answer(self._wanted.pop(message["id"]), message)
        elif "push" in message:
            self._on_push(message["push"])

    def _on_answer(self, channel, message):
        if "error" in message:
            self._again(channel)
            return
        result = message["subscribe"]
        recovered, was_recovering = result.get("recovered", False), result.get("was_recovering", False)
        epoch, offset = result.get("epoch", ""), result.get("offset", 0)
        self._history.add(Subscribed(self.name, channel, epoch, offset, was_recovering, recovered))
        self._positions[channel] = [epoch, offset]
        self.subscribed.add(channel)
        for publication in result.get("publications", []):
            self._receive(channel, publication)

    def _on_push(self, push):
        channel = push.get("channel")
        if "pub" in push:
            self._receive(channel, push["pub"])
        elif "unsubscribe" in push:
            self._lose(channel)
            self._again(channel)

    def _receive(self, channel, publication):
        offset = publication.get("offset", 0)
        self._history.add(Received(self.name, channel, offset, publication["data"]["id"]))
        self._positions[channel][1] = offset

    def _lose(self, channel):
        self.subscribed.discard(channel)
        self._history.add(Lost(self.name, channel))

    def _again(self, channel):
        self._due[channel] = time.monotonic() + self._random.uniform(*RETRY_SECONDS)
