"""Who may follow what: nobody ever gets a row of another caller's."""
import time

from assertions import check, equal
from databases import databases
from follow import Followers, metric, serving
from jwt import sign

BOB = sign({"sub": "bob"})
NOTES = "create table notes (id integer primary key, owner text not null, text text not null); " \
        "insert into notes values (1, 'ann', 'a'), (2, 'bob', 'b'), (3, 'ann', 'c')"
FILES = {
    "notes/mine.get.sql": "-- @auth claims:sub\n-- @live key=id\n-- @param sub text claim\n"
                          "select id, text from notes where owner = :sub order by id",
    "notes/all.get.sql": "-- @auth role:staff\n-- @live key=id\nselect id, owner from notes order by id",
    "notes/like.get.sql": "-- @auth none\n-- @live key=id\n-- @param text text = '%'\n-- @param least integer = 0\n"
                          "select id from notes where text like :text and id >= :least order by id",
    "notes/dead.get.sql": "-- @auth none\nselect id from notes",
}


def test_names(binary, folder):
    """a channel's name that is not the caller's, or no endpoint's, is refused, and says why"""
    with databases(folder) as both:
        for database in both:
            database.run(NOTES)
            with serving(binary, folder, database.storage, FILES) as server, Followers() as followers:
                def refused(code, words, *arguments, **more):
                    followers.follow(server, *arguments, **more).until_refused(code, words)

                ann = followers.follow(server, "/notes/mine", "ann")
                ann.until([{"id": 1, "text": "a"}, {"id": 3, "text": "c"}])
                followers.follow(server, "/notes/like", everybody=True).until([{"id": 1}, {"id": 2}, {"id": 3}])
                followers.follow(server, "/notes/like", everybody=True, text="a", least=1).until([{"id": 1}])
                bob = followers.follow(server, "/notes/mine", "bob")
                bob.until([{"id": 2, "text": "b"}])
                refused(103, "is of another user", "/notes/mine", "ann", token=BOB)
                refused(103, "must end in # and the user", "/notes/mine", everybody=True)
                refused(103, "its name has no user", "/notes/like", "ann")
                refused(103, "one of these roles is needed: staff", "/notes/all", "ann")
                refused(102, "does not say @live", "/notes/dead", everybody=True)
                refused(102, "there is no such endpoint", "/notes/none", everybody=True)
                refused(107, "least", "/notes/like", everybody=True, least="x")
                refused(107, "is no parameter", "/notes/like", everybody=True, other="x")
                refused(107, "sorted and spelled", "/notes/like?text=a&least=1", everybody=True)


def test_claims(binary, folder):
    """claims are those of the subscription's token; who lacks one is refused; when it expires, it has to be renewed"""
    with databases(folder) as both:
        for database in both:
            database.run(NOTES)
            with serving(binary, folder, database.storage, FILES) as server, Followers() as followers:
                all_rows = [{"id": 1, "owner": "ann"}, {"id": 2, "owner": "bob"}, {"id": 3, "owner": "ann"}]
                if database.kind == "postgres":
                    database.run("create role staff; grant select on notes to staff")
                followers.follow(server, "/notes/all", "ann", claims={"role": "staff"}).until(all_rows)
                followers.follow(server, "/notes/all", "bob", claims={"role": "guest"}).until_refused(103, "roles")
                # One that lasts shares the query with one that does not.
                lasting = followers.follow(server, "/notes/mine", "ann", claims={})
                lasting.until([{"id": 1, "text": "a"}, {"id": 3, "text": "c"}])
                until = int(time.time()) + 15
                short = followers.follow(server, "/notes/mine", "ann", claims={"exp": until})
                short.until([{"id": 1, "text": "a"}, {"id": 3, "text": "c"}])
                ended = short.until_ended()
                check(time.time() >= until, ended)
                database.run("update notes set text = 'x' where id = 3")
                lasting.until([{"id": 1, "text": "a"}, {"id": 3, "text": "x"}])
                equal(short.rows()[1:], [{"id": 3, "text": "c"}])


def test_revoked(binary, folder):
    """a subscription whose token is revoked ends, also one that others share their query with"""
    with databases(folder) as both:
        database = both[1]
        database.run(NOTES)
        with serving(binary, folder, database.storage, FILES) as server, Followers() as followers:
            rows = [{"id": 1, "text": "a"}, {"id": 3, "text": "c"}]
            stolen, other = (followers.follow(server, "/notes/mine", "ann", claims={"jti": jti}) for jti in ("stolen", "other"))
            stolen.until(rows)
            other.until(rows)
            equal(metric(server, "tidemill_live_queries"), 1)
            server.api("revoke_token", {"uid": "stolen", "expire_at": int(time.time()) + 3600})
            stolen.until_ended()
            database.run("update notes set text = 'x' where id = 3")
            other.until([{"id": 1, "text": "a"}, {"id": 3, "text": "x"}])
            equal(stolen.rows(), rows)


def test_rows_go(binary, folder):
    """a policy's rows reach those who may see them, and go when they may not any more"""
    with databases(folder) as both:
        database = both[0]
        database.run(NOTES + """; create table members (note integer, sub text); insert into members values (1, 'ann'), (2, 'ann'), (2, 'bob');
            create role web; grant select on notes, members to web; alter table notes enable row level security;
            create policy own on notes using (id in (select note from members
              where sub = current_setting('request.jwt.claims', true)::json->>'sub'))""")
        files = {"notes.get.sql": "-- @auth claims:sub\n-- @live key=id min=10ms\nselect id from notes order by id"}
        with serving(binary, folder, database.storage, files, "--queries.postgres.anonymous_role=web") as server, Followers() as followers:
            ann, bob = followers.follow(server, "/notes", "ann"), followers.follow(server, "/notes", "bob")
            ann.until([{"id": 1}, {"id": 2}])
            bob.until([{"id": 2}])
            database.run("delete from members where sub = 'ann' and note = 2")
            ann.until([{"id": 1}])
            database.run("insert into members values (3, 'bob')")
            bob.until([{"id": 2}, {"id": 3}])
            equal(ann.rows(), [{"id": 1}])


def test_hostile(binary, folder):
    """who asks for one parameter after the other is refused at a limit that has a name, and others are served"""
    with databases(folder) as both:
        for database in both:
            database.run(NOTES)
            options = ("--queries.live.queries_per_user_max=20", "--queries.live.rows_max=2")
            with serving(binary, folder, database.storage, FILES, *options) as server, Followers() as followers:
                asked = [followers.follow(server, "/notes/like", everybody=True, token=BOB, least=10 + number)
                         for number in range(60)]
                ended = [each.until_settled() for each in asked]
                refused = [each for each in ended if each is not None]
                equal(len(refused), 40)
                check(all(each["code"] == 106 and "queries.live.queries_per_user_max" in each["reason"] for each in refused), refused)
                equal(metric(server, "tidemill_live_queries"), 20)
                followers.follow(server, "/notes/mine", "ann").until([{"id": 1, "text": "a"}, {"id": 3, "text": "c"}])
                followers.follow(server, "/notes/like", everybody=True).until_refused(108, "cannot be followed")
                server.log_with("queries.live.rows_max = 2")


def test_shared(binary, folder):
    """subscribers of the same parameters share one query"""
    with databases(folder) as both:
        for database in both:
            database.run(NOTES)
            with serving(binary, folder, database.storage, FILES, "--loops=2") as server, Followers() as followers:
                all_of_them = [followers.follow(server, "/notes/mine", "ann") for _ in range(30)]
                for each in all_of_them:
                    each.until([{"id": 1, "text": "a"}, {"id": 3, "text": "c"}])
                equal(metric(server, "tidemill_live_queries"), 1)
                check(metric(server, "tidemill_live_refreshes_total") < 10, "one for all")
                database.run("update notes set text = 'x' where id = 1")
                for each in all_of_them:
                    each.until([{"id": 1, "text": "x"}, {"id": 3, "text": "c"}])
