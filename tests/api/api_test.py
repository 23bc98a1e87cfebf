"""The HTTP API through the official client `cent`, and through raw requests. Every run has channels of its own."""
import json
import pathlib
import time
import urllib.parse
import uuid

import cent
import jwt
from websocket import Closed, WebSocket

from assertions import check, equal, eventually
from runner import fixture
from server import Server

EPOCH_LETTERS = 8
CONFIG = pathlib.Path(__file__).parent / "config.toml"


class ApiServer(Server):
    def __init__(self, binary):
        super().__init__(binary, "--config", str(CONFIG), api_key="api_key")
        self.run = uuid.uuid4().hex[:8]

    @property
    def client(self):
        return cent.Client(self.http + "/api", self.api_key)

    def channel(self, name, namespace=""):
        return f"{namespace}{name}-{self.run}"

    def ask(self, path, body, headers=None, method="POST"):
        """Status and body text; an epoch in it is written EPOCH."""
        headers = {"X-API-Key": self.api_key} if headers is None else headers
        status, _, text = self.request(method, path, body.encode(), headers)
        return status, hide_epochs(text).strip()


@fixture
def server(binary):
    with ApiServer(binary) as started:
        yield started


def hide_epochs(text):
    name = '"epoch":"'
    at = text.find(name)
    while at >= 0:
        begin = at + len(name)
        text = text[:begin] + "EPOCH" + text[begin + EPOCH_LETTERS :]
        at = text.find(name, begin)
    return text


def api_error(code, call):
    try:
        call()
    except cent.CentApiResponseError as error:
        equal(error.code, code)
        return
    raise AssertionError(f"no error, wanted code {code}")


# ---- raw requests, in this order, on one set of channels


def golden(server):
    a, q, nons = server.channel("a"), server.channel("q", "plain:"), server.channel("a", "nons:")
    bad = '{"error":{"code":107,"message":"bad request"}}'
    unknown = '{"error":{"code":102,"message":"unknown channel"}}'
    off = '{"error":{"code":108,"message":"not available"}}'
    legacy = {"method": "publish", "params": {"channel": a, "data": {}}}
    batch = [
        {"publish": {"channel": a, "data": {}}},
        {"history": {"channel": a}},
        {"publish": {"channel": nons, "data": 1}},
    ]
    first = '{"result":{"offset":1,"epoch":"EPOCH"}}'
    return [
        ("publish", {"channel": a}, 200, bad),
        ("publish", {"channel": nons, "data": 1}, 200, unknown),
        ("publish", {"data": 1}, 200, bad),
        ("publish", "{bad", 400, "Bad Request"),
        ("publish", {"channel": a, "data": 1, "idempotency_key": "k"}, 200, first),
        ("publish", {"channel": a, "data": 1, "idempotency_key": "k"}, 200, first),
        ("publish", {"channel": q, "data": None}, 200, '{"result":{}}'),
        (
            "broadcast",
            {"channels": [a, nons], "data": {}},
            200,
            '{"result":{"responses":[{"result":{"offset":2,"epoch":"EPOCH"}},' + unknown + "]}}",
        ),
        (
            "history",
            {"channel": a, "limit": 2, "reverse": True},
            200,
            '{"result":{"publications":[{"data":{},"offset":2},{"data":1,"offset":1}],'
            '"epoch":"EPOCH","offset":2}}',
        ),
        ("history", {"channel": q}, 200, off),
        ("history", {"channel": a, "since": {"offset": 0, "epoch": "bad"}}, 200,
         '{"error":{"code":112,"message":"unrecoverable position"}}'),
        ("presence", {"channel": q}, 200, off),
        ("presence", {"channel": a}, 200, '{"result":{"presence":{}}}'),
        ("presence_stats", {"channel": a}, 200, '{"result":{}}'),
        ("channels", {"pattern": "*" + server.run}, 200, '{"result":{"channels":{}}}'),
        ("rpc", {"method": "x"}, 200, '{"error":{"code":104,"message":"not found"}}'),
        (
            "batch",
            {"commands": batch},
            200,
            '{"replies":[{"publish":{"offset":3,"epoch":"EPOCH"}},'
            '{"history":{"publications":[],"epoch":"EPOCH","offset":3}},' + unknown + "]}",
        ),
        ("history_remove", {"channel": a}, 200, '{"result":{}}'),
        ("", legacy, 200, '{"result":{"offset":4,"epoch":"EPOCH"}}'),
        ("", json.dumps(legacy) + "\n" + json.dumps(legacy), 200,
         '{"result":{"offset":5,"epoch":"EPOCH"}}\n{"result":{"offset":6,"epoch":"EPOCH"}}'),
        ("", {"method": "nosuch"}, 200, '{"error":{"code":104,"message":"not found"}}'),
        ("publish", {"channel": server.channel("o", "object:"), "data": []}, 200, bad),
        ("publish", {"channel": q, "b64data": "?"}, 200, bad),
        ("publish", {"channel": q, "b64data": "AAE="}, 200, '{"result":{}}'),
        ("publish", {"channel": q, "data": 1, "delta": True}, 200, '{"result":{}}'),
        ("publish", {"channel": q, "data": 1, "delta": 1}, 400, "Bad Request"),
        ("publish", {"channel": a, "data": 1, "skip_history": True}, 200, '{"result":{}}'),
        ("disconnect", {"user": "nobody", "disconnect": {"code": 1, "reason": "x"}}, 200, bad),
    ]


NO_USER = 'no user: \\"user\\":\\"\\" is the anonymous one'
# Of each method that takes a user: what it needs besides, a field that it does not have, and what it has that is like it.
OF_USERS = [
    ("disconnect", {}, "white_list", "whitelist"),
    ("unsubscribe", {"channel": "a"}, "chanel", "channel"),
    ("refresh", {}, "expire", "expired"),
    ("subscribe", {"channel": "a"}, "expires_at", "expire_at"),
]


def test_cent_access(server):
    """A user and tokens, through the official client and seen by a real connection"""
    later = int(time.time()) + 3600
    block = cent.BlockUserRequest(user="mallory", expire_at=later)
    server.client.block_user(block)
    equal(end_of(server, {"sub": "mallory"}), 3507)
    server.client.unblock_user(cent.UnblockUserRequest(user="mallory"))
    equal(end_of(server, {"sub": "mallory"}), None)
    server.client.revoke_token(cent.RevokeTokenRequest(uid="stolen", expire_at=later))
    equal(end_of(server, {"sub": "alice", "jti": "stolen"}), 3500)
    equal(end_of(server, {"sub": "alice", "jti": "another"}), None)
    invalidate = cent.InvalidateUserTokensRequest(user="eve", issued_before=later, expire_at=later)
    server.client.invalidate_user_tokens(invalidate)
    equal(end_of(server, {"sub": "eve", "iat": later - 1}), 3500)
    equal(end_of(server, {"sub": "eve", "iat": later}), None)
    batch = cent.BatchRequest(requests=[block, cent.UnblockUserRequest(user="mallory")])
    equal(len(server.client.batch(batch).replies), 2)
    api_error(107, lambda: server.client.block_user(cent.BlockUserRequest(user="mallory", expire_at=1)))


def test_cent_connections_list(server):
    """Who is connected, through the official client"""
    user = "listed-" + server.run
    claims = {"sub": user, "jti": "t1", "iat": 7, "meta": {"device": "phone"}}
    with WebSocket(server.address) as client:
        connect = {"token": jwt.sign(claims), "name": "web", "version": "1.2"}
        client.send_text(json.dumps({"id": 1, "connect": connect}))
        identity = json.loads(client.receive())["connect"]["client"]
        for request in (cent.ConnectionsRequest(user=user, expression=""),
                        cent.ConnectionsRequest(user="", expression="")):
            info = server.client.connections(request).connections[identity]
            equal((info.user, info.app_name, info.app_version), (user, "web", "1.2"))
            equal((info.transport, info.protocol), ("websocket", "json"))
            equal((info.state.connection_token.uid, info.state.connection_token.issued_at), ("t1", 7))
            equal(info.state.meta, {"device": "phone"})
        api_error(107, lambda: server.client.connections(cent.ConnectionsRequest(user="", expression="true")))
    eventually(lambda: not server.client.connections(cent.ConnectionsRequest(user=user, expression="")).connections,
               "it is gone")


def end_of(server, claims):
    """The code of the close frame that a connect with such a token brings; None: it has connected."""
    with WebSocket(server.address) as client:
        client.send_text(json.dumps({"id": 1, "connect": {"token": jwt.sign(claims)}}))
        try:
            check('"connect"' in client.receive(), claims)
        except Closed as closed:
            return closed.code
    return None


def refused(why):
    return '{"error":{"code":107,"message":"bad request: ' + why + '"}}'


def did_you_mean(field, meant):
    return f'unknown field \\"{field}\\": did you mean \\"{meant}\\"?'


def users_golden():
    """Nobody is taken for all anonymous users: neither who is not named, nor by a misspelt field."""
    for method, more, field, meant in OF_USERS:
        for body in (more, {**more, "user": None}, {**more, "client": "", "session": ""}):
            yield method, body, refused(NO_USER)
        for wrong in ("usr", "User", "users"):
            yield method, {**more, wrong: "u"}, refused(did_you_mean(wrong, "user"))
        yield method, {**more, "user": "u", field: "a"}, refused(did_you_mean(field, meant))
        for user in ("", "nobody"):
            yield method, {**more, "user": user}, '{"result":{}}'


def cases_users(server):
    """Alone, in a batch, and in the oldest form, all of them say the same"""
    for method, body, text in users_golden():
        in_batch = text.replace('{"result":{}}', f'{{"{method}":{{}}}}')
        for path, content, wanted in ((f"/api/{method}", body, text),
                                      ("/api/batch", {"commands": [{method: body}]}, '{"replies":[' + in_batch + "]}"),
                                      ("/api", {"method": method, "params": body}, text)):
            yield (f"{path} {json.dumps(content)}",
                   lambda path=path, content=content, wanted=wanted: equal(server.ask(path, json.dumps(content)), (200, wanted)))


def cases_golden(server):
    for number, (method, body, status, text) in enumerate(golden(server)):
        path = "/api/" + method if method else "/api"
        content = body if isinstance(body, str) else json.dumps(body)

        def case(path=path, content=content, status=status, text=text):
            got_status, got = server.ask(path, content)
            # What is behind the colon is for people.
            equal((got_status, got.partition(":")[0] if status == 400 else got), (status, text))

        yield f"{number}: {path} {content}", case


def test_unknown_method(server):
    equal(server.ask("/api/nosuch", "{}")[0], 404)


def test_wrong_http_method(server):
    equal(server.ask("/api/publish", "", method="GET")[0], 405)


def test_keys(server):
    key = server.api_key
    for headers, query, status in [
        ({"X-API-Key": key}, "", 200),
        ({"Authorization": "apikey " + key}, "", 200),
        ({}, "?api_key=" + urllib.parse.quote(key), 200),
        ({}, "", 401),
        ({"X-API-Key": key + "x"}, "", 401),
        ({"X-API-Key": key[:-1]}, "", 401),
        ({"Authorization": "Bearer " + key}, "", 401),
    ]:
        equal(server.ask("/api/info" + query, "{}", headers)[0], status)


def test_errors_by_status(server):
    body = json.dumps({"channel": server.channel("a", "nons:"), "data": 1})
    for name in ["X-Centrifugo-Error-Mode", "X-Tidemill-Error-Mode"]:
        headers = {"X-API-Key": server.api_key, name: "transport"}
        equal(server.ask("/api/publish", body, headers), (404, '{"code":102,"message":"unknown channel"}'))
        headers[name] = "other"
        equal(server.ask("/api/publish", body, headers)[0], 200)


def test_openapi(server):
    status, text = server.ask("/api/openapi.json", "", {}, method="GET")
    equal(status, 200)
    description = json.loads(text)
    for path in description["paths"]:
        status, text = server.ask("/api" + path, "{bad")
        equal((status, text[:13]), (400, "Bad Request: "))


# ---- the official client


def test_cent_publish(server):
    channel = server.channel("publish")
    payloads = [{"x": 1}, "тест ☃ \u2028", [1.5], 0]
    for data in payloads:
        result = server.client.publish(cent.PublishRequest(channel=channel, data=data))
        equal(len(result.epoch), EPOCH_LETTERS)
    history = server.client.history(cent.HistoryRequest(channel=channel, limit=10))
    equal([publication.data for publication in history.publications], payloads)
    equal(history.offset, 4)


def test_cent_publish_options(server):
    channel = server.channel("options")
    request = cent.PublishRequest(channel=channel, data=1, tags={"k": "v"}, idempotency_key="once")
    equal(server.client.publish(request).offset, 1)
    equal(server.client.publish(request).offset, 1)
    request = cent.PublishRequest(channel=channel, data=2, version=5, version_epoch="e")
    equal(server.client.publish(request).offset, 2)
    equal(server.client.publish(request).offset, 2)
    history = server.client.history(cent.HistoryRequest(channel=channel, limit=10))
    equal([(p.offset, p.data, p.tags) for p in history.publications], [(1, 1, {"k": "v"}), (2, 2, None)])


def test_cent_broadcast(server):
    channels = [server.channel(f"broadcast{n}") for n in range(200)]
    result = server.client.broadcast(cent.BroadcastRequest(channels=channels, data={"input": "x"}))
    equal([response.result.offset for response in result.responses], [1] * 200)
    result = server.client.broadcast(
        cent.BroadcastRequest(channels=[channels[0], server.channel("x", "nons:")], data=1)
    )
    equal(result.responses[0].result.offset, 2)
    equal(result.responses[1].error.code, 102)


def test_cent_connections(server):
    client, channel = server.client, server.channel("connections")
    override = cent.ChannelOptionsOverride(presence=cent.BoolValue(value=True))
    client.subscribe(cent.SubscribeRequest(user="nobody", channel=channel, info={"a": 1}, override=override))
    client.unsubscribe(cent.UnsubscribeRequest(user="nobody", channel=channel))
    client.disconnect(cent.DisconnectRequest(user="nobody", disconnect=cent.Disconnect(code=4000, reason="bye")))
    client.refresh(cent.RefreshRequest(user="nobody", expired=True))
    api_error(102, lambda: client.subscribe(cent.SubscribeRequest(user="u", channel="nons:" + channel)))


def test_cent_presence(server):
    channel = server.channel("presence")
    equal(server.client.presence(cent.PresenceRequest(channel=channel)).presence, {})
    stats = server.client.presence_stats(cent.PresenceStatsRequest(channel=channel))
    equal((stats.num_clients, stats.num_users), (0, 0))
    api_error(108, lambda: server.client.presence(cent.PresenceRequest(channel="plain:x")))


def test_cent_history(server):
    channel = server.channel("history")
    for n in range(1, 8):
        server.client.publish(cent.PublishRequest(channel=channel, data={"n": n}))

    def read(**options):
        history = server.client.history(cent.HistoryRequest(channel=channel, **options))
        return [publication.data["n"] for publication in history.publications], history

    equal(read()[0], [])
    numbers, history = read(limit=2)
    equal(numbers, [3, 4])
    since = cent.StreamPosition(offset=history.publications[-1].offset, epoch=history.epoch)
    equal(read(limit=2, since=since)[0], [5, 6])
    equal(read(limit=-1, reverse=True)[0], [7, 6, 5, 4, 3])
    wrong = cent.StreamPosition(offset=1, epoch="wrong")
    api_error(112, lambda: read(limit=1, since=wrong))
    server.client.history_remove(cent.HistoryRemoveRequest(channel=channel))
    numbers, after = read(limit=10)
    equal((numbers, after.offset, after.epoch), ([], 7, history.epoch))


def test_cent_channels(server):
    equal(server.client.channels(cent.ChannelsRequest(pattern="none-" + server.run)).channels, {})


def test_cent_info(server):
    nodes = server.client.info(cent.InfoRequest()).nodes
    equal(len(nodes), 1)
    check(nodes[0].uid and nodes[0].name and nodes[0].version, f"incomplete: {nodes[0]}")


def test_cent_batch(server):
    channel = server.channel("batch")
    requests = [
        cent.PublishRequest(channel=channel, data=1),
        cent.PublishRequest(channel=channel, data=2),
        cent.BroadcastRequest(channels=[channel], data=3),
        cent.PresenceRequest(channel=channel),
        cent.HistoryRequest(channel=channel, limit=10),
    ]
    for parallel in [False, True]:
        server.client.history_remove(cent.HistoryRemoveRequest(channel=channel))
        replies = server.client.batch(cent.BatchRequest(requests=requests, parallel=parallel)).replies
        equal(replies[1].offset, replies[0].offset + 1)
        equal(replies[2].responses[0].result.offset, replies[0].offset + 2)
        equal([publication.data for publication in replies[4].publications], [1, 2, 3])


def test_cent_errors(server):
    api_error(102, lambda: server.client.publish(cent.PublishRequest(channel="nons:x", data=1)))
    stranger = cent.Client(server.http + "/api", server.api_key + "x")
    try:
        stranger.info(cent.InfoRequest())
    except cent.CentUnauthorizedError:
        return
    raise AssertionError("a wrong key came in")
