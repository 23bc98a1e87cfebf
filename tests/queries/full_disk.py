"""The database's disk is full: writes are refused and say so, reads go on, and when there is room again nothing that was
acknowledged is missing, and nobody had to start anything again."""
import contextlib
import os
import pathlib
import random
import shutil
import sqlite3
import time

from assertions import SLACK_SECONDS, check, eventually, equal
from endpoints import serving
from postgres_server import PostgresServer, server_user
from runner import note
from small_disk import leave_free, small_disk

DISK = 16 << 20
ROOM = 1 << 20
REFUSED = 10
NORMAL_SECONDS = 5  # until a write succeeds again
FILES = {
    "notes.post.sql": "-- @auth none\n-- @rows value\n-- @param id int!\n-- @param what text!\n"
                      "insert into notes (id, what) values (:id, :what) returning id",
    "notes.get.sql": "-- @auth none\n-- @rows value\nselect count(*) from notes",
}
NOTES = "create table notes (id integer primary key, what text not null)"


class Disk:
    """A small disk. `inside`: the words in front of a command that sees it at `place`; it is at `root` for us."""

    def __init__(self, inside, place, root):
        self.inside, self.place, self.root = inside, place, root

    def fill(self):
        leave_free(self.root, ROOM)

    def clear(self):
        (self.root / "ballast").unlink()


@contextlib.contextmanager
def disk_in(folder):
    with small_disk(folder, DISK) as found:
        yield Disk(*found)


class Notes:
    """What was written, and how each write ended."""

    def __init__(self, each, seed):
        self._each = each
        self._random = random.Random(seed)
        self.acknowledged, self.refused = [], []
        self._number = 0

    def write(self):
        self._number += 1
        answer = self._each.post("notes", {"id": self._number, "what": self._random.randbytes(10_000).hex()})
        if answer.status == 200:
            self.acknowledged.append(self._number)
            return True
        self.refused.append((answer.status, answer.json()["code"], answer.json()["message"], "retry-after" in answer.headers))
        return False

    def until_refused(self):
        wanted = len(self.refused) + REFUSED
        eventually(lambda: self.write() and False or len(self.refused) >= wanted, "writes are refused")

    def until_normal(self):
        begun = time.monotonic()
        eventually(self.write, "a write succeeds")
        took = time.monotonic() - begun
        check(took < NORMAL_SECONDS + SLACK_SECONDS, f"normal after {took:.1f} s")
        return took


def fill_and_clear(disk, each, notes, ids, reads=True):
    """Three times; `ids` gives those that the database has."""
    seconds = []
    for _ in range(3):
        disk.fill()
        notes.until_refused()
        if reads:
            equal(each.get("notes").json(), len(notes.acknowledged))
        disk.clear()
        seconds.append(notes.until_normal())
        equal(sorted(ids()), notes.acknowledged)
    note(f"{len(notes.acknowledged)} written, {len(notes.refused)} refused, normal after {max(seconds):.2f} s")
    check(len(notes.acknowledged) > 40, "too few were written")


def wrapper(folder, disk, binary):
    """A program that runs the server where the disk is."""
    path = pathlib.Path(folder) / "tidemill"
    path.write_text("#!/bin/sh\nexec " + " ".join([*disk.inside, str(binary)]) + ' "$@"\n')
    path.chmod(0o755)
    return str(path)


def test_sqlite(binary, folder, seed):
    """On SQLite: 503 that says it, reads go on, nothing acknowledged is lost"""
    with disk_in(folder) as disk:
        fresh = pathlib.Path(folder) / "fresh.db"
        with contextlib.closing(sqlite3.connect(fresh)) as connection:
            connection.execute(NOTES)
        shutil.copy(fresh, disk.root / "kept.db")
        settings = [f"--storage.sqlite.path={disk.place}/kept.db"]
        with serving(wrapper(folder, disk, binary), "sqlite", (settings, None), files=FILES) as each:
            notes = Notes(each, seed)
            fill_and_clear(disk, each, notes, lambda: copied_ids(disk, pathlib.Path(folder)))
            equal({refused[::3] for refused in notes.refused}, {(503, True)})


def copied_ids(disk, folder):
    """In a copy: SQLite would follow the link to the root of that process, and see our own."""
    with contextlib.closing(sqlite3.connect(copy_of(disk, folder))) as connection:
        return [number for (number,) in connection.execute("select id from notes")]


def copy_of(disk, folder):
    for file in disk.root.glob("kept.db*"):
        shutil.copy(file, folder / file.name)
    return folder / "kept.db"


def postgres_ids(server):
    return [int(line) for line in server.run("select id from notes").splitlines()]


def own_place(disk, name):
    """A folder on the disk that is PostgreSQL's."""
    made = disk.root / name
    made.mkdir(mode=0o700)
    if user := server_user():
        os.chown(made, user.pw_uid, user.pw_gid)
    os.chmod(disk.place.parent, 0o755)  # the way to it
    return disk.place / name


def test_postgres_tables(binary, folder, seed):
    """On PostgreSQL, a tablespace: 53100 as 503 that says it, reads go on, nothing acknowledged is lost"""
    with disk_in(folder) as disk:
        space = own_place(disk, "space")
        with PostgresServer(inside=disk.inside) as server:
            server.run(f"create tablespace small location '{space}'")
            server.run(f"{NOTES} tablespace small")
            server.run("alter table notes alter what set storage external")
            settings = [f"--storage.postgres.url={server.url()}"]
            with serving(binary, "postgres", (settings, server.run), files=FILES) as each:
                notes = Notes(each, seed)
                fill_and_clear(disk, each, notes, lambda: postgres_ids(server))
                equal({refused[:2] + refused[3:] for refused in notes.refused}, {(503, "53100", True)})
                check("no room" in notes.refused[0][2], notes.refused[0])


def test_postgres_log(binary, folder, seed):
    """On PostgreSQL, its write-ahead log: it panics and starts again; what it had acknowledged is there"""
    with disk_in(folder) as disk:
        place = own_place(disk, "wal")
        with PostgresServer({"fsync": "on"}, inside=disk.inside) as server:
            server.run(NOTES)
            server.shutdown()
            move_log(server, disk.root / "wal", place)
            server.start()
            with serving(binary, "postgres", ([f"--storage.postgres.url={server.url()}"], server.run), files=FILES) as each:
                notes = Notes(each, seed)
                for _ in range(2):
                    notes.write()
                    disk.fill()
                    notes.until_refused()
                    disk.clear()
                    server.restart()  # where there is no room to recover in, it ends
                    notes.until_normal()
                    equal(sorted(set(notes.acknowledged) - set(postgres_ids(server))), [])
                equal({status for status, *_ in notes.refused}, {503})
                check("No space left on device" in server.log(), "it was not full")
                note(f"{len(notes.acknowledged)} written, {len(notes.refused)} refused")


def move_log(server, root, place):
    """pg_wal becomes a link to `place`, which is `root` for us."""
    log = pathlib.Path(server.folder) / "data/pg_wal"
    shutil.copytree(log, root, dirs_exist_ok=True)
    if user := server_user():
        for path in (root, *root.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid)
    shutil.rmtree(log)
    log.symlink_to(place)
