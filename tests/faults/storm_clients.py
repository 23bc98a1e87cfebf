"""Many clients in one process: each subscribes to one channel, and comes back after every loss with the back-off of
centrifuge-js. Bare epoll, because a process holds about 16,000 of them.

`run(pipe, counters, address, count, channels, index)` is the process. `counters`, shared memory, tells how it goes.
A dict on the pipe, {channel: (epoch, offset)}, asks how many clients have exactly everything up to there; None ends.
"""
import heapq
import itertools
import json
import random
import resource
import select
import socket
import struct
import time

from websocket import TEXT, frame, upgrade_request

COUNTERS = CONNECTED, SUBSCRIBED, RECOVERED, TOLD, WRONG, ATTEMPTS = range(6)
MIN_DELAY_SECONDS, MAX_DELAY_SECONDS = 0.5, 20.0
ATTEMPT_SECONDS = 5.0  # centrifuge-js waits so long for an answer
FIRST_PER_SECOND = 1200  # how fast the first connections are made, before any storm
# Each process has a source address and each of its clients ports of its own, because the kernel's search for a free
# one among so many takes longer than all the rest.
FIRST_PORT, PORTS = 2000, 60000
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: no TIME_WAIT, in which a port could not be used again


def backoff(attempt, source):
    """Full jitter, as in centrifuge-js."""
    most = min(MAX_DELAY_SECONDS, MIN_DELAY_SECONDS * 2 ** min(attempt, 31))
    return min(MAX_DELAY_SECONDS, MIN_DELAY_SECONDS + source.uniform(0, most))


def client_frame(text):
    """Masked, as it must be, with zeros, so that the payload stays what it is."""
    return frame(TEXT, text.encode(), mask=bytes(4))


UPGRADE = upgrade_request("storm")
PONG = client_frame("{}")


class Client:
    __slots__ = ("socket", "bytes", "upgraded", "subscribed", "channel", "epoch", "offset", "attempt", "generation",
                 "wrong", "index")

    def __init__(self, index, channel):
        self.index = index
        self.socket, self.bytes, self.upgraded, self.subscribed = None, b"", False, False
        self.channel, self.epoch, self.offset = channel, None, 0
        self.attempt, self.generation, self.wrong = 0, 0, False


class Crowd:
    def __init__(self, counters, address, count, channels, index):
        self._counters, self._address = counters, address
        self._source = f"127.0.1.{index + 1}"
        self._random = random.Random(index)
        self._epoll = select.epoll()
        self._by_fd = {}
        self._order = itertools.count()
        begin = time.monotonic()
        self._clients = [Client(each, channels[each % len(channels)]) for each in range(count)]
        self._due = [(begin + client.index / FIRST_PER_SECOND, next(self._order), client, 0)
                     for client in self._clients]  # (when, …, client, its generation then)

    def turn(self):
        now = time.monotonic()
        while self._due and self._due[0][0] <= now:
            _, _, client, generation = heapq.heappop(self._due)
            if client.generation == generation and not client.subscribed:
                self._connect(client) if client.socket is None else self._lose(client)
        for fd, events in self._epoll.poll(0.01):
            client = self._by_fd.get(fd)
            if client:
                self._serve(client, events)

    def exact(self, tops):
        return sum(not client.wrong and client.subscribed and (client.epoch, client.offset) == tops[client.channel]
                   for client in self._clients)

    def _connect(self, client):
        self._counters[ATTEMPTS] += 1
        client.generation += 1
        client.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        slots = PORTS // len(self._clients)
        port = FIRST_PORT + client.index * slots + client.generation % slots
        try:
            client.socket.bind((self._source, port))
            client.socket.connect(self._address)
        except BlockingIOError:
            pass
        except OSError:
            return self._lose(client)
        self._by_fd[client.socket.fileno()] = client
        self._epoll.register(client.socket.fileno(), select.EPOLLOUT)
        self._later(client, ATTEMPT_SECONDS)

    def _later(self, client, seconds):
        when = time.monotonic() + seconds
        heapq.heappush(self._due, (when, next(self._order), client, client.generation))

    def _lose(self, client):
        if client.upgraded:
            self._counters[CONNECTED] -= 1
        if client.subscribed:
            self._counters[SUBSCRIBED] -= 1
        self._by_fd.pop(client.socket.fileno(), None)
        client.socket.close()
        client.socket, client.bytes, client.upgraded, client.subscribed = None, b"", False, False
        client.generation += 1
        self._later(client, backoff(client.attempt, self._random))
        client.attempt += 1

    def _serve(self, client, events):
        try:
            if events & select.EPOLLOUT:
                client.socket.send(UPGRADE)
                self._epoll.modify(client.socket.fileno(), select.EPOLLIN)
                return
            data = client.socket.recv(65536)
            if not data:
                return self._lose(client)
            client.bytes += data
            self._read(client)
        except BlockingIOError:
            pass
        except OSError:
            self._lose(client)

    def _read(self, client):
        if not client.upgraded:
            head, found, rest = client.bytes.partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 101 "):
                return self._lose(client)
            client.upgraded, client.bytes = True, rest
            self._counters[CONNECTED] += 1
            client.socket.send(self._hello(client))
        while client.socket and (taken := _take_frame(client.bytes)):
            opcode, payload, client.bytes = taken
            if opcode != TEXT:
                return self._lose(client)
            for line in payload.split(b"\n"):
                self._take(client, line)

    @staticmethod
    def _hello(client):
        request = {"channel": client.channel}
        if client.epoch is not None:
            request |= {"recover": True, "epoch": client.epoch, "offset": client.offset}
        return client_frame('{"id":1,"connect":{}}\n' + json.dumps({"id": 2, "subscribe": request}))

    def _take(self, client, line):
        if line == b"{}":
            client.socket.send(PONG)
            return
        message = json.loads(line)
        if "error" in message or "disconnect" in message.get("push", {}):
            if client.socket:
                self._lose(client)
        elif message.get("id") == 2:
            self._on_subscribed(client, message["subscribe"])
        elif "pub" in message.get("push", {}):
            self._receive(client, message["push"]["pub"])

    def _on_subscribed(self, client, result):
        epoch, recovered = result["epoch"], result.get("recovered", False)
        client.subscribed, before = True, client.epoch
        client.attempt = 0
        self._counters[SUBSCRIBED] += 1
        if before is None or not recovered:
            client.epoch, client.offset = epoch, result.get("offset", 0)
            self._counters[TOLD] += before is not None
            return
        self._counters[RECOVERED] += 1
        if (epoch, result.get("offset", 0)) != (before, client.offset):
            self._wrong(client)
        for publication in result.get("publications", []):
            self._receive(client, publication)

    def _receive(self, client, publication):
        if publication["offset"] != client.offset + 1:
            self._wrong(client)
        client.offset = publication["offset"]

    def _wrong(self, client):
        self._counters[WRONG] += not client.wrong
        client.wrong = True


def _take_frame(data):
    """(opcode, payload, what is left), or None."""
    if len(data) < 2:
        return None
    length, begin = data[1] & 0x7F, 2
    if length == 126:
        length, begin = int.from_bytes(data[2:4], "big"), 4
    elif length == 127:
        length, begin = int.from_bytes(data[2:10], "big"), 10
    if len(data) < begin + length:
        return None
    return data[0] & 0x0F, data[begin:begin + length], data[begin + length:]


def run(pipe, counters, address, count, channels, index):
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    crowd = Crowd(counters, address, count, channels, index)
    while True:
        crowd.turn()
        if pipe.poll():
            tops = pipe.recv()
            if tops is None:
                return
            pipe.send(crowd.exact(tops))
