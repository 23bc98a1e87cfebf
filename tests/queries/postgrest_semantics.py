"""What PostgREST's documentation says of requests and answers, on both databases, as a table."""
import gzip
import json

from assertions import check, equal
from postgres_server import PostgresServer
from runner import fixture
from serving import on_both

FILES = {
    "migrations/0001_items.sql": """
        create table items (id int primary key, name text not null unique, price numeric(20, 2) check (price >= 0),
                            parent int references items (id))""",
    "migrations/0002_rows.sql": """
        insert into items (id, name, price) values
          (1, 'a', 1.50), (2, 'b', null), (3, 'c,"d"', 9007199254740993.25), (4, '', 0), (5, 'e', 5)""",
    "items.get.sql": "-- @auth none\n-- @page limit=3 max=4\n-- @sort id|name|price\n"
                     "select id, name, price from items order by id",
    "all.get.sql": "-- @auth none\nselect id, name from items where id < 4 order by id",
    "keyset.get.sql": "-- @auth none\n-- @page keyset id desc limit=2 max=4\nselect id, name from items",
    "items/[id].get.sql": "-- @param id int\n-- @auth none\n-- @rows one\nselect id, name, price from items where id = :id",
    "count.get.sql": "-- @auth none\n-- @rows value\nselect count(*) from items",
    "items.post.sql": "-- @param id int!\n-- @param name text!\n-- @param price numeric\n-- @param parent int\n"
                      "-- @auth none\ninsert into items (id, name, price, parent) "
                      "values (:id, :name, :price, :parent) returning id, name",
    "items.delete.sql": "-- @param least int!\n-- @auth none\n-- @rows exec\ndelete from items where id >= :least",
}
SINGULAR = "application/vnd.pgrst.object+json"

# A name, method, path, headers, body; status, headers (None: absent), body as JSON (None: not looked at).
TABLE = [
    ("many", "GET", "/all", {}, None, 200, {"content-type": "application/json", "content-range": None},
     [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}, {"id": 3, "name": 'c,"d"'}]),
    ("head", "HEAD", "/all", {}, None, 200, {"content-type": "application/json"}, None),
    ("a page", "GET", "/items", {}, None, 200, {"content-range": "0-2/*", "link": '<?limit=3&offset=3>; rel="next"'}, None),
    ("limit and offset", "GET", "/items?limit=2&offset=1", {}, None, 200, {"content-range": "1-2/*"}, None),
    ("nothing wanted", "GET", "/items?limit=0", {}, None, 200, {"content-range": "*/*"}, []),
    ("range", "GET", "/items", {"Range": "1-2"}, None, 200, {"content-range": "1-2/*"}, None),
    ("range with a unit", "GET", "/items", {"Range-Unit": "items", "Range": "4-"}, None, 200, {"content-range": "4-4/*"},
     None),
    ("range of bytes", "GET", "/items", {"Range": "bytes=1-2"}, None, 200, {"content-range": "0-2/*"}, None),
    ("range backwards", "GET", "/items", {"Range": "2-1"}, None, 416, {}, None),
    ("exact count", "GET", "/items", {"Prefer": "count=exact"}, None, 206,
     {"content-range": "0-2/5", "preference-applied": "count=exact"}, None),
    ("all, counted", "GET", "/items?offset=2", {"Prefer": "count=exact"}, None, 206, {"content-range": "2-4/5"}, None),
    ("behind the end", "GET", "/items?offset=6", {"Prefer": "count=exact"}, None, 416, {"content-range": "*/5"}, None),
    ("behind the end, not counted", "GET", "/items?offset=6", {}, None, 200, {"content-range": "*/*"}, []),
    ("limit over the largest", "GET", "/items?limit=5", {}, None, 400, {}, None),
    ("order", "GET", "/items?sort=name.desc&limit=1", {}, None, 200, {}, [{"id": 5, "name": "e", "price": 5}]),
    ("order, nulls first", "GET", "/items?sort=price.asc.nullsfirst,id&limit=1", {}, None, 200, {},
     [{"id": 2, "name": "b", "price": None}]),
    ("order, nulls last", "GET", "/items?sort=price.desc.nullslast&limit=1", {}, None, 200, {},
     [{"id": 3, "name": 'c,"d"', "price": 9007199254740993.25}]),
    ("order by what is not allowed", "GET", "/items?sort=parent", {}, None, 400, {}, None),
    ("singular", "GET", "/items/1", {"Accept": SINGULAR}, None, 200, {"content-type": SINGULAR},
     {"id": 1, "name": "a", "price": 1.5}),
    ("singular of several", "GET", "/all", {"Accept": SINGULAR}, None, 406, {},
     {"code": "PGRST116", "message": "Cannot coerce the result to a single JSON object",
      "details": "The result contains 3 rows", "hint": None}),
    ("no row", "GET", "/items/99", {}, None, 404, {}, None),
    ("value", "GET", "/count", {}, None, 200, {}, 5),
    ("no such format", "GET", "/all", {"Accept": "text/html"}, None, 406, {}, None),
    ("strict", "GET", "/all", {"Prefer": "handling=strict, tx=rollback"}, None, 400, {}, None),
    ("lenient", "GET", "/all", {"Prefer": "handling=lenient, tx=rollback"}, None, 200, {"preference-applied": None}, None),
    ("no such method", "PATCH", "/all", {}, None, 405, {}, None),
    ("insert", "POST", "/items", {}, {"id": 10, "name": "x"}, 200, {}, [{"id": 10, "name": "x"}]),
    ("insert, minimal", "POST", "/items", {"Prefer": "return=minimal"}, {"id": 11, "name": "y"}, 204,
     {"preference-applied": "return=minimal"}, None),
    ("insert, singular", "POST", "/items", {"Accept": SINGULAR}, {"id": 12, "name": "z"}, 200, {},
     {"id": 12, "name": "z"}),
    ("unique", "POST", "/items", {}, {"id": 13, "name": "x"}, 409, {}, None),
    ("foreign key", "POST", "/items", {}, {"id": 14, "name": "w", "parent": 999}, 409, {}, None),
    ("check", "POST", "/items", {}, {"id": 15, "name": "v", "price": -1}, 400, {}, None),
    ("bulk, all or nothing", "POST", "/items", {}, [{"id": 20, "name": "p"}, {"id": 21, "name": "x"}], 409, {}, None),
    ("bulk", "POST", "/items", {}, [{"id": 20, "name": "p"}, {"id": 21, "name": "q"}], 200, {},
     [{"id": 20, "name": "p"}, {"id": 21, "name": "q"}]),
    ("empty bulk", "POST", "/items", {}, [], 200, {}, []),
    ("no JSON", "POST", "/items", {"Content-Type": "text/plain"}, {"id": 1}, 415, {}, None),
    ("more than it may", "DELETE", "/items?least=10", {"Prefer": "handling=strict, max-affected=2"}, None, 400, {}, None),
    ("undone", "GET", "/count", {}, None, 200, {}, 10),
    ("as many as it may", "DELETE", "/items?least=10", {"Prefer": "handling=strict, max-affected=5"}, None, 200,
     {"preference-applied": "max-affected=5, handling=strict"}, {"rows_affected": 5}),
    ("count", "GET", "/count", {}, None, 200, {}, 5),
]


@fixture
def postgres():
    with PostgresServer() as server:
        yield server


def check_row(served, row):
    _, method, path, headers, body, status, wanted, answer = row
    sent = None if body is None else json.dumps(body)
    headers = {"Content-Type": "application/json", **headers} if sent else headers
    got_status, got_headers, got = served.ask(method, "/rest" + path, sent, headers)
    where = f"{got_status} {got_headers} {got[:500]}"
    check(got_status == status, where)
    for name, value in wanted.items():
        check(got_headers.get(name) == value, f"{name}: {where}")
    if answer is not None:
        equal(json.loads(got), answer)
    if status >= 400 and method != "HEAD":
        error = json.loads(got)
        check(error["code"] and error["message"] and {"details", "hint"} <= error.keys(), where)


def cases_table(binary, folder, postgres):
    """PostgREST's semantics"""
    for database, served in on_both(binary, folder, postgres, "semantics", FILES):
        for row in TABLE:
            yield f"{database}: {row[0]}", lambda row=row, served=served: check_row(served, row)
        yield f"{database}: csv", lambda served=served: check_csv(served)
        yield f"{database}: lines", lambda served=served: check_lines(served)
        yield f"{database}: keyset", lambda served=served: check_keyset(served)
        yield f"{database}: gzip", lambda served=served: check_gzip(served)
        yield f"{database}: form", lambda served=served: check_form(served)


def check_csv(served):
    status, headers, got = served.ask("GET", "/rest/all", headers={"Accept": "text/csv"})
    equal((status, headers["content-type"], got), (200, "text/csv; charset=utf-8", b'id,name\r\n1,a\r\n2,b\r\n3,"c,""d"""\r\n'))
    equal(served.ask("GET", "/rest/items?offset=3", headers={"Accept": "text/csv"})[2],
          b'id,name,price\r\n4,"",0.00\r\n5,e,5.00\r\n' if served_numeric(served) else b'id,name,price\r\n4,"",0\r\n5,e,5\r\n')


def served_numeric(served):
    """Postgres keeps the zeros of a numeric."""
    return b"1.50" in served.ask("GET", "/rest/items/1")[2]


def check_lines(served):
    status, headers, got = served.ask("GET", "/rest/all", headers={"Accept": "application/x-ndjson"})
    equal((status, headers["content-type"]), (200, "application/x-ndjson"))
    equal([json.loads(line)["id"] for line in got.splitlines()], [1, 2, 3])


def check_keyset(served):
    path, ids = "/rest/keyset", []
    while path:
        status, headers, got = served.ask("GET", path)
        equal(status, 200)
        ids.append([row["id"] for row in json.loads(got)])
        link = headers.get("link")
        path = "/rest/keyset" + link[1:link.index(">")] if link else None
    equal(ids, [[5, 4], [3, 2], [1]])
    equal(served.json("GET", "/rest/keyset?cursor=abc")[0], 400)


def check_gzip(served):
    for accept in ("application/x-ndjson", "text/csv"):
        plain = served.ask("GET", "/rest/all", headers={"Accept": accept})
        packed = served.ask("GET", "/rest/all", headers={"Accept": accept, "Accept-Encoding": "gzip"})
        equal(packed[1]["content-encoding"], "gzip")
        equal(gzip.decompress(packed[2]), plain[2])


def check_form(served):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    status, _, got = served.ask("POST", "/rest/items", "id=30&name=a+%26+%C3%A9&price=1.5", form)
    equal((status, json.loads(got)), (200, [{"id": 30, "name": "a & é"}]))
    equal(served.ask("POST", "/rest/items", "id=x&nmae=y", form)[0], 400)
    equal(served.json("DELETE", "/rest/items?least=30")[1], {"rows_affected": 1})
