"""SQLite on a disk that is full, or may not be written."""
import json
import pathlib
import shutil
import sqlite3
import subprocess
import time

from assertions import check, equal
from small_disk import leave_free, small_disk
from store_probe import Probe

SIZE = 6 << 20
ROW = 20_000
RESUMED_SECONDS_MAX = 5


def insert(probe, number):
    return json.loads(probe.ask("insert into kept values (?1, ?2)", [["int", str(number)], ["text", "x" * ROW]]))


def stored(probe):
    return {int(row[0]) for row in probe.run("select id from kept", access="read")["texts"]}


def write_until_full(probe, outcomes, first):
    """Until ten have been refused."""
    refused = 0
    for number in range(first, first + 2000):
        answer = insert(probe, number)
        outcomes[number] = "failure" not in answer
        if outcomes[number]:
            continue
        equal((answer["failure"]["kind"], answer["failure"]["code"]), ("full", "SQLITE_FULL"))
        refused += 1
        if refused == 10:
            return number + 1
    raise AssertionError("the disk is not full")


def test_a_full_disk(binary, folder):
    """A disk that fills: what was acknowledged is kept, what is refused says full, and there is no need of a restart"""
    outcomes, number = {}, 0
    with small_disk(folder, SIZE) as (inside, place, root):
        with Probe(binary, "sqlite", str(place / "kept.db"), inside) as probe:
            probe.run("create table kept (id integer primary key, filler text)")
            for _ in range(3):
                leave_free(root, 1 << 20)
                number = write_until_full(probe, outcomes, number)
                acknowledged = {key for key, done in outcomes.items() if done}
                equal(stored(probe), acknowledged)
                (root / "ballast").unlink()
                began = time.monotonic()
                while "failure" in insert(probe, number):
                    check(time.monotonic() - began < RESUMED_SECONDS_MAX, "it does not resume")
                    time.sleep(0.05)
                outcomes[number] = True
                number += 1
            leave_free(root, 200_000)
            number = write_until_full(probe, outcomes, number)
            probe.kill()
        check_what_is_left(root, pathlib.Path(folder) / "copy", outcomes)


def check_what_is_left(root, copy, outcomes):
    """In a copy: SQLite would follow the link to the root of that process, and see our own."""
    copy.mkdir()
    for file in root.glob("kept.db*"):
        shutil.copy(file, copy)
    connection = sqlite3.connect(copy / "kept.db")
    equal(connection.execute("pragma integrity_check").fetchone(), ("ok",))
    kept = {number for (number,) in connection.execute("select id from kept")}
    connection.close()
    equal(kept, {number for number, done in outcomes.items() if done})
    check(sum(outcomes.values()) > 60, f"only {sum(outcomes.values())} were stored")


def run(binary, inside, *words):
    return subprocess.run([*inside, binary, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                          check=False)


def apply(binary, inside, path):
    return run(binary, inside, "schema", "apply", f"--storage.sqlite.path={path}")


def test_no_room_for_a_database(binary, folder):
    """A disk without room for a new database is named at the start"""
    with small_disk(folder, SIZE) as (inside, place, root):
        leave_free(root, 0)
        done = apply(binary, inside, place / "new.db")
        equal(done.returncode, 1)
        check(f"storage.sqlite.path = {place}/new.db" in done.stderr and "No space left on device" in done.stderr, done.stderr)


def test_a_read_only_disk(binary, folder):
    """On a read-only file system a database is read, and not opened to write; the file is named"""
    with small_disk(folder, SIZE) as (inside, place, _):
        path = place / "kept.db"
        equal(apply(binary, inside, path).returncode, 0)
        subprocess.run([*inside, "mount", "-o", "remount,ro", str(place)], check=True)
        for at in (path, place / "new.db"):
            done = apply(binary, inside, at)
            equal(done.returncode, 1)
            check(f"storage.sqlite.path = {place}" in done.stderr and "Read-only file system" in done.stderr, done.stderr)
        done = run(binary, inside, "schema", "status", f"--storage.sqlite.path={path}")
        equal((done.returncode, done.stderr), (0, ""))
