"""Servers with accounts and browsers that use them, for the tests of this folder."""
import contextlib
import itertools
import json
import re
import time

from assertions import WAIT_SECONDS, check, equal, eventually
from postgres_server import PostgresServer
from runner import fixture
from server import Server
from websocket import Closed, WebSocket

PASSWORD = "correct horse battery"
LINK = re.compile(r"accounts\.owner_link_made link=\"?(\S+?)/chat/#/setup\?token=([A-Za-z0-9_-]{43})")
COOKIE = "tidemill_session"
_numbers = itertools.count(1)


def unique(word):
    return f"{word}{next(_numbers)}"


class AccountsServer(Server):
    """On the database of `postgres`, or a file in `folder`. Its own throttle lets tests log in as often as they like."""

    def __init__(self, binary, folder, *arguments, postgres="", **options):
        self.binary = binary
        self.storage = f"--storage.postgres.url={postgres}" if postgres else f"--storage.sqlite.path={folder}/accounts.db"
        super().__init__(binary, "--http_api.key=secret", "--accounts.enabled=true", "--loops=2",
                         "--accounts.logins_per_account=1000", "--accounts.logins_per_address=100000", self.storage,
                         "--channel.without_namespace.allow_subscribe_for_client=true", *arguments, **options)
        self.owner = None

    def __enter__(self):
        super().__enter__()
        self.until_ready()
        return self

    def owner_token(self):
        """Of the link that it has printed."""
        return LINK.search(self.log_with(LINK.pattern))[2]

    def browser(self, **options):
        return Browser(self, **options)

    def set_up(self):
        """The owner's browser; made by the link once."""
        self.owner = self.owner or self.browser().register("setup", self.owner_token(), "owner")
        return self.owner

    def invited(self, role="member", word="person", by=None):
        """Somebody new, logged in."""
        token = (by or self.owner).invite(role)
        return self.browser().register("join", token, unique(word))

    def metric(self, name, labels=""):
        lines = [line for line in self.get("/metrics")[2].splitlines() if line.startswith(name + labels)]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


class Browser:
    """Keeps its cookie, and says whose page it shows."""

    def __init__(self, server, agent="Test/1", cookie=None):
        self.server, self.agent, self.cookie = server, agent, cookie
        self.user, self.password, self.set_cookie = None, PASSWORD, ""

    def copy(self):
        """The same cookie, elsewhere: what a thief would have."""
        return Browser(self.server, cookie=self.cookie)

    def call(self, method, path, body=None, *, headers=None, raw=None):
        """Status and JSON (or text)."""
        sent = {"User-Agent": self.agent, "Sec-Fetch-Site": "same-origin", **(headers or {})}
        sent = {name: value for name, value in sent.items() if value is not None}
        if self.cookie is not None:
            sent["Cookie"] = f"other=1; {COOKIE}={self.cookie}"
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        status, got, text = self.server.request(method, f"/accounts/v1/{path}", data, sent, address=self.server.address)
        self.headers, self.set_cookie = got, got.get("set-cookie", self.set_cookie)
        if match := re.match(rf"{COOKIE}=([^;]*)", got.get("set-cookie", "")):
            self.cookie = match[1] or None
        with contextlib.suppress(ValueError):
            return status, json.loads(text)
        return status, text

    def must(self, method, path, body=None, status=None):
        got, answer = self.call(method, path, body)
        check(got == status if status else got < 300, f"{method} {path}: {got} {answer}")
        return answer

    def refused(self, method, path, body=None):
        """Status, code and field of the error."""
        status, answer = self.call(method, path, body)
        check(isinstance(answer, dict) and "error" in answer, f"{method} {path}: {status} {answer}")
        check(len(answer["error"]["message"]) > 10, f"it says what to do: {answer}")
        return status, answer["error"]["code"], answer["error"].get("field")

    def register(self, how, token, username):
        answer = self.must("POST", how, {"token": token, "username": username, "name": username.title(),
                                         "password": PASSWORD})
        self.user = answer["user"]
        return self

    def log_in(self, password=None):
        self.must("POST", "login", {"username": self.user["username"], "password": password or self.password})
        return self

    def again(self, **options):
        """The same person in another browser."""
        other = Browser(self.server, **options)
        other.user, other.password = self.user, self.password
        return other.log_in()

    def invite(self, role="member", **more):
        url = self.must("POST", "invites", {"role": role, **more})["invite"]["url"]
        return url.rsplit("token=", 1)[1]

    def is_in(self):
        return self.call("GET", "me")[0] == 200

    @property
    def id(self):
        return self.user["id"]

    def connect(self):
        """A realtime connection, with a token of this session."""
        return Realtime(self.server, self.must("POST", "token")["token"])


class Realtime:
    def __init__(self, server, token):
        self._socket = WebSocket(server.address)
        self._ids = itertools.count(2)
        self.answer = None
        self._socket.send_text(json.dumps({"id": 1, "connect": {"token": token}}))
        try:
            self.answer = json.loads(self._socket.receive())
        except Closed as closed:
            self.closed = closed.code

    def ended(self, seconds=WAIT_SECONDS):
        """The code that it is closed with."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if self._socket.receive(max(deadline - time.monotonic(), 0.01)) == "{}":
                    self._socket.send_text("{}")
            except Closed as closed:
                return closed.code
            except TimeoutError:
                break
        return None

    def round_trip(self):
        """Seconds until a command is answered."""
        number = next(self._ids)
        begun = time.monotonic()
        self._socket.send_text(json.dumps({"id": number, "presence_stats": {"channel": "x"}}))
        while True:
            text = self._socket.receive()
            if text == "{}":
                self._socket.send_text("{}")
            if f'"id":{number}' in text:
                return time.monotonic() - begun

    def close(self):
        self._socket.abort()


@fixture
def postgres():
    with PostgresServer() as server:
        yield server


@fixture
def sqlite_server(binary, folder):
    with AccountsServer(binary, folder) as server:
        server.set_up()
        yield server


@fixture
def postgres_server(binary, folder, postgres):
    with AccountsServer(binary, folder, postgres=postgres.url()) as server:
        server.set_up()
        yield server


_ON_BOTH = {}


def on_both(test):
    """Marks a test that both databases are to pass: `cases_` functions of its module give it for each."""
    _ON_BOTH.setdefault(test.__module__, []).append(test)


def both_of(module, sqlite, postgres_one):
    """Every marked test of the module on each server."""
    for name, server in (("SQLite", sqlite), ("PostgreSQL", postgres_one)):
        for test in _ON_BOTH[module]:
            title = (test.__doc__ or test.__name__).splitlines()[0]
            yield f"{name}: {title}", lambda test=test, server=server: test(server)


def ends_within_a_second(browser):
    """Its session ends in the second that a cache may know of it."""
    begun = time.monotonic()
    eventually(lambda: not browser.is_in(), "the session has ended", 10)
    spent = time.monotonic() - begun
    check(spent < 1.5, f"it lived for another {spent:.2f} s")


__all__ = ["COOKIE", "LINK", "PASSWORD", "AccountsServer", "Browser", "Realtime", "both_of", "ends_within_a_second", "equal",
           "on_both", "unique"]
