"""What the SQL benchmark asks its servers: the requests of each scenario, and the table of scenarios."""
import dataclasses
import http.client
import json
import random
import time
from typing import Callable

import jwt
from sql_contenders import SECRET
from store_server import ITEMS

CALLERS = 100        # tokens, each of another user
REQUESTS = 5000      # of a list, which is sent again and again
HOT = 2              # ids of cached answers, for each caller
ROWS = 100
TYPES = 1000
TOKENS = [jwt.sign({"sub": f"user-{n}", "role": "web", "exp": int(time.time()) + 86_400}, SECRET) for n in range(CALLERS)]


def bearer(number):
    return {"Authorization": f"Bearer {TOKENS[number % CALLERS]}"}


def ask(port, path, headers=None, method="GET", body=None, timeout=60):
    """(status, headers, body) of one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def request(path, headers=None, body=None):
    """Its bytes, as a client on a keep-alive connection sends them."""
    lines = {"Host": "127.0.0.1", "Accept": "*/*", **(headers or {})}
    if body is not None:
        lines |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{'GET' if body is None else 'POST'} {path} HTTP/1.1\r\n{head}\r\n{body or ''}".encode()


def some(count, largest):
    return random.Random(1).choices(range(1, largest + 1), k=count)


def lookups(_port):
    return [request(f"/rest/items/{item}", bearer(n)) for n, item in enumerate(some(REQUESTS, ITEMS))]


def types(_port):
    return [request(f"/rest/types/{row}") for row in some(REQUESTS, TYPES)]


def rows(_port):
    return [request(f"/rest/items?after={item}") for item in some(REQUESTS, ITEMS - ROWS)]


def inserts(_port):
    return [request("/rest/orders", bearer(n), json.dumps({"item": item, "quantity": item % 10 + 1}))
            for n, item in enumerate(some(REQUESTS, ITEMS))]


def hot():
    return [(f"/rest/cached/{item}", bearer(n)) for n in range(CALLERS) for item in range(1, HOT + 1)]


def cached(port):
    for path, headers in hot():
        ask(port, path, headers)
    return [request(path, headers) for path, headers in hot()]


def not_modified(port):
    return [request(path, {**headers, "If-None-Match": ask(port, path, headers)[1]["ETag"]}) for path, headers in hot()]


def sqlite_lookups(_port):
    return [request(f"/rest/items/{item}") for item in some(REQUESTS, ITEMS)]


def sqlite_callers_lookups(_port):
    return [request(f"/rest/mine/{item}", bearer(n)) for n, item in enumerate(some(REQUESTS, ITEMS))]


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    requests: Callable[[int], list[bytes]]  # of a server on that port; fills its cache where the scenario is about it
    status: int = 200
    sqlite: bool = False


SCENARIOS = (
    Scenario("lookup", "Lookup by primary key, with a token and its claims as transaction settings", lookups),
    Scenario("types", "One record of 23 types", types),
    Scenario("rows", "100 rows", rows),
    Scenario("insert", "POST: one row, with a token and its claims", inserts),
    Scenario("cached", "Cached: the lookup with a token, from memory", cached),
    Scenario("not_modified", "304: the same with If-None-Match", not_modified, status=304),
    Scenario("sqlite", "Lookup by primary key in SQLite", sqlite_lookups, sqlite=True),
    Scenario("sqlite_caller", "Lookup by primary key in SQLite, with a token", sqlite_callers_lookups, sqlite=True),
)
