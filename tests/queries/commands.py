"""`tidemill queries` and `new sql`, on PostgreSQL: SQLite's are unit tests."""
import json

from assertions import check, equal
from migrations import postgres  # noqa: F401  the fixture
from project import Project

POLICY = """
create role shop_web;
grant select, insert on orders to shop_web;
grant select on products to shop_web;
alter table orders enable row level security;
create policy own on orders using (customer = current_setting('request.jwt.claims')::json ->> 'sub');
"""


def new_project(binary, folder, postgres, name):
    postgres.run(f"create database {name}")
    project = Project(binary, folder, "--storage.postgres.url", postgres.url(database=name))
    done = Project(binary, folder).run("new", "sql", ".", "--database", "postgres")
    check("cd ." in done, done)
    return project


def test_new_project(binary, folder, postgres):
    """What `new sql --database postgres` writes is sound, and its tests pass"""
    project = new_project(binary, folder, postgres, "new_project")
    project.run("migrate", "up")
    equal(project.run("queries", "check"), "5 sound endpoints, no problems\n")
    check("5 passed, 0 failed" in project.run("queries", "test"), "all pass")
    equal(postgres.run("select count(*) from orders", database="new_project"), "0")
    plan = project.run("queries", "explain", "orders.get.sql", "sub=ann")
    check("orders" in plan and "cost=" in plan, plan)
    check("actual time=" in project.run("queries", "explain", "orders.get.sql", "sub=ann", "--analyze"), "it ran")


def test_new_dashboard(binary, folder, postgres):
    """What `new live` writes is sound, on both databases, and its queries give rows"""
    postgres.run("create database new_dashboard")
    databases = {"postgres": ("--storage.postgres.url", postgres.url(database="new_dashboard")),
                 "sqlite": ("--storage.sqlite.path", f"{folder}/sales.db")}
    for kind, options in databases.items():
        project = Project(binary, f"{folder}/{kind}", *options)
        done = Project(binary, f"{folder}/{kind}").run("new", "live", ".", "--database", kind)
        check("/dash/" in done, done)
        project.run("migrate", "up")
        checked = project.run("queries", "check")
        check(checked.endswith("\n5 sound endpoints, no problems\n") or checked == "5 sound endpoints, no problems\n", checked)
        for name in ("total", "by_hour", "by_product", "latest"):
            check("{" in project.run("queries", "run", f"sales/{name}.get.sql", "region=north"), name)


def test_policies(binary, folder, postgres):
    """Tests run with the claims and the role that they name: policies count"""
    project = new_project(binary, folder, postgres, "policies")
    project.write("migrations/0002_policy.sql", POLICY)
    project.write("all.get.sql", "-- @auth role:shop_web\nselect id, customer from orders order by id")
    project.write("policy.test.sql", """
insert into orders (customer, product_id) values ('ann', 1), ('bob', 1);
-- @run GET /all
-- @expect rows 2
-- Ann sees hers.
-- @run GET /all claims.sub=ann claims.role=shop_web
-- @expect [{"customer": "ann"}]
""")
    project.run("migrate", "up")
    check("7 passed, 0 failed" in project.run("queries", "test"), "all pass")
    rows = json.loads(project.run("queries", "run", "all.get.sql", "claims.sub=ann", "claims.role=shop_web"))
    equal(rows, [])


def test_check(binary, folder, postgres):
    """What PostgreSQL says is shown at its place, and pending migrations are told of"""
    project = new_project(binary, folder, postgres, "checked")
    process = project.start("queries", "check")
    out, _ = process.communicate(timeout=60)
    check(process.returncode == 1 and "1 migration is pending" in out, out)
    project.run("migrate", "up")
    project.write("wrong.get.sql", "-- @auth none\nselect 'ä', nope\nfrom orders where id = :id")
    process = project.start("queries", "check", "--json")
    found = json.loads(process.communicate(timeout=60)[0])
    equal(process.returncode, 1)
    equal([(each["file"], each["line"], each["column"], each["message"]) for each in found["problems"]],
          [("queries/wrong.get.sql", 2, 13, 'column "nope" does not exist')])
