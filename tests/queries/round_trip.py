"""Values of every type through an endpoint into the database and back; and texts that would be SQL if they were pasted."""
import base64
import decimal
import json
import random as randoms
import string
import urllib.parse

from assertions import check, equal
from postgres_server import PostgresServer
from runner import fixture, note
from serving import Served, on_both, postgres_options

POSTGRES = {
    "migrations/0001_kept.sql": """
        create type mood as enum ('sad', 'ok', 'a,b"c');
        create type pair as (x int, tags text[], at timestamptz);
        create domain percent as numeric(5, 2) check (value between 0 and 100);
        create table kept (id int primary key, i2 int2, i4 int4, i8 int8, r real, d double precision, n numeric, b boolean,
                           t text, day date, ts timestamp, tz timestamptz, u uuid, bytes bytea, j json, jb jsonb, m mood,
                           p pair, share percent, ints int4[], texts text[], grid int8[], moods mood[], pairs pair[],
                           addr inet, span interval)""",
    "kept.post.sql": """
        -- @auth none
        -- @rows one
        {params}
        insert into kept (id, {names}) values (:id, {values}) returning *""",
    "kept/[id].get.sql": "-- @auth none\n-- @rows one\nselect * from kept where id = :id",
}
NAMES = ["i2", "i4", "i8", "r", "d", "n", "b", "t", "day", "ts", "tz", "u", "bytes", "j", "jb", "m", "p", "share", "ints",
         "texts", "grid", "moods", "pairs", "addr", "span"]
TRAPS = ["'", "''", "\"", "\\", "\\'", "'; drop table kept; --", "' or '1'='1", "1; select pg_sleep(10)", "$1", "?1", ":id",
         "$$", "E'\\x27'", "/*", "*/", "--", "%27", "%00", "\u2028", "\ufeff", "é", "😀", "\n", "\t", "{}", "{\"a\"}", "(1,2)",
         "NULL", "null", "", " ", "a,b", "); delete from kept where (1=1", "\u0301", "ſ", "1e309", "NaN", "0x10", "[1]"]


@fixture
def postgres():
    with PostgresServer() as server:
        yield server


@fixture
def served(binary, folder, postgres):
    files = dict(POSTGRES)
    files["kept.post.sql"] = POSTGRES["kept.post.sql"].format(
        params="\n".join(f"-- @param {name} = null" for name in NAMES), names=", ".join(NAMES),
        values=", ".join(f":{name}" for name in NAMES))
    with Served(binary, folder, files, postgres_options(postgres, "kept")) as server:
        yield server


class Values:
    def __init__(self, seed):
        self._random = randoms.Random(seed)

    def text(self):
        pieces = self._random.choices(TRAPS + list(string.ascii_letters), k=self._random.randrange(6))
        return "".join(pieces)

    def integer(self, bits):
        return self._random.choice([0, -1, (1 << (bits - 1)) - 1, -(1 << (bits - 1)),
                                    self._random.randrange(-(1 << (bits - 1)), 1 << (bits - 1))])

    def time(self, zone):
        day = f"{self._random.randrange(1, 9999):04}-{self._random.randrange(1, 13):02}-{self._random.randrange(1, 29):02}"
        return f"{day}T{self._random.randrange(24):02}:{self._random.randrange(60):02}:07.25{zone}"

    def bytes(self):
        return base64.b64encode(self._random.randbytes(self._random.randrange(20))).decode()

    def mood(self):
        return self._random.choice(["sad", "ok", 'a,b"c'])

    def pair(self):
        return {"x": self.integer(32), "tags": self._random.choice([None, [self.text()], []]), "at": self.time("Z")}

    def some(self, make):
        return [self._random.choice([make(), None]) for _ in range(self._random.randrange(4))]

    def grid(self):
        width = self._random.randrange(1, 4)
        return [[self.integer(64) for _ in range(width)] for _ in range(self._random.randrange(1, 4))]

    def all(self):
        digits = "".join(self._random.choices("0123456789", k=self._random.randrange(1, 200)))
        made = {
            "i2": self.integer(16), "i4": self.integer(32), "i8": self.integer(64), "r": 0.5,
            "d": self._random.choice([0.1, -1e300, 5e-324, "NaN", "-Infinity"]),
            "n": self._random.choice([decimal.Decimal(f"7{digits}.{digits}5"), "NaN", decimal.Decimal("0.10")]),
            "b": self._random.choice([True, False]), "t": self.text(), "day": self.time("")[:10], "ts": self.time(""),
            "tz": self.time("Z"), "u": "123e4567-e89b-12d3-a456-426614174000", "bytes": self.bytes(),
            "j": {"k": [self.text(), 1.0]}, "jb": [self.text(), None], "m": self.mood(), "p": self.pair(),
            "share": decimal.Decimal("12.50"), "ints": self.some(lambda: self.integer(32)), "texts": self.some(self.text),
            "grid": self.grid(), "moods": self.some(self.mood), "pairs": self.some(self.pair), "addr": "10.0.0.1",
            "span": "01:02:03",
        }
        return {name: value if self._random.random() < 0.9 else None for name, value in made.items()}


def to_json(value):
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{to_json(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(to_json, value)) + "]"
    return json.dumps(value)


def from_json(text):
    return json.loads(text, parse_float=decimal.Decimal)


def test_every_type(served, seed):
    """Random values of every type of Postgres come back to the letter"""
    values = Values(seed)
    for number in range(300):
        sent = {"id": number, **values.all()}
        status, _, answer = served.ask("POST", "/rest/kept", to_json(sent), {"Content-Type": "application/json"})
        check(status == 200, f"{status} {answer} for {to_json(sent)}")
        wanted = from_json(to_json(sent))
        for got in (from_json(answer), from_json(served.ask("GET", f"/rest/kept/{number}")[2])):
            for name in wanted:
                check(got[name] == wanted[name], f"{name}: got {got[name]!r}, sent {wanted[name]!r}")
    note("300 rows of 26 columns")


ECHO = {
    "migrations/0001_kept.sql": "create table kept (id integer primary key, t text)",
    "kept/[t].get.sql": "-- @auth none\n-- @param t text\n-- @param q text\n"
                        "select cast(:t as text) as t, cast(:q as text) as q, (select count(*) from kept) as n",
    "kept.post.sql": "-- @auth none\n-- @param t text\nselect cast(:t as text) as t, (select count(*) from kept) as n",
    "paged.get.sql": "-- @auth none\n-- @page limit=5\n-- @sort id\nselect id, t from kept",
    "keyset.get.sql": "-- @auth none\n-- @page keyset id limit=5\nselect id, t from kept",
}


def check_traps(served):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for trap in TRAPS:
        quoted = urllib.parse.quote(trap, safe="")
        # In values: they come back as they were.
        if trap and "/" not in trap and trap not in (".", ".."):
            status, got = served.json("GET", f"/rest/kept/{quoted}?q={quoted}")
            equal((status, got and got[0]), (200, {"t": trap, "q": trap, "n": 0}))
        equal(served.json("POST", "/rest/kept", {"t": trap})[1], [{"t": trap, "n": 0}])
        equal(json.loads(served.ask("POST", "/rest/kept", f"t={quoted}", form)[2]), [{"t": trap, "n": 0}])
        # In names and in what is no parameter: they are refused, and nothing happens.
        refused = [served.json("POST", "/rest/kept", {"t": "x", trap: 1})[0],
                   served.ask("POST", "/rest/kept", f"t=x&{quoted}x=1", form)[0],
                   served.ask("GET", f"/rest/paged?x{quoted}=1")[0]]
        refused += [served.ask("GET", f"/rest/{path}x{quoted}")[0]
                    for path in ("paged?sort=", "paged?limit=", "paged?offset=", "keyset?cursor=", "keyset?limit=")]
        equal(refused, [400] * 8)
        for header in ("Prefer", "Accept", "Range", "Accept-Encoding", "Content-Type", "If-None-Match"):
            plain = trap.encode("ascii", "ignore").decode().replace("\n", "").replace("\t", "")
            status = served.ask("GET", "/rest/paged", headers={header: f"x{plain}"})[0]
            check(status in (200, 406), f"{header}: x{plain}: {status}")
    equal(served.json("POST", "/rest/kept", {"t": ""})[1], [{"t": "", "n": 0}])


def test_injection(binary, folder, postgres):
    """Texts that look like SQL, in every place of a request, are texts"""
    for _, served in on_both(binary, folder, postgres, "injected", ECHO):
        check_traps(served)
