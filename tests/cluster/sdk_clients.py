"""Clients of the official libraries, both steered in the same way. What they report is a list of events, dicts with
"client", "event", "at" (time.monotonic()) and what belongs to the event:

    connected, connecting (code), disconnected (code), subscribed and server_subscribed (channel, was_recovering,
    recovered, epoch, offset), unsubscribed (channel, code), publication and server_publication (channel, offset, data)
"""
import asyncio
import itertools
import json
import logging
import os
import subprocess
import threading
import time

import centrifuge

import jwt

WAIT_SECONDS = 60
FOLDER = os.path.dirname(os.path.abspath(__file__))

logging.getLogger("centrifuge").setLevel(logging.CRITICAL)


class Events:
    """Any thread."""

    def __init__(self):
        self._changed = threading.Condition()
        self._events = []

    def add(self, client, event, **fields):
        with self._changed:
            self._events.append({"client": client, "event": event, "at": time.monotonic(), **fields})
            self._changed.notify_all()

    def of(self, client, event, since=0.0, **fields):
        with self._changed:
            return [each for each in self._events if each["client"] == client and each["event"] == event
                    and each["at"] >= since and all(each.get(name) == value for name, value in fields.items())]

    def wait(self, client, event, count=1, since=0.0, seconds=WAIT_SECONDS, **fields):
        """The first `count` such events; raises if they do not come in time."""
        deadline = time.monotonic() + seconds
        while len(found := self.of(client, event, since, **fields)) < count:
            with self._changed:
                self._changed.wait(0.05)
            if time.monotonic() > deadline:
                raise AssertionError(f"{client}: {len(found)} of {count} {event} {fields} within {seconds} s")
        return found[:count]


class JavaScriptClients:
    """All of them in one process of Node.js."""

    def __init__(self, events):
        self._events = events
        self._ids = itertools.count(1)
        self._answers = {}
        self._answered = threading.Condition()
        self._process = subprocess.Popen(["node", os.path.join(FOLDER, "js_clients.mjs")], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._read, daemon=True).start()

    def open(self, name, url, user, channels, claims=None, **of_transport):
        self._send(operation="open", name=name, url=url, token=jwt.sign({"sub": user, **(claims or {})}),
                   channels=channels, **of_transport)

    def call(self, name, method, channel, data=None):
        identity = next(self._ids)
        self._send(operation="call", id=identity, name=name, method=method, channel=channel, data=data)
        with self._answered:
            if not self._answered.wait_for(lambda: identity in self._answers, WAIT_SECONDS):
                raise AssertionError(f"{name}: no answer to {method}")
            answer = self._answers.pop(identity)
        if "error" in answer:
            raise AssertionError(f"{name}: {method}: {answer['error']}")
        return answer.get("result")

    def close(self, name):
        self._send(operation="close", name=name)

    def end(self):
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _send(self, **command):
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()

    def _read(self):
        for line in self._process.stdout:
            event = json.loads(line)
            if event["event"] == "answer":
                with self._answered:
                    self._answers[event["id"]] = event
                    self._answered.notify_all()
            else:
                self._events.add(event.pop("client"), event.pop("event"), **event)


class PythonClients:
    """All of them on one thread."""

    def __init__(self, events):
        self._events = events
        self._clients = {}
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda loop, context: None)  # the library's own, on connections that end
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def open(self, name, url, user, channels, claims=None):
        self._await(self._open(name, url, {"sub": user, **(claims or {})}, channels))

    def call(self, name, method, channel, data=None):
        return self._await(getattr(self, f"_{method}")(self._subscription(name, channel), data))

    def close(self, name):
        self._await(self._clients.pop(name).disconnect())

    def end(self):
        for name in list(self._clients):
            self.close(name)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    async def _open(self, name, url, claims, channels):
        client = centrifuge.Client(url, events=_ClientEvents(name, self._events), token=jwt.sign(claims),
                                   min_reconnect_delay=0.05, max_reconnect_delay=0.4, proxy=None)
        self._clients[name] = client
        await client.connect()
        for channel in channels:
            subscription = client.new_subscription(channel, events=_SubscriptionEvents(name, channel, self._events),
                                                   min_resubscribe_delay=0.05, max_resubscribe_delay=0.4)
            await subscription.subscribe()

    def _subscription(self, name, channel):
        return self._clients[name].get_subscription(channel)

    async def _publish(self, subscription, data):
        await subscription.publish(data)

    async def _presence(self, subscription, _):
        return sorted(info.user for info in (await subscription.presence()).clients.values())

    async def _presence_stats(self, subscription, _):
        stats = await subscription.presence_stats()
        return [stats.num_clients, stats.num_users]

    def _await(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(WAIT_SECONDS)


def _subscribed_fields(context):
    position = context.stream_position
    return {"was_recovering": context.was_recovering, "recovered": context.recovered,
            "epoch": position and position.epoch, "offset": position and position.offset}


class _ClientEvents(centrifuge.ClientEventHandler):
    def __init__(self, name, events):
        self._name, self._events = name, events

    async def on_connected(self, ctx):
        self._events.add(self._name, "connected")

    async def on_connecting(self, ctx):
        self._events.add(self._name, "connecting", code=ctx.code)

    async def on_disconnected(self, ctx):
        self._events.add(self._name, "disconnected", code=ctx.code)

    async def on_subscribed(self, ctx):
        self._events.add(self._name, "server_subscribed", channel=ctx.channel, **_subscribed_fields(ctx))

    async def on_publication(self, ctx):
        self._events.add(self._name, "server_publication", channel=ctx.channel, offset=ctx.pub.offset, data=ctx.pub.data)


class _SubscriptionEvents(centrifuge.SubscriptionEventHandler):
    def __init__(self, name, channel, events):
        self._name, self._channel, self._events = name, channel, events

    async def on_subscribed(self, ctx):
        self._events.add(self._name, "subscribed", channel=self._channel, **_subscribed_fields(ctx))

    async def on_unsubscribed(self, ctx):
        self._events.add(self._name, "unsubscribed", channel=self._channel, code=ctx.code)

    async def on_publication(self, ctx):
        self._events.add(self._name, "publication", channel=self._channel, offset=ctx.pub.offset, data=ctx.pub.data)
