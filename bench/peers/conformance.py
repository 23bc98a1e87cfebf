"""Checks that a running server does what bench/peers/README.md asks for; the same checks for each protocol.

    conformance.py --protocol plain|socketio|centrifuge --port P [--other-port Q] [--pid N] [--api-key K]

--other-port is a second process that shares Redis with the first. --pid is the first: its memory is watched.
Needs the packages of python/requirements.txt.
"""
import argparse
import collections
import contextlib
import http.client
import json
import pathlib
import secrets
import socket
import sys
import time
import urllib.parse

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

ANSWER_SECONDS_MAX = 5
SILENCE_SECONDS = 0.3
LARGE = "x" * (60 << 10)
POLICY_VIOLATION, MESSAGE_TOO_BIG = 1008, 1009


class Client:
    """One connection. A protocol says how to subscribe and what a received text means."""
    path = "/ws"

    def __init__(self, connection):
        self.socket = connection
        self.publications = collections.deque()
        self.answers = collections.deque()

    def receive(self, timeout):
        """Files the next frame under publications or answers."""
        self.understand(self.socket.recv(timeout))

    def answer(self):
        while not self.answers:
            self.receive(ANSWER_SECONDS_MAX)
        return self.answers.popleft()

    def next(self):
        """The next publication: its channel and data."""
        deadline = time.monotonic() + ANSWER_SECONDS_MAX
        while not self.publications:
            self.receive(deadline - time.monotonic())
        return self.publications.popleft()

    def is_silent(self):
        deadline = time.monotonic() + SILENCE_SECONDS
        try:
            while not self.publications:
                self.receive(deadline - time.monotonic())
        except TimeoutError:
            return True
        return False

    def is_closed(self, timeout):
        """Reads everything up to the close."""
        deadline = time.monotonic() + timeout
        try:
            while True:
                self.receive(deadline - time.monotonic())
        except ConnectionClosed:
            return True
        except TimeoutError:
            return False

    def refuses(self, text):
        """Whether the server answers the text as it must answer what it does not understand."""
        self.socket.send(text)
        return self.is_closed(ANSWER_SECONDS_MAX)

    def close(self):
        self.socket.close()


class PlainClient(Client):
    malformed = ("not json", "[]", "null", "{}", '{"subscribe":1}', '{"subscribe":""}', '{"join":"a"}',
                 '{"subscribe":"a","unsubscribe":"a"}', b'{"subscribe":"a"}', "x" * (5 << 10))

    def subscribe(self, channel):
        self.ask("subscribe", "subscribed", channel)

    def unsubscribe(self, channel):
        self.ask("unsubscribe", "unsubscribed", channel)

    def ask(self, command, answer, channel):
        self.socket.send(json.dumps({command: channel}))
        expect(self.answer(), {answer: channel})

    def understand(self, text):
        message = json.loads(text)
        if "data" in message:
            expect(set(message), {"channel", "data"})
            self.publications.append((message["channel"], message["data"]))
        else:
            self.answers.append(message)

    def refuses(self, text):
        return super().refuses(text) and self.socket.close_code in (POLICY_VIOLATION, MESSAGE_TOO_BIG)


class SocketIoClient(Client):
    path = "/socket.io/?EIO=4&transport=websocket"
    malformed = ("not a packet", "42[", '42["subscribe",1]')

    def __init__(self, connection):
        super().__init__(connection)
        self.socket.send("40")
        expect(self.answer()[:2], "40")

    def subscribe(self, channel):
        self.ask("subscribe", channel)

    def unsubscribe(self, channel):
        self.ask("unsubscribe", channel)

    def ask(self, event, channel):
        self.socket.send("421" + json.dumps([event, channel]))
        expect(self.answer()[:3], "431")

    def understand(self, text):
        if text == "2":
            self.socket.send("3")
        elif text.startswith("42"):
            event, message = json.loads(text[2:])
            expect(event, "message")
            self.publications.append((message["channel"], message["data"]))
        elif text[0] != "0":
            self.answers.append(text)


class CentrifugeClient(Client):
    path = "/connection/websocket"
    malformed = ("not json", "[]", '{"id":7,"subscribe":{"channel":1}}')

    def __init__(self, connection):
        super().__init__(connection)
        self.commands = 0
        self.ask("connect", {})

    def subscribe(self, channel):
        self.ask("subscribe", {"channel": channel})

    def unsubscribe(self, channel):
        self.ask("unsubscribe", {"channel": channel})

    def ask(self, command, request):
        self.commands += 1
        self.socket.send(json.dumps({"id": self.commands, command: request}))
        answer = self.answer()
        if answer.get("id") != self.commands or command not in answer:
            raise AssertionError(f"{command} was answered {answer}")

    def understand(self, text):
        for line in filter(None, text.split("\n")):
            message = json.loads(line)
            if not message:
                self.socket.send("{}")
            elif "pub" in message.get("push", {}):
                self.publications.append((message["push"]["channel"], message["push"]["pub"]["data"]))
            else:
                self.answers.append(message)

    def refuses(self, text):
        self.socket.send(text)
        try:
            return "error" in self.answer()
        except ConnectionClosed:
            return True


class PlainApi:
    client = PlainClient
    publish_path = "/publish"
    malformed = ("not json", "[]", "null", "{}", '{"channel":"a"}', '{"data":1}', '{"channel":1,"data":1}',
                 '{"channel":"a","data":1}}', *(json.dumps({"channel": "a", "data": "x" * (kib << 10)})
                                                for kib in (65, 200)))
    is_ordered_across_processes = True

    def __init__(self, port, key):
        self.port, self.key = port, key

    def request(self, method, path, body=None, key=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS_MAX)
        headers = {"Content-Type": "application/json", "X-API-Key": self.key if key is None else key}
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def status_of_publish(self, body, key=None):
        return self.request("POST", self.publish_path, body, key)[0]

    def publish(self, channel, data):
        body = json.dumps({"channel": channel, "data": data}, ensure_ascii=False).encode()
        expect(self.status_of_publish(body), 200)

    def count(self, channel):
        status, body = self.request("GET", "/presence?" + urllib.parse.urlencode({"channel": channel}))
        expect(status, 200)
        return json.loads(body)["count"]


class SocketIoApi(PlainApi):
    client = SocketIoClient
    is_ordered_across_processes = False  # a process delivers to its own clients first, then through Redis


class CentrifugeApi(PlainApi):
    client = CentrifugeClient
    publish_path = "/api/publish"
    malformed = ("not json", "[]")

    def count(self, channel):
        status, body = self.request("POST", "/api/presence_stats", json.dumps({"channel": channel}))
        expect(status, 200)
        return json.loads(body)["result"].get("num_clients", 0)


class Servers:
    """What a check works with; closes the clients it opened."""

    def __init__(self, arguments, api):
        self.api = api(arguments.port, arguments.api_key)
        self.other = api(arguments.other_port, arguments.api_key) if arguments.other_port else None
        self.pid = arguments.pid
        self.channel = "check" + secrets.token_hex(8)
        self.connections = contextlib.ExitStack()

    def open(self, *channels, api=None, receive_buffer_bytes=None):
        api = api or self.api
        stream = socket.socket()
        if receive_buffer_bytes:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        stream.connect(("127.0.0.1", api.port))
        client = api.client(self.connections.enter_context(
            connect(f"ws://127.0.0.1:{api.port}{api.client.path}", sock=stream, compression=None, proxy=None,
                    max_size=None, max_queue=1, ping_interval=None, close_timeout=1)))
        for channel in channels:
            client.subscribe(channel)
        return client

    def resident_bytes(self):
        if not self.pid:
            return 0
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) << 10

    def close(self):
        self.connections.close()


def expect(found, wanted):
    if found != wanted:
        raise AssertionError(f"{str(found)[:200]} instead of {str(wanted)[:200]}")


def exact_data(servers):
    """a subscriber receives exactly the data"""
    client = servers.open(servers.channel)
    for data in ("žluťoučký <b>&amp;</b> 🐎\u2028\"\\/\n\t", {"a": [1, {"b": [None, True, {}]}], "": []},
                 0, -1.5, 1e-9, 2 ** 53 - 1, "", None, False, [], LARGE):
        servers.api.publish(servers.channel, data)
        expect(client.next(), (servers.channel, data))
    spread = json.dumps({"channel": servers.channel, "data": {"a": [1, 2]}}, indent=1)
    expect(servers.api.status_of_publish(spread), 200)
    expect(client.next(), (servers.channel, {"a": [1, 2]}))


def only_subscribers(servers):
    """a publication reaches only the subscribers of its channel"""
    other = servers.open(servers.channel + "other")
    idle = servers.open()
    client = servers.open(servers.channel)
    servers.api.publish(servers.channel, 1)
    expect(client.next(), (servers.channel, 1))
    expect((other.is_silent(), idle.is_silent()), (True, True))


def each_once(servers):
    """each of two subscribers gets each publication once"""
    clients = [servers.open(servers.channel) for _ in range(2)]
    for n in range(20):
        servers.api.publish(servers.channel, n)
    for client in clients:
        expect([client.next()[1] for _ in range(20)], list(range(20)))
        expect(client.is_silent(), True)


def in_order(servers):
    """300 publications arrive in order and once"""
    client = servers.open(servers.channel)
    found = []
    for n in range(300):
        servers.api.publish(servers.channel, n)
        if n % 10 == 9:
            found += [client.next()[1] for _ in range(10)]
    expect(found, list(range(300)))
    expect(client.is_silent(), True)


def unsubscribes(servers):
    """nothing arrives after unsubscribing, and again after subscribing again"""
    client = servers.open(servers.channel)
    for n in range(5):
        client.unsubscribe(servers.channel)
        servers.api.publish(servers.channel, "missed")
        expect(client.is_silent(), True)
        client.subscribe(servers.channel)
        servers.api.publish(servers.channel, n)
        expect(client.next(), (servers.channel, n))


def refuses_requests(servers):
    """a wrong key is 401, a malformed body 400, and nothing is sent"""
    client = servers.open(servers.channel, "a")
    body = json.dumps({"channel": servers.channel, "data": 1})
    for key in ("", "wrong", servers.api.key + "x"):
        expect(servers.api.status_of_publish(body, key), 401)
    for malformed in servers.api.malformed:
        expect((malformed[:40], servers.api.status_of_publish(malformed)), (malformed[:40], 400))
    expect(client.is_silent(), True)
    servers.api.publish(servers.channel, 2)
    expect(client.next(), (servers.channel, 2))


def counts(servers):
    """presence counts the subscribers, and forgets one that closed"""
    first, second = servers.open(servers.channel), servers.open(servers.channel)
    expect(servers.api.count(servers.channel), 2)
    second.close()
    deadline = time.monotonic() + ANSWER_SECONDS_MAX
    while servers.api.count(servers.channel) != 1:
        expect(time.monotonic() < deadline, True)
        time.sleep(0.02)
    first.unsubscribe(servers.channel)
    expect(servers.api.count(servers.channel), 0)


def slow_client(servers):
    """a client that does not read is closed, delays nobody and costs little memory"""
    reader = servers.open(servers.channel)
    slow = servers.open(servers.channel, receive_buffer_bytes=4096)
    before = servers.resident_bytes()
    grown = 0
    for n in range(24 * 1024 // 60):
        servers.api.publish(servers.channel, [n, LARGE])
        expect(reader.next(), (servers.channel, [n, LARGE]))
        grown = max(grown, servers.resident_bytes() - before)
    expect(slow.is_closed(10), True)
    expect(len(slow.publications) < n, True)
    if grown >= 64 << 20:
        raise AssertionError(f"grew by {grown >> 20} MiB")


def malformed_message(servers):
    """a malformed message closes that connection and no other"""
    bystander = servers.open(servers.channel)
    for text in servers.api.client.malformed:
        expect((text, servers.open(servers.channel).refuses(text)), (text, True))
    servers.api.publish(servers.channel, 1)
    expect(bystander.next(), (servers.channel, 1))


def across_processes(servers):
    """publications on either process reach the subscribers of both, in order and once"""
    apis = (servers.api, servers.other)
    clients = [servers.open(servers.channel, api=api) for api in apis]
    for n in range(200):
        apis[n % 2].publish(servers.channel, n)
    for client in clients:
        found = [client.next()[1] for _ in range(200)]
        if servers.api.is_ordered_across_processes:
            expect(found, list(range(200)))
        for publisher in (0, 1):
            expect([n for n in found if n % 2 == publisher], list(range(publisher, 200, 2)))
        expect(client.is_silent(), True)


def leaves_across_processes(servers):
    """a process that was left by its last subscriber gets publications again for the next"""
    stays = servers.open(servers.channel, api=servers.other)
    for n in range(5):
        comes = servers.open(servers.channel)
        servers.other.publish(servers.channel, n)
        expect((comes.next()[1], stays.next()[1]), (n, n))
        comes.close()


CHECKS = [exact_data, only_subscribers, each_once, in_order, unsubscribes, refuses_requests, counts,
          slow_client, malformed_message]
CHECKS_OF_TWO = [across_processes, leaves_across_processes]
PROTOCOLS = {"plain": PlainApi, "socketio": SocketIoApi, "centrifuge": CentrifugeApi}


def passes(check, arguments):
    servers = Servers(arguments, PROTOCOLS[arguments.protocol])
    try:
        check(servers)
    except Exception as error:  # whatever a server makes of a check, the next one is tried
        print(f"FAIL {check.__doc__}: {type(error).__name__} {error}", flush=True)
        return False
    finally:
        servers.close()
    print(f"ok   {check.__doc__}", flush=True)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--protocol", choices=PROTOCOLS, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--other-port", type=int)
    parser.add_argument("--pid", type=int)
    parser.add_argument("--api-key", default="bench")
    arguments = parser.parse_args()
    checks = CHECKS + (CHECKS_OF_TWO if arguments.other_port else [])
    results = [passes(check, arguments) for check in checks]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
