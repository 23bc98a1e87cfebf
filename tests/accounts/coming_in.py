"""How people come in: the first owner, invitations, passwords, links to be used once."""
from assertions import check, equal
from people import PASSWORD, AccountsServer, both_of, on_both, unique

ANOTHER = "another long password"


def cases_coming_in(sqlite_server, postgres_server):
    yield from both_of(__name__, sqlite_server, postgres_server)


def test_the_first_owner(binary, folder):
    """the link that the start prints makes one owner, once"""
    with AccountsServer(binary, folder) as server:
        browser = server.browser()
        equal(browser.must("GET", "status"), {"setup_needed": True, "signup": "invite", "providers": []})
        equal(browser.call("GET", "me")[0], 401)
        body = {"username": "Ada", "name": "Ada L.", "password": PASSWORD}
        equal(browser.refused("POST", "setup", {"token": "A" * 43, **body}), (404, "not_found", "token"))
        equal(browser.refused("POST", "setup", {"token": server.owner_token(), **body, "username": "a b"}),
              (422, "invalid", "username"))
        answer = browser.must("POST", "setup", {"token": server.owner_token(), **body})
        equal({name: answer["user"][name] for name in ("username", "name", "role", "disabled")},
              {"username": "ada", "name": "Ada L.", "role": "owner", "disabled": False})
        equal(browser.must("GET", "me"), answer)
        equal(server.browser().refused("POST", "setup", {"token": server.owner_token(), **body, "username": "eve"}),
              (404, "not_found", "token"))
        equal(browser.must("GET", "status")["setup_needed"], False)
    with AccountsServer(binary, folder) as server:
        check("owner_link_made" not in server.log(), "there is an owner: no link is made")
        again = server.browser(cookie=browser.cookie)
        equal(again.must("GET", "me")["user"]["username"], "ada")


@on_both
def logging_in(server):
    """the right password opens a session, whatever the case of the user name"""
    person = server.invited()
    other = server.browser()
    equal(other.refused("POST", "login", {"username": person.user["username"], "password": PASSWORD + "x"}),
          (401, "wrong_credentials", None))
    equal(other.refused("POST", "login", {"username": "nobody-at-all", "password": PASSWORD}),
          (401, "wrong_credentials", None))
    answer = other.must("POST", "login", {"username": f" {person.user['username'].upper()} ", "password": PASSWORD})
    equal(answer["user"]["id"], person.id)
    check(answer["session"]["expires_at"] > answer["session"]["created_at"], answer)
    equal(other.must("GET", "me"), answer)


@on_both
def invitations(server):
    """an invitation is good as often as it says, and can be taken back"""
    owner = server.owner
    made = owner.must("POST", "invites", {"role": "guest", "uses": 2, "expires_in_s": 3600, "email": "x@example.com"}, 201)
    invite = made["invite"]
    token = invite["url"].rsplit("token=", 1)[1]
    check(invite["url"].startswith(f"http://{server.address}/chat/#/join?token="), invite["url"])
    equal((invite["role"], invite["uses_left"]), ("guest", 2))
    guest = server.browser()
    equal(guest.must("GET", f"invites/check?token={token}"), {"role": "guest", "invited_by": "Owner"})
    taken = server.invited().user["username"]
    equal(guest.refused("POST", "join", {"token": token, "username": taken, "password": PASSWORD}),
          (409, "conflict", "username"))
    guest.register("join", token, unique("guest"))
    equal((guest.user["role"], guest.user["email"]), ("guest", "x@example.com"))
    listed = [each for each in owner.must("GET", "invites")["invites"] if each["id"] == invite["id"]]
    equal((listed[0]["uses_left"], "url" in listed[0]), (1, False))
    server.browser().register("join", token, unique("guest"))
    late = server.browser()
    equal(late.call("GET", f"invites/check?token={token}")[0], 404)
    equal(late.refused("POST", "join", {"token": token, "username": unique("late"), "password": PASSWORD}),
          (404, "not_found", "token"))
    token = owner.invite()
    number = [each for each in owner.must("GET", "invites")["invites"]][0]["id"]
    owner.must("DELETE", f"invites/{number}", status=204)
    equal(owner.refused("DELETE", f"invites/{number}"), (404, "not_found", None))
    equal(late.refused("POST", "join", {"token": token, "username": unique("late"), "password": PASSWORD}),
          (404, "not_found", "token"))


@on_both
def changing_the_password(server):
    """a new password ends the other sessions, and needs the old one"""
    person = server.invited()
    other = person.again()
    equal(person.refused("POST", "password", {"old": "wrong password", "new": ANOTHER}), (422, "wrong_password", "old"))
    equal(person.refused("POST", "password", {"old": PASSWORD, "new": "short"}), (422, "invalid", "new"))
    person.must("POST", "password", {"old": PASSWORD, "new": ANOTHER}, 204)
    check(person.is_in(), "who has changed it stays")
    check(not other.is_in(), "the other browser is out")
    equal(other.refused("POST", "login", {"username": person.user["username"], "password": PASSWORD}),
          (401, "wrong_credentials", None))
    other.log_in(ANOTHER)


@on_both
def resetting_the_password(server):
    """a link resets the password once, and ends all sessions"""
    person = server.invited()
    made = server.owner.must("POST", f"users/{person.id}/reset")
    check("/chat/#/reset?token=" in made["url"], made)
    token = made["url"].rsplit("token=", 1)[1]
    other = server.browser()
    equal(other.refused("POST", "reset", {"token": token, "password": "password1"}), (422, "invalid", "password"))
    other.must("POST", "reset", {"token": token, "password": ANOTHER}, 204)
    check(not person.is_in(), "the old session is over")
    equal(other.refused("POST", "reset", {"token": token, "password": PASSWORD}), (404, "not_found", "token"))
    person.log_in(ANOTHER)


@on_both
def profile(server):
    """people change their own name and address of mail, and nothing else"""
    person = server.invited()
    equal(person.must("PATCH", "me", {"name": " Zoë "})["user"]["name"], "Zoë")
    equal(person.must("PATCH", "me", {"email": "zoe@example.com"})["user"]["name"], "Zoë")
    equal(person.must("GET", "me")["user"]["email"], "zoe@example.com")
    equal(person.refused("PATCH", "me", {"role": "owner"}), (422, "invalid", "role"))
    equal(person.refused("PATCH", "me", {"email": "zoe"}), (422, "invalid", "email"))
    equal(person.refused("PATCH", "me", {"name": "a\u202eb"}), (422, "invalid", "name"))


@on_both
def the_audit_log(server):
    """the audit log says who did what, to whom, and from where; in pages"""
    person = server.invited()
    server.owner.must("PATCH", f"users/{person.id}", {"role": "guest"})
    page = server.owner.must("GET", "audit?limit=1")
    entry = page["entries"][0]
    equal((entry["actor"], entry["action"], entry["target"], entry["address"], entry["detail"]),
          (server.owner.id, "user.changed", person.id, "127.0.0.1", "role from member to guest"))
    older = server.owner.must("GET", f"audit?limit=100&cursor={page['cursor']}")["entries"]
    check("user.joined" in [each["action"] for each in older if each["target"] == person.id], older)
    equal(person.refused("GET", "audit"), (403, "forbidden", None))


@on_both
def finding_users(server):
    """managers find users, page by page"""
    word = unique("needle")
    for number in range(5):
        server.browser().register("join", server.owner.invite(), f"{word}.{number}")
    found, cursor = [], ""
    while cursor is not None:
        page = server.owner.must("GET", f"users?query={word.upper()}&limit=2&cursor={cursor}")
        found += [each["username"] for each in page["users"]]
        cursor = page["cursor"]
    equal(found, [f"{word}.{number}" for number in range(5)])
    equal(server.owner.refused("GET", "users?limit=0"), (422, "invalid", "limit"))
    equal(server.owner.refused("GET", "users?limit=101"), (422, "invalid", "limit"))
    equal(server.owner.refused("GET", "users?cursor=%00"), (422, "invalid", "cursor"))


def test_closed(binary, folder):
    """where sign-up is closed nobody makes an account, whatever they were given"""
    with AccountsServer(binary, folder) as server:
        token = server.set_up().invite()
        cookie = server.owner.cookie
    with AccountsServer(binary, folder, "--accounts.signup=closed") as server:
        browser = server.browser(cookie=cookie)
        equal(browser.must("GET", "status")["signup"], "closed")
        equal(browser.refused("POST", "invites", {"role": "member"}), (403, "closed", None))
        equal(browser.call("GET", f"invites/check?token={token}")[0], 404)
        equal(server.browser().refused("POST", "join", {"token": token, "username": "late", "password": PASSWORD}),
              (403, "closed", None))
