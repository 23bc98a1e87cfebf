"""Every operation, with good and with bad input."""
import base64
import json

from assertions import check, equal
from chat import KEY, Person, refused, serving, storages, unique
from jwt import sign


def each_database(test):
    """The test, on SQLite and then on PostgreSQL."""
    def on_both(binary, folder):
        with storages(folder) as both:
            for name, storage in both.items():
                with serving(binary, storage) as server:
                    try:
                        test(server)
                    except AssertionError as error:
                        raise AssertionError(f"{name}: {error}") from error
    on_both.__name__, on_both.__doc__, on_both.__module__ = test.__name__, test.__doc__, test.__module__
    return on_both


@each_database
def test_callers(server):
    """a token, or an API key with a user; nobody else"""
    ada = Person(server)
    equal(ada.get("/sync")["me"]["name"], ada.claims["name"])
    for headers, status, code in (
            ({}, 401, "unauthenticated"),
            ({"Authorization": "Bearer x.y.z"}, 401, "unauthenticated"),
            ({"Authorization": f"Bearer {sign({'sub': ada.id, 'exp': 1})}"}, 401, "unauthenticated"),
            ({"Authorization": f"Bearer {sign({})}"}, 401, "unauthenticated"),
            ({"Authorization": f"Bearer {sign({'sub': 'x' * 65})}"}, 401, "unauthenticated"),
            ({"X-API-Key": "wrong", "X-Tidemill-User": ada.id}, 401, "unauthenticated"),
            ({"X-API-Key": KEY}, 400, "invalid")):
        got, answer = ada.request("GET", "/sync", headers=headers)
        equal((got, answer["error"]["code"]), (status, code))
    key = {"X-API-Key": KEY, "X-Tidemill-User": ada.id}
    equal(ada.request("GET", "/sync", headers=key)[1]["me"]["name"], ada.claims["name"])
    bot = {"X-API-Key": KEY, "X-Tidemill-User": unique("bot-")}
    equal(ada.request("GET", "/sync", headers=bot)[1]["me"]["bot"], True)


@each_database
def test_rooms(server):
    """rooms are made, found, changed, archived and deleted"""
    ada, bob = Person(server).here(), Person(server).here()
    room = ada.make_room(bob, topic="All of it")
    equal((room["type"], room["private"], room["topic"], room["member_count"]), ("channel", False, "All of it", 2))
    equal(room["membership"]["role"], "owner")
    equal(bob.room(room)["membership"]["role"], "member")
    path = f"/rooms/{room['id']}"
    refused(lambda: ada.make_room(name=room["name"].upper()), 409, "conflict")
    for body, field in (({"type": "direct", "name": "a"}, "type"), ({"type": "tent", "name": "a"}, "type"),
                        ({"type": "channel"}, "name"), ({"type": "channel", "name": ""}, "name"),
                        ({"type": "channel", "name": " a"}, "name"), ({"type": "channel", "name": "a", "privat": True}, "privat"),
                        ({"type": "channel", "name": "a", "private": "yes"}, "private"),
                        ({"type": "channel", "name": "a", "user_ids": "bob"}, "user_ids"),
                        ({"type": "channel", "name": "a\nb"}, "name")):
        refused(lambda: ada.post("/rooms", body), 400, "invalid", field)
    refused(lambda: ada.post("/rooms", {"type": "channel", "name": "a" * 81}), 413, "too_long", "name")
    refused(lambda: ada.get("/rooms/7"), 404, "not_found")
    refused(lambda: ada.get("/rooms/x"), 404, "not_found")
    check(room["id"] in [each["id"] for each in bob.get("/rooms", query=room["name"][2:])["rooms"]], "it is browsed")
    equal(bob.get("/rooms", limit=1)["cursor"] is not None or len(bob.get("/rooms")["rooms"]) == 1, True)
    refused(lambda: bob.get("/rooms", limit=0), 400, "invalid", "limit")
    changed = ada.patch(path, {"topic": "", "settings": {"slow_mode_s": 3, "typing": False}})["room"]
    equal((changed["topic"], changed["settings"]["slow_mode_s"], changed["settings"]["typing"]), ("", 3, False))
    equal(ada.patch(path, {"settings": {"slow_mode_s": 0}})["room"]["settings"]["typing"], False)
    for body, field in (({"settings": {"slow": 1}}, "slow"), ({"settings": {"slow_mode_s": -1}}, "slow_mode_s"),
                        ({"settings": {"who_can_post": "me"}}, "who_can_post"), ({"settings": []}, "settings"),
                        ({"name": ""}, "name")):
        refused(lambda: ada.patch(path, body), 400, "invalid", field)
    refused(lambda: bob.patch(path, {"topic": "x"}), 403, "forbidden")
    check(ada.post(path + "/archive")["room"]["archived_at"], "it is archived")
    refused(lambda: ada.send(room), 409, "archived")
    equal(ada.post(path + "/unarchive")["room"]["archived_at"], None)
    ada.send(room)
    refused(lambda: bob.delete(path), 403, "forbidden")
    ada.delete(path)
    refused(lambda: ada.get(path), 404, "not_found")
    refused(lambda: ada.send(room), 404, "not_found")


@each_database
def test_guests_browse(server):
    """a guest's pages are of their own rooms, and no cursor names another"""
    ada, guest = Person(server).here(), Person(server, role="guest").here()
    for _ in range(3):
        ada.make_room()
    own = [ada.make_room(guest) for _ in range(2)]
    for _ in range(3):
        ada.make_room()
    found, cursor = [], None
    while True:
        page = guest.get("/rooms", limit=1, **({"cursor": cursor} if cursor else {}))
        found += [each["id"] for each in page["rooms"]]
        cursor = page["cursor"]
        if cursor is None:
            break
        name = base64.urlsafe_b64decode(cursor + "==")
        check(any(room["name"].encode() in name for room in own), f"the cursor is of another room: {name}")
    equal(sorted(found), sorted(room["id"] for room in own))


@each_database
def test_direct(server):
    """a room of exactly these people, one for all times"""
    ada, bob, eve = (Person(server).here() for _ in range(3))
    status, answer = ada.request("POST", "/dms", {"user_ids": [bob.id]})
    equal((status, answer["room"]["type"], sorted(answer["room"]["user_ids"])), (201, "direct", sorted([ada.id, bob.id])))
    status, again = bob.request("POST", "/dms", {"user_ids": [ada.id, bob.id]})
    equal((status, again["room"]["id"]), (200, answer["room"]["id"]))
    group = ada.post("/dms", {"user_ids": [bob.id, eve.id]})["room"]
    equal(group["type"], "group")
    refused(lambda: eve.get(f"/rooms/{answer['room']['id']}"), 404, "not_found")
    for users in ([], [ada.id], [str(number) for number in range(10)]):
        refused(lambda: ada.post("/dms", {"user_ids": users}), 400, "invalid", "user_ids")
    refused(lambda: ada.post(f"/rooms/{group['id']}/members", {"user_ids": [bob.id]}), 403, "forbidden")


@each_database
def test_members(server):
    """members are listed, added, given roles, removed; people join and leave"""
    ada, bob, eve = (Person(server).here() for _ in range(3))
    room = ada.make_room()
    path = f"/rooms/{room['id']}"
    equal([each["user"]["id"] for each in ada.post(path + "/members", {"user_ids": [bob.id]})["members"]], [bob.id])
    equal(sorted(each["user"]["id"] for each in eve.get(path + "/members")["members"]), sorted([ada.id, bob.id]))
    refused(lambda: ada.post(path + "/members", {"user_ids": ["nobody-at-all"]}), 404, "not_found")
    refused(lambda: ada.post(path + "/members", {"user_ids": []}), 400, "invalid", "user_ids")
    refused(lambda: ada.post(path + "/members"), 400, "invalid", "user_ids")
    equal(eve.post(path + "/join")["room"]["membership"]["role"], "member")
    equal(eve.post(path + "/join")["room"]["member_count"], 3)
    equal(ada.patch(f"{path}/members/{bob.id}", {"role": "moderator"})["member"]["role"], "moderator")
    refused(lambda: ada.patch(f"{path}/members/{bob.id}", {"role": "king"}), 400, "invalid", "role")
    refused(lambda: bob.patch(f"{path}/members/{eve.id}", {"role": "owner"}), 403, "forbidden")
    refused(lambda: bob.delete(f"{path}/members/{ada.id}"), 403, "forbidden")
    refused(lambda: bob.delete(f"{path}/members/nobody"), 404, "not_found")
    refused(lambda: ada.patch(f"{path}/members/{ada.id}", {"role": "member"}), 409, "conflict")
    bob.delete(f"{path}/members/{eve.id}")
    equal(ada.room(room)["member_count"], 2)
    bob.post(path + "/leave")
    refused(lambda: bob.post(path + "/leave"), 403, "forbidden")


@each_database
def test_messages(server):
    """messages are sent, listed around any place, edited with their history, deleted"""
    ada, bob = Person(server).here(), Person(server).here()
    room = ada.make_room(bob)
    path = f"/rooms/{room['id']}/messages"
    sent = [ada.send(room, f"number {number}") for number in range(1, 8)]
    equal([each["seq"] for each in sent], list(range(1, 8)))

    def seqs(**query):
        return [each["seq"] for each in bob.get(path, **query)["messages"]]
    equal(seqs(), list(range(1, 8)))
    equal((seqs(before=4, limit=2), seqs(after=4, limit=2)), ([2, 3], [5, 6]))
    check(4 in seqs(around=4, limit=3), "around has it")
    page = bob.get(path, before=4, limit=2)
    equal((page["has_more_before"], page["has_more_after"], [each["id"] for each in page["users"]]), (True, True, [ada.id]))
    equal((page["stream"]["channel"], page["version"]), (f"chat:room/{room['id']}", 7))
    equal(len(bob.get(path, around="read")["messages"]), 7)
    for query, field in (({"before": 1, "after": 2}, "before"), ({"limit": 101}, "limit"), ({"around": "never"}, "around"),
                         ({"before": "x"}, "before"), ({"befor": 1}, "befor")):
        refused(lambda: bob.get(path, **query), 400, "invalid", field)
    one = f"/messages/{sent[0]['id']}"
    edited = ada.patch(one, {"text": "better"})["message"]
    check(edited["edited_at"] and edited["text"] == "better" and edited["seq"] == 1, f"it is edited: {edited}")
    equal([each["text"] for each in bob.get(one + "/history")["edits"]], ["number 1"])
    refused(lambda: bob.patch(one, {"text": "mine"}), 403, "forbidden")
    refused(lambda: bob.delete(one), 403, "forbidden")
    refused(lambda: ada.patch(one, {"text": " "}), 400, "invalid", "text")
    gone = ada.delete(one)["message"]
    equal((gone["text"], gone["seq"], gone["deleted_at"] is not None), ("", 1, True))
    equal(bob.get(one + "/history")["edits"], [])
    refused(lambda: ada.get("/messages/77"), 404, "not_found")
    for body, status, code, field in (
            ({}, 400, "invalid", "text"), ({"text": "\n "}, 400, "invalid", "text"), ({"text": 5}, 400, "invalid", "text"),
            ({"text": "a", "to": "b"}, 400, "invalid", "to"), ({"text": "a\0b"}, 400, "invalid", "text"),
            ({"text": "a" * 8001}, 413, "too_long", "text"), ({"text": "a", "client_msg_id": "i" * 65}, 413, "too_long", "client_msg_id"),
            ({"text": "a", "thread_id": "x"}, 400, "invalid", "thread_id"), ({"text": "a", "metadata": []}, 400, "invalid", "metadata"),
            ({"text": "a", "metadata": {"a": "b" * 17000}}, 413, "too_long", "metadata")):
        refused(lambda: ada.post(path, body), status, code, field)
    refused(lambda: ada.send(room, thread_id="77"), 404, "not_found")
    for raw in (b"", b"[]", b"{", b'{"text":"a"} x', b"\xff"):
        equal(ada.request("POST", path, raw)[0], 400)
    equal(ada.send(room, "with more", metadata={"a": [1, {"b": None}]})["metadata"], {"a": [1, {"b": None}]})
    small = ada.make_room()
    ada.patch(f"/rooms/{small['id']}", {"settings": {"text_max": 5}})
    ada.send(small, "12345")
    refused(lambda: ada.send(small, "123456"), 413, "too_long")


@each_database
def test_reactions_and_pins(server):
    """reactions, pins, and what there is of them"""
    ada, bob = Person(server).here(), Person(server).here()
    room = ada.make_room(bob)
    message = ada.send(room)
    thumb = f"/messages/{message['id']}/reactions/%F0%9F%91%8D"
    equal(ada.put(thumb)["reactions"], [{"emoji": "\U0001f44d", "count": 1, "user_ids": [ada.id]}])
    equal(bob.put(thumb)["reactions"][0]["count"], 2)
    equal(bob.put(thumb)["reactions"][0]["count"], 2)
    equal(ada.delete(thumb)["reactions"][0]["user_ids"], [bob.id])
    refused(lambda: ada.put(f"/messages/{message['id']}/reactions/a%20b"), 400, "invalid", "emoji")
    refused(lambda: ada.put("/messages/5/reactions/a"), 404, "not_found")
    pin = f"/rooms/{room['id']}/pins/{message['id']}"
    refused(lambda: bob.put(pin), 403, "forbidden")
    ada.put(pin)
    equal([each["id"] for each in bob.get(f"/rooms/{room['id']}/pins")["messages"]], [message["id"]])
    equal(ada.get(f"/messages/{message['id']}")["message"]["pinned"], True)
    ada.delete(pin)
    equal(bob.get(f"/rooms/{room['id']}/pins")["messages"], [])
    refused(lambda: ada.put(f"/rooms/{room['id']}/pins/5"), 404, "not_found")
    ada.patch(f"/rooms/{room['id']}", {"settings": {"reactions": False}})
    refused(lambda: ada.put(thumb), 403, "forbidden")


@each_database
def test_threads(server):
    """replies are in their thread alone; threads are followed and read"""
    ada, bob = Person(server).here(), Person(server).here()
    room = ada.make_room(bob)
    root = ada.send(room)
    reply = bob.send(room, "a reply", thread_id=root["id"])
    equal((reply["thread_id"], reply["seq"]), (root["id"], 2))
    page = ada.get(f"/rooms/{room['id']}/messages")["messages"]
    equal([(each["id"], each["reply_count"], each["reply_user_ids"]) for each in page], [(root["id"], 1, [bob.id])])
    equal([each["id"] for each in ada.get(f"/messages/{root['id']}/replies")["messages"]], [reply["id"]])
    refused(lambda: ada.get(f"/messages/{root['id']}/replies", before=1, after=1), 400, "invalid", "before")
    threads = ada.get("/threads", unread=1)["threads"]
    equal([(each["message"]["id"], each["unread"]) for each in threads], [(root["id"], 1)])
    equal(ada.post(f"/messages/{root['id']}/read", {"seq": reply["seq"]})["thread"]["unread"], 0)
    equal(ada.get("/threads", unread=1)["threads"], [])
    equal(len(ada.get("/threads")["threads"]), 1)
    equal(ada.delete(f"/messages/{root['id']}/follow")["following"], False)
    equal(ada.get("/threads")["threads"], [])
    equal(ada.put(f"/messages/{root['id']}/follow")["following"], True)
    refused(lambda: ada.post(f"/messages/{root['id']}/read"), 400, "invalid", "seq")
    refused(lambda: bob.send(room, thread_id=reply["id"]), 404, "not_found")


@each_database
def test_markers(server):
    """read markers, counts, receipts, notifications, star, draft"""
    ada, bob = Person(server).here(), Person(server).here()
    room = ada.make_room(bob)
    path = f"/rooms/{room['id']}"
    for _ in range(3):
        ada.send(room)
    ada.send(room, f"look, @{bob.id}")
    mine = bob.room(room)["membership"]
    equal((mine["unread"], mine["mentions"], mine["read_seq"]), (4, 1, 0))
    equal(ada.room(room)["membership"]["unread"], 0)
    equal(bob.post(path + "/read", {"seq": 2})["membership"]["unread"], 2)
    equal(bob.post(path + "/read", {"seq": 1})["membership"]["read_seq"], 2)
    equal(bob.post(path + "/read", {"seq": 1000})["membership"]["unread"], 0)
    equal(bob.post(path + "/unread", {"seq": 4})["membership"]["unread"], 1)
    refused(lambda: bob.post(path + "/read"), 400, "invalid", "seq")
    refused(lambda: bob.post(path + "/read", {"seq": "2"}), 400, "invalid", "seq")
    receipts = {each["user_id"]: each["read_seq"] for each in ada.get(path + "/receipts")["receipts"]}
    equal(receipts, {ada.id: 4, bob.id: 3})
    equal(bob.put(path + "/notifications", {"level": "none"})["membership"]["notify"], "none")
    refused(lambda: bob.put(path + "/notifications", {"level": "loud"}), 400, "invalid", "level")
    equal(bob.put(path + "/star")["membership"]["starred"], True)
    equal(bob.delete(path + "/star")["membership"]["starred"], False)
    equal(bob.put(path + "/draft", {"text": "half a"})["membership"]["draft"], "half a")
    equal(bob.room(room)["membership"]["draft"], "half a")
    equal(bob.put(path + "/draft", {"text": ""})["membership"]["draft"], "")
    refused(lambda: bob.put(path + "/draft", {"text": "a" * 17000}), 413, "too_long", "text")
    bob.post(path + "/typing")
    refused(lambda: bob.post(path + "/typing", {"thread": "1"}), 400, "invalid", "thread")
    refused(lambda: Person(server).here().post(path + "/read", {"seq": 1}), 403, "forbidden")


@each_database
def test_people(server):
    """people are found; one changes one's own name, status and presence"""
    ada, bob = Person(server).here(), Person(server).here()
    equal([each["id"] for each in ada.get("/users", query=bob.id)["users"]], [bob.id])
    equal(sorted(each["id"] for each in ada.get("/users", ids=f"{ada.id},{bob.id},none")["users"]), sorted([ada.id, bob.id]))
    refused(lambda: ada.get("/users", limit="many"), 400, "invalid", "limit")
    equal(ada.patch("/users/me", {"name": "Ada the First"})["user"]["name"], "Ada the First")
    refused(lambda: ada.patch("/users/me", {"name": ""}), 400, "invalid", "name")
    status = {"emoji": "\U0001f334", "text": "away", "until": 4_000_000_000_000}
    equal(ada.put("/users/me/status", status)["user"]["status"], status)
    equal(bob.get("/users", ids=ada.id)["users"][0]["status"], status)
    equal(ada.put("/users/me/status", {})["user"]["status"], None)
    equal(ada.put("/users/me/presence", {"state": "dnd"})["state"], "dnd")
    refused(lambda: ada.put("/users/me/presence", {"state": "gone"}), 400, "invalid", "state")


@each_database
def test_sync_and_changes(server):
    """sync has all to begin with, changes all that was missed"""
    ada, bob = Person(server).here(), Person(server).here()
    room = ada.make_room(bob)
    message = ada.send(room)
    sync = bob.get("/sync")
    equal((sync["me"]["id"], [each["id"] for each in sync["rooms"]]), (bob.id, [room["id"]]))
    equal(sync["rooms"][0]["membership"]["unread"], 1)
    equal(sync["rooms"][0]["last_message"]["text"], message["text"])
    check({ada.id, bob.id} <= {each["id"] for each in sync["users"]}, "the people of its rooms are there")
    equal([each["channel"] for each in sync["streams"]], [f"chat:user/{bob.id}", "chat:all"])
    equal((sync["limits"]["text_max"], sync["limits"]["typing_interval_ms"]), (8000, 3000))
    ada.patch(f"/messages/{message['id']}", {"text": "other"})
    ada.put(f"/messages/{message['id']}/reactions/+1")
    path = f"/rooms/{room['id']}/changes"
    changes = bob.get(path, after=0)
    equal([(each["version"], each["type"]) for each in changes["changes"]],
          [(1, "message.created"), (2, "message.updated"), (3, "reaction.added")])
    equal((changes["has_more"], changes["reset"]), (False, False))
    equal([each["version"] for each in bob.get(path, after=1, limit=1)["changes"]], [2])
    equal(bob.get(path, after=99)["reset"], True)
    equal(changes["changes"][1]["data"]["message"]["text"], "other")


@each_database
def test_search(server):
    """messages are found by words and filters, in one's own rooms alone"""
    ada, bob, eve = (Person(server).here() for _ in range(3))
    room = ada.make_room(bob, private=True)
    word = unique("needle")
    first = ada.send(room, f"a {word} in hay")
    second = bob.send(room, f"another {word} https://example.com")

    def found(person, q, **more):
        return [each["message"]["id"] for each in person.get("/search/messages", q=q, **more)["hits"]]
    equal(found(ada, word), [second["id"], first["id"]])
    equal(found(eve, word), [])
    equal(found(ada, f"{word} from:{bob.id}"), [second["id"]])
    equal(found(ada, f"in:{room['name']} has:link"), [second["id"]])
    equal(found(ada, f'"{word} in hay"'), [first["id"]])
    equal(found(ada, f"{word} from:nobody-at-all"), [])
    refused(lambda: ada.get("/search/messages", q=""), 400, "invalid", "q")
    refused(lambda: ada.get("/search/messages", q="a", limit=1000), 400, "invalid", "limit")


@each_database
def test_commands(server):
    """slash commands do what they say, unknown ones are refused"""
    ada, bob, eve = (Person(server).here() for _ in range(3))
    room = ada.make_room(bob)
    path = f"/rooms/{room['id']}/messages"
    equal(ada.send(room, "/me waves")["text"], "_waves_")
    check(ada.send(room, "/shrug who knows")["text"].startswith("who knows \u00af"), "a shrug")
    equal(ada.post(path, {"text": "/topic All of it"}), {"command": "topic"})
    equal(ada.room(room)["topic"], "All of it")
    refused(lambda: bob.post(path, {"text": "/topic Mine"}), 403, "forbidden")
    equal(bob.post(path, {"text": f"/invite @{eve.id}"}), {"command": "invite"})
    equal(eve.room(room)["membership"]["role"], "member")
    refused(lambda: bob.post(path, {"text": "/invite @nobody-at-all"}), 400, "invalid", "text")
    equal(eve.post(path, {"text": "/leave"}), {"command": "leave"})
    equal(eve.room(room)["membership"], None)
    refused(lambda: ada.post(path, {"text": "/frobnicate"}), 400, "invalid", "text", "/topic")
    equal(ada.send(room, "//me")["text"], "/me")
    equal(ada.send(room, "/usr/bin")["text"], "/usr/bin")


@each_database
def test_document(server):
    """the OpenAPI document has every operation"""
    ada = Person(server)
    status, document = ada.request("GET", "/openapi.json", headers={})
    equal((status, document["openapi"]), (200, "3.1.0"))
    names = {each["operationId"] for path in document["paths"].values() for each in path.values()}
    check({"sync", "messages.send", "rooms.create", "members.remove", "changes", "search", "draft"} <= names, names)
    equal(json.dumps(document).count("\n"), 0)
