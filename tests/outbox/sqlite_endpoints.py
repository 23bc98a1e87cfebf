"""The same on SQLite: functions in the SQL of endpoints, and rows that other processes write."""
import contextlib
import http.client
import json
import pathlib
import sqlite3

from assertions import check, equal, eventually
from promises import Hook, jobs_options, queued
from redis_server import RedisServer
from shared import OutboxServer

FILES = {
    "order.post.sql": "-- @auth none\n-- @tx\n-- @rows exec\n-- @param id integer\n"
                      "insert into orders (id) values (:id);\n"
                      "select tidemill_publish('orders', json_object('id', :id), json_object('key', 'order-' || :id));",
    "twice.post.sql": "-- @auth none\n-- @tx\n-- @rows exec\n-- @param id integer\n"
                      "select tidemill_publish('orders', json_object('id', :id));\n"
                      "insert into orders (id) values (:id);",
    "say.post.sql": "-- @auth none\n-- @rows exec\n-- @param text text\nselect tidemill_publish('said', json_quote(:text));",
    "all.post.sql": "-- @auth none\n-- @tx\n-- @rows exec\n-- @param id integer\n"
                    "select tidemill_publish('orders', json_object('id', :id));\n"
                    "select tidemill_enqueue('Mail', json_array(:id), json_object('queue', 'mail'));\n"
                    "select tidemill_webhook('crm', json_object('id', :id));",
    "wrong.post.sql": "-- @auth none\n-- @rows exec\n-- @param text text\nselect tidemill_publish('said', :text);",
}


@contextlib.contextmanager
def serving(binary, folder, *options):
    queries = pathlib.Path(folder) / "queries"
    queries.mkdir(exist_ok=True)
    for name, text in FILES.items():
        if "enqueue" in text and not any("jobs.enabled" in option for option in options):
            continue
        (queries / name).write_text(text, encoding="utf-8")
    path = f"{folder}/outbox.db"
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("pragma journal_mode = wal")
        file.execute("create table if not exists orders (id integer primary key)")
    with OutboxServer(binary, folder, f"--queries.folder={queries}", *options) as server:
        yield server


def post(server, name, body):
    host, port = server.address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    with contextlib.closing(connection):
        connection.request("POST", f"/rest/{name}", json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def test_endpoints(binary, folder):
    """what an endpoint publishes leaves if its statements succeed, and not otherwise; what is wrong is said"""
    with serving(binary, folder) as server:
        for number in (1, 2):
            status, body = post(server, "order", {"id": number})
            check(status < 300, (status, body))
        equal(post(server, "twice", {"id": 2})[0], 409)
        check(post(server, "say", {"text": 'hi "there"'})[0] < 300, "one statement that only calls it")
        status, body = post(server, "wrong", {"text": "{"})
        check(400 <= status < 500 and "data must be JSON" in body, (status, body))
        eventually(lambda: server.history("orders") == [{"id": 1}, {"id": 2}], "both are there")
        eventually(lambda: server.history("said") == ['hi "there"'], "and this")
        server.until_empty()
        equal(server.parked(), [])


def test_other_processes(binary, folder):
    """a row that another process writes leaves too; what is not JSON is parked"""
    with serving(binary, folder) as server:
        with contextlib.closing(sqlite3.connect(f"{folder}/outbox.db", timeout=30)) as file:
            file.execute("insert into tidemill_outbox (target, data) values ('said', '\"hello\"'), ('said', 'hello')")
            file.rollback()
            file.execute("insert into tidemill_outbox (target, data) values ('said', '\"hello\"'), ('said', 'hello')")
            file.commit()
            try:
                file.execute("insert into tidemill_outbox (target, data) values ('', '1')")
                raise AssertionError("an empty channel was taken")
            except sqlite3.IntegrityError as error:
                check("the_target_has_1_to_255_bytes" in str(error), error)
            file.rollback()
        eventually(lambda: server.history("said") == ["hello"], "it is there")
        equal(eventually(server.parked, "the other one is parked")[0]["reason"], "its data are not JSON")


def test_webhook_and_job(binary, folder):
    """one transaction carries a message, a job and a webhook"""
    with Hook() as hook, serving(binary, folder, *jobs_options(hook)) as server:
        status, body = post(server, "all", {"id": 7})
        check(status < 300, (status, body))
        eventually(lambda: hook.got, "the webhook is called")
        equal(hook.got[0][1]["args"], [{"id": 7}])
        equal(queued(server, "mail"), [[7]])
        eventually(lambda: server.history("orders") == [{"id": 7}], "the message is there")


def test_kills(binary, folder):
    """the server is killed behind its answers: each that was answered is there once, in order"""
    with RedisServer() as redis:
        number = 0
        for _ in range(4):
            with serving(binary, folder, f"--broker.redis.address={redis.url}") as server:
                for _ in range(25):
                    number += 1
                    status, body = post(server, "order", {"id": number})
                    check(status < 300, (status, body))
                server.kill()
        with serving(binary, folder, f"--broker.redis.address={redis.url}") as server:
            server.until_empty()
            equal(server.history("orders"), [{"id": each + 1} for each in range(number)])
