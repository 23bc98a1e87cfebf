"""Writes with an Idempotency-Key: they happen once, whatever comes between a request and its answer."""
import concurrent.futures
import contextlib
import uuid

from assertions import check, equal, eventually
from crashes import Crashing, Writers, each_kind
from endpoints import check_problem, postgres_database, serving, token
from living import metric
from shared import both  # noqa: F401

SLOW = {
    "sqlite": "(with recursive t(n) as (select 1 union all select n + 1 from t where n < 3000000) select count(*) from t)",
    "postgres": "(select pg_sleep(1))",
}
CONFLICT = {"sqlite": "SQLITE_CONSTRAINT_PRIMARYKEY", "postgres": "23505"}
REFUSED = ["", '""', '"', '"open', '"a" b', '"a\\b"', "a b", "a\tb", "\xe9", "k" * 256]


def keyed(key):
    return {"Idempotency-Key": key, "Content-Type": "application/json"}


def count(each, what):
    return each.get(f"audit?what={what}").json()


def name():
    return uuid.uuid4().hex


def test_first_answer_again(both):
    """A repeated write gets the first answer, header for header, and its row is there once"""
    for each in both:
        what = name()
        first = each.post("both", {"what": what}, headers=keyed(what))
        equal((first.status, first.json(), first.headers.get("idempotent-replayed")), (200, 1, None))
        for spelled in (what, f'"{what}"', f"  {what} "):
            again = each.post("both", {"what": what}, headers=keyed(spelled))
            equal((spelled, again.status, again.body, again.headers.get("idempotent-replayed")),
                  (spelled, 200, first.body, "true"))
            equal(again.headers["content-type"], first.headers["content-type"])
        equal(count(each, what), 1)
        other = each.post("both", {"what": what}, headers=keyed(name()))
        equal((other.json(), other.headers.get("idempotent-replayed")), (2, None))


def test_another_request(both):
    """A key that came with another body or type is 422, and writes nothing"""
    for each in both:
        what = name()
        equal(each.post("both", {"what": what}, headers=keyed(what)).status, 200)
        for body, kind in (('{"what":"other"}', "application/json"), (f"what={what}", "application/x-www-form-urlencoded")):
            refused = each.post("both", body, headers={"Idempotency-Key": what, "Content-Type": kind})
            check_problem(refused, 422, "TM108")
        equal((count(each, what), count(each, "other")), (1, 0))


def test_whose_key(both):
    """Callers have keys of their own, and so have endpoints"""
    for each in both:
        key, made = name(), {}
        for sub in ("ann", "bob"):
            first = each.post("orders", {"status": "once"}, headers=keyed(key), token=token(sub=sub))
            equal((first.json()["owner"], first.headers.get("idempotent-replayed")), (sub, None))
            made[sub] = first.body
        for sub in ("ann", "bob"):
            # A newer token is the same caller's.
            again = each.post("orders", {"status": "once"}, headers=keyed(key), token=token(sub=sub, jti="2"))
            equal((again.body, again.headers["idempotent-replayed"]), (made[sub], "true"))
        what = name()
        for headers, sub in (({}, None), ({"X-API-Key": "secret"}, None), ({}, "ann")):
            found = each.post("both", {"what": what}, headers={**keyed(key), **headers}, token=sub and token(sub=sub))
            equal((found.status, found.headers.get("idempotent-replayed")), (200, None))
        equal(count(each, what), 3)
        # Without a good token nobody gets a first answer.
        check_problem(each.post("orders", {"status": "once"}, headers=keyed(key)), 401, "TM101")
        check_problem(each.post("orders", {"status": "once"}, headers=keyed(key), token="no.such.token"), 401, "TM101")


def test_refused_keys(both):
    """What is no key is 400, and says so; nothing is written"""
    for each in both:
        what = name()
        for key in REFUSED:
            refused = each.post("both", {"what": what}, headers=keyed(key.encode("latin-1")))
            check_problem(refused, 400, "TM100")
            check("Idempotency-Key" in refused.json()["message"], refused.body)
        equal(count(each, what), 0)
        equal(each.post("both", {"what": what}, headers=keyed("k" * 255)).status, 200)


def test_a_failed_write_keeps_nothing(both):
    """A write that failed may be tried again with its key, and then happens"""
    for each in both:
        each.write("picky.post.sql", "-- @auth none\n-- @rows value\n-- @param what text\n"
                                     "insert into picky (what) values (:what) returning what")
        each.database("create table picky (what text primary key)")
        what = name()
        eventually(lambda: each.post("picky", {"what": f"{what}-there"}).status in (200, 409), "it is served")
        each.database(f"insert into picky values ('{what}')")
        for _ in range(20):
            failed = each.post("picky", {"what": what}, headers=keyed(what))
            # Not that it is under way: the one before has been answered.
            check_problem(failed, 409, CONFLICT[each.kind])
            check("idempotent-replayed" not in failed.headers, failed.headers)
        each.database(f"delete from picky where what = '{what}'")
        made = each.post("picky", {"what": what}, headers=keyed(what))
        equal((made.json(), made.headers.get("idempotent-replayed")), (what, None))
        again = each.post("picky", {"what": what}, headers=keyed(what))
        equal((again.body, again.headers.get("idempotent-replayed")), (made.body, "true"))


def test_under_way(both):
    """Of eight at once with one key, one writes; the others are told that it is under way, or get its answer"""
    for each in both:
        each.write("slow.post.sql", "-- @auth none\n-- @rows value\n-- @param what text\n-- @timeout 60s\n"
                                    f"insert into audit select :what from {SLOW[each.kind]} as slept returning what")
        eventually(lambda: "post" in each.get("openapi.json").json()["paths"].get("/slow", {}), "it is served")
        what, before = name(), metric(each, 'tidemill_query_idempotent_writes_total{result="under_way"}')
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: each.post("slow", {"what": what}, headers=keyed(what), timeout=60), range(8)))
        under_way = [answer for answer in answers if answer.status == 409]
        for answer in under_way:
            check_problem(answer, 409, "TM120")
            check("retry-after" in answer.headers, answer.headers)
        check(under_way, "all came one after another")
        given = [answer for answer in answers if answer.status == 200]
        equal(len([answer for answer in given if "idempotent-replayed" not in answer.headers]), 1)
        equal((len(given) + len(under_way), {answer.body for answer in given}), (8, {f'"{what}"'.encode()}))
        equal(count(each, what), 1)
        equal(metric(each, 'tidemill_query_idempotent_writes_total{result="under_way"}') - before, len(under_way))


def test_table_not_there(both):
    """While the server's own table is away a write with a key is 503, names it in the log, and changes nothing"""
    for each in both:
        table = "tidemill.tidemill_idempotency" if each.kind == "postgres" else "tidemill_idempotency"
        aside = "tidemill.away" if each.kind == "postgres" else "away"
        what = name()
        each.database(f"alter table {table} rename to away")
        try:
            refused = each.post("both", {"what": what}, headers=keyed(what))
            check_problem(refused, 503, "TM116")
            check("own tables are not there yet" in refused.json()["message"], refused.body)
            check("retry-after" in refused.headers, refused.headers)
            each.server.log_with(r"queries\.own_tables_not_ready.*tidemill schema apply")
            equal((count(each, what), each.post("both", {"what": what}).status), (0, 200))
        finally:
            each.database(f"alter table {aside} rename to tidemill_idempotency")
        equal(each.post("both", {"what": what}, headers=keyed(what)).json(), 2)


def test_before_the_tables_are_made(binary):
    """A server whose schema waits for somebody's lock serves; writes with a key are 503 until their table is there"""
    with postgres_database() as database, contextlib.ExitStack() as stack:
        run = database[1]
        pool = stack.enter_context(concurrent.futures.ThreadPoolExecutor(1))
        held = pool.submit(run, "begin; create schema tidemill; select pg_sleep(50); rollback")
        eventually(lambda: run("select count(*) from pg_stat_activity where wait_event = 'PgSleep'") == "1", "it is held")
        each = stack.enter_context(serving(binary, "postgres", database, until_ready=False))
        what = name()
        check_problem(each.post("both", {"what": what}, headers=keyed(what)), 503, "TM116")
        equal((each.server.get("/ready")[0], each.post("both", {"what": what}).json()), (503, 1))
        run("select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'")
        check(held.exception() is not None, "the lock was not held")
        each.server.until_ready()
        equal(each.post("both", {"what": what}, headers=keyed(what)).json(), 2)


def cases_crashes(binary, folder, seed):
    for kind in ("sqlite", "postgres"):
        def case(kind=kind):
            writes_across_crashes(binary, folder, kind, seed)
        yield f"{kind}: writes with keys, repeated across crashes of the server, happen once", case


def writes_across_crashes(binary, folder, kind, seed):
    with each_kind(folder, kind) as database, Crashing(binary, kind, database, folder, seed) as place:
        with Writers(place, keys=True) as writers:
            for _ in range(5):
                place.crash(writers)
        equal(wrong_with(writers.sent, place.rows(), writers.acknowledged), [])
        check(len(writers.acknowledged) > 50, f"only {len(writers.acknowledged)} writes")
        check(writers.repeated, "no write was repeated")
        for what, first in writers.acknowledged.items():
            again = place.post(what, what)
            equal((again.status, again.body, again.headers.get("idempotent-replayed")), (200, first, "true"))
        equal(wrong_with(writers.sent, place.rows(), writers.acknowledged), [])


def wrong_with(sent, rows, acknowledged):
    """What speaks against: each write that was sent is acknowledged, is one row, and its answer is that row."""
    ids = {}
    for row, what in rows:
        ids.setdefault(what, []).append(row)
    wrong = [f"{what}: not acknowledged" for what in sent if what not in acknowledged]
    wrong += [f"{what}: {len(found)} rows" for what, found in ids.items() if len(found) != 1]
    wrong += [f"{what}: answered, and is no row" for what in acknowledged if what not in ids]
    return wrong + [f"{what}: answered {answer}, and is {ids[what]}" for what, answer in acknowledged.items()
                    if what in ids and int(answer) not in ids[what]]
