"""Pages of other sites, cookies, and what a thief of either could try."""
import http.client
import itertools
import subprocess

from assertions import check, equal
from people import COOKIE, PASSWORD, AccountsServer, Browser
from server import Server

SITES = (None, "same-origin", "same-site", "cross-site", "none", "nonsense")
ORIGINS = (None, "own", "http://evil.example", "null")


def is_own(site, origin):
    """Whether a browser that says so shows a page of ours."""
    return site in ("same-origin", "none") if site is not None else origin == "own"


def cases_other_sites(sqlite_server):
    server = sqlite_server
    person = server.invited()

    def tries(method, site, origin):
        headers = {"Sec-Fetch-Site": site, "Origin": f"http://{server.address}" if origin == "own" else origin}
        path, body = {"GET": ("me", None), "POST": ("token", None), "PATCH": ("me", {"name": "X"}),
                      "DELETE": ("sessions/none", None)}[method]
        status, answer = person.call(method, path, body, headers=headers)
        if method == "GET" or is_own(site, origin):
            equal(status, 404 if method == "DELETE" else 200)
        else:
            equal((status, answer["error"]["code"]), (403, "cross_site"))

    for method, site, origin in itertools.product(("GET", "POST", "PATCH", "DELETE"), SITES, ORIGINS):
        yield (f"{method} with Sec-Fetch-Site {site} and Origin {origin}",
               lambda method=method, site=site, origin=origin: tries(method, site, origin))

    def logs_in(site, origin):
        headers = {"Sec-Fetch-Site": site, "Origin": f"http://{server.address}" if origin == "own" else origin}
        browser = server.browser()
        status, _ = browser.call("POST", "login", {"username": person.user["username"], "password": PASSWORD}, headers=headers)
        # Who says nothing at all is no browser.
        equal(status, 200 if is_own(site, origin) or (site, origin) == (None, None) else 403)

    for site, origin in itertools.product(SITES, ORIGINS):
        yield f"log-in with Sec-Fetch-Site {site} and Origin {origin}", lambda site=site, origin=origin: logs_in(site, origin)


def test_cookie_attributes(sqlite_server):
    """the cookie is out of reach of scripts and of other sites"""
    browser = sqlite_server.invited()
    attributes = [part.strip() for part in browser.set_cookie.split(";")]
    equal(sorted(attributes[1:]), ["HttpOnly", "Max-Age=2592000", "Path=/", "SameSite=Lax"])
    check(len(attributes[0]) == len(COOKIE) + 1 + 43, attributes[0])
    equal(browser.headers["cache-control"], "no-store")


def test_behind_a_proxy(binary, folder):
    """behind a proxy with TLS the cookie is Secure, links are the public ones, and its pages are ours"""
    with AccountsServer(binary, folder, "--accounts.public_url=https://chat.example.com") as server:
        check("https://chat.example.com/chat/#/setup?token=" in server.log_with("owner_link_made"), "the link is public")
        owner = server.set_up()
        check("; Secure" in owner.set_cookie, owner.set_cookie)
        answer = owner.must("POST", "invites", {"role": "member"})
        check(answer["invite"]["url"].startswith("https://chat.example.com/chat/#/join?token="), answer)
        headers = {"Sec-Fetch-Site": None, "Origin": "https://chat.example.com"}
        equal(owner.call("POST", "token", headers=headers)[0], 200)
        headers["Origin"] = "https://chat.example.com.evil.example"
        equal(owner.call("POST", "token", headers=headers)[0], 403)


def test_fixation(sqlite_server):
    """a session that somebody has planted is not taken, and a log-in never goes on with an old one"""
    server = sqlite_server
    planted = "A" * 43
    victim = Browser(server, cookie=planted)
    person = server.invited()
    victim.must("POST", "login", {"username": person.user["username"], "password": PASSWORD})
    check(victim.cookie != planted, "the session is a new one")
    check(not Browser(server, cookie=planted).is_in(), "the planted one opens nothing")
    attacker = server.invited()
    known = attacker.cookie
    victim = Browser(server, cookie=known)
    victim.must("POST", "login", {"username": person.user["username"], "password": PASSWORD})
    check(victim.cookie != known, "the session is a new one")
    check(not Browser(server, cookie=known).is_in(), "the attacker's own has ended with it")


def test_cookies_that_are_none(sqlite_server):
    """what is no session, or two of them, opens nothing"""
    person = sqlite_server.invited()
    other = sqlite_server.invited()
    for cookie in (f"{COOKIE}={person.cookie[:-1]}", f"{COOKIE}={person.cookie}A", f"{COOKIE}=", f'{COOKIE}="{person.cookie}"',
                   f"x{COOKIE}={person.cookie}", f"{COOKIE}={person.cookie}; {COOKIE}={other.cookie}", "=" * 4000,
                   f"{COOKIE}={'A' * 4000}", f"{COOKIE}=' or 1=1 --"):
        status, _, _ = sqlite_server.request("GET", "/accounts/v1/me", None, {"Cookie": cookie}, sqlite_server.address)
        equal(status, 401)


def test_host_of_links(sqlite_server):
    """a Host that is none does not get into a link"""
    owner = sqlite_server.owner
    host, port = sqlite_server.address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port))
    connection.putrequest("POST", "/accounts/v1/invites", skip_host=True)
    for name, value in (("Host", "evil.example/x?"), ("Cookie", f"{COOKIE}={owner.cookie}"),
                        ("Sec-Fetch-Site", "same-origin"), ("Content-Length", "2")):
        connection.putheader(name, value)
    connection.endheaders(b"{}")
    answer = connection.getresponse()
    text = answer.read().decode()
    check(answer.status == 400 or "evil.example" not in text, f"{answer.status} {text}")
    connection.close()


def test_accounts_are_off(binary, folder):
    """without the setting there are no accounts, and without a database they are refused"""
    with Server(binary, "--http_api.key=secret") as server:
        equal(server.get("/accounts/v1/status", server.address)[0], 404)
    done = subprocess.run([binary, "config", "check", "--accounts.enabled=true"], capture_output=True, text=True, timeout=60)
    check(done.returncode != 0 and "accounts need a database" in done.stdout + done.stderr, done)
