"""`tidemill live`: the result in a terminal, in place; one table after the other, or lines of JSON, elsewhere."""
import json
import os
import pty
import select
import subprocess
import time

from assertions import check, equal
from databases import databases
from follow import serving
from jwt import sign

NOTES = "drop table if exists notes; create table notes (id integer primary key, owner text not null, text text not null); " \
        "insert into notes values (1, 'ann', 'first'), (2, 'bob', 'second')"
FILES = {
    "notes/mine.get.sql": "-- @auth claims:sub\n-- @live key=id min=10ms\n-- @param sub text claim\n"
                          "select id, text from notes where owner = :sub order by id",
    "notes/from.get.sql": "-- @auth none\n-- @live key=id min=10ms\n-- @param text text\n"
                          "select id, text from notes where text >= :text order by id desc",
    "notes/dead.get.sql": "-- @auth none\nselect id from notes",
}


class Command:
    def __init__(self, binary, server, *arguments, terminal=False):
        self._reads, writes = pty.openpty() if terminal else os.pipe()
        self.process = subprocess.Popen([binary, "live", f"--url=http://{server.address}", *arguments], stdin=subprocess.DEVNULL,
                                        stdout=writes, stderr=subprocess.PIPE, text=True)
        os.close(writes)
        self.text = ""

    def until(self, found, seconds=30):
        """Reads until `found` says so of all that came."""
        deadline = time.monotonic() + seconds
        while not found(self.text):
            check(time.monotonic() < deadline, f"after {seconds} s: {self.text!r}")
            if select.select([self._reads], [], [], 0.2)[0]:
                self.text += os.read(self._reads, 65536).decode().replace("\r\n", "\n")

    def end(self):
        self.process.terminate()
        _, problem = self.process.communicate(timeout=30)
        os.close(self._reads)  # not before: it gives the terminal back
        return self.process.returncode, problem


def test_shown(binary, folder):
    """a table that follows what is written; in a terminal in its place, which is given back as it was"""
    with databases(folder) as both:
        database = both[0]
        database.run(NOTES)
        with serving(binary, folder, database.storage, FILES) as server:
            piped = Command(binary, server, "notes/from", "--param", "text=f")
            shown = Command(binary, server, "/notes/from", "--param=text=f", terminal=True)
            lines = Command(binary, server, "notes/from", "--param", "text=f", "--json")
            piped.until(lambda text: text == "/rest/notes/from?text=f   2 rows   live\n\nid  text\n 2  second\n 1  first\n\n")
            shown.until(lambda text: text.startswith("\x1b[?1049h") and "first" in text)
            lines.until(lambda text: "\n" in text)
            database.run("update notes set text = 'third & last' where id = 1; delete from notes where id = 2")
            piped.until(lambda text: text.endswith("1 row   live\n\nid  text\n 1  third & last\n\n"))
            shown.until(lambda text: "third & last" in text.rsplit("\x1b[H", 1)[1])
            lines.until(lambda text: "third & last" in text)
            events = [json.loads(line) for line in lines.text.splitlines()]
            equal(events[0]["event"], "result")
            equal([each["row"] for each in events[0]["data"]["rows"]], [{"id": 2, "text": "second"}, {"id": 1, "text": "first"}])
            equal(events[1]["event"], "change")
            for each in (piped, shown, lines):
                equal(each.end()[0], 0)


def test_refused(binary, folder):
    """what cannot be followed says what to do, and ends; a server that is away is tried again"""
    with databases(folder) as both:
        database = both[1]
        database.run(NOTES)

        def said(*arguments):
            done = subprocess.run([binary, "live", f"--url=http://{server.address}", *arguments], capture_output=True, text=True,
                                  timeout=60, check=False)
            return done.returncode, done.stderr

        with serving(binary, folder, database.storage, FILES) as server:
            for arguments, code, words in ((("notes/none",), 1, "tidemill queries list"), (("notes/mine",), 1, "--token"),
                                           (("notes/dead",), 1, "@live"), (("notes/from", "--param", "other=x"), 1, "other"),
                                           (("notes/from", "--param", "text"), 2, "NAME=VALUE"),
                                           (("notes/from", "--url", "nonsense"), 2, "--url"), ((), 2, "NAME")):
                found = said(*arguments)
                equal(found[0], code)
                check(words in found[1], found)
            mine = Command(binary, server, "notes/mine", "--token", sign({"sub": "bob"}))
            mine.until(lambda text: "second" in text)
            address = server.address
        mine.until(lambda text: True)
        with serving(binary, folder, database.storage, FILES, address=address):
            database.run("update notes set text = 'back' where id = 2")
            mine.until(lambda text: "back" in text)
            code, problem = mine.end()
            equal(code, 0)
            check("trying again" in problem, problem)
