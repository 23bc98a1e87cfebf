"""Who may do what to whom: every pair of roles, over HTTP."""
from assertions import check, equal
from people import both_of, on_both

ROLES = ("guest", "member", "admin", "owner")
# Rows: who acts; columns: whom it is done to, or what is granted, in the order of ROLES.
MAY = {"guest": "----", "member": "----", "admin": "xxx-", "owner": "xxxx"}


def cases_permissions(sqlite_server, postgres_server):
    yield from both_of(__name__, sqlite_server, postgres_server)


def expect(browser, may, method, path, body=None):
    status, answer = browser.call(method, path, body)
    if may:
        check(status in (200, 201, 204), f"{browser.user['role']} {method} {path} {body}: {status} {answer}")
    else:
        equal((status, answer["error"]["code"]), (403, "forbidden"))


@on_both
def matrix(server):
    """nobody changes, resets, invites or raises anybody above themselves"""
    targets = {role: server.invited(role, f"target-{role}-") for role in ROLES}
    for actor_role in ROLES:
        actor = server.invited(actor_role, f"actor-{actor_role}-")
        manages = actor_role in ("admin", "owner")
        for path in ("users", "invites", "audit"):
            expect(actor, manages, "GET", path)
        for role, mark in zip(ROLES, MAY[actor_role]):
            may, target = mark == "x", targets[role]
            expect(actor, may, "PATCH", f"users/{target.id}", {"name": "Somebody"})
            expect(actor, may, "PATCH", f"users/{target.id}", {"disabled": True})
            server.owner.must("PATCH", f"users/{target.id}", {"disabled": False})
            expect(actor, may, "POST", f"users/{target.id}/reset")
            expect(actor, may, "POST", "invites", {"role": role})
            expect(actor, may, "PATCH", f"users/{targets['guest'].id}", {"role": role})
            server.owner.must("PATCH", f"users/{targets['guest'].id}", {"role": "guest"})
            invite = server.owner.must("POST", "invites", {"role": role})["invite"]["id"]
            expect(actor, may, "DELETE", f"invites/{invite}")


@on_both
def without_a_session(server):
    """without a session nothing but coming in is answered"""
    stranger = server.browser()
    for method, path in (("GET", "me"), ("PATCH", "me"), ("POST", "logout"), ("POST", "logout_everywhere"), ("POST", "token"),
                         ("POST", "password"), ("GET", "sessions"), ("DELETE", "sessions/x"), ("GET", "users"),
                         ("PATCH", "users/x"), ("POST", "users/x/reset"), ("POST", "invites"), ("GET", "invites"),
                         ("DELETE", "invites/x"), ("GET", "audit")):
        equal(stranger.refused(method, path), (401, "unauthenticated", None))


@on_both
def the_last_owner(server):
    """the last owner stays one, and nobody disables themselves"""
    owner = server.owner
    equal(owner.refused("PATCH", f"users/{owner.id}", {"disabled": True}), (409, "conflict", None))
    others = [each["id"] for each in owner.must("GET", "users?limit=100")["users"]
              if each["role"] == "owner" and each["id"] != owner.id]
    for other in others:
        owner.must("PATCH", f"users/{other}", {"role": "member"})
    equal(owner.refused("PATCH", f"users/{owner.id}", {"role": "admin"}), (409, "conflict", None))
    second = server.invited("owner")
    equal(second.must("PATCH", f"users/{second.id}", {"role": "member"})["user"]["role"], "member")
    equal(second.refused("PATCH", f"users/{second.id}", {"role": "owner"}), (403, "forbidden", None))
