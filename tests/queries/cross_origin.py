"""Web pages of other origins, as browsers ask for them (the Fetch standard's CORS): the preflight, the request, and what
the page may read of the answer."""
from assertions import check, equal
from endpoints import FILES, check_problem, serving, sqlite_database, token
from shared import MORE

PAGE = "https://app.example.com"
FOREIGN = ("https://app.example.com.evil.org", "http://app.example.com", "https://example.com", "null", "https://app.example.com:444")


def preflight(each, path, method, origin, headers="authorization, content-type, idempotency-key, prefer"):
    return each.request("OPTIONS", path, headers={"Origin": origin, "Access-Control-Request-Method": method,
                                                  "Access-Control-Request-Headers": headers})


def check_reads(answer, *names):
    """That these headers are there, and that the page may read them: without it a browser hides them."""
    exposed = answer.headers["access-control-expose-headers"].lower().split(", ")
    for name in names:
        check(name in answer.headers and name in exposed, f"{name}: {answer.headers}")


def allowed(answer):
    return answer.headers.get("access-control-allow-origin")


def test_listed(binary, folder):
    """A page of a listed origin: what it asks before, what it sends, and what it reads"""
    with sqlite_database(folder) as database, \
            serving(binary, "sqlite", database, f"--client.allowed_origins={PAGE} https://*.pages.example.com",
                    files={**FILES, "cached.get.sql": MORE["cached.get.sql"]}) as each:
        for origin in (PAGE, "https://a.pages.example.com"):
            for path, method in (("orders", "POST"), ("orders/1", "GET"), ("mine", "GET")):
                asked = preflight(each, path, method, origin)
                equal((asked.status, asked.body, allowed(asked)), (204, b"", origin))
                check(method in asked.headers["access-control-allow-methods"].split(", "), asked.headers)
                for name in ("authorization", "idempotency-key", "prefer"):
                    check(name in asked.headers["access-control-allow-headers"], asked.headers)
                check(int(asked.headers["access-control-max-age"]) > 0, asked.headers)
            made = each.post("orders", {"status": "new"}, token=token(sub="ann"), headers={"Origin": origin})
            equal((made.status, allowed(made), made.headers["access-control-allow-credentials"]), (200, origin, "true"))
            page = each.get("orders", headers={"Origin": origin, "Prefer": "count=exact"})
            check_reads(page, "link", "content-range", "preference-applied", "server-timing")
            check_reads(each.get("cached", headers={"Origin": origin}), "etag", "cache-status")
            check_reads(each.get("mine", headers={"Origin": origin}), "www-authenticate")
            # A page reads what is wrong, too.
            for refused, status, code in ((each.get("mine", headers={"Origin": origin}), 401, "TM101"),
                                          (each.get("orders/77", headers={"Origin": origin}), 404, "TM103"),
                                          (each.get("nothing", headers={"Origin": origin}), 404, "TM118"),
                                          (each.request("DELETE", "orders/1", headers={"Origin": origin}), 405, "TM119")):
                check_problem(refused, status, code)
                equal(allowed(refused), origin)
            # An answer that depends on it is not kept for others.
            check("origin" in page.headers["vary"].lower(), page.headers)


def test_foreign(binary, folder):
    """A page of any other origin may neither send nor read"""
    with sqlite_database(folder) as database, \
            serving(binary, "sqlite", database, f"--client.allowed_origins={PAGE}", files=FILES) as each:
        for origin in FOREIGN:
            for answer in (preflight(each, "orders", "POST", origin), each.get("orders", headers={"Origin": origin})):
                check(not [name for name in answer.headers if name.startswith("access-control-allow-")
                           and name.endswith(("origin", "credentials"))], f"{origin}: {answer.headers}")
                check("origin" in answer.headers["vary"].lower(), answer.headers)
        # Who is no browser's page is served.
        equal(each.get("orders/1").status, 200)


def test_everybody(binary, folder):
    """With "*" every page may read, and none may send what a browser keeps of its user"""
    with sqlite_database(folder) as database, \
            serving(binary, "sqlite", database, "--client.allowed_origins=*", files=FILES) as each:
        for answer in (preflight(each, "orders", "POST", PAGE), each.get("orders", headers={"Origin": PAGE})):
            check(allowed(answer) in ("*", PAGE), answer.headers)
            check("access-control-allow-credentials" not in answer.headers, answer.headers)


def test_none_listed(binary, folder):
    """With none listed, which is how a server starts, nothing is said, and a browser lets no other page in"""
    with sqlite_database(folder) as database, serving(binary, "sqlite", database, files=FILES) as each:
        for answer in (preflight(each, "orders", "POST", PAGE), each.get("orders", headers={"Origin": PAGE})):
            check(not [name for name in answer.headers if name.startswith("access-control-")], answer.headers)
