"""What goes to whom: events of rooms, personal channels, presence, typing; and nothing to those outside."""
import time

from assertions import check, equal, eventually
from chat import Person, serving, storages
from watch import Watchers


def channel(room):
    return f"chat:room/{room['id']}"


def live(room):
    return f"chat_live:room/{room['id']}"


def own(person):
    return f"chat:user/{person.id}"


def watch(watchers, server, person, *channels):
    return watchers.watch(server.address, person.id, *channels, **person.claims).until_subscribed(*channels)


def test_events(binary, folder):
    """a room's channel has each change once, in order, with the whole new object"""
    with storages(folder) as both, serving(binary, both["postgres"]) as server, Watchers() as watchers:
        ada, bob = Person(server).here(), Person(server).here()
        room = ada.make_room(bob)
        watcher = watch(watchers, server, bob, channel(room))
        message = ada.send(room, "one")
        ada.patch(f"/messages/{message['id']}", {"text": "two"})
        bob.put(f"/messages/{message['id']}/reactions/+1")
        ada.put(f"/rooms/{room['id']}/pins/{message['id']}")
        bob.send(room, "reply", thread_id=message["id"])
        ada.patch(f"/rooms/{room['id']}", {"topic": "new"})
        ada.delete(f"/messages/{message['id']}")
        watcher.until(channel(room), "message.deleted")
        events = watcher.events(channel(room))
        equal([each["type"] for each in events],
              ["message.created", "message.updated", "reaction.added", "pin.added", "message.created", "thread.updated", "room.updated",
               "message.deleted"])
        equal([each["version"] for each in events], list(range(1, 9)))
        equal(events[0]["data"]["message"], message)
        equal((events[1]["data"]["message"]["text"], events[2]["data"]["reactions"][0]["user_ids"]), ("two", [bob.id]))
        equal((events[6]["data"]["room"]["topic"], "membership" in events[6]["data"]["room"]), ("new", False))
        # Whoever asks later is not told what was deleted.
        told = [{**each, "type": "message.deleted", "data": events[7]["data"]} if each["version"] <= 2 else each for each in events]
        equal(bob.get(f"/rooms/{room['id']}/changes", after=0)["changes"], told)


def test_personal(binary, folder):
    """a member who does not look is told: of activity at most once in an interval, of a mention at once, of what is theirs"""
    with storages(folder) as both, serving(binary, both["sqlite"], "--chat.activity_interval=2s", "--chat.sends_per_second=1000",
                                           "--chat.sends_burst=1000") as server, Watchers() as watchers:
        ada, bob, eve = (Person(server).here() for _ in range(3))
        watcher = watch(watchers, server, bob, own(bob), "chat:all")
        room = ada.make_room(bob)
        created = watcher.until(own(bob), "room.created")
        equal((created["data"]["room"]["id"], created["data"]["room"]["membership"]["role"]), (room["id"], "member"))
        watcher.until("chat:all", "room.created", lambda event: event["data"] == {"room_id": room["id"]})
        begun = time.monotonic()
        for _ in range(20):
            last = ada.send(room)
        activity = watcher.until(own(bob), "room.activity", lambda event: event["data"]["last_seq"] == last["seq"])
        equal((activity["data"]["root_count"], activity["data"]["mention"], activity["data"]["last_message"]["text"]), (20, False, last["text"]))
        check(len(watcher.events(own(bob), "room.activity")) <= 2 + (time.monotonic() - begun) / 2, "activity is coalesced")
        ada.send(room, f"@{bob.id} look")
        watcher.until(own(bob), "room.activity", lambda event: event["data"]["mention"], seconds=1.5)
        Person(server, bob.id).post(f"/rooms/{room['id']}/read", {"seq": 21})
        unread = watcher.until(own(bob), "unread.updated")
        equal((unread["data"]["unread"], unread["data"]["mentions"], unread["data"]["read_seq"]), (0, 0, 21))
        equal(unread["data"]["root_count"], 21)
        sent = bob.send(room)
        unread = watcher.until(own(bob), "unread.updated", lambda event: event["data"]["read_seq"] == sent["seq"])
        equal((unread["data"]["unread"], unread["data"]["root_count"]), (0, 22))
        bob.put(f"/rooms/{room['id']}/draft", {"text": "half"})
        equal(watcher.until(own(bob), "draft.updated")["data"]["draft"], "half")
        ada.delete(f"/rooms/{room['id']}/members/{bob.id}")
        watcher.until(own(bob), "member.removed")
        ada.post(f"/rooms/{room['id']}/members", {"user_ids": [bob.id]})
        added = watcher.until(own(bob), "member.added")
        equal((added["data"]["room"]["id"], added["data"]["room"]["membership"]["unread"]), (room["id"], 0))
        watchers.watch(server.address, eve.id, own(bob), **eve.claims).until_refused(own(bob), 103)
        ada.delete(f"/rooms/{room['id']}")
        watcher.until(own(bob), "room.deleted")


def test_removed(binary, folder, seed):
    """who is removed from a private room gets none of its events from then on, while others send"""
    with storages(folder) as both:
        for storage in both.values():
            with serving(binary, storage) as server, Watchers() as watchers:
                ada, bob = Person(server).here(), Person(server).here()
                room = ada.make_room(bob, private=True)
                outside = Person(server).here()
                watchers.watch(server.address, outside.id, channel(room), **outside.claims).until_refused(channel(room), 102)
                watcher = watch(watchers, server, bob, channel(room), live(room))
                for round_ in range(10):
                    ada.send(room, f"before {round_}")
                    ada.delete(f"/rooms/{room['id']}/members/{bob.id}")
                    last = ada.send(room, f"secret {round_}")
                    eventually(lambda: watcher.now(channel(room))["ended"] and watcher.now(live(room))["ended"], "both have ended")
                    watcher.follow(channel(room))
                    watcher.until_refused(channel(room), 102)
                    ada.post(f"/rooms/{room['id']}/members", {"user_ids": [bob.id]})
                    watcher.follow(channel(room))
                    watcher.follow(live(room))
                    watcher.until_subscribed(channel(room), live(room))
                    heard = watcher.events(channel(room))
                    check(not any("secret" in str(event) for event in heard), f"heard {heard}")
                    check(last["seq"] > 0, "sent")


def test_made_private(binary, folder):
    """who follows a public room without being in it follows it no more when it becomes private"""
    with storages(folder) as both, serving(binary, both["sqlite"]) as server, Watchers() as watchers:
        ada, visitor = Person(server).here(), Person(server).here()
        room = ada.make_room()
        watcher = watch(watchers, server, visitor, channel(room))
        ada.send(room, "for all")
        watcher.until(channel(room), "message.created")
        ada.patch(f"/rooms/{room['id']}", {"private": True})
        ada.send(room, "secret")
        eventually(lambda: watcher.now(channel(room))["ended"], "it has ended")
        equal([each["type"] for each in watcher.events(channel(room))], ["message.created"])


def test_presence_and_typing(binary, folder):
    """who comes, goes and wants to be seen as something; who types; how far somebody has read"""
    with storages(folder) as both, serving(binary, both["sqlite"]) as server, Watchers() as watchers:
        ada, bob = Person(server).here(), Person(server).here()
        room = ada.make_room(bob)
        watcher = watch(watchers, server, ada, own(ada), "chat:all", channel(room), live(room))

        def seen(state):
            return lambda event: {"user_id": bob.id, "state": state} in event["data"]["changes"]
        other = watch(watchers, server, bob, own(bob))
        watcher.until("chat:all", "presence.changed", seen("online"))
        eventually(lambda: ada.get("/sync")["presence"] == {ada.id: "online", bob.id: "online"}, "both are online")
        bob.put("/users/me/presence", {"state": "dnd"})
        watcher.until("chat:all", "presence.changed", seen("dnd"))
        bob.patch("/users/me", {"name": "Robert"})
        watcher.until("chat:all", "user.updated", lambda event: event["data"]["users"][0]["name"] == "Robert")
        bob.post(f"/rooms/{room['id']}/typing")
        equal(watcher.until(live(room), "typing.started")["data"], {"user_id": bob.id, "thread_id": None})
        ada.send(room)
        bob.post(f"/rooms/{room['id']}/read", {"seq": 1})
        equal(watcher.until(live(room), "read.updated")["data"], {"user_id": bob.id, "read_seq": 1})
        other.end()
        watcher.until("chat:all", "presence.changed", seen("offline"))
        equal(ada.get("/sync")["presence"], {ada.id: "online"})
        watch(watchers, server, bob, own(bob))
        eventually(lambda: ada.get("/sync")["presence"].get(bob.id) == "dnd", "it was kept")


def test_only_live(binary, folder):
    """who follows the live channel of a public room alone is no more heard when it becomes private"""
    with storages(folder) as both, serving(binary, both["sqlite"]) as server, Watchers() as watchers:
        ada, visitor = Person(server).here(), Person(server).here()
        room = ada.make_room()
        watcher = watch(watchers, server, visitor, live(room))
        passing = watch(watchers, server, Person(server).here(), channel(room))
        passing.end()
        ada.post(f"/rooms/{room['id']}/typing")
        watcher.until(live(room), "typing.started")
        ada.patch(f"/rooms/{room['id']}", {"private": True})
        eventually(lambda: watcher.now(live(room))["ended"], "it has ended")
