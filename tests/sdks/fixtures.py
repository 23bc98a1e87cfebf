"""The fixtures of sdk/fixtures, in each language, against a server whose connections are cut and which is restarted."""
import contextlib
import json
import os
import pathlib
import sqlite3
import sys
import time

from assertions import check, equal, eventually
from driver import Driver
from jwt import SECRET, sign
from network import bring_loopback_up
from proxy import Proxy
from server import Server

HERE = pathlib.Path(__file__).parent
SDK = HERE.parents[1] / "sdk"
sys.path.append(str(HERE.parent / "chat"))
from chat import Person, unique  # noqa: E402

bring_loopback_up()  # run.sh makes a network of its own, where the READMEs' port is free

TABLES = """
create table orders (id integer primary key, customer integer not null, owner text not null, total integer not null, place integer not null);
create table texts (id integer primary key, text text not null);
"""
LANGUAGES = {
    "typescript": (["node", "test/driver.mjs"], SDK / "typescript"),
    "python": ([sys.executable, "tests/driver.py"], SDK / "python"),
    "go": (["go", "run", "./internal/driver"], SDK / "go"),
}


def read(name):
    return json.loads((SDK / "fixtures" / name).read_text(encoding="utf-8"))


class World:
    """A server behind a proxy, with a database that others write to, and a driver."""

    def __init__(self, binary, folder, driver):
        self.folder, self.driver = folder, driver
        self._binary = binary
        self._database = f"{folder}/app.db"
        with self._connected() as file:
            file.execute("pragma journal_mode = wal")
            file.executescript(TABLES)
        self._server = None
        self.proxy = Proxy(("127.0.0.1", 0))
        self._clients = set()
        self.messages = {}
        self.rooms = {}
        self.later = {}
        self.objects = {}

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *error):
        if self._server:
            self._server.__exit__(*error)
        self.proxy.__exit__()

    @contextlib.contextmanager
    def _connected(self):
        with contextlib.closing(sqlite3.connect(self._database, timeout=60, isolation_level=None)) as file:
            yield file

    def start(self):
        self._server = Server(
            self._binary, f"--storage.sqlite.path={self._database}", f"--queries.folder={HERE / 'queries'}", "--chat.enabled=true",
            f"--client.token.hmac_secret_key={SECRET}", "--client.allow_anonymous_connect_without_token=true",
            "--queries.live.min_interval=10ms", "--chat.sends_per_second=10000", "--chat.sends_burst=10000",
            "--chat.calls_per_second=10000", "--chat.calls_burst=10000")
        self._server.__enter__()
        self._server.until_ready()
        host, port = self._server.address.rsplit(":", 1)
        self.proxy.target = (host, int(port))
        self.bob = Person(self._server, "bob").here()

    def stop(self):
        """As a crash would."""
        if self._server:
            self._server.kill()
            self._server.__exit__(None, None, None)
            self._server = None

    def environment(self):
        return self._server.environment()

    def get(self, path):
        status, _, body = self._server.get(path)
        equal(status, 200)
        return body

    def sql(self, text):
        with self._connected() as file:
            file.executescript(f"begin immediate; {text}; commit")

    def clear(self):
        """Between two fixtures."""
        self.proxy.swallow = frozenset()
        self.proxy.refuse = False
        if not self._server:
            self.start()
        self.sql("delete from orders; delete from texts")
        for mine in (self.messages, self.rooms, self.later, self.objects):
            mine.clear()

    def forget_changes(self, room):
        with self._connected() as file:
            tables = [name for (name,) in file.execute("select name from sqlite_master where type = 'table' and name glob '*chat*change*'")]
            equal(len(tables), 1)
            file.execute(f"delete from {tables[0]}")
        check(self.bob.get(f"/rooms/{room['id']}/changes", after=1)["reset"], "they are forgotten")

    def client(self, user):
        if user not in self._clients:
            self._clients.add(user)
            self.driver.ask("connect", **{"as": user}, url=f"http://127.0.0.1:{self.proxy.port}",
                            token=sign({"sub": user, "name": user, "username": user}))
        return user


def stored(world, room):
    found = world.bob.all_messages(room)
    return [each["text"] for each in sorted(found.values(), key=lambda each: each["seq"]) if each["type"] == "text"]


class Steps:
    """One method for each kind of step."""

    def __init__(self, world):
        self.world, self.driver = world, world.driver
        self.followed = []

    def sql(self, step):
        self.world.sql(step["sql"])

    def cut(self, step):
        self.world.proxy.refuse = step["cut"]
        if step["cut"]:
            self.world.proxy.cut()

    def swallow(self, step):
        self.world.proxy.swallow = frozenset(step["swallow"])

    def lose(self, step):
        """A message whose event does not reach the SDK: whole frames are taken out of its connection."""
        self.world.proxy.swallow = frozenset({"back"})
        self.world.bob.send(self.world.rooms["room"], step["lose"])
        time.sleep(0.3)  # The event leaves after the answer.
        self.world.proxy.swallow = frozenset()

    def stop(self, _):
        self.world.stop()

    def start(self, _):
        self.world.start()

    def restart(self, _):
        self.world.stop()
        self.world.start()

    def live(self, step):
        asked = {"of": "ada", "params": {}, "everybody": False, **step["live"]}
        self.world.client(asked["of"])
        self.driver.ask("live", **asked)
        self.followed.append(asked["as"])

    def room(self, step):
        asked = {"of": "ada", "before": [], "private": False, **step["room"]}
        world = self.world
        world.client(asked["of"])
        Person(world._server, asked["of"]).here().close()
        room = world.bob.post("/rooms", {"type": "channel", "name": unique(f"room {os.getpid()} "), "private": asked["private"],
                                         "user_ids": [] if asked.get("without") else [asked["of"]]})["room"]
        world.rooms[asked["as"]] = room
        for text in asked["before"]:
            world.bob.send(room, text)
        self.driver.ask("room", **{"as": asked["as"]}, of=asked["of"], room=room["id"])
        self.followed.append(asked["as"])

    def others(self, step):
        done, world = step["others"], self.world
        room = world.rooms["room"]
        if "edits" in done:
            world.bob.patch(f"/messages/{world.messages[done['edits']]}", {"text": done["text"]})
        elif "removes" in done:
            world.bob.delete(f"/rooms/{room['id']}/members/{done['removes']}")
        elif "forgets_changes" in done:
            world.forget_changes(room)
        else:
            world.messages[done.get("is")] = world.bob.send(room, done["text"])["id"]

    def send(self, step):
        future = self.driver.post("send", **{"as": step["send"]}, text=step["text"], client_msg_id=step.get("client_msg_id"))
        if "later" in step:
            self.world.later[step["later"]] = future
            return
        answer = future.result(60)
        if "refused" in step:
            equal(answer.get("code"), step["refused"])
            return
        check("code" not in answer, answer)
        if "is" in step:
            self.world.messages[step["is"]] = answer["message"]
        if "same" in step:
            equal(answer["message"], self.world.messages[step["same"]])

    def wait(self, step):
        answer = self.world.later[step["await"]].result(60)
        check("code" not in answer, answer)

    def _change(self, do, step, **more):
        answer = self.driver.ask(do, **{"as": step[do]}, message=self.world.messages[step["message"]], **more)
        check("code" not in answer, answer)

    def edit(self, step):
        self._change("edit", step, text=step["text"])

    def delete(self, step):
        self._change("delete", step)

    def react(self, step):
        self._change("react", step, emoji=step["emoji"], on=step.get("on", True))

    def stored(self, step):
        room = self.world.rooms[step["stored"]]
        eventually(lambda: stored(self.world, room) == step["texts"], f"stored are {step['texts']}")

    def expect(self, step):
        wanted = {name: step[name] for name in ("status", "rows", "texts", "code", "pages") if name in step}
        name = step["expect"]
        do = "rows" if "rows" in step else "texts"
        last = None

        def is_so():
            nonlocal last
            last = self.driver.ask(do, **{"as": name})
            return all(last.get(each) == value for each, value in wanted.items())

        try:
            eventually(is_so, "it is as expected", 30)
        except AssertionError:
            raise AssertionError(f"{name} is {last}, and should be {wanted}") from None
        if do == "texts":
            equal(last["gaps"], 0)
            return
        before, now = self.world.objects.get(name, {}), {}
        for row, number in zip(last["rows"], last["objects"], strict=True):
            now[row["id"]] = number
        for key in step.get("kept", []):
            equal((key, now[key]), (key, before[key]))
        for key in step.get("fresh", []):
            check(now[key] != before[key], f"row {key} has changed, and is the same object")
        self.world.objects[name] = now


def run(world, fixture):
    world.clear()
    if "sql" in fixture:
        world.sql(fixture["sql"])
    steps = Steps(world)
    for number, step in enumerate(fixture["steps"], 1):
        kind = next(iter(step))
        try:
            getattr(steps, "wait" if kind == "await" else kind)(step)
        except AssertionError as error:
            raise AssertionError(f"step {number}, {step}: {error}") from None
    for name in steps.followed:
        world.driver.ask("end", **{"as": name})


def names(driver):
    for each in read("names.json"):
        asked = {name: each[name] for name in ("endpoint", "params", "user") if name in each}
        equal(driver.ask("name", **asked).get("channel"), each["channel"])


def outcome(work, *arguments):
    """What a case is to do that has been run already: nothing, or to fail as it has."""
    try:
        work(*arguments)
    except Exception as error:
        failed = error

        def fail():
            raise failed
        return fail
    return lambda: None


def run_all(language, binary, folder):
    """One after the other: they share a server, which some of them stop. SDKS_ONLY=WORD: those with it in their name."""
    command, where = LANGUAGES[language]
    only = os.environ.get("SDKS_ONLY", "")
    with Driver(command, where, {**os.environ}) as driver, World(binary, folder, driver) as world:
        yield "names of channels", outcome(names, driver)
        for file in ("live.json", "chat.json"):
            for fixture in read(file):
                name = f"{file.removesuffix('.json')}: {fixture['name']}"
                if only in name:
                    yield name, outcome(run, world, fixture)


def cases_typescript(binary, folder):
    return run_all("typescript", binary, folder)


def cases_python(binary, folder):
    return run_all("python", binary, folder)


def cases_go(binary, folder):
    return run_all("go", binary, folder)
