"""Migrations by `tidemill migrate`: by processes that run at once, that are killed, and beside a server."""
import json
import pathlib
import random as randoms
import sqlite3
import subprocess
import time

from assertions import check, equal
from postgres_server import PostgresServer
from project import Project
from runner import fixture

TABLE = "create table parcels (id integer primary key, weight integer)"
PAIR = "insert into parcels values ({0}, 1);\ninsert into parcels values ({1}, 2);"


@fixture
def postgres():
    with PostgresServer() as server:
        yield server


def make_project(binary, folder, count, *options):
    project = Project(binary, folder, *options)
    project.write("migrations/0001_parcels.sql", TABLE)
    for number in range(2, count + 1):
        project.write(f"migrations/{number:04}_pair.sql", PAIR.format(2 * number, 2 * number + 1))
    return project


def places(binary, folder, postgres, name, count):
    """A project on each database, and how its rows are counted."""
    postgres.run(f"create database {name}")
    yield (make_project(binary, pathlib.Path(folder) / "pg", count, "--storage.postgres.url", postgres.url(database=name)),
           lambda: int(postgres.run("select count(*) from parcels", database=name)))
    path = pathlib.Path(folder) / "lite.db"
    yield (make_project(binary, pathlib.Path(folder) / "lite", count, "--storage.sqlite.path", str(path)),
           lambda: sqlite3.connect(path).execute("select count(*) from parcels").fetchone()[0])


def applied_by(done):
    return [each["number"] for each in json.loads(done)["applied"]]


def test_processes_at_once(binary, folder, postgres):
    """Of processes that start together each migration is applied by one, on a database that they share"""
    postgres.run("create database together")
    project = make_project(binary, folder, 12, "--storage.postgres.url", postgres.url(database="together"))
    running = [project.start("migrate", "up", "--json") for _ in range(4)]
    numbers = []
    for process in running:
        out, errors = process.communicate(timeout=60)
        check(process.returncode == 0, errors)
        numbers += applied_by(out)
    equal(sorted(numbers), list(range(1, 13)))
    equal(postgres.run("select count(*) from parcels", database="together").strip(), "22")


def test_processes_at_once_sqlite(binary, folder):
    """Of processes on one SQLite file those that come too early are told who has it, and nothing is applied twice"""
    path = pathlib.Path(folder) / "one.db"
    project = make_project(binary, folder, 12, "--storage.sqlite.path", str(path))
    numbers = []
    running = [project.start("migrate", "up", "--json") for _ in range(4)]
    for process in running:
        out, errors = process.communicate(timeout=60)
        if process.returncode == 0:
            numbers += applied_by(out)
        else:
            check("process" in errors, errors)
    equal(sorted(numbers), list(range(1, 13)))
    equal(applied_by(project.run("migrate", "up", "--json")), [])


def test_killed(binary, folder, postgres, seed):
    """A process that is killed leaves whole migrations, and the next one goes on"""
    random = randoms.Random(seed)
    for project, count_rows in places(binary, folder, postgres, "killed", 20):
        recorded = 0
        for _ in range(6):
            process = project.start("migrate", "up")
            time.sleep(random.uniform(0.01, 0.12))
            process.kill()
            process.wait()
            states = [each["state"] for each in project.migrations()]
            equal(states, sorted(states))  # applied ones come first
            recorded = states.count("applied")
            if recorded:
                equal(count_rows(), 2 * (recorded - 1))
        equal(applied_by(project.run("migrate", "up", "--json")), list(range(recorded + 1, 21)))
        equal(count_rows(), 38)


def test_refused(binary, folder, postgres):
    """Changed, missing and late ones are refused by name"""
    for project, _ in places(binary, folder, postgres, "refused", 3):
        project.run("migrate", "up")
        project.write("migrations/0002_pair.sql", "select 1")
        project.remove("migrations/0003_pair.sql")
        for command in ("up", "status"):
            said = project.fails("migrate", command)
            check("migrations/0002_pair.sql: it was changed after it had been applied" in said, said)
            check("migration 3 (pair) has been applied, and its file is gone" in said, said)


def test_large(binary, folder, postgres):
    """A migration of thousands of statements is applied whole"""
    for project, count_rows in places(binary, folder, postgres, "large", 1):
        project.write("migrations/0002_rows.sql", "".join(f"insert into parcels values ({i}, 1);\n" for i in range(2000)))
        equal(applied_by(project.run("migrate", "up", "--json")), [1, 2])
        equal(count_rows(), 2000)
