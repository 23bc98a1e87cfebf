"""Messages that are sent later, and reminders."""
import random
import time

from assertions import check, equal, eventually
from chat import GENEROUS, Person, refused, serving, storages
from delivery import channel, own, watch
from moderation import in_ms
from operations import each_database
from postgres_server import free_port
from watch import Watchers


def texts(person, room):
    return [each["text"] for each in person.get(f"/rooms/{room['id']}/messages", limit=100)["messages"]]


@each_database
def test_scheduled(server):
    """a message waits for its time, is changed, cancelled or sent at once; only by its author"""
    ada, bob = Person(server).here(), Person(server).here()
    room = ada.make_room(bob)
    path = f"/rooms/{room['id']}/scheduled"
    later = ada.post(path, {"text": "later", "at": in_ms(3600)})["scheduled"]
    equal((later["text"], later["room_id"], later["thread_id"], later["problem"]), ("later", room["id"], None, None))
    soon = ada.post(path, {"text": "/me waves", "at": in_ms(2)})["scheduled"]
    equal(soon["text"], "_waves_")
    equal([each["id"] for each in ada.get("/scheduled")["scheduled"]], [soon["id"], later["id"]])
    equal(bob.get("/scheduled")["scheduled"], [])
    equal(texts(ada, room), [])
    eventually(lambda: texts(ada, room) == ["_waves_"], "it is sent")
    eventually(lambda: [each["id"] for each in ada.get("/scheduled")["scheduled"]] == [later["id"]], "it waits no more")
    for attempt in (lambda: bob.patch(f"/scheduled/{later['id']}", {"text": "mine"}), lambda: bob.delete(f"/scheduled/{later['id']}"),
                    lambda: bob.post(f"/scheduled/{later['id']}/send"), lambda: ada.delete("/scheduled/77")):
        refused(attempt, 404, "not_found")
    equal(ada.patch(f"/scheduled/{later['id']}", {"text": "changed"})["scheduled"]["at"], later["at"])
    equal(ada.patch(f"/scheduled/{later['id']}", {"at": in_ms(1)})["scheduled"]["text"], "changed")
    eventually(lambda: texts(ada, room) == ["_waves_", "changed"], "it is sent at its new time")
    root = ada.send(room, "root")
    now = ada.post(path, {"text": "now", "at": in_ms(3600), "thread_id": root["id"]})["scheduled"]
    message = ada.post(f"/scheduled/{now['id']}/send")["message"]
    equal((message["text"], message["thread_id"]), ("now", root["id"]))
    refused(lambda: ada.post(f"/scheduled/{now['id']}/send"), 404, "not_found")
    gone = ada.post(path, {"text": "never", "at": in_ms(3600)})["scheduled"]
    ada.delete(f"/scheduled/{gone['id']}")
    equal(ada.get("/scheduled")["scheduled"], [])
    for body, status, code, field in (
            ({"text": "a"}, 400, "invalid", "at"), ({"text": "a", "at": in_ms(-1)}, 400, "invalid", "at"),
            ({"text": "a", "at": in_ms(400 * 86400)}, 400, "invalid", "at"), ({"at": in_ms(60)}, 400, "invalid", "text"),
            ({"text": " ", "at": in_ms(60)}, 400, "invalid", "text"), ({"text": "/leave", "at": in_ms(60)}, 400, "invalid", "text"),
            ({"text": "a" * 8001, "at": in_ms(60)}, 413, "too_long", "text")):
        refused(lambda: ada.post(path, body), status, code, field)
    outside = Person(server).here()
    refused(lambda: outside.post(path, {"text": "a", "at": in_ms(60)}), 403, "forbidden")
    for _ in range(100):
        ada.post(path, {"text": "many", "at": in_ms(3600)})
    refused(lambda: ada.post(path, {"text": "many", "at": in_ms(3600)}), 422, "too_many")


def test_rights(binary, folder):
    """the author's rights are those of the time at which it is sent; a refusal is told, and stays in the list"""
    with storages(folder) as both:
        for storage in both.values():
            with serving(binary, storage) as server, Watchers() as watchers:
                ada, bob = Person(server).here(), Person(server).here()
                room = ada.make_room(bob)
                watcher = watch(watchers, server, bob, own(bob), channel(room))
                sent = bob.post(f"/rooms/{room['id']}/scheduled", {"text": f"hello @{ada.id}", "at": in_ms(1)})["scheduled"]
                told = watcher.until(own(bob), "scheduled.sent")["data"]
                equal((told["scheduled_id"], told["message"]["text"], told["message"]["mentions"]["user_ids"]),
                      (sent["id"], f"hello @{ada.id}", [ada.id]))
                late = bob.post(f"/rooms/{room['id']}/scheduled", {"text": "late", "at": in_ms(2)})["scheduled"]
                watcher.until(own(bob), "scheduled.updated", lambda event: event["data"]["scheduled"]["id"] == late["id"])
                ada.put(f"/rooms/{room['id']}/members/{bob.id}/mute")
                failed = watcher.until(own(bob), "scheduled.failed")["data"]["scheduled"]
                equal((failed["id"], failed["problem"]), (late["id"], "you are muted in this room"))
                equal([each["problem"] for each in bob.get("/scheduled")["scheduled"]], ["you are muted in this room"])
                refused(lambda: bob.post(f"/scheduled/{late['id']}/send"), 403, "muted")
                ada.delete(f"/rooms/{room['id']}/members/{bob.id}/mute")
                bob.post(f"/scheduled/{late['id']}/send")
                second = bob.post(f"/rooms/{room['id']}/scheduled", {"text": "never", "at": in_ms(2)})["scheduled"]
                ada.put(f"/rooms/{room['id']}/bans/{bob.id}")
                failed = watcher.until(own(bob), "scheduled.failed", lambda event: event["data"]["scheduled"]["id"] == second["id"])
                check("banned" in failed["data"]["scheduled"]["problem"], failed)
                equal(texts(ada, room), [f"hello @{ada.id}", "late"])


@each_database
def test_reminders(server):
    """one is reminded of a message that one sees, at its time; it stays until it is removed"""
    ada, bob = Person(server).here(), Person(server).here()
    room = ada.make_room(bob, private=True)
    message = ada.send(room, "remember this")
    reminder = bob.post(f"/messages/{message['id']}/reminders", {"at": in_ms(2), "note": "look"})["reminder"]
    equal((reminder["message"]["text"], reminder["note"], reminder["told_at"]), ("remember this", "look", None))
    with Watchers() as watchers:
        watcher = watch(watchers, server, bob, own(bob))
        told = watcher.until(own(bob), "reminder.due")["data"]["reminder"]
        equal((told["id"], told["message"]["text"]), (reminder["id"], "remember this"))
        check(told["told_at"] >= reminder["at"], told)
    equal([each["id"] for each in bob.get("/reminders")["reminders"]], [reminder["id"]])
    equal(ada.get("/reminders")["reminders"], [])
    refused(lambda: ada.delete(f"/reminders/{reminder['id']}"), 404, "not_found")
    ada.delete(f"/rooms/{room['id']}/members/{bob.id}")
    equal(bob.get("/reminders")["reminders"][0]["message"], None)
    bob.delete(f"/reminders/{reminder['id']}")
    refused(lambda: bob.delete(f"/reminders/{reminder['id']}"), 404, "not_found")
    refused(lambda: bob.post(f"/messages/{message['id']}/reminders", {"at": in_ms(60)}), 404, "not_found")
    refused(lambda: ada.post(f"/messages/{message['id']}/reminders", {"at": in_ms(-1)}), 400, "invalid", "at")
    refused(lambda: ada.post(f"/messages/{message['id']}/reminders", {"at": in_ms(60), "note": "x" * 251}), 413, "too_long", "note")


@each_database
def test_unread(server):
    """what is sent by the clock leaves unread what its author has not read; what they send by hand does not"""
    ada, bob = Person(server).here(), Person(server).here()
    room = ada.make_room(bob)
    ada.send(room, "read this")
    bob.post(f"/rooms/{room['id']}/scheduled", {"text": "by the clock", "at": in_ms(1)})
    eventually(lambda: texts(ada, room) == ["read this", "by the clock"], "it is sent")
    equal((bob.room(room)["membership"]["read_seq"], bob.room(room)["membership"]["unread"]), (0, 2))
    later = bob.post(f"/rooms/{room['id']}/scheduled", {"text": "by hand", "at": in_ms(3600)})["scheduled"]
    bob.post(f"/scheduled/{later['id']}/send")
    equal((bob.room(room)["membership"]["read_seq"], bob.room(room)["membership"]["unread"]), (3, 0))
    bob.post(f"/rooms/{room['id']}/scheduled", {"text": "by the clock again", "at": in_ms(1)})
    eventually(lambda: len(texts(ada, room)) == 4, "it is sent")
    equal(bob.room(room)["membership"]["unread"], 0)


def killed(binary, storage, seed):
    address = f"127.0.0.1:{free_port()}"
    options = (f"--http_server.listen={address}", *GENEROUS)
    ada = Person(None, "ada", address=address)
    wanted, room = [], None
    for round_ in range(3):
        with serving(binary, storage, *options) as server:
            room = room or ada.here().make_room()
            for number in range(30):
                wanted.append(f"{round_}-{number}")
                ada.post(f"/rooms/{room['id']}/scheduled", {"text": wanted[-1], "at": in_ms(1.5)})
            begun = texts(ada, room)
            eventually(lambda: len(texts(ada, room)) > len(begun), "some are sent")
            time.sleep(random.Random(seed + round_).random() / 20)
            server.kill()
        ada.close()
    with serving(binary, storage, *options):
        eventually(lambda: not ada.get("/scheduled")["scheduled"], "all are sent", 60)
        equal(sorted(texts(ada, room)), sorted(wanted))
        ada.close()


def cases_killed(binary, folder, seed):
    """kill -9 while they are being sent: each is sent, and once"""
    with storages(folder) as both:
        for name, storage in both.items():
            yield name, lambda storage=storage: killed(binary, storage, seed)
