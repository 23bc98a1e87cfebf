"""People who sign in to the console: which role opens which method, what is noted, and what other sites' pages get."""
import itertools
import json
import socket
import time

from assertions import check, equal, eventually
from people import COOKIE, AccountsServer
from runner import fixture

# Written out here too: what a viewer may call changes nothing, and that a method is safe is for people to decide.
VIEWERS = set("""
    info channels connections presence presence_stats history map_read_state map_read_stream map_stats get_user_status
    jobs_counts jobs_queues jobs_list jobs_get jobs_workers jobs_batch jobs_batches jobs_sequences jobs_limits
    jobs_schedule jobs_schedules jobs_schedule_next jobs_webhooks outbox_status outbox_parked""".split())
ADMINS = set("accounts_users accounts_audit accounts_change accounts_reset accounts_owner_link".split())
PROGRAMS = set("""
    rpc update_user_status jobs_batch_new jobs_batch_open jobs_batch_commit jobs_workflow_push jobs_fetch jobs_ack
    jobs_fail jobs_give_back jobs_progress jobs_beat""".split())
ROLES = ("viewer", "operator", "admin")
PILLARS = ("--console.enabled=true", "--jobs.enabled=true", "--outbox.enabled=true", "--user_status.enabled=true",
           "--jobs.faktory.listen=127.0.0.1:0", "--channel.without_namespace.history_size=10",
           "--channel.without_namespace.history_ttl=1h")


@fixture
def console(binary, folder):
    with AccountsServer(binary, folder, *PILLARS) as server:
        server.set_up()
        yield server


def call(browser, method, params=None, headers=None, raw=None):
    """Status and body of a call of the API with the browser's cookie."""
    sent = {"Cookie": f"{COOKIE}={browser.cookie}", "Sec-Fetch-Site": "same-origin", **(headers or {})}
    sent = {name: value for name, value in sent.items() if value is not None}
    body = raw if raw is not None else json.dumps(params or {}).encode()
    status, _, text = browser.server.request("POST", f"/api/{method}".rstrip("/"), body, sent)
    return status, text


def granted(server, role, by_owner=True):
    person = server.invited()
    if by_owner:
        server.owner.must("PATCH", f"users/{person.id}", {"console": role})
    else:
        server.api("accounts_change", {"username": person.user["username"], "console": role})
    return person


def methods_of(server):
    paths = json.loads(server.get("/api/openapi.json")[2])["paths"]
    return {path[1:]: each["post"].get("x-tidemill-role") for path, each in paths.items() if path != "/batch"}


def test_every_method_has_a_role(console):
    """each method of the API says what people need for it, and what a viewer may call is on the list of what changes nothing"""
    roles = methods_of(console)
    check(len(roles) > 60, f"all pillars are there: {len(roles)}")
    equal([name for name, role in roles.items() if role is None], [])
    equal({name for name, role in roles.items() if role == "viewer"}, VIEWERS)
    equal({name for name, role in roles.items() if role == "admin"}, ADMINS)
    equal({name for name, role in roles.items() if role == "key"}, PROGRAMS)


def test_matrix(console):
    """every method with every role: it is run for those who may, and refused with 403 to all others"""
    people = {role: granted(console, role) for role in ROLES}
    people[None] = console.invited("admin")  # manages people, and is nobody here
    for name, least in methods_of(console).items():
        for role, person in people.items():
            may = least in ROLES and role is not None and ROLES.index(role) >= ROLES.index(least)
            # Of the wrong type: only what takes no parameters gets further than the reading.
            status, text = call(person, name, raw=b"[]")
            check(status in (200, 400) if may else status == 403, f"{name} as {role}: {status} {text}")
            if not may:
                equal(json.loads(text)["code"], 103)
            equal(call(person, name, raw=b"{}", headers={"Cookie": None})[0], 401)
    for path in ("batch", ""):
        equal(call(people["admin"], path, {"commands": []})[0], 401)


def test_a_viewer_changes_nothing(console):
    """a viewer sees, and what would change something is not done"""
    viewer = granted(console, "viewer")
    console.api("publish", {"channel": "news", "data": {"n": 1}})
    status, text = call(viewer, "history", {"channel": "news", "limit": 10})
    equal((status, len(json.loads(text)["result"]["publications"])), (200, 1))
    for method, params in (("publish", {"channel": "news", "data": {}}), ("history_remove", {"channel": "news"}),
                           ("broadcast", {"channels": ["news"], "data": {}}), ("jobs_push", {"jobtype": "x", "args": []}),
                           ("jobs_fetch", {"queues": ["default"], "worker": "w"}),
                           ("accounts_change", {"username": viewer.user["username"], "console": "admin"})):
        equal(call(viewer, method, params)[0], 403)
    equal(len(console.api("history", {"channel": "news", "limit": 10})["publications"]), 1)
    check(not console.api("jobs_counts", {}).get("enqueued"), "nothing is queued")


def test_what_is_done_is_noted(console):
    """each action of a person is in the audit log: who, what, on what, from where, and what came of it"""
    operator = granted(console, "operator", by_owner=False)
    name = operator.user["username"]
    equal(call(operator, "publish", {"channel": "audited", "data": {"secret": "s3cret"}})[0], 200)
    equal(call(operator, "jobs_kill", {"jid": "nosuchjobatall"})[0], 200)
    equal(call(operator, "channels")[0], 200)
    entries = console.api("accounts_audit", {"actor": name, "action": "api."})["entries"]
    equal([(each["action"], each["actor_name"], each["address"]) for each in entries],
          [("api.jobs_kill", name, "127.0.0.1"), ("api.publish", name, "127.0.0.1")])
    equal((entries[1]["target"], entries[1]["result"]), ('channel="audited"', "done"))
    check(entries[0]["result"].startswith("error 104"), entries[0])
    check("s3cret" not in json.dumps(entries), "what is published stays out")
    page = console.api("accounts_audit", {"actor": name, "limit": 1})
    equal(page["entries"][0]["action"], "api.jobs_kill")
    equal(console.api("accounts_audit", {"actor": name, "limit": 1, "cursor": page["cursor"]})["entries"][0]["action"], "api.publish")
    # Keys go on as before, and leave no entry.
    console.api("publish", {"channel": "audited", "data": {}})
    equal(len(console.api("accounts_audit", {"action": "api.publish", "target": "audited"})["entries"]), 1)


def test_taking_a_role_away(console):
    """a role that is taken away, and a session that ends, opens nothing within two seconds"""
    operator = granted(console, "operator")
    equal(call(operator, "channels")[0], 200)
    console.owner.must("PATCH", f"users/{operator.id}", {"console": ""})
    eventually(lambda: call(operator, "channels")[0] == 403, "the role is gone", 2)
    other = granted(console, "admin")
    equal(call(other, "accounts_users")[0], 200)
    console.owner.must("PATCH", f"users/{other.id}", {"disabled": True})
    eventually(lambda: call(other, "accounts_users")[0] == 401, "the session is gone", 2)
    third = granted(console, "viewer")
    equal(call(third, "info")[0], 200)
    cookie = third.cookie
    third.must("POST", "logout")
    third.cookie = cookie
    eventually(lambda: call(third, "info")[0] == 401, "the session has ended", 2)


def test_who_may_give_a_role(console):
    """owners give roles in the console, and admins of accounts neither give one nor take over whoever has one"""
    admin = console.invited("admin")
    member = console.invited()
    equal(admin.refused("PATCH", f"users/{member.id}", {"console": "viewer"})[:2], (403, "forbidden"))
    equal(admin.refused("PATCH", f"users/{admin.id}", {"console": "admin"})[:2], (403, "forbidden"))
    equal(console.owner.refused("PATCH", f"users/{member.id}", {"console": "god"}), (422, "invalid", "console"))
    console.owner.must("PATCH", f"users/{member.id}", {"console": "viewer"})
    for method, path, body in (("POST", f"users/{member.id}/reset", None), ("PATCH", f"users/{member.id}", {"disabled": True}),
                               ("PATCH", f"users/{member.id}", {"name": "X"}), ("PATCH", f"users/{member.id}", {"role": "guest"})):
        equal(admin.refused(method, path, body)[:2], (403, "forbidden"))
    equal(member.must("GET", "me")["user"]["console"], "viewer")
    equal(call(console.owner, "accounts_users")[0], 200)


def cases_other_sites_pages(console):
    person = granted(console, "operator")

    def tries(site, origin):
        headers = {"Sec-Fetch-Site": site, "Origin": f"http://{console.address}" if origin == "own" else origin}
        own = site in ("same-origin", "none") if site is not None else origin == "own"
        for method, params in (("channels", {}), ("publish", {"channel": "x", "data": {}})):
            equal(call(person, method, params, headers)[0], 200 if own else 403)

    for site, origin in itertools.product((None, "same-origin", "same-site", "cross-site", "none"), (None, "own", "http://evil.example", "null")):
        yield f"a call with Sec-Fetch-Site {site} and Origin {origin}", lambda site=site, origin=origin: tries(site, origin)


def test_wrong_cookies(console):
    """what is no session is asked to sign in, whatever the body, and a stranger's body is bounded as a stranger's"""
    viewer = granted(console, "viewer")
    for cookie in (f"{COOKIE}=", f"{COOKIE}={'A' * 43}", f"{COOKIE}={viewer.cookie}; {COOKIE}={'A' * 43}"):
        equal(call(viewer, "info", raw=b"{bad", headers={"Cookie": cookie})[0], 401)
    equal(call(viewer, "info", headers={"X-API-Key": "wrong"})[0], 401)
    equal(call(viewer, "publish", {"channel": "x", "data": {}}, headers={"X-API-Key": "secret"})[0], 200)


def test_without_a_console_sessions_open_nothing(binary, folder):
    """without console.enabled the API asks for a key, whoever has signed in"""
    with AccountsServer(binary, folder) as server:
        equal(call(server.set_up(), "info")[0], 401)


def test_read_only(binary, folder):
    """with console.read_only whoever signs in is a viewer, and keys do what they always do"""
    with AccountsServer(binary, folder, *PILLARS, "--console.read_only=true") as server:
        owner = server.set_up()
        equal(call(owner, "channels")[0], 200)
        for method in ("publish", "accounts_users"):
            equal(call(owner, method, {"channel": "x", "data": {}} if method == "publish" else {})[0], 403)
        server.api("publish", {"channel": "x", "data": {}})
        equal(json.loads(server.get("/console/config.json")[2])["read_only"], True)


def test_on_an_internal_port(binary, folder):
    """with an internal port people sign in there, and their sessions open nothing of the API on the public one"""
    with AccountsServer(binary, folder, *PILLARS, internal="127.0.0.1:0") as server:
        owner = server.set_up()
        public, internal = server.addresses[0], server.addresses[-1]
        headers = {"Cookie": f"{COOKIE}={owner.cookie}", "Sec-Fetch-Site": "same-origin"}
        equal(server.request("GET", "/accounts/v1/me", None, headers, internal)[0], 200)
        equal(server.request("POST", "/api/channels", b"{}", headers, internal)[0], 200)
        equal(server.request("POST", "/api/channels", b"{}", headers, public)[0], 404)
        # A page of the public port is another site's.
        equal(server.request("POST", "/api/channels", b"{}", {**headers, "Sec-Fetch-Site": "same-site"}, internal)[0], 403)


def test_no_frames(console):
    """neither the console nor what it calls is shown in a frame"""
    for path in ("/console/", "/console/console.js"):
        headers = console.get(path)[1]
        check("frame-ancestors 'none'" in headers.get("content-security-policy", ""), f"{path}: {headers}")


def test_a_call_leaves_its_entry_when_the_caller_hangs_up(console):
    """an action is done and noted to its end, whoever hangs up"""
    operator = granted(console, "operator")
    body = json.dumps({"channel": "hung-up", "data": {}}).encode()
    host, port = console.address.rsplit(":", 1)
    for _ in range(20):
        with socket.create_connection((host, int(port))) as link:
            link.sendall(f"POST /api/publish HTTP/1.1\r\nHost: {console.address}\r\nCookie: {COOKIE}={operator.cookie}\r\n"
                         f"Sec-Fetch-Site: same-origin\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            time.sleep(0.002)

    def entries():
        return console.api("accounts_audit", {"actor": operator.user["username"], "target": "hung-up"})["entries"]

    def settled():
        done = [each["result"] for each in entries()]
        published = console.api("history", {"channel": "hung-up", "limit": 0}).get("offset", 0)
        return done and set(done) == {"done"} and len(done) == published
    eventually(settled, "what was published and what was noted are the same")
