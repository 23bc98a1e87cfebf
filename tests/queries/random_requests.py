"""Random requests to every endpoint of a folder: each gets an answer that says what is wrong with it. The suite runs under
sanitizers too, which then see what they find; fewer requests are sent then, unless RANDOM_REQUESTS says how many:

    RANDOM_REQUESTS=10000 SANITIZED=1 tests/queries/run.sh build/asan/src/tidemill random_requests:
"""
import collections
import contextlib
import http.client
import json
import os
import pathlib
import random
import re
import urllib.parse

from assertions import WAIT_SECONDS, check, equal
from endpoints import FILES, postgres_database, serving, sqlite_database, token
from project import Project
from runner import note
from shared import MORE

REQUESTS = int(os.environ.get("RANDOM_REQUESTS", 2000 if os.environ.get("SANITIZED") else 10_000))  # to each folder
# What a request can be answered with whoever sends it: 503 is of a server that has too much to do.
EXPECTED = {200, 204, 206, 304, 308, 400, 401, 403, 404, 405, 406, 409, 413, 414, 415, 416, 422, 429}
MORE_PATHS = ["openapi.json", "", "nothing", "orders/1/2"]
METHODS = ("GET", "GET", "GET", "POST", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS")
NAMES = ("id", "sub", "status", "what", "limit", "offset", "cursor", "sort", "api_key", "x", "ID", "claims.sub", "")
TEXTS = ("1", "2", "3", "0", "-1", "9223372036854775807", "9223372036854775808", "1e400", "0x10", "null", "true", "NaN", "",
         " ", "ann", "' or 1=1 --", "a\0b", "\ud83d\ude00", "\u00e9", "%", "..", "x" * 3000, "{}", "[]", "id.desc", "2026-02-30")
HEADERS = {
    "Accept": ("*/*", "application/json", "text/csv", "application/x-ndjson", "application/vnd.pgrst.object+json", "image/png",
               "text/*;q=0.1, application/json;q=0", ";;;,", "a/b;q=9"),
    "Prefer": ("count=exact", "count=planned", "return=minimal", "max-affected=0, handling=strict", "handling=strict, what=1", ","),
    "Range": ("0-0", "5-2", "items=0-1", "bytes=0-", "999999-", "x"),
    "Accept-Encoding": ("gzip", "gzip;q=0", "br", "*"),
    "Idempotency-Key": ("k1", "k2", '"k3"', '"open', "two words", "x" * 300),
    "If-None-Match": ("*", '"x"', 'W/"y", "z"', "\""),
    "Content-Type": ("application/json", "application/x-www-form-urlencoded", "application/json; charset=latin1", "text/plain", "x"),
    "X-API-Key": ("secret", "wrong"),
}


def operations(each):
    """What the server's own document says that it has: pairs of a path and a method."""
    paths = each.get("openapi.json").json()["paths"]
    return {(path.lstrip("/"), method.upper()) for path, item in paths.items() for method in item
            if method in ("get", "post", "put", "patch", "delete")}


class Requests:
    """To each of `paths`, with what stands in braces made up. `asked`: the pairs of a path and a method so far."""

    def __init__(self, seed, paths):
        self._random = random.Random(seed)
        self._paths = sorted(paths) + MORE_PATHS
        self.asked = set()
        self._tokens = ["Bearer " + token(sub="ann", role="web"), "Bearer " + token(sub="bob", role="admin"), "Bearer x.y.z",
                        "Bearer " + token(sub="ann", exp=1), "Basic eDp5", "Bearer"]

    def _text(self):
        if self._random.random() < 0.8:
            return self._random.choice(TEXTS)
        return "".join(chr(self._random.randrange(1, 0x3000)) for _ in range(self._random.randrange(1, 20)))

    def _quoted(self):
        return urllib.parse.quote(self._text().encode("utf-8", "surrogatepass"), safe=self._random.choice(("", "/'")))

    def _json(self, depth=0):
        kind = self._random.randrange(7 if depth < 4 else 4)
        if kind < 4:
            return self._random.choice((None, True, 1, -7, 1.5, 10**30, self._text(), self._text()))
        if kind == 4:
            return [self._json(depth + 1) for _ in range(self._random.randrange(4))]
        return {self._random.choice(NAMES): self._json(depth + 1) for _ in range(self._random.randrange(4))}

    def _body(self):
        kind = self._random.randrange(6)
        if kind == 0:
            return self._random.randbytes(self._random.randrange(1, 60))
        if kind == 1:
            return urllib.parse.urlencode({self._random.choice(NAMES): self._quoted()}).encode()
        text = json.dumps(self._json()).encode()
        if kind == 2:
            return text[:self._random.randrange(len(text) + 1)]
        return json.dumps({"what": self._text(), "status": self._text()}).encode() if kind == 3 else text

    def next(self):
        """Method, path, body, headers."""
        asked = self._random.choice(self._paths)
        path = re.sub(r"\{\w+\}", lambda _: self._quoted(), asked)
        pairs = "&".join(f"{self._random.choice(NAMES)}={self._quoted()}" for _ in range(self._random.choice((0, 0, 1, 2, 5))))
        method = self._random.choice(METHODS)
        self.asked.add((asked, method))
        headers = {name: self._random.choice(values) for name, values in HEADERS.items() if self._random.random() < 0.15}
        if self._random.random() < 0.5:
            headers["Authorization"] = self._random.choice(self._tokens)
        body = self._body() if method not in ("GET", "HEAD", "OPTIONS") and self._random.random() < 0.9 else None
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        return method, f"/rest/{path}" + (f"?{pairs}" if pairs else ""), body, headers


def check_answer(request, answer, body):
    check(answer.status in EXPECTED, f"{answer.status} {body[:300]} to {str(request)[:800]}")
    if answer.status >= 400 and (answer.getheader("Content-Type") or "").startswith("application/json") and body:
        problem = json.loads(body)
        check(problem["code"] and problem["message"], f"{body} to {request}")


def ask_at_random(each, seed, count):
    wanted = operations(each)
    requests, statuses = Requests(seed, {path for path, _ in wanted}), collections.Counter()
    host, port = each.server.address.rsplit(":", 1)
    with contextlib.closing(http.client.HTTPConnection(host, int(port), timeout=WAIT_SECONDS)) as connection:
        for _ in range(count):
            request = requests.next()
            connection.request(*request[:3], headers=request[3])
            answer = connection.getresponse()
            body = answer.read()
            check_answer(request, answer, body)
            statuses[answer.status] += 1
    check(wanted <= requests.asked, f"never asked: {wanted - requests.asked}")
    check({200, 400, 401, 404, 405} <= set(statuses), f"too few kinds of answers: {statuses}")
    note(f"{each.kind}: {len(wanted)} endpoints: " + ", ".join(f"{count} × {status}" for status, count in sorted(statuses.items())))


def test_random_requests(binary, folder, seed):
    """Thousands of random requests: no answer of 5xx, and the server goes on"""
    for kind, database in (("sqlite", sqlite_database(folder)), ("postgres", postgres_database())):
        with database as found, serving(binary, kind, found, files={**FILES, **MORE}) as each:
            ask_at_random(each, seed, REQUESTS // 2)
            equal(each.get("orders/1").status, 200)


@contextlib.contextmanager
def sample_project(binary, folder, kind, database):
    """What `new sql` writes, migrated and served."""
    where = pathlib.Path(folder) / kind
    Project(binary, where).run("new", "sql", ".", "--database", kind)
    project = Project(binary, where, *database[0])
    project.run("migrate", "up")
    with serving(binary, kind, database, files={}, folder=project.queries) as each:
        yield each


def test_sample_project(binary, folder, seed):
    """The same to each endpoint of what `tidemill new sql` writes"""
    with postgres_database() as postgres:
        postgres[1]("drop table orders, audit")
        sqlite = [f"--storage.sqlite.path={folder}/sample.db"], None
        for kind, database in (("sqlite", sqlite), ("postgres", postgres)):
            with sample_project(binary, folder, kind, database) as each:
                ask_at_random(each, seed, REQUESTS // 2)
                equal(each.get("openapi.json").status, 200)
