"""The OpenAPI document: generators of clients take it, their code compiles under `tsc --strict`, and a server keeps to
it."""
import json
import os
import pathlib
import shutil
import subprocess

from assertions import check, equal
from migrations import postgres  # noqa: F401  the fixture
from project import Project

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
