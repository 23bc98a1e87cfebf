"""The server is killed under load: what was acknowledged is there once, and clients see the gap and heal."""
import threading
import time

from assertions import check, equal, eventually
from chat import Person, serving, storages
from postgres_server import free_port
from watch import Watchers

SENDERS = 8


class Senders:
    """Each sends one message after the other, again until it is acknowledged."""

    def __init__(self, address, people, room):
        self.acknowledged, self._going, self._room = {}, True, room
        self._threads = [threading.Thread(target=self._send, args=(Person(None, each.id, address=address),)) for each in people]
        for thread in self._threads:
            thread.start()

    def _send(self, person):
        number = 0
        while self._going:
            number += 1
            name = f"{person.id}-{number}"
            while True:
                try:
                    status, answer = person.request("POST", f"/rooms/{self._room['id']}/messages", {"text": name, "client_msg_id": name})
                    if status in (200, 201):
                        self.acknowledged[name] = answer["message"]["id"]
                        break
                    check(status in (429, 503), f"{status} {answer}")
                except (OSError, ConnectionError, __import__("http.client").client.HTTPException):
                    pass
                time.sleep(0.02)

    def stop(self):
        self._going = False
        for thread in self._threads:
            thread.join()


def heal(person, room, events):
    """The room's changes as a client has them that asks for what it has missed."""
    have = {}
    for event in events:
        have[event["version"]] = event
    version = person.room(room)["version"]
    while missing := next((number for number in range(1, version + 1) if number not in have), None):
        page = person.get(f"/rooms/{room['id']}/changes", after=missing - 1, limit=500)
        check(not page["reset"] and page["changes"], page)
        for change in page["changes"]:
            have.setdefault(change["version"], change)
            equal(have[change["version"]]["type"], change["type"])
    return [have[number] for number in range(1, version + 1)]


def kill_and_check(binary, storage):
    address = f"127.0.0.1:{free_port()}"
    options = (f"--http_server.listen={address}", "--chat.sends_per_second=10000", "--chat.sends_burst=10000")
    people = [Person(None, f"crash{number}", address=address) for number in range(SENDERS)]
    with Watchers() as watchers:
        with serving(binary, storage, *options) as server:
            for person in people:
                person.here()
            room = people[0].make_room(*people[1:])
            channel = f"chat:room/{room['id']}"
            watcher = watchers.watch(address, people[0].id, channel, **people[0].claims).until_subscribed(channel)
            senders = Senders(address, people, room)
            eventually(lambda: len(senders.acknowledged) > 200, "some are acknowledged")
            server.kill()
        for person in people:
            person.close()
        with serving(binary, storage, *options) as server:
            before = len(senders.acknowledged)
            eventually(lambda: len(senders.acknowledged) > before + 200, "more are acknowledged")
            senders.stop()
            for person in people:
                person.close()
            messages = people[0].all_messages(room)
            equal(sorted(each["seq"] for each in messages.values()), list(range(1, len(messages) + 1)))
            by_name = {}
            for message in messages.values():
                by_name.setdefault(message["client_msg_id"], []).append(message["id"])
            for name, message in senders.acknowledged.items():
                equal((name, by_name.get(name)), (name, [message]))
            check(all(len(each) == 1 for each in by_name.values()), "nothing is there twice")
            last = people[0].send(room, "the last")
            watcher.until(channel, "message.created", lambda event: event["data"]["message"]["id"] == last["id"])
            events = heal(people[0], room, watcher.events(channel))
            equal([each["data"]["message"]["seq"] for each in events if each["type"] == "message.created"], list(range(1, last["seq"] + 1)))


def cases_killed(binary, folder):
    """kill -9 while eight people send"""
    with storages(folder) as both:
        for name, storage in both.items():
            yield name, lambda storage=storage: kill_and_check(binary, storage)
