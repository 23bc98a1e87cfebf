"""Whether a server of the SQL benchmark does the same work: the same JSON for the same request, and refusals that are due."""
import json
import re
import time

import jwt
from sql_contenders import SECRET
from sql_scenarios import ROWS, TYPES, ask, bearer

MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.0+)?(?:Z|\+00:00)?$")
PATHS = [
    *(f"/rest/items/{item}" for item in (1, 2, 3, 4, 10, 77_777, 100_000)),
    *(f"/rest/types/{row}" for row in range(1, TYPES + 1, 37)),
    *(f"/rest/items?after={item}" for item in (0, 500, 99_950, 100_000)),
    *(f"/rest/cached/{item}" for item in (1, 20, 300)),
    *(f"/rest/report/{modulus}" for modulus in (1, 7, 200_000)),
    "/rest/gate/7",
]


def normal(value):
    """Moments are written in more than one way; nothing else is."""
    if isinstance(value, dict):
        return {name: normal(part) for name, part in value.items()}
    if isinstance(value, list):
        return [normal(part) for part in value]
    found = MOMENT.match(value) if isinstance(value, str) else None
    return found[1] if found else value


def tokens():
    """(what, token, the status that is due)"""
    due = {"sub": "user-1", "role": "web", "exp": int(time.time()) + 3600}
    good = jwt.sign(due, SECRET)
    none = f"{jwt.encode(json.dumps({'alg': 'none'}).encode())}.{jwt.encode(json.dumps(due).encode())}."
    return [("another key", jwt.sign(due, "another secret"), 401), ("expired", jwt.sign({**due, "exp": 1}, SECRET), 401),
            ("cut", good[:-4], 401), ("no signature", none, 401), ("another role", jwt.sign({**due, "role": "x"}, SECRET), 403)]


def answers(port):
    """All that is compared: what was asked, and the JSON of the answer."""
    found = {}
    for path in PATHS:
        for caller in (1, 2):
            status, headers, body = ask(port, path, bearer(caller))
            kind = (headers["Content-Type"] or "").partition(";")[0]
            found[f"{path} of user-{caller}"] = (status, kind, normal(json.loads(body)))
    for quantity in (1, 2):
        status, _, body = ask(port, "/rest/orders", {**bearer(quantity), "Content-Type": "application/json"}, "POST",
                              json.dumps({"item": 5, "quantity": quantity}))
        order = json.loads(body)
        found[f"an order of {quantity}"] = (status, isinstance(order.pop("id", None), int), order)
    for item in ("items", "cached"):
        for what, token, _ in tokens():
            found[f"{item}: {what}"] = ask(port, f"/rest/{item}/1", {"Authorization": f"Bearer {token}"})[0]
        found[f"{item}: no token"] = ask(port, f"/rest/{item}/1")[0]
        found[f"{item}: no row"] = ask(port, f"/rest/{item}/100001", bearer(1))[0]
    return found


def problems_of(port, count_orders):
    """What is wrong with one server by itself; nothing if all is well. `count_orders`: rows of the table."""
    found = answers(port)
    for item in ("items", "cached"):
        for what, _, status in [*tokens(), ("no token", None, 401), ("no row", None, 404)]:
            if found[f"{item}: {what}"] != status:
                yield f"{item}: {what}: {found[f'{item}: {what}']} instead of {status}"
    for caller in (1, 2):
        for path in ("/rest/items/1", "/rest/cached/1"):
            of = found[f"{path} of user-{caller}"][2]
            if (of.get("caller"), of.get("role")) != (f"user-{caller}", "web"):
                yield f"{path} of user-{caller}: the database saw {of.get('caller')!r}, {of.get('role')!r}"
    if len(found["/rest/items?after=0 of user-1"][2]) != ROWS or len(found["/rest/types/1 of user-1"][2]) != 23:
        yield "100 rows, or 23 columns, are not that many"
    before = count_orders()
    ask(port, "/rest/orders", {**bearer(1), "Content-Type": "application/json"}, "POST", '{"item":1,"quantity":1}')
    if count_orders() != before + 1:
        yield "a POST did not make one row"
    yield from conditional_problems(port)


def conditional_problems(port):
    _, headers, body = ask(port, "/rest/cached/1", bearer(1))
    etag = headers["ETag"]
    if not etag:
        yield "a cached answer has no ETag"
        return
    status, _, nothing = ask(port, "/rest/cached/1", {**bearer(1), "If-None-Match": etag})
    if (status, nothing) != (304, b""):
        yield f"If-None-Match: {status}"
    status, _, again = ask(port, "/rest/cached/1", {**bearer(1), "If-None-Match": '"another"'})
    if (status, again) != (200, body):
        yield f"If-None-Match of another answer: {status}"


def check_same(by_contender):
    """Ends the program if two servers give other JSON for one request."""
    (first, expected), *others = by_contender.items()
    for name, found in others:
        for what, wanted in expected.items():
            if found[what] != wanted:
                raise SystemExit(f"bench: {what}:\n  {name}: {found[what]}\n  {first}: {wanted}")
