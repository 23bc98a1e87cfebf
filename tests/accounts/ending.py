"""What ends, and how soon: sessions, tokens and the realtime connections that they were used for."""
import base64
import json
import time

from assertions import check, equal, eventually
from jwt import encode
from people import PASSWORD, AccountsServer, Realtime, both_of, ends_within_a_second, on_both

REVOKED = 3500


def cases_ending(sqlite_server, postgres_server):
    yield from both_of(__name__, sqlite_server, postgres_server)


def claims_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@on_both
def tokens(server):
    """a session gives tokens that connect, and say who it is"""
    person = server.invited()
    answer = person.must("POST", "token")
    claims = claims_of(answer["token"])
    equal({name: claims[name] for name in ("sub", "username", "role")},
          {"sub": person.id, "username": person.user["username"], "role": "member"})
    equal(claims["exp"] * 1000, answer["expires_at"])
    check(590 < claims["exp"] - time.time() < 610, claims)
    check(claims["jti"].startswith(person.must("GET", "me")["session"]["id"] + "."), claims)
    connection = Realtime(server, answer["token"])
    check("connect" in connection.answer, connection.answer)
    connection.close()


@on_both
def forged_tokens(server):
    """a token that another key has signed, or no key, connects nobody"""
    token = server.invited().must("POST", "token")["token"]
    head, body, signature = token.split(".")
    for forged in (f"{head}.{encode(json.dumps({**claims_of(token), 'sub': 'x'}).encode())}.{signature}",
                   f"{encode(b'{}')}.{body}.{signature}",
                   encode(b'{"alg":"none","kid":"tidemill-accounts"}') + f".{body}.",
                   f"{head}.{body}.{'A' * 43}"):
        connection = Realtime(server, forged)
        check(connection.answer is None or "error" in connection.answer, connection.answer)
        connection.close()


@on_both
def logging_out(server):
    """logging out ends this session and its connection, and no other"""
    person = server.invited()
    other = person.again()
    mine, theirs = person.connect(), other.connect()
    thief = person.copy()
    token = person.must("POST", "token")["token"]
    person.must("POST", "logout", status=204)
    check("Max-Age=0" in person.set_cookie, person.set_cookie)
    check(not thief.is_in(), "the cookie opens nothing any more")
    equal(mine.ended(5), REVOKED)
    check(Realtime(server, token).answer is None, "and its token connects no more")
    check(other.is_in(), "the other browser stays")
    theirs.round_trip()
    theirs.close()


@on_both
def logging_out_everywhere(server):
    """logging out everywhere ends all sessions and connections of the user alone"""
    person, bystander = server.invited(), server.invited()
    others = [person.again() for _ in range(3)]
    connections = [each.connect() for each in (person, *others)]
    beside = bystander.connect()
    person.must("POST", "logout_everywhere", status=204)
    for connection in connections:
        equal(connection.ended(5), REVOKED)
    check(not any(each.is_in() for each in others), "all are out")
    check(bystander.is_in(), "nobody else is")
    beside.round_trip()
    beside.close()


@on_both
def own_sessions(server):
    """people see their sessions and end them one by one, but not those of others"""
    person, stranger = server.invited(), server.invited()
    phone = person.again(agent="Phone/2")
    sessions = person.must("GET", "sessions")["sessions"]
    equal(sorted((each["user_agent"], each["current"]) for each in sessions), [("Phone/2", False), ("Test/1", True)])
    equal({each["address"] for each in sessions}, {"127.0.0.1"})
    number = next(each["id"] for each in sessions if not each["current"])
    equal(stranger.refused("DELETE", f"sessions/{number}"), (404, "not_found", None))
    person.must("DELETE", f"sessions/{number}", status=204)
    check(not phone.is_in(), "the phone is out")
    equal(len(person.must("GET", "sessions")["sessions"]), 1)


@on_both
def disabled(server):
    """a disabled user ends within a second: session, connection and token; and comes back when enabled"""
    person = server.invited()
    connection = person.connect()
    token = person.must("POST", "token")["token"]
    check(person.is_in(), "it is known to the cache")
    begun = time.monotonic()
    equal(server.owner.must("PATCH", f"users/{person.id}", {"disabled": True})["user"]["disabled"], True)
    equal(connection.ended(5), REVOKED)
    check(time.monotonic() - begun < 1.5, f"the connection lived for {time.monotonic() - begun:.2f} s")
    ends_within_a_second(person)
    late = Realtime(server, token)
    check(late.answer is None, f"its token connects no more: {late.answer}")
    equal(person.refused("POST", "login", {"username": person.user["username"], "password": PASSWORD}),
          (403, "disabled", None))
    equal(person.refused("POST", "login", {"username": person.user["username"], "password": "wrong password"}),
          (401, "wrong_credentials", None))
    server.owner.must("PATCH", f"users/{person.id}", {"disabled": False})
    person.log_in().connect().close()


@on_both
def new_role(server):
    """a new role is in force at once, and the token of the old one is not"""
    person = server.invited("admin")
    connection = person.connect()
    person.must("GET", "users")
    server.owner.must("PATCH", f"users/{person.id}", {"role": "guest"})
    equal(person.refused("GET", "users"), (403, "forbidden", None))
    equal(connection.ended(5), REVOKED)
    token = person.must("POST", "token")["token"]
    equal(claims_of(token)["role"], "guest")
    check("connect" in Realtime(server, token).answer, "it connects with the new one")


def restarts(binary, folder, **storage):
    with AccountsServer(binary, folder, **storage) as server:
        person = server.set_up() and server.invited()
        gone = server.invited()
        token = gone.must("POST", "token")["token"]
        good = person.must("POST", "token")["token"]
        server.owner.must("PATCH", f"users/{gone.id}", {"disabled": True})
    with AccountsServer(binary, folder, **storage) as server:
        check(server.browser(cookie=person.cookie).is_in(), "the session is kept")
        check(not server.browser(cookie=gone.cookie).is_in(), "and so is the end of one")
        check("connect" in (Realtime(server, good).answer or {}), "a token of before connects")
        check(Realtime(server, token).answer is None, "that of a user who was disabled does not")


def test_a_restart_on_sqlite(binary, folder):
    """a restart keeps what is open and what has ended, on SQLite"""
    restarts(binary, folder)


def test_a_restart_on_postgres(binary, folder, postgres):
    """a restart keeps what is open and what has ended, on PostgreSQL"""
    postgres.run("create database restarts")
    restarts(binary, folder, postgres=postgres.url(database="restarts"))


def test_idle(binary, folder):
    """a session that is not used ends, and one that is used goes on until its time is over"""
    with AccountsServer(binary, folder, "--accounts.session_idle_ttl=20s") as server:
        owner = server.set_up()
        used, unused = owner.again(), owner.again()
        until = time.monotonic() + 30
        while time.monotonic() < until:
            check(used.is_in(), "it is used all the time")
            time.sleep(0.1)
        check(not unused.is_in(), "nobody has used it for longer than 20 s")


def test_another_node(binary, folder, postgres):
    """what ends on one node ends on another within a second"""
    postgres.run("create database nodes")
    url = postgres.url(database="nodes")
    with AccountsServer(binary, folder, postgres=url) as one, AccountsServer(binary, folder, postgres=url) as two:
        one.set_up()
        person = one.invited()
        elsewhere = two.browser(cookie=person.cookie)
        eventually(elsewhere.is_in, "the other node knows the session")
        one.owner.must("PATCH", f"users/{person.id}", {"disabled": True})
        ends_within_a_second(elsewhere)
