"""Incoming hooks: what services post as to Slack."""
import http.client
import json
import urllib.parse

from assertions import check, equal
from chat import Person, refused, serving, storages
from operations import each_database


def post(server, path, body, kind="application/json"):
    connection = http.client.HTTPConnection(server.address, timeout=60)
    raw = body if isinstance(body, (str, bytes)) else json.dumps(body)
    connection.request("POST", path, raw, {"Content-Type": kind})
    response = connection.getresponse()
    answer = response.status, response.read().decode()
    connection.close()
    return (*answer, response)


@each_database
def test_hooks(server):
    """an owner makes a hook; whoever has its path posts; it is taken away"""
    ada, bob = Person(server).here(), Person(server).here()
    room = ada.make_room(bob)
    hooks = f"/rooms/{room['id']}/hooks"
    made = ada.post(hooks, {"name": "Builds"})
    path = made["path"]
    equal((made["hook"]["name"], made["hook"]["created_by"], made["hook"]["room_id"]), ("Builds", ada.id, room["id"]))
    listed = ada.get(hooks)["hooks"]
    equal(listed, [made["hook"]])
    check(path.rsplit("/", 1)[1] not in json.dumps(listed), "the path is told once")
    for attempt in (lambda: bob.post(hooks, {"name": "Mine"}), lambda: bob.get(hooks), lambda: bob.delete(f"{hooks}/{made['hook']['id']}")):
        refused(attempt, 403, "forbidden")
    refused(lambda: ada.post(hooks, {"name": ""}), 400, "invalid", "name")

    equal(post(server, path, {"text": f"<https://a.b|build 7> failed, @{bob.id} &amp; all", "username": "CI", "icon_emoji": ":robot:",
                              "channel": "#other", "blocks": [{}]})[:2], (200, "ok"))
    message = bob.get(f"/rooms/{room['id']}/messages")["messages"][-1]
    equal((message["text"], message["user_id"]), (f"[build 7](https://a.b) failed, @{bob.id} & all", f"hook-{made['hook']['id']}"))
    equal(message["metadata"], {"hook": {"id": made["hook"]["id"], "username": "CI", "icon_emoji": ":robot:"}})
    equal(message["mentions"]["user_ids"], [bob.id])
    user = bob.get("/users", ids=message["user_id"])["users"][0]
    equal((user["name"], user["bot"]), ("Builds", True))
    status, word, response = post(server, path, {"text": "x", "blocks": [], "channel": "#a"})
    equal((status, word, response.getheader("X-Tidemill-Ignored")), (200, "ok", "blocks, channel"))
    form = "payload=" + urllib.parse.quote_plus(json.dumps({"text": "by a form", "icon_url": "javascript:alert(1)"}))
    equal(post(server, path, form, "application/x-www-form-urlencoded")[:2], (200, "ok"))
    message = bob.get(f"/rooms/{room['id']}/messages")["messages"][-1]
    equal((message["text"], message["metadata"]), ("by a form", {"hook": {"id": made["hook"]["id"]}}))
    for body, status, word in (("{", 400, "invalid_payload"), ("[]", 400, "invalid_payload"), ({}, 400, "no_text"), ({"text": " "}, 400, "no_text"),
                               ({"text": 7}, 400, "no_text"), ({"text": "a" * 8001}, 400, "msg_too_long"), ({"text": "a\0b"}, 400, "invalid_payload"),
                               (b"\xff", 400, "invalid_payload")):
        equal(post(server, path, body)[:2], (status, word))
    equal(post(server, path, "pay=1", "application/x-www-form-urlencoded")[:2], (400, "invalid_payload"))
    equal(post(server, path[:-1] + ("a" if path[-1] != "a" else "b"), {"text": "x"})[:2], (404, "no_service"))
    equal(post(server, "/chat/v1/hooks/short", {"text": "x"})[:2], (404, "no_service"))
    ada.post(f"/rooms/{room['id']}/archive")
    equal(post(server, path, {"text": "x"})[:2], (410, "channel_is_archived"))
    ada.post(f"/rooms/{room['id']}/unarchive")
    ada.delete(f"{hooks}/{made['hook']['id']}")
    equal(post(server, path, {"text": "x"})[:2], (404, "no_service"))
    equal(ada.get(hooks)["hooks"], [])


@each_database
def test_banned(server):
    """a ban takes away the hooks of whoever is banned, and no others; the audit has them"""
    ada, bob = Person(server).here(), Person(server).here()
    room = ada.make_room(bob)
    ada.patch(f"/rooms/{room['id']}/members/{bob.id}", {"role": "owner"})
    hooks = f"/rooms/{room['id']}/hooks"
    mine, theirs = ada.post(hooks, {"name": "Mine"}), bob.post(hooks, {"name": "Theirs"})
    equal(post(server, theirs["path"], {"text": "x"})[:2], (200, "ok"))
    ada.put(f"/rooms/{room['id']}/bans/{bob.id}")
    equal(post(server, theirs["path"], {"text": "x"})[:2], (404, "no_service"))
    equal(post(server, mine["path"], {"text": "x"})[:2], (200, "ok"))
    ada.delete(f"{hooks}/{mine['hook']['id']}")
    entries = ada.get("/audit", room_id=room["id"])["entries"]
    equal([(each["actor"], each["action"], each["target"], each["detail"]) for each in entries if each["action"].startswith("hook.")],
          [(ada.id, "hook.removed", mine["hook"]["id"], {"name": "Mine"}), (ada.id, "hook.removed", theirs["hook"]["id"], {"name": "Theirs"}),
           (bob.id, "hook.created", theirs["hook"]["id"], {"name": "Theirs"}), (ada.id, "hook.created", mine["hook"]["id"], {"name": "Mine"})])


def test_rate(binary, folder):
    """a hook has the rate of a user"""
    with storages(folder) as both, serving(binary, both["sqlite"], "--chat.sends_per_second=1", "--chat.sends_burst=3") as server:
        ada = Person(server).here()
        path = ada.post(f"/rooms/{ada.make_room()['id']}/hooks", {"name": "Loud"})["path"]
        answers = [post(server, path, {"text": "x"}) for _ in range(5)]
        check([each[0] for each in answers][:3] == [200] * 3 and answers[-1][:2] == (429, "rate_limited"), [each[:2] for each in answers])
        check(int(answers[-1][2].getheader("Retry-After")) >= 1, "says when")
