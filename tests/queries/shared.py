"""One server on each database, with the files that most tests use."""
import contextlib
import tempfile

from endpoints import FILES, postgres_database, serving, sqlite_database
from runner import fixture

MORE = {
    "any.get.sql": "-- @auth claims:sub\nselect 1 as n",
    "cached.get.sql": "-- @auth none\n-- @cache 1h\n-- @rows value\nselect count(*) from audit",
}
POSTGRES = {
    "any.get.sql": "select 1 as n",
    "policy.get.sql": "-- @auth role:web\nselect id from orders order by id",
    "settings.get.sql": "-- @auth role:web\n-- @rows one\n"
                        "select current_user::text as role, current_setting('request.method') as method,"
                        " current_setting('request.path') as path, current_setting('request.jwt.claims') as claims,"
                        " current_setting('request.headers') as headers,"
                        " current_setting('transaction_read_only') as read_only",
}


@fixture
def both(binary):
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tidemill-queries-"))
        found = []
        for kind, database in (("sqlite", stack.enter_context(sqlite_database(folder))),
                               ("postgres", stack.enter_context(postgres_database()))):
            files = {**FILES, **MORE, **(POSTGRES if kind == "postgres" else {"any.get.sql": "-- @auth none\nselect 1 as n"})}
            found.append(stack.enter_context(serving(binary, kind, database, files=files)))
        yield found
