"""Ten thousand random requests to every endpoint of a folder: each gets an answer that says what is wrong with it. The
suite runs under sanitizers too, which then see what they find."""
import collections
import http.client
import json
import random
import urllib.parse

from assertions import WAIT_SECONDS, check, equal
from endpoints import FILES, token
from runner import note
from shared import both  # noqa: F401

REQUESTS = 5000  # to each of two servers
# What a request can be answered with whoever sends it: 503 is of a server that has too much to do.
EXPECTED = {200, 204, 206, 304, 308, 400, 401, 403, 404, 405, 406, 409, 413, 415, 416, 422, 429}
PATHS = [name.removesuffix(".sql").rsplit(".", 1)[0].removesuffix("/index") for name in FILES] + \
    ["cached", "any", "openapi.json", "", "nothing", "orders/1/2"]
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


class Requests:
    def __init__(self, seed):
        self._random = random.Random(seed)
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
        path = self._random.choice(PATHS).replace("[id]", self._quoted())
        pairs = "&".join(f"{self._random.choice(NAMES)}={self._quoted()}" for _ in range(self._random.choice((0, 0, 1, 2, 5))))
        method = self._random.choice(METHODS)
        headers = {name: self._random.choice(values) for name, values in HEADERS.items() if self._random.random() < 0.15}
        if self._random.random() < 0.5:
            headers["Authorization"] = self._random.choice(self._tokens)
        body = self._body() if method not in ("GET", "HEAD", "OPTIONS") and self._random.random() < 0.9 else None
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        return method, f"/rest/{path}" + (f"?{pairs}" if pairs else ""), body, headers


def check_answer(request, answer, body):
    check(answer.status in EXPECTED, f"{answer.status} {body[:300]} to {request}")
    if answer.status >= 400 and (answer.getheader("Content-Type") or "").startswith("application/json") and body:
        problem = json.loads(body)
        check(problem["code"] and problem["message"], f"{body} to {request}")


def test_random_requests(both, seed):
    """Ten thousand random requests: no answer of 5xx, and the server goes on"""
    for each in both:
        requests, statuses = Requests(seed), collections.Counter()
        host, port = each.server.address.rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=WAIT_SECONDS)
        for _ in range(REQUESTS):
            request = requests.next()
            connection.request(*request[:3], headers=request[3])
            answer = connection.getresponse()
            body = answer.read()
            check_answer(request, answer, body)
            statuses[answer.status] += 1
        connection.close()
        equal(each.get("orders/1").status, 200)
        check({200, 400, 401, 404, 405} <= set(statuses), f"too few kinds of answers: {statuses}")
        note(f"{each.kind}: " + ", ".join(f"{count} × {status}" for status, count in sorted(statuses.items())))
