"""Subscribers of chat's channels: the official JavaScript client."""
import json
import pathlib
import subprocess
import threading

from assertions import equal, eventually
from jwt import sign

HERE = pathlib.Path(__file__).parent


class Watchers:
    """A Node process with any number of connections."""

    def __init__(self):
        self._process = subprocess.Popen(["node", str(HERE / "watch.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         text=True, cwd=HERE)
        self._lock = threading.Lock()
        self._count = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(30)

    def watch(self, address, user, *channels, **claims):
        with self._lock:
            self._count += 1
            number = self._count
        self.say({"watch": {"id": number, "url": f"ws://{address}/connection/websocket", "channels": channels,
                            "token": sign({"sub": user, **claims})}})
        return Watcher(self, number)

    def say(self, message, answers=False):
        with self._lock:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline()) if answers else None


class Watcher:
    def __init__(self, watchers, number):
        self._watchers, self._number = watchers, number

    def all(self):
        return self._watchers.say({"ask": self._number}, answers=True)

    def now(self, channel):
        return self.all()[channel]

    def events(self, channel, kind=None):
        return [each for each in self.now(channel)["events"] if kind in (None, each["type"])]

    def follow(self, channel):
        self._watchers.say({"follow": {"id": self._number, "channel": channel}})

    def rpc(self, method, data=None):
        return self._watchers.say({"rpc": {"id": self._number, "method": method, "data": data or {}}}, answers=True)

    def until_subscribed(self, *channels):
        eventually(lambda: all(self.now(each)["state"] == "subscribed" for each in channels), f"subscribed to {channels}")
        return self

    def until_refused(self, channel, code):
        def refused():
            now = self.now(channel)
            return now["ended"] or now["errors"]
        eventually(refused, f"{channel} is refused")
        now = self.now(channel)
        equal((now["errors"] or [now["ended"]])[0]["code"], code)

    def until(self, channel, kind, what=lambda event: True, seconds=60):
        """The first event of that kind that `what` accepts."""
        def found():
            return next((each for each in self.events(channel, kind) if what(each)), None)
        return eventually(found, f"{kind} in {channel}", seconds)

    def end(self):
        self._watchers.say({"end": self._number})
