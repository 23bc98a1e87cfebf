"""Many people at random: in the end every subscriber has what a fresh read gives."""
import random
import threading

from assertions import check, equal, eventually
from chat import Person, Refused, serving, storages
from runner import note
from watch import Watchers

PEOPLE = 20
STEPS = 60
ROOMS = 3
EMOJI = ("+1", "tada", "eyes")


class Replica:
    """A room as a client has it that applies events, each once, in order; a gap is filled from changes."""

    def __init__(self):
        self.messages, self.members, self.version, self.room = {}, set(), 0, None

    def apply(self, event):
        equal(event["version"], self.version + 1)
        self.version = event["version"]
        data = event["data"]
        match event["type"]:
            case "message.created" | "message.updated" | "message.deleted":
                self.messages[data["message"]["id"]] = data["message"]
            case "reaction.added" | "reaction.removed":
                self.messages[data["message_id"]]["reactions"] = data["reactions"]
            case "pin.added" | "pin.removed":
                self.messages[data["message_id"]]["pinned"] = event["type"] == "pin.added"
            case "thread.updated":
                self.messages[data["message_id"]].update({name: data[name] for name in ("reply_count", "last_reply_at", "reply_user_ids")})
            case "member.added":
                self.members.add(data["member"]["user"]["id"])
            case "member.removed":
                self.members.discard(data["member"]["user"]["id"])


def comparable(messages):
    """What two views of a message must have in common; a message's own version is of its last change, which others tell."""
    return {each["id"]: {name: value for name, value in each.items() if name != "version"} for each in messages.values()}


def act(chance, person, founder, rooms, counts):
    room = chance.choice(rooms)
    path = f"/rooms/{room['id']}"
    known = person.get(path + "/messages", limit=20)["messages"]
    some = chance.choice(known) if known else None
    kind = chance.random()
    if kind < 0.4 or not some:
        person.send(room, chance.choice(("plain", "https://example.com", f"hello @{founder.id}", "@room all")), client_msg_id=str(chance.random()))
    elif kind < 0.5:
        person.send(room, "reply", thread_id=some["id"])
    elif kind < 0.6:
        person.patch(f"/messages/{some['id']}", {"text": f"edited {chance.random()}"})
    elif kind < 0.65:
        person.delete(f"/messages/{some['id']}")
    elif kind < 0.78:
        person.put(f"/messages/{some['id']}/reactions/{chance.choice(EMOJI)}")
    elif kind < 0.84:
        person.delete(f"/messages/{some['id']}/reactions/{chance.choice(EMOJI)}")
    elif kind < 0.92:
        person.post(path + "/read", {"seq": some["seq"]})
    elif kind < 0.95:
        person.post(path + "/leave")
        person.post(path + "/join")
    elif kind < 0.97:
        founder_call = Person(person, founder.id, address=person._address)
        founder_call.delete(f"{path}/members/{person.id}")
        person.post(path + "/join")
    else:
        person.patch(path, {"topic": str(chance.random())})
    counts[0] += 1


def live_of(person, seed, founder, rooms, counts, failed):
    chance = random.Random(seed)
    for _ in range(STEPS):
        try:
            act(chance, person, founder, rooms, counts)
        except Refused as refusal:
            if refusal.status not in (403, 404, 409):
                failed.append(refusal)
        except Exception as error:  # told to whoever waits
            failed.append(error)
            return


def unread_of(person, room, messages):
    """Counted anew: root messages of others behind the marker."""
    membership = person.room(room)["membership"]
    roots = [each for each in messages.values() if each["thread_id"] is None and each["type"] == "text"]
    return membership["unread"], sum(1 for each in roots if each["seq"] > membership["read_seq"])


def run(server, seed):
    founder = Person(server).here()
    people = [Person(server).here() for _ in range(PEOPLE)]
    rooms = [founder.make_room(*people) for _ in range(ROOMS)]
    channels = [f"chat:room/{room['id']}" for room in rooms]
    with Watchers() as watchers:
        subscribers = [watchers.watch(server.address, person.id, *channels, **person.claims).until_subscribed(*channels)
                       for person in people[:5]]
        counts, failed = [0], []
        threads = [threading.Thread(target=live_of, args=(person, seed + number, founder, rooms, counts, failed))
                   for number, person in enumerate(people)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        check(not failed, f"failed: {failed[:3]}")
        for room, channel in zip(rooms, channels):
            fresh = founder.room(room)
            messages = founder.all_messages(room)
            equal(sorted(each["seq"] for each in messages.values()), list(range(1, fresh["last_seq"] + 1)))
            for subscriber in subscribers:
                eventually(lambda: len(subscriber.events(channel)) == fresh["version"], "all events are there")
                replica = Replica()
                for event in subscriber.events(channel):
                    replica.apply(event)
                equal(comparable(replica.messages), comparable(messages))
            page = founder.get(f"/rooms/{room['id']}/members", limit=1000)["members"]
            equal(fresh["member_count"], len(page))
            for person in people:
                if person.room(room)["membership"]:
                    got, wanted = unread_of(person, room, messages)
                    equal((room["id"], person.id, got), (room["id"], person.id, wanted))
        return counts[0], sum(founder.room(room)["version"] for room in rooms)


def cases_converging(binary, folder, seed):
    """20 people send, reply, edit, delete, react, read, leave, join, are removed"""
    def converge(name, storage):
        with serving(binary, storage) as server:
            done, changes = run(server, seed)
            note(f"{name}: {done} calls, {changes} changes")

    with storages(folder) as both:
        for name, storage in both.items():
            yield name, lambda name=name, storage=storage: converge(name, storage)
