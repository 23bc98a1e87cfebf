"""Who may do what, asked of the server: role × operation × type of room."""
from assertions import equal
from chat import Person, Refused, serving, storages

# Whoever asks: somebody outside, a guest outside, a readonly, a member, a moderator, an owner, an admin outside.
COLUMNS = ("outside", "guest", "readonly", "member", "moderator", "owner", "admin")
# What becomes of it: y done, . forbidden, - not found.
MATRIX = {
    #               public     private    broadcast
    "get":         ("y-yyyyy", "--yyyy-", "y-yyyyy"),
    "list":        ("y-yyyyy", "--yyyy-", "y-yyyyy"),
    "changes":     ("y-yyyyy", "--yyyy-", "y-yyyyy"),
    "send":        (".-.yyy.", "--.yyy-", ".-..yy."),
    "reply":       (".-.yyy.", "--.yyy-", ".-..yy."),
    "edit other":  (".-.....", "--....-", ".-....."),
    "delete other": (".-..yyy", "--..yy-", ".-..yyy"),
    "react":       (".-.yyy.", "--.yyy-", ".-.yyy."),
    "pin":         (".-..yyy", "--..yy-", ".-..yyy"),
    "typing":      (".-.yyy.", "--.yyy-", ".-....."),
    "read":        (".-yyyy.", "--yyyy-", ".-yyyy."),
    "draft":       (".-yyyy.", "--yyyy-", ".-yyyy."),
    "star":        (".-yyyy.", "--yyyy-", ".-yyyy."),
    "invite":      (".-.yyyy", "--.yyy-", ".-..yyy"),
    "kick":        (".-..yyy", "--..yy-", ".-..yyy"),
    "promote":     (".-...yy", "--...y-", ".-...yy"),
    "rename":      (".-..yyy", "--..yy-", ".-..yyy"),
    "configure":   (".-...yy", "--...y-", ".-...yy"),
    "archive":     (".-...yy", "--...y-", ".-...yy"),
    "hook":        (".-...yy", "--...y-", ".-...yy"),
    "hooks":       (".-...yy", "--...y-", ".-...yy"),
    "mute":        (".-..yyy", "--..yy-", ".-..yyy"),
    "unmute":      (".-..yyy", "--..yy-", ".-..yyy"),
    "ban":         (".-..yyy", "--..yy-", ".-..yyy"),
    "bans":        (".-..yyy", "--..yy-", ".-..yyy"),
    "unban":       (".-..yyy", "--..yy-", ".-..yyy"),
    "flag":        (".-yyyy.", "--yyyy-", ".-yyyy."),
    "flags":       (".-..yyy", "--..yy-", ".-..yyy"),
    # To whoever does not moderate the room a flag is not there.
    "resolve":     ("----yyy", "----yy-", "----yyy"),
    "audit":       (".-..yyy", "--..yy-", ".-..yyy"),
}
ROOMS = ({"private": False}, {"private": True}, {"private": False, "type": "broadcast"})


class Stage:
    """A room with somebody in each role, a message, and somebody new each time that one is needed."""

    def __init__(self, server, more):
        self.server = server
        self.founder = Person(server).here()
        people = {name: Person(server, role={"guest": "guest", "admin": "admin"}.get(name, "member")).here() for name in COLUMNS}
        inside = [people[name] for name in ("readonly", "member", "moderator", "owner")]
        self.room = self.founder.make_room(*inside, **more)
        for name in ("readonly", "moderator", "owner"):
            self.founder.patch(f"{self.path}/members/{people[name].id}", {"role": name})
        self.people = people

    @property
    def path(self):
        return f"/rooms/{self.room['id']}"

    def message(self):
        return f"/messages/{self.founder.send(self.room)['id']}"

    def somebody(self, inside=False):
        person = Person(self.server).here()
        if inside:
            self.founder.post(f"{self.path}/members", {"user_ids": [person.id]})
        return person.id

    def attempt(self, what, person):
        """Does it; raises what refuses it."""
        path = self.path
        match what:
            case "get": person.get(path)
            case "list": person.get(path + "/messages")
            case "changes": person.get(path + "/changes")
            case "send": person.send(self.room)
            case "reply": person.send(self.room, thread_id=self.message().rsplit("/", 1)[1])
            case "edit other": person.patch(self.message(), {"text": "mine"})
            case "delete other": person.delete(self.message())
            case "react": person.put(self.message() + "/reactions/+1")
            case "pin": person.put(f"{path}/pins/{self.message().rsplit('/', 1)[1]}")
            case "typing": person.post(path + "/typing")
            case "read": person.post(path + "/read", {"seq": 1})
            case "draft": person.put(path + "/draft", {"text": "a"})
            case "star": person.put(path + "/star")
            case "invite": person.post(path + "/members", {"user_ids": [self.somebody()]})
            case "kick": person.delete(f"{path}/members/{self.somebody(inside=True)}")
            case "promote": person.patch(f"{path}/members/{self.somebody(inside=True)}", {"role": "moderator"})
            case "rename": person.patch(path, {"topic": "another"})
            case "configure": person.patch(path, {"settings": {"threads": True}})
            case "hook": person.post(path + "/hooks", {"name": "Builds"})
            case "hooks": person.get(path + "/hooks")
            case "mute": person.put(f"{path}/members/{self.somebody(inside=True)}/mute")
            case "unmute": person.delete(f"{path}/members/{self.somebody(inside=True)}/mute")
            case "ban": person.put(f"{path}/bans/{self.somebody(inside=True)}")
            case "bans": person.get(path + "/bans")
            case "unban":
                banned = f"{path}/bans/{self.somebody()}"
                self.founder.put(banned)
                person.delete(banned)
            case "flag": person.post(self.message() + "/flags")
            case "flags": person.get("/flags", room_id=self.room["id"])
            case "resolve":
                flag = self.founder.post(self.message() + "/flags", {"reason": "rude"})["flag"]
                person.post(f"/flags/{flag['id']}/resolve")
            case "audit": person.get("/audit", room_id=self.room["id"])
            case "archive":
                person.post(path + "/archive")
                person.post(path + "/unarchive")


def outcome(stage, what, person):
    try:
        stage.attempt(what, person)
        return "y"
    except Refused as refusal:
        return {403: ".", 404: "-"}.get(refusal.status, str(refusal))


def cases_matrix(binary, folder):
    """each role, operation and type of room"""
    def matrix(storage):
        with serving(binary, storage) as server:
            for column, more in enumerate(ROOMS):
                stage = Stage(server, more)
                for what, rows in MATRIX.items():
                    got = "".join(outcome(stage, what, stage.people[name]) for name in COLUMNS)
                    equal((more, what, got), (more, what, rows[column]))

    with storages(folder) as both:
        for name, storage in both.items():
            yield name, lambda storage=storage: matrix(storage)


def test_direct(binary, folder):
    """a direct room is its two people's alone"""
    with storages(folder) as both, serving(binary, both["sqlite"]) as server:
        ada, bob, admin = Person(server).here(), Person(server).here(), Person(server, role="admin").here()
        room = ada.post("/dms", {"user_ids": [bob.id]})["room"]
        message = ada.send(room)
        path = f"/rooms/{room['id']}"
        for what, wanted in ((lambda: bob.get(path), "y"), (lambda: admin.get(path), "-"), (lambda: bob.post(path + "/leave"), "."),
                             (lambda: ada.delete(f"{path}/members/{bob.id}"), "."), (lambda: ada.patch(path, {"topic": "x"}), "."),
                             (lambda: bob.delete(f"/messages/{message['id']}"), "."), (lambda: bob.put(f"{path}/pins/{message['id']}"), "y"),
                             (lambda: admin.get(f"/messages/{message['id']}"), "-"), (lambda: ada.delete(path), ".")):
            try:
                what()
                got = "y"
            except Refused as refusal:
                got = {403: ".", 404: "-"}[refusal.status]
            equal(got, wanted)


def test_cookies(binary, folder):
    """a browser's cookie alone changes nothing where the page is another's"""
    with storages(folder) as both, serving(binary, both["sqlite"]) as server:
        ada = Person(server).here()
        # Without an authenticator of sessions a cookie is no credential at all; what names its caller is not asked for a page.
        equal(ada.request("POST", "/rooms", {}, {"Cookie": "tidemill_session=x", "Sec-Fetch-Site": "same-origin"})[0], 401)
        crossing = {"Authorization": f"Bearer {ada.token}", "Sec-Fetch-Site": "cross-site"}
        equal(ada.request("POST", "/rooms", {"type": "channel", "name": "a"}, crossing)[0], 201)
