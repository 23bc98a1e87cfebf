"""A client that may not use a channel cannot tell whether it exists: every command has the same answer for both."""
import json

import jwt
from assertions import check, equal
from websocket import Closed, WebSocket

# What is there, and what is not; of one length each, so that lengths cannot differ either.
PAIRS = [("$members:used", "$members:none"), ("members:used", "members:none"), ("closed:used", "closed:none"),
         ("plain:used#42", "plain:none#42"), ("$plain:used", "$plain:none")]
COMMANDS = ["subscribe", "unsubscribe", "publish", "presence", "presence_stats", "history", "sub_refresh"]
BODIES = [{}, {"data": {}}, {"data": {}, "token": "x"}, {"recover": True, "epoch": "x", "offset": 1},
          {"limit": 10}, {"token": "channel"}, {"token": "user"}]


def body_for(body, channel):
    """Some bring a token that is good, but for another channel or for another user."""
    claims = {"channel": {"sub": "", "channel": "plain:x"}, "user": {"sub": "42", "channel": channel}}
    filled = dict(body, channel=channel)
    if body.get("token") in claims:
        filled["token"] = jwt.sign(claims[body["token"]])
    return filled


def answer(server, command, body, subscribed_to_other):
    """The reply or the close, as text."""
    with WebSocket(server.address) as client:
        client.send_text('{"id":1,"connect":{}}')
        client.receive()
        if subscribed_to_other:
            client.send_text('{"id":2,"subscribe":{"channel":"plain:x"}}')
            client.receive()
        client.send_text(json.dumps({"id": 3, command: body}))
        try:
            return client.receive()
        except Closed as closed:
            return f"closed with {closed.code} {closed.reason!r}"


def cases_of_enumeration(server):
    used = {channel: {} for channel, _ in PAIRS}
    with WebSocket(server.address) as owner:
        owner.send_text(json.dumps({"id": 1, "connect": {"token": jwt.sign({"sub": "42", "subs": used})}}))
        subscribed = json.loads(owner.receive().split("\n")[0])["connect"]["subs"]
        for channel in used:
            server.api("publish", {"channel": channel, "data": 1})
        yield "the channels are in use", lambda: equal(subscribed.keys(), used.keys())
        for pair in PAIRS:
            for command in COMMANDS:
                yield f"{command} {pair[0]}", lambda c=command, p=pair: answers_alike(server, c, *p)


def answers_alike(server, command, there, absent):
    for number, body in enumerate(BODIES):
        got = [answer(server, command, body_for(body, channel), number % 2 == 1) for channel in (there, absent)]
        check(got[0] == got[1], f"{body}: {got[0]} for {there}, {got[1]} for {absent}")
