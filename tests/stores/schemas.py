"""The schemas of our modules: applied by programs that start together or are killed, and by psql and sqlite3."""
import pathlib
import random as randoms
import subprocess
import time

from assertions import check, equal
from postgres_server import PostgresServer
from runner import fixture
from store_probe import path_beside
from stores import VERSIONS, psql

CURRENT = "crates current 3 probe"


@fixture
def servers():
    with PostgresServer(version=VERSIONS[0]) as one, PostgresServer(version=VERSIONS[1]) as other:
        yield one, other


def probe(binary, *words):
    return subprocess.run([path_beside(binary), *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60, check=False)


def said(binary, *words):
    done = probe(binary, *words)
    check(done.returncode == 0, f"{words}: {done.stderr}")
    return done.stdout.splitlines()


def make_database(server, name):
    server.run(f"create database {name}")
    return server.url(database=name)


def state(binary, dialect, where):
    return said(binary, dialect, where, "schema", "state")


def test_programs_that_start_together(binary, servers):
    """Of programs that start together each version is applied by one"""
    for server in servers:
        url = make_database(server, "together")
        running = [subprocess.Popen([path_beside(binary), "postgres", url, "schema", "apply"], stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, text=True) for _ in range(4)]
        applied = []
        for process in running:
            out, errors = process.communicate(timeout=60)
            check(process.returncode == 0, errors)
            applied += out.splitlines()
        equal(sorted(applied), ["crates 1", "crates 2", "crates 3"])
        equal(state(binary, "postgres", url), [CURRENT])


def kill_while_it_applies(binary, dialect, where, random):
    process = subprocess.Popen([path_beside(binary), dialect, where, "schema", "apply"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    time.sleep(random.uniform(0, 0.12))
    process.kill()
    process.wait()


def test_a_program_that_is_killed(binary, servers, folder, seed):
    """A program that is killed leaves whole versions, and the next one goes on"""
    random = randoms.Random(seed)
    for at in range(3):
        places = [("postgres", make_database(server, f"killed_{at}")) for server in servers]
        places.append(("sqlite", str(pathlib.Path(folder) / f"killed_{at}.db")))
        for dialect, where in places:
            kill_while_it_applies(binary, dialect, where, random)
            line = state(binary, dialect, where)[0].split()
            check(line[1] in ("pending", "current"), line)
            left = said(binary, dialect, where, "schema", "apply")
            equal(left, [f"crates {version}" for version in range(int(line[2]) + 1, 4)])
            equal(state(binary, dialect, where), [CURRENT])


def script(binary, dialect, *after):
    done = probe(binary, "print", dialect, *after)
    check(done.returncode == 0, done.stderr)
    return done.stdout


def test_psql_applies_what_is_printed(binary, servers):
    """What is printed psql applies and records; once"""
    for server in servers:
        url = make_database(server, "by_hand")
        for attempt in range(2):
            done = psql(server, script(binary, "postgres"), "by_hand")
            check((done.returncode == 0) == (attempt == 0), f"attempt {attempt}: {done.stderr}")
            equal(state(binary, "postgres", url), [CURRENT])
        check("duplicate key" in done.stderr, done.stderr)
        equal(said(binary, "postgres", url, "schema", "apply"), [])
        rows = psql(server, "select label, weight from tidemill.crates", "by_hand")
        equal(rows.stdout, "it's; first|5\n")


def sqlite3(path, text):
    return subprocess.run(["sqlite3", str(path)], input=text, capture_output=True, text=True, check=False)


def test_sqlite3_applies_what_is_printed(binary, folder):
    """What is printed sqlite3 applies and records; once"""
    path = pathlib.Path(folder) / "by_hand.db"
    for attempt in range(2):
        done = sqlite3(path, script(binary, "sqlite"))
        check((done.returncode == 0) == (attempt == 0), f"attempt {attempt}: {done.stderr}")
        equal(state(binary, "sqlite", str(path)), [CURRENT])
    check("UNIQUE constraint failed" in done.stderr, done.stderr)
    equal(said(binary, "sqlite", str(path), "schema", "apply"), [])
    equal(sqlite3(path, "select label, weight from crates;").stdout, "it's; first|5\n")


def test_the_rest_by_hand(binary, servers, folder):
    """Versions after one that is there are printed alone"""
    for server in servers:
        url = make_database(server, "the_rest")
        first = script(binary, "postgres").split("\n-- version 2\n")[0]
        equal(psql(server, first, "the_rest").returncode, 0)
        equal(state(binary, "postgres", url), ["crates pending 1 probe"])
        done = psql(server, script(binary, "postgres", "1"), "the_rest")
        equal((done.returncode, done.stderr), (0, ""))
        equal(state(binary, "postgres", url), [CURRENT])
    path = pathlib.Path(folder) / "the_rest.db"
    equal(sqlite3(path, script(binary, "sqlite").split("\n-- version 2\n")[0]).returncode, 0)
    equal(state(binary, "sqlite", str(path)), ["crates pending 1 probe"])
    equal(sqlite3(path, script(binary, "sqlite", "1")).returncode, 0)
    equal(state(binary, "sqlite", str(path)), [CURRENT])
