"""A live endpoint's own URL as an event stream: the result, then what changes, by the endpoint's own rules."""
import http.client
import json
import time

from assertions import check, equal, eventually
from databases import databases
from follow import metric, serving
from jwt import sign

NOTES = "create table notes (id integer primary key, owner text not null, text text not null); " \
        "insert into notes values (1, 'ann', 'a'), (2, 'bob', 'b'), (3, 'ann', 'c')"
FILES = {
    "notes/mine.get.sql": "-- @auth claims:sub\n-- @live key=id min=10ms\n-- @param sub text claim\n"
                          "select id, text from notes where owner = :sub order by id desc",
    "notes/all.get.sql": "-- @auth none\n-- @live key=id min=10ms\n-- @param least integer = 0\n"
                         "select id, text from notes where id >= :least order by id",
    "notes/dead.get.sql": "-- @auth none\nselect id from notes",
    "notes.post.sql": "-- @auth none\n-- @rows exec\n-- @param id integer\n-- @param text text\n"
                      "insert into notes values (:id, 'ann', :text)",
}


class Stream:
    """What a browser's EventSource would see."""

    def __init__(self, server, path, token=None, last=None, read=True):
        self.connection = http.client.HTTPConnection(*server.address.rsplit(":", 1), timeout=30)
        headers = {"Accept": "text/event-stream"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if last:
            headers["Last-Event-ID"] = last
        self.connection.request("GET", "/rest" + path, headers=headers)
        self.answer = self.connection.getresponse()
        self.status, self.rows, self.last, self.beats = self.answer.status, {}, None, 0
        self.body = None if self.status == 200 else json.loads(self.answer.read())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def next(self):
        """(name, data) of the next event; None at the end."""
        name, data = "message", ""
        while line := self.answer.readline().decode():
            field, _, value = line.rstrip("\n").partition(": ")
            if field == ":":
                self.beats += 1
            elif field == "event":
                name = value
            elif field == "id":
                self.last = value
            elif field == "data":
                data = json.loads(value)
            elif data != "":
                self._apply(name, data)
                return name, data
        return None

    def _apply(self, name, data):
        if name == "result":
            self.rows = {}
        for row in data.get("rows", []):
            self.rows[row["key"]] = row
        for key in data.get("removed", []):
            self.rows.pop(key, None)

    def shown(self):
        return [each["row"] for each in sorted(self.rows.values(), key=lambda each: -each["order"])]

    def until(self, rows):
        while self.shown() != rows:
            check(self.next() is not None, f"ended with {self.shown()}")

    def until_event(self, name):
        while found := self.next():
            if found[0] == name:
                return found[1]
        raise AssertionError(f"no {name} came")


def test_result_then_changes(binary, folder):
    """the whole result, then what has changed, whoever wrote it; after a reconnect only what was missed"""
    with databases(folder) as both:
        for database in both:
            database.run(NOTES)
            with serving(binary, folder, database.storage, FILES, "--loops=2") as server:
                with Stream(server, "/notes/all?least=2") as stream:
                    check(stream.answer.getheader("Content-Type").startswith("text/event-stream"), stream.answer.getheaders())
                    equal(stream.next()[0], "result")
                    equal(stream.shown(), [{"id": 2, "text": "b"}, {"id": 3, "text": "c"}])
                    database.run("update notes set text = 'x' where id = 3")
                    stream.until([{"id": 2, "text": "b"}, {"id": 3, "text": "x"}])
                    status = server.request("POST", "/rest/notes", '{"id": 9, "text": "new"}', {"Content-Type": "application/json"})[0]
                    check(status < 300, status)
                    stream.until([{"id": 2, "text": "b"}, {"id": 3, "text": "x"}, {"id": 9, "text": "new"}])
                    database.run("delete from notes where id = 2")
                    stream.until([{"id": 3, "text": "x"}, {"id": 9, "text": "new"}])
                    last, rows = stream.last, dict(stream.rows)
                database.run("update notes set text = 'y' where id = 9")
                with Stream(server, "/notes/all?least=2", last=last) as stream:
                    stream.rows = rows
                    equal(stream.next()[0], "change")
                    equal(stream.shown(), [{"id": 3, "text": "x"}, {"id": 9, "text": "y"}])
                    equal(metric(server, "tidemill_live_queries"), 1)
                    equal(metric(server, "tidemill_live_streams"), 1)
                for wrong in ("nonsense", "aaaaaaaaaaaa.5", last.split(".")[0] + ".99999"):
                    with Stream(server, "/notes/all?least=2", last=wrong) as stream:
                        equal(stream.next()[0], "result")
                eventually(lambda: metric(server, "tidemill_live_streams") == 0, "the streams are gone")


def test_one_query_for_all(binary, folder):
    """streams share the query of the channel's subscribers, and one another's"""
    with databases(folder) as both:
        database = both[1]
        database.run(NOTES)
        with serving(binary, folder, database.storage, FILES, "--loops=2") as server:
            streams = [Stream(server, path) for path in ("/notes/all?least=2&", "/notes/all?least=2") for _ in range(20)]
            for stream in streams:
                stream.until([{"id": 2, "text": "b"}, {"id": 3, "text": "c"}])
            equal(metric(server, "tidemill_live_queries"), 1)
            before = metric(server, "tidemill_live_refreshes_total")
            database.run("update notes set text = 'x' where id = 3")
            for stream in streams:
                stream.until([{"id": 2, "text": "b"}, {"id": 3, "text": "x"}])
            check(metric(server, "tidemill_live_refreshes_total") - before <= 3, "asked once for all")
            for stream in streams:
                stream.connection.close()


def test_who_may(binary, folder):
    """by the endpoint's own @auth; an expired token ends the stream by name, and a revoked one too"""
    with databases(folder) as both:
        for database in both:
            database.run(NOTES)
            with serving(binary, folder, database.storage, FILES) as server:
                def refused(status, words, *arguments, **more):
                    stream = Stream(server, *arguments, **more)
                    equal(stream.status, status)
                    check(words in json.dumps(stream.body), stream.body)

                refused(401, "token", "/notes/mine")
                refused(401, "not good", "/notes/mine", token="wrong")
                refused(406, "application/json", "/notes/dead")
                refused(400, "least", "/notes/all?least=x")
                refused(404, "no such endpoint", "/notes/none")
                with Stream(server, "/notes/mine", token=sign({"sub": "bob"})) as bob:
                    bob.until([{"id": 2, "text": "b"}])
                until = int(time.time()) + 4
                with Stream(server, "/notes/mine", token=sign({"sub": "ann", "exp": until})) as ann:
                    ann.until([{"id": 3, "text": "c"}, {"id": 1, "text": "a"}])
                    equal(ann.until_event("end")["code"], "token_expired")
                    check(until <= time.time() < until + 8, "when it expires")
                    equal(ann.next(), None)
                with Stream(server, "/notes/mine", token=sign({"sub": "ann", "jti": "stolen"})) as stolen, \
                        Stream(server, "/notes/mine", token=sign({"sub": "ann", "jti": "other"})) as other:
                    for each in (stolen, other):
                        each.until([{"id": 3, "text": "c"}, {"id": 1, "text": "a"}])
                    server.api("revoke_token", {"uid": "stolen", "expire_at": int(time.time()) + 3600})
                    database.run("update notes set text = 'x' where id = 3")
                    equal(stolen.until_event("end")["code"], "token_revoked")
                    equal(stolen.shown()[0], {"id": 3, "text": "c"})
                    other.until([{"id": 3, "text": "x"}, {"id": 1, "text": "a"}])


def test_limits(binary, folder):
    """streams of one address, and of all, are refused at limits that have names; one that is closed makes room"""
    with databases(folder) as both:
        database = both[1]
        database.run(NOTES)
        options = ("--queries.live.streams_max=4", "--queries.live.streams_per_user_max=3")
        with serving(binary, folder, database.storage, FILES, *options) as server:
            streams = [Stream(server, "/notes/all") for _ in range(3)]
            equal([each.status for each in streams], [200] * 3)
            refused = Stream(server, "/notes/all")
            equal(refused.status, 429)
            check("queries.live.streams_per_user_max" in refused.body["message"], refused.body)
            ann = Stream(server, "/notes/mine", token=sign({"sub": "ann"}))
            equal(ann.status, 200)
            refused = Stream(server, "/notes/mine", token=sign({"sub": "bob"}))
            equal(refused.status, 429)
            check("queries.live.streams_max" in refused.body["message"], refused.body)
            streams.pop().connection.close()
            eventually(lambda: Stream(server, "/notes/all").status == 200, "there is room again")


def test_slow_reader(binary, folder):
    """who does not read gets the newest state later; the server keeps nothing for it, and others wait for nobody"""
    with databases(folder) as both:
        database = both[0]
        database.run(NOTES)
        big = {"notes/big.get.sql": "-- @auth none\n-- @live key=id min=10ms\n"
                                    "select id, text, repeat('x', 5000) as filler from notes order by id"}
        with serving(binary, folder, database.storage, {**FILES, **big}) as server, Stream(server, "/notes/big") as slow:
            slow.next()
            before = server.rss_bytes()
            database.run("insert into notes select i, 'ann', 'n' from generate_series(10, 400) as i")
            with Stream(server, "/notes/big") as quick:
                for number in range(30):
                    database.run(f"update notes set text = 'n{number}' where id >= 10")
                    while quick.rows.get("400", {"row": {"text": ""}})["row"]["text"] != f"n{number}":
                        quick.next()
            grown = (server.rss_bytes() - before) >> 20
            check(grown < 40, f"{grown} MiB for 60 of changes")
            events = 0
            while slow.rows.get("400", {"row": {"text": ""}})["row"]["text"] != "n29":
                slow.next()
                events += 1
            check(events < 25, f"{events} steps of 31")


def test_stale_and_shut_down(binary, folder):
    """that the database does not answer is told, and that it does again; a server that ends says so"""
    with databases(folder) as both:
        database = both[0]
        database.run(NOTES)
        with serving(binary, folder, database.storage, FILES) as server, Stream(server, "/notes/all") as stream:
            stream.next()
            database.server.kill()
            since = stream.until_event("stale")["since"]
            check(abs(since / 1000 - time.time()) < 60, since)
            database.server.start()
            stream.until_event("fresh")
            database.run("delete from notes where id < 3")
            stream.until([{"id": 3, "text": "c"}])
            beats = stream.beats
            server.process.terminate()
            end = stream.until_event("end")
            equal(end["code"], "restart")
            check("shutting down" in end["message"], end)
            check(beats >= 0, beats)

