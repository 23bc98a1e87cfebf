"""Who asks is known to everything that a query runs: functions of either security, views, triggers and policies, under the
names of PostgREST."""
import json

from assertions import check, equal
from endpoints import serving, token
from postgres_server import PostgresServer

CLAIM = "current_setting('request.jwt.claims', true)::json->>'sub'"
SCHEMA = f"""
create role web;
create role owner_of_all bypassrls;
grant owner_of_all to postgres;
create table notes (id int primary key, owner text not null, text text not null);
insert into notes values (1, 'ann', 'a'), (2, 'bob', 'b'), (3, 'ann', 'c');
create table written (id bigint generated always as identity, by text, as_role text);
grant select, insert on notes to web;
grant insert on written to web;
grant all on notes, written to owner_of_all;
alter table notes enable row level security;
create policy own on notes to web using (owner = {CLAIM}) with check (owner = {CLAIM});
create function invoker() returns table (id int, sub text, role text) language sql stable security invoker as
  $$ select id, {CLAIM}, current_user::text from notes order by id $$;
create function definer() returns table (id int, sub text, role text) language sql stable security definer as
  $$ select id, {CLAIM}, current_user::text from notes order by id $$;
create function definer_of_own() returns table (id int, sub text, role text) language plpgsql stable security definer as
  $$ begin return query select n.id, {CLAIM}, current_user::text from notes n where n.owner = {CLAIM} order by n.id; end $$;
alter function definer() owner to owner_of_all;
alter function definer_of_own() owner to owner_of_all;
create view by_owner as select id, {CLAIM} as sub from notes order by id;
create table free (id int primary key, owner text not null);
insert into free values (1, 'ann'), (2, 'bob');
create view free_of_caller as select id, owner from free where owner = {CLAIM};
create view free_of_cookie as select id, owner from free where owner = current_setting('request.headers', true)::json->>'cookie';
create view by_caller with (security_invoker) as select id, {CLAIM} as sub from notes order by id;
create view own_by_owner with (security_barrier) as select id, {CLAIM} as sub from notes where owner = {CLAIM} order by id;
alter view by_owner owner to owner_of_all;
alter view own_by_owner owner to owner_of_all;
grant select on by_owner, by_caller, own_by_owner, free_of_caller, free_of_cookie to web;
create function stamp() returns trigger language plpgsql security definer as
  $$ begin insert into written (by, as_role) values ({CLAIM}, current_user); return new; end $$;
alter function stamp() owner to owner_of_all;
create trigger stamped after insert on notes for each row execute function stamp();
"""
# An endpoint, its query, the rows that ann sees and bob sees, and the role that the query runs as.
READS = [
    ("invoker", "select id, sub, role from invoker()", [1, 3], [2], "web"),
    ("definer", "select id, sub, role from definer()", [1, 2, 3], [1, 2, 3], "owner_of_all"),
    ("definer_of_own", "select id, sub, role from definer_of_own()", [1, 3], [2], "owner_of_all"),
    ("view_of_owner", "select id, sub from by_owner", [1, 2, 3], [1, 2, 3], None),
    ("view_of_caller", "select id, sub from by_caller", [1, 3], [2], None),
    ("barrier", "select id, sub from own_by_owner", [1, 3], [2], None),
    ("nested", "with a as (select * from invoker()) select id, sub, (select count(*) from own_by_owner) as n from a", [1, 3], [2],
     None),
]
FILES = {f"{name}.get.sql": f"-- @auth claims:sub\n{sql}" for name, sql, *_ in READS} | {
    f"kept/{name}.get.sql": f"-- @auth claims:sub\n-- @cache 1h scope=sub tags=notes\n{sql}" for name, sql, *_ in READS} | {
    "of_org.get.sql": "-- @auth claims:sub,org\n-- @cache 1h scope=org\nselect id, owner from free_of_caller",
    "role_of_org.get.sql": "-- @auth claims:sub,org\n-- @cache 1h scope=org\n"
                           "select current_setting('request.jwt.claims')::json as claims, current_user::text as role",
    "open.get.sql": "-- @auth none\n-- @cache 1h\nselect id, owner from free_of_cookie",
    "notes.post.sql": "-- @auth claims:sub\n-- @rows one\n-- @param id int!\n-- @param owner text!\n"
                      "insert into notes (id, owner, text) values (:id, :owner, 'new') returning id"}


def rows_of(each, path, sub):
    return each.get(path, token=token(sub=sub, role="web")).json()


def test_reads(binary):
    """Functions and views, cached or not, one caller after the other on the same connection"""
    with PostgresServer(sql=SCHEMA) as server:
        settings = [f"--storage.postgres.url={server.url()}", "--storage.postgres.pool.shared_connections=1"]
        with serving(binary, "postgres", (settings, server.run), files=FILES) as each:
            for _ in range(3):
                for name, _, anns, bobs, role in READS:
                    for path in (name, f"kept/{name}"):
                        for sub, ids in (("ann", anns), ("bob", bobs), ("eve", anns if anns == bobs else [])):
                            rows = rows_of(each, path, sub)
                            equal((path, [row["id"] for row in rows], {row["sub"] for row in rows}), (path, ids, {sub} if ids else set()))
                            check(role is None or all(row["role"] == role for row in rows), f"{path}: {rows}")


def test_shared_answers(binary):
    """A kept answer is made of what its callers share, whatever a view looks at: neither a claim outside of the scope nor a header"""
    with PostgresServer(sql=SCHEMA) as server:
        with serving(binary, "postgres", ([f"--storage.postgres.url={server.url()}"], server.run), files=FILES) as each:
            ann, bob = (token(sub=sub, role="web", org="o1") for sub in ("ann", "bob"))
            for caller in (ann, bob, ann):
                answer = each.get("of_org", token=caller)
                equal((answer.status, answer.json()), (200, []))
                equal(each.get("role_of_org", token=caller).json(), [{"claims": {"role": "web", "org": "o1"}, "role": "web"}])
            for headers in ({"Cookie": "ann"}, {"Cookie": "bob"}, {}):
                answer = each.get("open", headers=headers)
                equal((answer.status, answer.json()), (200, []))


def test_writes(binary):
    """A trigger and a policy know who writes; what the policy refuses is 403 and leaves nothing"""
    with PostgresServer(sql=SCHEMA) as server:
        with serving(binary, "postgres", ([f"--storage.postgres.url={server.url()}"], server.run), files=FILES) as each:
            ann = token(sub="ann", role="web")
            equal(each.post("notes", {"id": 10, "owner": "ann"}, token=ann).status, 200)
            refused = each.post("notes", {"id": 11, "owner": "bob"}, token=ann)
            equal((refused.status, refused.json()["code"]), (403, "42501"))
            equal(server.run("select by, as_role from written"), "ann|owner_of_all")
            equal(server.run("select json_agg(id order by id) from notes where id >= 10"), json.dumps([10]))
