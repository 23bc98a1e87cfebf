"""Mutes, bans, flags and the audit: who is refused, what they are told, and what others are."""
import time

from assertions import check, equal, eventually
from chat import Person, refused, serving, storages
from delivery import channel, live, own, watch
from operations import each_database
from watch import Watchers


def in_ms(seconds):
    return int((time.time() + seconds) * 1000)


@each_database
def test_mutes(server):
    """whoever is muted reads, and neither sends, edits nor shows typing, until then; the refusal says when"""
    ada, bob = Person(server).here(), Person(server).here()
    room = ada.make_room(bob)
    path = f"/rooms/{room['id']}"
    message = bob.send(room)
    until = in_ms(3600)
    equal(ada.put(f"{path}/members/{bob.id}/mute", {"until": until})["member"]["muted_until"], until)
    equal(bob.room(room)["membership"]["muted_until"], until)
    for attempt in (lambda: bob.send(room), lambda: bob.patch(f"/messages/{message['id']}", {"text": "other"}),
                    lambda: bob.post(path + "/typing")):
        error = refused(attempt, 403, "muted", words=f"until {time.strftime('%Y-%m-%d %H:', time.gmtime(until / 1000))}")
        check(3_500_000 < error["retry_after_ms"] <= 3_600_000, error)
    bob.get(path + "/messages")
    refused(lambda: bob.delete(f"{path}/members/{bob.id}/mute"), 403, "forbidden")
    equal(ada.delete(f"{path}/members/{bob.id}/mute")["member"]["muted_until"], None)
    bob.send(room)
    ada.put(f"{path}/members/{bob.id}/mute")
    equal(refused(lambda: bob.send(room), 403, "muted").get("retry_after_ms"), None)
    ada.put(f"{path}/members/{bob.id}/mute", {"until": in_ms(1)})
    eventually(lambda: bob.request("POST", path + "/messages", {"text": "again"})[0] == 201, "it has ended")
    for body, field in (({"until": in_ms(-1)}, "until"), ({"until": "soon"}, "until"), ({"until": 10 ** 15}, "until"), ({"till": 1}, "till")):
        refused(lambda: ada.put(f"{path}/members/{bob.id}/mute", body), 400, "invalid", field)
    refused(lambda: ada.put(f"{path}/members/{ada.id}/mute"), 400, "invalid", "user_id")
    refused(lambda: ada.put(f"{path}/members/nobody/mute"), 404, "not_found")
    moderator, second = Person(server).here(), Person(server).here()
    ada.post(path + "/members", {"user_ids": [moderator.id, second.id]})
    for each in (moderator, second):
        ada.patch(f"{path}/members/{each.id}", {"role": "moderator"})
    refused(lambda: moderator.put(f"{path}/members/{second.id}/mute"), 403, "forbidden")
    refused(lambda: moderator.put(f"{path}/bans/{ada.id}"), 403, "forbidden")


@each_database
def test_mute_outlasts_leaving(server):
    """whoever is muted cannot leave a public room and join it anew, until then"""
    ada, bob = Person(server).here(), Person(server).here()
    room = ada.make_room(bob)
    path = f"/rooms/{room['id']}"
    until = in_ms(3600)
    ada.put(f"{path}/members/{bob.id}/mute", {"until": until})
    for attempt in (lambda: bob.post(path + "/leave"), lambda: bob.delete(f"{path}/members/{bob.id}"), lambda: bob.send(room, "/leave")):
        refused(attempt, 403, "muted", words=f"until {time.strftime('%Y-%m-%d %H:', time.gmtime(until / 1000))}")
    equal(bob.post(path + "/join")["room"]["membership"]["muted_until"], until)
    ada.delete(f"{path}/members/{bob.id}/mute")
    bob.post(path + "/leave")
    admin = Person(server, role="admin").here()
    ada.post(path + "/members", {"user_ids": [admin.id]})
    ada.patch(f"{path}/members/{admin.id}", {"role": "moderator"})
    other = Person(server).here()
    ada.post(path + "/members", {"user_ids": [other.id]})
    ada.patch(f"{path}/members/{other.id}", {"role": "moderator"})
    admin.put(f"{path}/members/{other.id}/mute", {"until": until})


@each_database
def test_flagged(server):
    """a moderator whose message is flagged neither sees who did it nor closes the flag"""
    ada, bob, eve = (Person(server).here() for _ in range(3))
    room = ada.make_room(bob, eve)
    ada.patch(f"/rooms/{room['id']}/members/{eve.id}", {"role": "moderator"})
    with Watchers() as watchers:
        hers, mine = watch(watchers, server, eve, own(eve)), watch(watchers, server, ada, own(ada))
        message = eve.send(room, "rude")
        flag = bob.post(f"/messages/{message['id']}/flags", {"reason": "it is rude"})["flag"]
        bob.post(f"/messages/{message['id']}/flags", {"reason": "again"})
        mine.until(own(ada), "flag.added")
        equal(eve.get("/flags")["flags"], [])
        equal(eve.get("/flags", room_id=room["id"])["flags"], [])
        refused(lambda: eve.post(f"/flags/{flag['id']}/resolve"), 404, "not_found")
        ada.post(f"/flags/{flag['id']}/resolve")
        mine.until(own(ada), "flag.resolved")
        eve.send(room, "after")
        hers.until(own(eve), "unread.updated", lambda event: event["data"]["read_seq"] == 2)
        check("flag." not in str(hers.events(own(eve))), hers.events(own(eve)))
        equal(str(mine.events(own(ada))).count("flag.added"), 1)
        check(bob.id not in str(eve.get("/audit", room_id=room["id"])), "nor from the audit")


@each_database
def test_bans(server):
    """whoever is banned neither reads, joins nor is added, until then; the refusal says who and when"""
    ada, bob, eve = (Person(server).here() for _ in range(3))
    admin = Person(server, role="admin").here()
    room = ada.make_room(bob)
    path = f"/rooms/{room['id']}"
    message = ada.send(room)
    until = in_ms(3600)
    ban = ada.put(f"{path}/bans/{bob.id}", {"until": until, "reason": "spam"})["ban"]
    equal((ban["user_id"], ban["until"], ban["reason"], ban["banned_by"]), (bob.id, until, "spam", ada.id))
    equal(ada.room(room)["member_count"], 1)
    for attempt in (lambda: bob.get(path), lambda: bob.get(path + "/messages"), lambda: bob.get(f"/messages/{message['id']}"),
                    lambda: bob.post(path + "/join"), lambda: bob.send(room)):
        error = refused(attempt, 403, "banned", words=f"until {time.strftime('%Y-%m-%d %H:', time.gmtime(until / 1000))}")
        check(3_500_000 < error["retry_after_ms"] <= 3_600_000, error)
    refused(lambda: ada.post(path + "/members", {"user_ids": [bob.id]}), 403, "banned", "user_ids", bob.id)
    check(room["id"] not in [each["id"] for each in bob.get("/rooms", query=room["name"])["rooms"]], "it is not browsed")
    equal([each["user_id"] for each in ada.get(path + "/bans")["bans"]], [bob.id])
    ada.delete(f"{path}/bans/{bob.id}")
    refused(lambda: ada.delete(f"{path}/bans/{bob.id}"), 404, "not_found")
    bob.post(path + "/join")
    ada.put(f"{path}/bans/{eve.id}")
    equal(refused(lambda: eve.get(path), 403, "banned").get("retry_after_ms"), None)
    ada.put(f"{path}/bans/{eve.id}", {"until": in_ms(1)})
    eventually(lambda: eve.request("GET", path)[0] == 200, "it has ended")
    refused(lambda: ada.put(f"{path}/bans/{admin.id}"), 403, "forbidden")
    refused(lambda: ada.put(f"{path}/bans/{ada.id}"), 400, "invalid", "user_id")
    refused(lambda: ada.put(f"{path}/bans/nobody-at-all"), 404, "not_found")
    refused(lambda: ada.put(f"{path}/bans/{bob.id}", {"reason": "x" * 1001}), 413, "too_long", "reason")


@each_database
def test_flags(server):
    """a message is flagged once by each; the room's moderators see it with its text, and resolve it"""
    ada, bob, eve = (Person(server).here() for _ in range(3))
    admin = Person(server, role="admin").here()
    room, closed = ada.make_room(bob, eve), ada.make_room(bob, private=True)
    message, hidden = eve.send(room, "rude"), bob.send(closed, "secret")
    flag = bob.post(f"/messages/{message['id']}/flags", {"reason": "it is rude"})["flag"]
    equal(bob.post(f"/messages/{message['id']}/flags", {"reason": "again"})["flag"]["id"], flag["id"])
    ada.post(f"/messages/{hidden['id']}/flags")
    equal([(each["message"]["text"], each["reason"]) for each in ada.get("/flags")["flags"]], [("secret", ""), ("rude", "it is rude")])
    equal([each["id"] for each in admin.get("/flags", room_id=room["id"])["flags"]], [flag["id"]])
    check(hidden["id"] not in str(admin.get("/flags")), "an admin sees no private room of others")
    equal(bob.get("/flags"), {"flags": [], "cursor": None})
    refused(lambda: bob.get("/flags", room_id=room["id"]), 403, "forbidden")
    page = ada.get("/flags", limit=1)
    equal([each["id"] for each in ada.get("/flags", limit=1, cursor=page["cursor"])["flags"]], [flag["id"]])
    ada.post(f"/flags/{flag['id']}/resolve")
    refused(lambda: ada.post(f"/flags/{flag['id']}/resolve"), 404, "not_found")
    equal(len(ada.get("/flags")["flags"]), 1)
    direct = ada.post("/dms", {"user_ids": [bob.id]})["room"]
    refused(lambda: bob.post(f"/messages/{ada.send(direct)['id']}/flags"), 403, "forbidden")
    refused(lambda: bob.post("/messages/77/flags"), 404, "not_found")
    refused(lambda: bob.post(f"/messages/{message['id']}/flags", {"reason": "x" * 1001}), 413, "too_long", "reason")


@each_database
def test_audit(server):
    """what moderators do to others is written down, the newest first"""
    ada, bob = Person(server).here(), Person(server).here()
    room = ada.make_room(bob)
    path = f"/rooms/{room['id']}"
    message = bob.send(room)
    ada.put(f"{path}/members/{bob.id}/mute")
    ada.delete(f"{path}/members/{bob.id}/mute")
    ada.delete(f"/messages/{message['id']}")
    bob.delete(f"/messages/{bob.send(room)['id']}")
    ada.put(f"{path}/bans/{bob.id}", {"reason": "spam"})
    entries = ada.get("/audit", room_id=room["id"])["entries"]
    equal([(each["actor"], each["action"], each["target"], each["detail"]) for each in entries],
          [(ada.id, "member.banned", bob.id, {"until": None, "reason": "spam"}), (ada.id, "message.deleted", message["id"], {"user_id": bob.id}),
           (ada.id, "member.unmuted", bob.id, {}), (ada.id, "member.muted", bob.id, {"until": None})])
    page = ada.get("/audit", limit=1)
    equal(ada.get("/audit", limit=1, cursor=page["cursor"])["entries"][0]["action"], "message.deleted")
    equal(bob.get("/audit")["entries"], [])


def test_told(binary, folder):
    """whoever is banned leaves the channels before the next event, also as a visitor; moderators hear of flags"""
    with storages(folder) as both:
        for storage in both.values():
            with serving(binary, storage) as server, Watchers() as watchers:
                ada, bob, visitor, eve = (Person(server).here() for _ in range(4))
                room = ada.make_room(bob, eve)
                path = f"/rooms/{room['id']}"
                mine = watch(watchers, server, ada, own(ada), channel(room))
                theirs = watch(watchers, server, bob, own(bob), channel(room), live(room))
                outside = watch(watchers, server, visitor, channel(room))
                until = in_ms(3600)
                ada.put(f"{path}/members/{bob.id}/mute", {"until": until})
                for watcher, where in ((mine, channel(room)), (theirs, own(bob))):
                    told = watcher.until(where, "member.updated")["data"]["member"]
                    equal((told["user_id"], told["muted_until"]), (bob.id, until))
                flag = bob.post(f"/messages/{eve.send(room, 'rude')['id']}/flags", {"reason": "x"})["flag"]
                equal(mine.until(own(ada), "flag.added")["data"]["flag"]["message"]["text"], "rude")
                ada.post(f"/flags/{flag['id']}/resolve")
                equal(mine.until(own(ada), "flag.resolved")["data"]["flag_id"], flag["id"])
                for person in (bob, visitor):
                    ada.put(f"{path}/bans/{person.id}", {"until": until, "reason": "spam"})
                ada.send(room, "secret")
                for watcher, channels in ((theirs, (channel(room), live(room))), (outside, (channel(room),))):
                    for each in channels:
                        eventually(lambda: watcher.now(each)["ended"], "it has ended")
                        check("secret" not in str(watcher.events(each)), "nothing more was heard")
                        watcher.follow(each)
                        watcher.until_refused(each, 103)
                equal(theirs.until(own(bob), "member.removed")["data"], {"room_id": room["id"], "ban": {"until": until, "reason": "spam"}})
                mine.until(channel(room), "message.created", lambda event: event["data"]["message"]["text"] == "secret")
