"""What writes leave behind, in the database and among the kept answers, when their answer is an error or comes late."""
from assertions import equal
from endpoints import check_problem, serving
from postgres_server import PostgresServer

SCHEMA = """
create table items (id int primary key, n int not null default 0);
create function add_item(new int) returns setof items language plpgsql as
  $$ begin insert into items (id) values (new); return query select * from items where id = new and new > 10; end $$;
create function through_text() returns setof int language plpgsql as
  $$ begin return query execute 'select 1 from later'; end $$;
"""
FILES = {
    "items.get.sql": "-- @auth none\n-- @cache 1h\n-- @rows value\nselect coalesce(json_agg(id order by id), '[]') from items",
    "through.get.sql": "-- @auth none\n-- @cache 1h\nselect * from through_text()",
    "by_function.post.sql": "-- @auth none\n-- @rows one\n-- @param id int!\nselect * from add_item(:id)",
    "by_with.post.sql": "-- @auth none\n-- @rows value\n-- @param id int!\n"
                        "with added as (insert into items (id) values (:id) returning id) select id from added where id > 10",
    "plain.post.sql": "-- @auth none\n-- @rows one\n-- @param id int!\n"
                      "insert into items (id) select :id where :id > 10 returning id",
}


def serve(binary, server, files, *settings):
    return serving(binary, "postgres", ([f"--storage.postgres.url={server.url()}"], server.run), *settings, files=files)


def test_a_refused_write_is_undone(binary):
    """A write that gives no row where one is asked for is 404 and has not happened; what it answers with 200 is seen at once"""
    with PostgresServer(sql=SCHEMA) as server, serve(binary, server, FILES) as each:
        equal(each.get("items").json(), [])
        for path in ("by_function", "by_with", "plain"):
            check_problem(each.post(path, {"id": 1}), 404, "TM103")
            equal((path, server.run("select count(*) from items")), (path, "0"))
            equal(each.get("items").json(), [])
        for number, path in enumerate(("by_function", "by_with", "plain"), 11):
            equal(each.post(path, {"id": number}).status, 200)
            equal((path, each.get("items").json()), (path, list(range(11, number + 1))))


def test_a_failure_is_not_kept(binary):
    """A 404 of a table that is not there is over as soon as the table is, cached or not"""
    with PostgresServer(sql=SCHEMA) as server, serve(binary, server, FILES) as each:
        check_problem(each.get("through"), 404, "42P01")
        server.run("create table later (n int)")
        equal(each.get("through").status, 200)
