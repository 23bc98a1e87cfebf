"""Servers with chat, and people who call it."""
import contextlib
import http.client
import itertools
import json
import urllib.parse

from assertions import check, equal
from jwt import SECRET, sign
from postgres_server import PostgresServer
from server import Server

KEY = "secret"
GENEROUS = ("--chat.sends_per_second=100000", "--chat.sends_burst=100000", "--chat.calls_per_second=1000000",
            "--chat.calls_burst=1000000")
_numbers = itertools.count(1)


@contextlib.contextmanager
def serving(binary, storage, *options):
    with Server(binary, f"--client.token.hmac_secret_key={SECRET}", f"--http_api.key={KEY}", "--chat.enabled=true",
                *(options or GENEROUS), *storage) as server:
        server.until_ready()
        yield server


@contextlib.contextmanager
def storages(folder):
    """Gives the options for both databases, by name."""
    with PostgresServer({}) as server:
        yield {"sqlite": (f"--storage.sqlite.path={folder}/chat.db",),
               "postgres": (f"--storage.postgres.url={server.url()}",)}


def unique(word):
    return f"{word}{next(_numbers)}"


class Refused(Exception):
    def __init__(self, status, error):
        super().__init__(f"{status} {error}")
        self.status, self.error, self.code = status, error, error["code"]


class Person:
    """Somebody who calls with a token of their own; one connection, one thread."""

    def __init__(self, server, user=None, address=None, **claims):
        self.id = user or unique("u")
        self.claims = {"name": self.id.title(), "username": self.id, **claims}
        self.token = sign({"sub": self.id, **self.claims})
        self._address = address or server.address
        self._connection = None

    def request(self, method, path, body=None, headers=None):
        """Gives status and JSON; a connection that the server has closed is opened again."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self._address, timeout=60)
        sent = {"Authorization": f"Bearer {self.token}"} if headers is None else headers
        raw = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        try:
            self._connection.request(method, "/chat/v1" + path, raw, sent)
            response = self._connection.getresponse()
            text = response.read()
        except Exception:
            self.close()
            raise
        return response.status, json.loads(text) if text else None

    def close(self):
        if self._connection:
            self._connection.close()
            self._connection = None

    def call(self, method, path, body=None):
        status, answer = self.request(method, path, body)
        if status >= 400:
            raise Refused(status, answer["error"])
        return answer

    def get(self, path, **query):
        return self.call("GET", path + ("?" + urllib.parse.urlencode(query) if query else ""))

    def post(self, path, body=None):
        return self.call("POST", path, {} if body is None else body)

    def put(self, path, body=None):
        return self.call("PUT", path, body)

    def patch(self, path, body):
        return self.call("PATCH", path, body)

    def delete(self, path):
        return self.call("DELETE", path)

    # What tests do all the time.

    def here(self):
        """Makes chat see them."""
        self.get("/sync")
        return self

    def make_room(self, *others, **more):
        body = {"type": "channel", "name": unique("room"), "private": False, "user_ids": [each.id for each in others], **more}
        return self.post("/rooms", body)["room"]

    def send(self, room, text=None, **more):
        return self.post(f"/rooms/{room['id']}/messages", {"text": text or unique("text "), **more})["message"]

    def room(self, room):
        return self.get(f"/rooms/{room['id']}")["room"]

    def all_messages(self, room):
        """Root messages and replies, by id, page by page."""
        found, after = {}, 0
        while True:
            page = self.get(f"/rooms/{room['id']}/messages", after=after, limit=100)
            for message in page["messages"]:
                found[message["id"]] = message
                after = message["seq"]
            if not page["has_more_after"]:
                break
        for root in [each for each in found.values() if each["reply_count"] > 0]:
            behind = 0
            while True:
                page = self.get(f"/messages/{root['id']}/replies", after=behind, limit=100)
                for message in page["messages"]:
                    found[message["id"]] = message
                    behind = message["seq"]
                if not page["has_more_after"]:
                    break
        return found


def refused(call, status, code, field=None, words=""):
    """Whether a call is refused in that way."""
    try:
        got = call()
    except Refused as refusal:
        equal((refusal.status, refusal.code), (status, code))
        if field is not None:
            equal(refusal.error.get("field"), field)
        check(words in refusal.error["message"], f"{words!r} is not in {refusal.error['message']!r}")
        return refusal.error
    raise AssertionError(f"not refused with {status} {code}: {got}")
