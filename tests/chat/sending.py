"""Sends: once under an id, within limits, and rpc as REST."""
import json
import threading
import time

from assertions import check, equal
from chat import Person, refused, serving, storages, unique
from watch import Watchers


def test_idempotent(binary, folder):
    """what is sent again under its id is there once, whoever sends it at once, and after a restart"""
    with storages(folder) as both:
        for storage in both.values():
            with serving(binary, storage) as server:
                ada = Person(server).here()
                room = ada.make_room()
                path = f"/rooms/{room['id']}/messages"
                body = {"text": "once", "client_msg_id": "a1"}
                first = ada.request("POST", path, body)
                equal(first[0], 201)
                equal(ada.request("POST", path, body), (200, first[1]))
                refused(lambda: ada.post(path, {**body, "text": "other"}), 409, "conflict")
                header = {"Authorization": f"Bearer {ada.token}", "Idempotency-Key": "a1"}
                equal(ada.request("POST", path, {"text": "once"}, header)[0], 200)
                answers = []

                def send(number):
                    person = Person(server, ada.id)
                    answers.append(person.request("POST", path, {"text": f"same {number % 5}", "client_msg_id": f"b{number % 5}"}))
                threads = [threading.Thread(target=send, args=(number,)) for number in range(40)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                equal(sorted(status for status, _ in answers).count(201), 5)
                equal(len({answer["message"]["id"] for _, answer in answers}), 5)
            with serving(binary, storage) as server:
                again = Person(server, ada.id)
                equal(again.request("POST", path, body)[0], 200)
                equal([each["seq"] for each in again.get(path)["messages"]], list(range(1, 7)))


def test_rates(binary, folder):
    """a user's rate, slow mode, a mute of the room: each says when it ends"""
    with storages(folder) as both, serving(binary, both["sqlite"], "--chat.sends_per_second=2", "--chat.sends_burst=3") as server:
        ada, bob = Person(server).here(), Person(server).here()
        room = ada.make_room(bob)
        for _ in range(3):
            bob.send(room)
        error = refused(lambda: bob.send(room), 429, "rate_limited")
        check(0 < error["retry_after_ms"] <= 500, error)
        time.sleep(error["retry_after_ms"] / 1000 + 0.05)
        bob.send(room)
        ada.patch(f"/rooms/{room['id']}", {"settings": {"slow_mode_s": 60}})
        time.sleep(0.6)
        error = refused(lambda: bob.send(room), 429, "slow_mode")
        check(50_000 < error["retry_after_ms"] <= 60_000, error)
        ada.send(room)
        ada.send(room)


def test_rpc(binary, folder):
    """every operation is also an rpc, with the same answers and refusals"""
    with storages(folder) as both, serving(binary, both["postgres"]) as server, Watchers() as watchers:
        ada = Person(server)
        watcher = watchers.watch(server.address, ada.id, f"chat:user/{ada.id}", **ada.claims)
        equal(watcher.rpc("chat:sync")["data"]["me"]["username"], ada.claims["username"])
        room = watcher.rpc("chat:rooms.create", {"type": "channel", "name": unique("rpc")})["data"]["room"]
        sent = watcher.rpc("chat:messages.send", {"room_id": room["id"], "text": "hi", "client_msg_id": "r1"})["data"]["message"]
        equal(ada.get(f"/messages/{sent['id']}")["message"], sent)
        equal(watcher.rpc("chat:messages.list", {"room_id": room["id"], "around": "read", "limit": 5})["data"]["messages"], [sent])
        equal(watcher.rpc("chat:pins.add", {"room_id": room["id"], "message_id": sent["id"]})["data"], {})
        error = watcher.rpc("chat:messages.send", {"room_id": room["id"], "txt": "hi"})["error"]
        equal((error["code"], json.loads(error["message"])["code"], json.loads(error["message"])["field"]), (400, "invalid", "txt"))
        equal(watcher.rpc("chat:rooms.get", {"room_id": "77"})["error"]["code"], 404)
        equal(watcher.rpc("chat:nothing")["error"]["code"], 404)
        equal(watchers.watch(server.address, "guest1", role="guest").rpc(
            "chat:rooms.create", {"type": "channel", "name": "x"})["error"]["code"], 403)
