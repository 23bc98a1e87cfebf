"""`tidemill doctor` and `config check` look at PostgreSQL, and say what to do."""
import json
import subprocess

from assertions import check, equal, eventually
from node import OPEN, Node
from postgres_server import PostgresServer, free_port

SECRET = "hunter2canary"


def run(binary, folder, *words, settings):
    path = folder / "tidemill.toml"
    path.write_text(settings, encoding="utf-8")
    done = subprocess.run([binary, *words, "--config", path], capture_output=True, text=True, timeout=60,
                          env={"PATH": "/usr/bin:/bin", "HOME": str(folder)})
    check(SECRET not in done.stdout + done.stderr, "the password is shown")
    return done


def doctor(binary, folder, url, more=""):
    """The exit code, and what was found of PostgreSQL by subject: the verdict and the text."""
    settings = f'loops = 2\n[storage.postgres]\nurl = "{url}"\nconnect_timeout = "3s"\n{more}'
    done = run(binary, folder, "doctor", "--json", "--port", "0", settings=settings)
    equal(done.stderr, "")
    found = {one["subject"]: (one["verdict"], one["text"]) for one in json.loads(done.stdout)}
    return done.returncode, {subject: what for subject, what in found.items() if "PostgreSQL" in subject}


def test_good_servers(binary, folder):
    """PostgreSQL 15 and 18 that are as they should be"""
    for version in (15, 18):
        with PostgresServer(hba=["host all all all scram-sha-256"], version=version,
                            sql=f"create role app login password '{SECRET}';"
                                "grant create on database postgres to app") as server:
            code, found = doctor(binary, folder, server.url("app", SECRET))
            name = f"PostgreSQL 127.0.0.1:{server.port}"
            equal((code, {verdict for verdict, _ in found.values()}), (0, {"ok"}))
            check(found[name][1].startswith(f"{version}."), found[name])
            check("primary, database postgres as app, not encrypted" in found[name][1], found[name])
            equal(found[f"{name}: rights"], ("ok", "may create schemas"))
            equal(found[f"{name}: clock"], ("ok", "the same as here"))
            check("alter role \"app\" replication" in found[f"{name}: change log"][1], found)
            check("wants up to 14 (2 loop(s)), the server has 97" in found[f"{name}: connections"][1], found)


def test_what_is_wrong(binary, folder):
    """each thing that is wrong is named, with what to do"""
    with PostgresServer({"max_connections": 12}, hba=["host postgres all all scram-sha-256"],
                        sql=f"create role app login password '{SECRET}'") as server:
        name = f"PostgreSQL 127.0.0.1:{server.port}"
        for url, subject, verdict, text in (
                (server.url("app", SECRET), f"{name}: rights", "fail", "grant create on database"),
                (server.url("app", SECRET), f"{name}: connections", "fail", "lower storage.postgres.pool"),
                (server.url("app", "wrong"), name, "fail", "check user and password"),
                (server.url("app"), name, "fail", "none is given"),
                (server.url("app", SECRET, "nowhere"), name, "fail", "pg_hba.conf of the server needs a line"),
                (server.url("app", SECRET, more="?sslmode=require"), name, "fail", "does not speak TLS"),
                (server.url("app", SECRET, more="?sslmode=allow&channel_binding=require"), name, "fail", "needs TLS")):
            code, found = doctor(binary, folder, url)
            equal((code, found.get(subject, (found,))[0]), (1, verdict))
            check(text in found[subject][1], found[subject])


def test_away(binary, folder):
    """a PostgreSQL that is not there is named with its address"""
    port = free_port()
    code, found = doctor(binary, folder, f"postgres://u:{SECRET}@127.0.0.1:{port}/d")
    verdict, text = found[f"PostgreSQL 127.0.0.1:{port}"]
    equal((code, verdict), (1, "fail"))
    check("refused" in text and "is it running there" in text, text)


def test_config_check(binary, folder):
    """`config check` says which part of a URL is wrong, and not what it is"""
    for url, says in (
            (f"postgres://u:{SECRET}@h:port/d", "port: not a number from 1 to 65535"),
            (f"postgres://u:{SECRET}@h/d?sslmod=require", 'did you mean "sslmode"?'),
            (f"mysql://u:{SECRET}@h/d", "an unknown scheme; accepted: postgres://, postgresql://"),
            (f"postgres://u:{SECRET}%@h/d", "password: after a % stand two hexadecimal digits"),
            (f"postgres://u:{SECRET}@h/d?sslmode=verify-full&sslrootcert=/nowhere/ca.pem",
             "/nowhere/ca.pem: No such file")):
        done = run(binary, folder, "config", "check", settings=f'[storage.postgres]\nurl = "{url}"\n')
        equal(done.returncode, 1)
        check("storage.postgres.url: " in done.stderr and says in done.stderr, done.stderr)
    done = run(binary, folder, "config", "show", settings=f'[storage.postgres]\nurl = "postgres://u:{SECRET}@h/d"\n')
    check('url = "***"' in done.stdout, done.stdout)


def storage(server, more=""):
    return OPEN + f"""
[storage.postgres]
url = "{server.url("app", SECRET)}"
[storage.postgres.pool]
ready_grace = "300ms"
reconnect_delay_max = "200ms"
{more}"""


def ready(node):
    status, _, body = node.get("/ready")
    return status, json.loads(body)


def test_ready(binary, folder):
    """/ready says that PostgreSQL is away, after its grace, and that it is back; the log never has the password"""
    with PostgresServer(hba=["host all all all scram-sha-256"],
                        sql=f"create role app login password '{SECRET}'") as server, \
            Node(binary, folder, storage(server)) as node:
        eventually(lambda: ready(node) == (200, {}), "it is ready")
        eventually(lambda: node.metrics()["tidemill_postgres_up"] == 1, "all connections are there")
        server.kill()
        away = {"status": "database away", "why": "no connection to PostgreSQL"}
        eventually(lambda: ready(node) == (503, away), "it says that PostgreSQL is away")
        equal(node.metrics()["tidemill_postgres_up"], 0)
        equal(node.get("/health")[0], 200)
        server.start()
        eventually(lambda: ready(node) == (200, {}), "it is ready again")
        check(SECRET not in node.log(), "the password is in the log")
        check("postgres.connection_lost" in node.log(), node.log())


def test_never_reached(binary, folder):
    """a node that never reached its database is not ready, from the start, whatever the grace; it stops in order"""
    with PostgresServer(hba=["host all all all scram-sha-256"], sql="create role app login password 'another'") as server:
        settings = storage(server).replace('ready_grace = "300ms"', 'ready_grace = "1h"')
        with Node(binary, folder, settings) as node:
            eventually(lambda: "postgres.connect_failed" in node.log(), "the log says it")
            equal(ready(node)[0], 503)
            for text in ("password authentication failed", "code=28P01", "advice=\"check user and password"):
                check(text in node.log(), node.log())
            check(SECRET not in node.log(), node.log())
