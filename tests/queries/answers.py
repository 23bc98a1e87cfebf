"""One request after another, on SQLite and on PostgreSQL: what an endpoint answers, to whom, and what it refuses."""
import json
import re
import time

from assertions import SLACK_SECONDS, check, equal
from endpoints import SLEEP, check_problem, token
from shared import both  # noqa: F401


def test_answers(both):
    """A file is an endpoint: types, one row or 404, pages"""
    for each in both:
        one = each.get("orders/1")
        equal(one.status, 200)
        amount = b"12.50" if each.kind == "postgres" else b"12.5"
        equal(one.body, b'{"id":1,"status":"new","amount":' + amount + b"}")
        equal(one.headers["content-type"], "application/json")
        check_problem(each.get("orders/77"), 404, "TM103")
        check_problem(each.get("orders/x"), 400, "TM100")
        page = each.get("orders?offset=1&limit=1")
        equal([row["id"] for row in page.json()], [2])
        check("offset=2" in page.headers["link"], page.headers["link"])


def test_paths_and_methods(both):
    """What has no file is 404, and another method 405, as JSON"""
    for each in both:
        check_problem(each.get("nothing/here"), 404, "TM118")
        check_problem(each.get("orders/1/more"), 404, "TM118")
        wrong = each.request("DELETE", "orders/1")
        check_problem(wrong, 405, "TM119")
        check("GET" in wrong.headers["allow"], wrong.headers)
        # What this endpoint has, not what others have.
        options = each.request("OPTIONS", "orders/1")
        equal((options.status, options.headers["allow"]), (204, "GET, HEAD, OPTIONS"))
        head = each.request("HEAD", "orders/1")
        equal((head.status, head.body), (200, b""))


def test_callers(both):
    """A token is needed, and its claims and roles, where the file says so"""
    for each in both:
        refused = each.get("mine")
        check_problem(refused, 401, "TM101")
        check("Bearer" in refused.headers["www-authenticate"], refused.headers)
        check_problem(each.get("mine", token="not.a.token"), 401, "TM101")
        check_problem(each.get("mine", token=token(sub="ann", exp=1)), 401, "TM101")
        check_problem(each.get("mine", token=token(name="ann")), 403, "TM102")
        equal(each.get("mine", token=token(sub="ann")).status, 200)
        check_problem(each.get("admin", token=token(sub="ann", role="web")), 403, "TM102")
        # A bad token is refused also where none is needed.
        check_problem(each.get("orders/1", token="not.a.token"), 401, "TM101")
        # An API key is nobody's: it has no claims.
        check_problem(each.get("mine", headers={"X-API-Key": "secret"}), 403, "TM102")
        equal(each.get("any", headers={"X-API-Key": "secret"}).status, 200)


def test_roles(both):
    """A role of the token lets in; PostgreSQL runs the query as that role"""
    for each in both:
        if each.kind == "postgres":
            each.database("do $$ begin create role admin; exception when duplicate_object then null; end $$")
            each.database("grant select on orders to admin")
            each.database("alter role admin bypassrls")
        found = each.get("admin", token=token(sub="root", role="admin"))
        equal((found.status, found.json()), (200, 3))


def test_claims_are_no_parameters_of_requests(both):
    """No request can set what is a claim of its caller"""
    for each in both:
        mine = each.get("mine", token=token(sub="bob"))
        equal([row["id"] for row in mine.json()], [3])
        other = each.get("mine?sub=ann", token=token(sub="bob"))
        check(other.status == 400 or [row["id"] for row in other.json()] == [3], other.body)
        made = each.post("orders", {"status": "x", "sub": "ann"}, token=token(sub="bob"))
        check(made.status == 400 or made.json()["owner"] == "bob", made.body)


def test_writes(both):
    """A write answers what it made; a bad body names each field"""
    for each in both:
        made = each.post("orders", {"status": "it's \"x\"; --"}, token=token(sub="eve"))
        equal((made.status // 100, made.json()["owner"], made.json()["status"]), (2, "eve", "it's \"x\"; --"))
        bad = each.post("orders", {"status": 1, "other": 2}, token=token(sub="eve"))
        check_problem(bad, 400, "TM100")
        check(bad.json()["errors"], bad.body)
        each.database("delete from orders where owner = 'eve'")


def test_transactions(both):
    """All statements of a @tx file happen, or none; the answer is the last one's"""
    for each in both:
        equal(each.post("both", {"what": "good"}).json(), 1)
        equal(each.post("both", {"what": "good"}).json(), 2)
        failed = each.post("transfer", {"what": "undone"})
        equal(failed.status, 409)
        equal(each.get("audit?what=undone").json(), 0)


def test_row_level_security(both):
    """PostgreSQL's policies see role and claims, in PostgREST's settings; none is left for the next"""
    for each in both:
        if each.kind != "postgres":
            continue
        for sub, rows in (("ann", [1, 2]), ("bob", [3]), ("eve", [])) * 10:
            got = each.get("policy", token=token(sub=sub, role="web"))
            equal([row["id"] for row in got.json()], rows)
        seen = each.get("settings", token=token(sub="ann", role="web"), headers={"X-Test": "ü'\"".encode()}).json()
        equal((seen["role"], seen["method"], seen["path"]), ("web", "GET", "/rest/settings"))
        equal(json.loads(seen["claims"])["sub"], "ann")
        equal(json.loads(seen["headers"])["x-test"], "ü'\"")
        equal(seen["read_only"], "on")


def test_cached(both):
    """@cache answers without the database until a write through an endpoint ends it"""
    for each in both:
        first = each.get("cached")
        check("fwd=" in first.headers["cache-status"], first.headers)
        second = each.get("cached")
        check("hit" in second.headers["cache-status"], second.headers)
        equal(each.get("cached", headers={"If-None-Match": second.headers["etag"]}).status, 304)
        before = second.json()
        each.post("both", {"what": "counted"})
        equal(each.get("cached").json(), before + 1)


def test_server_timing(both):
    """Server-Timing says where the time went, as the W3C has it: milliseconds, and no more than the request took"""
    for each in both:
        for path, caller in (("mine", token(sub="ann")), ("orders/1", None), ("cached", None)):
            begun = time.monotonic()
            answer = each.get(path, token=caller)
            took = (time.monotonic() - begun) * 1000
            parts = [re.fullmatch(r"(\w+);dur=(\d+\.\d+)", part) for part in answer.headers["server-timing"].split(", ")]
            check(all(parts), answer.headers["server-timing"])
            equal([part[1] for part in parts], ["auth", "parse", "query"])
            check(0 < sum(float(part[2]) for part in parts) <= took, f"{answer.headers['server-timing']} of {took} ms")
        each.write("slow.get.sql", f"-- @auth none\n-- @timeout 300ms\n{SLEEP[each.kind]}")
        slow = each.wait_for("slow", 504)
        check(290 <= float(slow.headers["server-timing"].rsplit("=", 1)[1]) < 300 + SLACK_SECONDS * 1000, slow.headers)


def test_documents(both):
    """The folder's OpenAPI document is served beside it"""
    for each in both:
        document = each.get("openapi.json").json()
        check("/orders/{id}" in json.dumps(document["paths"]), document["paths"].keys())
