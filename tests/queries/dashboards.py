"""dashboards.json on both databases: each caller is told of what they may call, and of nothing else."""
import contextlib

from assertions import check, equal
from endpoints import postgres_database, serving, sqlite_database, token

FILES = {
    "sales/open.get.sql": "-- Sales.\n-- @param status text = 'new' \"which\"\n-- @auth none\n-- @live key=id\n"
                          "-- @chart line x=id y=amount title=\"<b>Sales</b>\"\n-- @chart table\n"
                          "select id, amount from orders where status = :status",
    "sales/staff.get.sql": "-- @auth role:web\n-- @chart number y=n\n-- @rows one\nselect count(*) as n from orders",
    "own.get.sql": "-- @auth claims:sub\n-- @param sub text! claim\n-- @chart table\nselect id from orders where owner = :sub",
    "plain.get.sql": "-- @auth none\nselect id from orders",
    "wrong.get.sql": "-- @auth none\n-- @chart bar x=status y=nothing\nselect status, amount from orders",
    "text.get.sql": "-- @auth none\n-- @chart bar x=status y=owner\nselect status, owner from orders",
}


def folders(answer):
    equal(answer.status, 200)
    return {each["folder"]: [query["path"] for query in each["queries"]] for each in answer.json()["dashboards"]}


def check_callers(endpoints):
    nobody = endpoints.get("dashboards.json")
    equal(folders(nobody), {"sales": ["/sales/open"]})
    equal(nobody.headers["cache-control"], "no-store")
    equal((nobody.json()["user"], nobody.json()["broken"]), ("", []))
    equal(folders(endpoints.get("dashboards.json", token=token(sub="ann"))), {"": ["/own"], "sales": ["/sales/open"]})
    staff = endpoints.get("dashboards.json", token=token(sub="sue", role="web"))
    equal(folders(staff), {"": ["/own"], "sales": ["/sales/open", "/sales/staff"]})
    equal(staff.json()["user"], "sue")
    equal(endpoints.get("dashboards.json", token="nonsense").status, 401)
    equal(endpoints.get("dashboards.json", token=token(sub="ann", exp=1)).status, 401)
    equal(endpoints.request("POST", "dashboards.json", {}).status, 405)


def check_panel(endpoints):
    listed = endpoints.get("dashboards.json").json()
    query = listed["dashboards"][0]["queries"][0]
    equal(listed["database"], "postgresql" if endpoints.kind == "postgres" else "sqlite")
    equal(query["charts"], [{"kind": "line", "x": "id", "y": ["amount"], "title": "<b>Sales</b>"}, {"kind": "table"}])
    equal([(each["name"], each["default"], each["description"]) for each in query["parameters"]], [("status", "new", "which")])
    equal([(each["name"], each["kind"]) for each in query["columns"]], [("id", "number"), ("amount", "number")])
    check(query["live"] and query["everybody"], query)


def check_refused(endpoints):
    for path in ("wrong", "text") if endpoints.kind == "postgres" else ("wrong",):
        equal(endpoints.get(path).status, 503)
    check("@chart bar y=nothing: the result has no such column" in endpoints.server.log_with("y=nothing"), "the log says why")


def test_each_caller(binary, folder):
    """who may call a query is told of its charts, nobody else; what cannot be drawn is refused"""
    for kind, database in (("sqlite", sqlite_database(folder)), ("postgres", postgres_database())):
        with contextlib.ExitStack() as stack:
            endpoints = stack.enter_context(serving(binary, kind, stack.enter_context(database), files=FILES))
            for each in (check_callers, check_panel, check_refused):
                each(endpoints)
