"""Hostile input: whatever is sent is refused with its field, and the server goes on."""
import json
import random

from assertions import check, equal
from people import PASSWORD, AccountsServer, both_of, on_both, unique

CANARY = "canary-Password-4711"


def cases_hostile(sqlite_server, postgres_server):
    yield from both_of(__name__, sqlite_server, postgres_server)


@on_both
def names(server):
    """names that look like others, turn text around, are huge or hold a NUL are refused by field"""
    token = server.owner.invite("member", uses=100)
    good = {"token": token, "username": unique("good"), "name": "Good", "password": PASSWORD}
    cases = [("username", each) for each in
             ("", "a", "a" * 33, "a b", "-a", "ad\u0430", "\u0430da", "ada\u202e", "a\u0000b", "a/b", "аdmin", "ａｄａ", "a\nb", "é")]
    cases += [("name", each) for each in
              (" \u00a0 ", "n" * 129, "a\u202eb", "a\u0000b", "a\u200bb", "\ufeffa", "a\u2066b", "a\u0007b", "\u2028", "\u200d")]
    cases += [("password", each) for each in ("", "1234567", "p" * 257, "password", "äöü")]
    for field, value in cases:
        equal((value, server.browser().refused("POST", "join", {**good, field: value})), (value, (422, "invalid", field)))
    server.browser().must("POST", "join", good)


@on_both
def bodies(server):
    """bodies that are no object, have unknown, double or wrong members, or are too long"""
    browser = server.browser()
    for raw, wanted in ((b"", (422, "username")), (b"{}", (422, "username")), (b"[]", (400, None)), (b"x", (400, None)),
                        (b"\xff\xfe", (400, None)), (b'{"username":"a"', (400, None)), (b"[" * 5000, (400, None)),
                        (b'{"username":1,"password":"x"}', (422, "username")),
                        (b'{"username":"a","username":"b","password":"x"}', (422, "username")),
                        (b'{"username":"a","password":"x","role":"owner"}', (422, "role")),
                        (b'{"username":"a","password":null}', (422, "password"))):
        status, answer = browser.call("POST", "login", raw=raw)
        equal((raw, status, answer["error"].get("field")), (raw, *wanted))
    equal(browser.call("POST", "login", raw=b" " * 9000)[0], 413)
    for body, field in (({"role": "root"}, "role"), ({"uses": 0}, "uses"), ({"uses": 1.5}, "uses"), ({"uses": 10 ** 30}, "uses"),
                        ({"expires_in_s": 1}, "expires_in_s"), ({"email": "a@b\u0000"}, "email"), ({"id": "x"}, "id")):
        equal((body, server.owner.refused("POST", "invites", body)), (body, (422, "invalid", field)))
    equal(server.owner.refused("PATCH", f"users/{server.owner.id}", {"disabled": "yes"}), (422, "invalid", "disabled"))


@on_both
def paths(server):
    """ids that are none are not found, and never reach SQL"""
    owner = server.owner
    for number in ("x", "%00", "%27%20or%201%3D1", "a" * 5000, "%ff", "..%2f..", "%F0%9F%98%80"):
        status, _ = owner.call("PATCH", f"users/{number}", {"name": "X"})
        check(status in (404, 414), f"{number[:20]}: {status}")
        for method, path in (("POST", f"users/{number}/reset"), ("DELETE", f"invites/{number}"), ("DELETE", f"sessions/{number}")):
            status, _ = owner.call(method, path)
            check(status in (404, 414), f"{method} {path[:40]}: {status}")
    for query in ("%00", "%ff", "a" * 101, "%25", "'", "_"):
        status, _ = owner.call("GET", f"users?query={query}")
        check(status in (200, 422), f"{query}: {status}")
    for token in ("", "%00", "%ff", "x" * 5000, "' or 1=1"):
        status, _ = server.browser().call("GET", f"invites/check?token={token.replace(' ', '%20')}")
        equal(status, 404)


@on_both
def random_members(server):
    """random members of every call never make the server fail"""
    generator = random.Random(4711)
    values = [None, True, 0, -1, 1e308, "", "a", "\u0000", "x" * 3000, [], {}, {"a": []}, "owner", "\U0001f600", "a@b.c"]
    calls = [("POST", "setup", ("token", "username", "name", "password")), ("POST", "join", ("token", "username", "name", "password")),
             ("POST", "login", ("username", "password")), ("POST", "reset", ("token", "password")),
             ("POST", "password", ("old", "new")), ("PATCH", "me", ("name", "email")),
             ("POST", "invites", ("role", "uses", "expires_in_s", "email"))]
    person = server.invited("admin")
    for _ in range(300):
        method, path, names = generator.choice(calls)
        body = {name: generator.choice(values) for name in names if generator.random() < 0.8}
        status, answer = person.call(method, path, body)
        check(status < 500 or status == 503, f"{method} {path} {json.dumps(body)[:200]}: {status} {answer}")
    check(server.alive() and person.is_in(), "it goes on")


def test_secrets(binary, folder):
    """no password, cookie or link is in a log, in metrics or in the database"""
    with AccountsServer(binary, folder, "--log.level=debug") as server:
        owner = server.set_up()
        token = owner.invite()
        person = server.browser()
        person.must("POST", "join", {"token": token, "username": "ada", "name": "Ada", "password": CANARY})
        person.refused("POST", "login", {"username": "ada", "password": CANARY + "x"})
        person.refused("POST", "login", {"username": CANARY, "password": CANARY})
        person.call("POST", "login", raw=f'{{"username":"ada","password":"{CANARY}"'.encode())
        user = owner.must("GET", "users?query=ada")["users"][0]["id"]
        reset = owner.must("POST", f"users/{user}/reset")["url"].rsplit("token=", 1)[1]
        jwt = person.must("POST", "token")["token"]
        person.call("GET", f"invites/check?token={token}")
        cookies = [owner.cookie, person.cookie]
        seen = server.log() + server.get("/metrics")[2]
        files = b"".join(path.read_bytes() for path in folder.glob("accounts.db*"))
        for secret in (CANARY, token, reset, jwt, *cookies):
            check(secret not in seen, f"{secret} is in a log or in metrics")
            check(secret.encode() not in files, f"{secret} is in the database")
