"""The embedded database: whose it is, how it is copied, and what the doctor says of it."""
import json
import sqlite3
import stat

from assertions import check, equal
from node import OPEN, Node, run_command


def settings_with(path):
    return OPEN + f"[storage.sqlite]\npath = '{path}'\n"


def test_no_file_unless_it_is_asked_for(binary, folder):
    """a server whose settings name no database makes none"""
    with Node(binary, folder):
        equal(sorted(path.name for path in folder.iterdir() if path.suffix in (".db", ".lock")), [])


def test_one_server_has_the_file(binary, folder):
    """the file is its owner's alone; a second server is refused and told by whom"""
    path = folder / "tidemill.db"
    with Node(binary, folder, settings_with(path)) as node:
        equal(node.get("/ready")[0], 200)
        equal(stat.S_IMODE(path.stat().st_mode), 0o600)
        check(any(name.startswith("tidemill_sqlite_commits_total") for name in node.metrics()), "no metrics")
        code, _, error = run_command(binary, "serve", "--http_server.listen", "127.0.0.1:0", "--client.insecure", "true",
                                     "--storage.sqlite.path", str(path))
        equal(code, 1)
        check(f"storage.sqlite.path = {path}: process {node.process.pid} has it" in error, error)
    with Node(binary, folder, settings_with(path)) as node:
        equal(node.get("/ready")[0], 200)


def test_backup_beside_a_server(binary, folder):
    """`tidemill backup` copies what other programs have written, and replaces nothing"""
    path, copy = folder / "tidemill.db", folder / "copy.db"
    with Node(binary, folder, settings_with(path)):
        with sqlite3.connect(path) as beside:
            beside.execute("create table t (n)")
            beside.execute("insert into t values (7)")
        code, text, error = run_command(binary, "backup", str(copy), "--storage.sqlite.path", str(path), "--json")
        equal((code, error), (0, ""))
        equal(json.loads(text), {"file": str(copy), "bytes": copy.stat().st_size})
        code, _, error = run_command(binary, "backup", str(copy), "--storage.sqlite.path", str(path))
        equal((code, error), (1, f"tidemill: {copy}: is there already\n"))
    with sqlite3.connect(copy) as copied:
        equal(copied.execute("select n from t").fetchall(), [(7,)])
    code, _, error = run_command(binary, "backup", str(folder / "other.db"))
    equal((code, error), (1, "tidemill: storage.sqlite.path is not given: there is no database to copy\n"))


def test_what_is_no_database(binary, folder):
    """another file is refused, by `serve` and by the doctor, and left as it is"""
    path = folder / "notes.txt"
    path.write_text("not a database " * 1000, encoding="utf-8")
    code, _, error = run_command(binary, "serve", "--http_server.listen", "127.0.0.1:0", "--client.insecure", "true",
                                 "--storage.sqlite.path", str(path))
    equal((code, error), (2, f"storage.sqlite.path = {path}: is there, and is no database of SQLite\n"))
    equal(path.read_text(encoding="utf-8"), "not a database " * 1000)
    found = {line["subject"]: line for line in doctor(binary, path)}
    equal(found["SQLite: content"]["verdict"], "fail")


def test_the_doctor_reads_all_of_it(binary, folder):
    """permissions, space, fsync and content; damage is found"""
    path = folder / "tidemill.db"
    with sqlite3.connect(path) as database:
        database.execute("create table t (filler)")
        database.executemany("insert into t values (hex(randomblob(?)))", [(1000,)] * 100)
    database.close()
    path.chmod(0o644)
    found = {line["subject"]: line for line in doctor(binary, path)}
    equal(found["SQLite: permissions"]["verdict"], "warn")
    equal(found["SQLite: content"]["verdict"], "ok")
    check(found["SQLite: fsync"]["text"].split()[0].isdigit(), found["SQLite: fsync"])
    check("SQLite: disk space" in found, found)
    with path.open("r+b") as file:
        file.seek(3 * 4096)
        file.write(b"\xff" * 4096)
    found = {line["subject"]: line for line in doctor(binary, path)}
    equal(found["SQLite: content"]["verdict"], "fail")
    check("restore a backup" in found["SQLite: content"]["text"], found["SQLite: content"])


def doctor(binary, path):
    _, text, _ = run_command(binary, "doctor", "--json", "--storage.sqlite.path", str(path))
    return json.loads(text)
