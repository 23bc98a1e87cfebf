"""The OpenAPI document: generators of clients take it, their code compiles under `tsc --strict`, and a server keeps to
it."""
import json
import os
import pathlib
import shutil
import subprocess
import urllib.error
import urllib.request

from assertions import check, equal, eventually
from jwt import sign
from migrations import postgres  # noqa: F401  the fixture
from project import Project
from server import Server

HERE = pathlib.Path(__file__).resolve().parent
TYPES = """
create type mood as enum ('sad', 'ok', 'happy');
create type money_amount as (amount numeric, currency text);
create table everything (
  id bigint generated always as identity primary key,
  small smallint not null, normal integer, large bigint, real4 real, real8 double precision, exact numeric(10, 2),
  flag boolean not null, word text not null, fixed char(3), bytes bytea, day date, clock time, moment timestamp,
  instant timestamptz not null default now(), span interval, key uuid, plain json, rich jsonb, feeling mood,
  paid money_amount, numbers integer[], words text[]
);
comment on column everything.word is 'A "word", with */ in it';
"""
ENDPOINTS = {
    "everything.get.sql": "-- All there is.\n-- @auth none\n-- @page limit=10\n-- @sort id|word\nselect * from everything",
    "everything/[id].get.sql": "-- @auth none\n-- @rows one\nselect * from everything where id = :id",
    "everything.post.sql": "-- @param small int2!\n-- @param flag bool!\n-- @param word text!\n-- @param feeling mood = 'ok'\n"
                           "-- @param numbers int[]\n-- @param key uuid\n-- @auth claims:sub\n-- @rows one\n"
                           "insert into everything (small, flag, word, feeling, numbers, key)\n"
                           "values (:small, :flag, :word, :feeling, :numbers, :key) returning id, word",
    "everything/[id].delete.sql": "-- @auth claims:sub\n-- @rows exec\ndelete from everything where id = :id",
    "everything/words.get.sql": "-- @auth none\n-- @rows value\nselect count(*) from everything where word = any(:word)",
}
USE = """
import { deleteEverythingId, getEverything, postEverything } from './hey';
import { getEverything as orvalGet } from './orval/api';

const list = await getEverything({ query: { limit: 2, sort: 'word.desc' } });
const row = list.data?.[0];
const word: string | undefined = row?.word;
const feeling: 'sad' | 'ok' | 'happy' | null | undefined = row?.feeling;
const large: number | null | undefined = row?.large;
const numbers: number[] | null | undefined = row?.numbers;
const made = await postEverything({ body: { small: 1, flag: true, word: 'x', feeling: 'happy', numbers: [1] } });
const id: number | undefined = made.data?.id;
const message: string | undefined = made.error?.message;
const gone = await deleteEverythingId({ path: { id: 5 } });
const count: number | undefined = gone.data?.rows_affected;
// @ts-expect-error there is no such label
await postEverything({ body: { small: 1, flag: true, word: 'x', feeling: 'angry' } });
// @ts-expect-error it is required
await postEverything({ body: { small: 1, flag: true } });
const answer = await orvalGet({ limit: 2 });
console.log(word, feeling, large, numbers, id, message, count, answer.status);
"""
TSCONFIG = {"compilerOptions": {"strict": True, "noEmit": True, "target": "ES2022", "module": "ESNext",
                                "moduleResolution": "bundler", "lib": ["ES2022", "DOM", "DOM.Iterable"], "types": []},
            "include": ["hey", "orval", "use.ts"]}
ORVAL = "export default { api: { input: './openapi.json', output: { target: './orval/api.ts', client: 'fetch' } } };\n"


def make_project(binary, folder, postgres, name):
    postgres.run(f"create database {name}")
    project = Project(binary, folder, "--storage.postgres.url", postgres.url(database=name))
    project.write("migrations/0001_everything.sql", TYPES)
    for path, text in ENDPOINTS.items():
        project.write(path, text)
    project.run("migrate", "up")
    return project


def program(folder, *words):
    done = subprocess.run(["npx", "--no-install", *words], cwd=folder, capture_output=True, text=True, timeout=300,
                          stdin=subprocess.DEVNULL, env=os.environ | {"CI": "1", "NO_COLOR": "1"})
    check(done.returncode == 0, f"{words}: {done.stdout[-3000:]}{done.stderr[-3000:]}")


def test_generated_clients(binary, folder, postgres):
    """Clients that @hey-api/openapi-ts and orval make of it compile under tsc --strict, with the types of the columns"""
    project = make_project(binary, folder, postgres, "generated")
    document = project.run("queries", "openapi")
    equal(project.run("queries", "openapi"), document)  # the same bytes each time
    place = pathlib.Path(folder) / "client"
    place.mkdir()
    (place / "node_modules").symlink_to(HERE / "node_modules")
    shutil.copy(HERE / "package.json", place)
    for name, text in {"openapi.json": document, "use.ts": USE, "tsconfig.json": json.dumps(TSCONFIG),
                       "orval.config.mjs": ORVAL}.items():
        (place / name).write_text(text, encoding="utf-8")
    program(place, "openapi-ts", "-i", "./openapi.json", "-o", "hey")
    program(place, "orval")
    program(place, "tsc", "-p", ".")


def found_by_schemathesis(server, token, folder):
    """Its exit code, and what it finds."""
    done = subprocess.run([os.environ["SCHEMATHESIS"], "--config-file", str(HERE / "schemathesis.toml"), "run",
                           f"{server.http}/rest/openapi.json", "--url", f"{server.http}/rest",
                           "-H", f"Authorization: Bearer {token}", "--generation-allow-x00", "false", "--no-color",
                           "--max-examples", "25", "--seed", str(SEED)], capture_output=True, text=True, timeout=600, cwd=folder,
                          stdin=subprocess.DEVNULL, env=os.environ | {"NO_COLOR": "1"})
    return done.returncode, done.stdout[-16000:] + done.stderr[-2000:]


SEED = 5  # always the same requests
KEY = "a secret of 32 bytes or more, yes"
# Without constraints: a document cannot say them.
LITE = """
create table things (id integer primary key, name text, amount integer, price real, flag boolean);
insert into things (name, amount, price, flag) values ('a', 1, 1.5, true), ('b', 2, null, false);
"""
LITE_ENDPOINTS = {
    "things.get.sql": "-- @param amount int = null\n-- @auth none\n-- @page limit=10\n-- @sort name|amount\n"
                      "select id, name, amount, price, flag from things where :amount is null or amount = :amount",
    "things/[id].get.sql": "-- @param id int!\n-- @auth none\n-- @rows one\nselect id, name from things where id = :id",
    "things.post.sql": "-- @param name text!\n-- @param amount int\n-- @param price real\n-- @param flag boolean\n"
                       "-- @auth claims:sub\n-- @rows one\ninsert into things (name, amount, price, flag)\n"
                       "values (:name, :amount, :price, :flag) returning id, name, amount, price, flag",
    "things/[id].put.sql": "-- @param id int!\n-- @param name text!\n-- @auth claims:sub\n-- @rows one\n"
                           "update things set name = :name where id = :id returning id, name",
    "things/[id].delete.sql": "-- @param id int!\n-- @auth claims:sub\n-- @rows exec\ndelete from things where id = :id",
    "things/sum.get.sql": "-- @auth claims:sub\n-- @rows value\nselect count(*) from things",
}


def is_served(server):
    try:
        return b'"/' in urllib.request.urlopen(f"{server.http}/rest/openapi.json", timeout=10).read()
    except urllib.error.HTTPError:
        return False


def check_schemathesis(binary, project, *options):
    with Server(binary, *options, f"--queries.folder={project.queries}", f"--client.token.hmac_secret_key={KEY}") as server:
        eventually(lambda: is_served(server), "the endpoints are served")
        server.until_ready()
        code, said = found_by_schemathesis(server, sign({"sub": "ann"}, KEY), project.folder)
        check(code == 0, said)


def test_schemathesis_sqlite(binary, folder):
    """schemathesis finds nothing, on SQLite"""
    path = pathlib.Path(folder) / "things.db"
    project = Project(binary, folder, "--storage.sqlite.path", str(path))
    project.write("migrations/0001_things.sql", LITE)
    for name, text in LITE_ENDPOINTS.items():
        project.write(name, text)
    project.run("migrate", "up")
    check_schemathesis(binary, project, f"--storage.sqlite.path={path}")


def test_schemathesis_postgres(binary, folder, postgres):
    """schemathesis finds nothing, on PostgreSQL with all of its types"""
    project = make_project(binary, folder, postgres, "schemathesis")
    # A server takes more of arrays than the document says: nulls, and several dimensions.
    post = project.queries / "everything.post.sql"
    post.write_text(post.read_text().replace("-- @param numbers int[]\n", "").replace(", numbers", "").replace(", :numbers", ""))
    url = postgres.url(database="schemathesis")
    check_schemathesis(binary, project, f"--storage.postgres.url={url}")
