"""Values of every type, between our client and others', and beside what PostgreSQL itself makes of them."""
import asyncio
import base64
import json
import random as randoms
import re

import asyncpg
import psycopg
from assertions import check, equal
from random_values import CREATE, TYPES, same
from runner import fixture
from store_probe import bytes_parameter, exact
from stores import databases

COUNT = 30


class Asyncpg:
    """One connection, which knows the types once."""

    def __init__(self, server):
        self.runner = asyncio.Runner()
        self.connection = self.run(asyncpg.connect(host="127.0.0.1", port=server.port, user="postgres",
                                                   database="postgres", server_settings={"timezone": "UTC"}))

    def run(self, task):
        return self.runner.run(task)

    def insert(self, name, values):
        self.run(self.connection.execute(f"drop table if exists {table_of(name)}"))
        self.run(self.connection.execute(f"create table {table_of(name)} (id integer primary key, v {name})"))
        self.run(self.connection.executemany(f"insert into {table_of(name)} values ($1, $2)", list(enumerate(values))))

    def fetch(self, name):
        rows = self.run(self.connection.fetch(f"select v from {table_of(name)} order by id"))
        return [row["v"] for row in rows]

    def texts_of(self, name, values):
        return [self.run(self.connection.fetchval(f"select ($1::{name})::text", value)) for value in values]

    def close(self):
        self.run(self.connection.close())
        self.runner.close()


@fixture
def prepared(binary):
    """For each version: its name, its server, our probe, asyncpg."""
    with databases(binary, CREATE) as found:
        others = [Asyncpg(server) for _, server, _ in found]
        yield [(*each, other) for each, other in zip(found, others)]
        for other in others:
            other.close()


def table_of(name):
    """Not the type's own name, which its table would have as a type."""
    return f'"of {name}"'


def values_of(name, seed):
    random = randoms.Random(f"{seed} {name}")
    return [TYPES[name](random) for _ in range(COUNT)]


def psycopg_rows(server, sql, binary=False):
    with psycopg.connect(host="127.0.0.1", port=server.port, user="postgres", dbname="postgres", autocommit=True,
                         options="-c timezone=UTC") as connection:
        return connection.execute(sql, binary=binary).fetchall()


BASE64_OF_HEX = re.compile(r"^\\x(?:[0-9a-f]{2})*$")


def as_ours(value, is_bytes):
    """What to_json gives, in the forms that json_value.h promises: Z, base64."""
    if isinstance(value, list):
        return [as_ours(each, is_bytes) for each in value]
    if isinstance(value, dict):
        return {key: as_ours(each, is_bytes) for key, each in value.items()}
    if isinstance(value, str) and is_bytes and BASE64_OF_HEX.match(value):
        return base64.b64encode(bytes.fromhex(value[2:])).decode()
    if isinstance(value, str) and re.match(r"^\d{4,}-\d\d-\d\dT[0-9:.]+\+00:00( BC)?$", value):
        return value.replace("+00:00", "Z")
    return value


def compare_reading(server, probe, select, name):
    """Texts and JSON of a column named v, against PostgreSQL's own."""
    line = probe.ask(select, access="read")
    check("failure" not in json.loads(line), f"{name}: {line}")
    answer = json.loads(line)
    rows = psycopg_rows(server, f"select case when num_nulls(v) = 0 then format('%s', v) end, to_json(v)::text from ({select}) everything")
    equal(len(answer["texts"]), len(rows))
    ours = exact(line)["json"]
    for at, (text, as_json) in enumerate(rows):
        got = answer["texts"][at][0]
        if name == "bytea" and text is not None:
            text = base64.b64encode(bytes.fromhex(text[2:])).decode()
        check(got == text, f"{name}: the text {got!r}, not {text!r}")
        wanted = None if as_json is None else as_ours(exact(as_json), name.startswith("bytea"))
        check(ours[at]["v"] == wanted, f"{name}: the JSON {ours[at]['v']!r}, not {wanted!r}, of {text!r}")


def test_written_by_asyncpg_read_by_us(prepared, seed):
    """What asyncpg writes we read as PostgreSQL itself writes it"""
    for _, server, probe, other in prepared:
        for name in TYPES:
            other.insert(name, values_of(name, seed))
            compare_reading(server, probe, f'select v from {table_of(name)} order by id', f"{name}")


def parameter_of(value, text):
    if value is None:
        return ["null"]
    if isinstance(value, bool):
        return ["bool", value]
    if isinstance(value, int):
        return ["int", str(value)]
    if isinstance(value, float):
        return ["double", repr(value)]
    if isinstance(value, bytes):
        return bytes_parameter(value)
    if isinstance(value, list) and value and all(isinstance(each, int) and not isinstance(each, bool) for each in value):
        return ["ints", [str(each) for each in value]]
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return ["texts", value]
    return ["text", text]


def test_written_by_us_read_by_asyncpg(prepared, seed):
    """What we write asyncpg reads as it was"""
    for _, _, probe, other in prepared:
        for name in TYPES:
            values = [None, *values_of(name, seed + 1)]
            texts = other.texts_of(name, values)
            probe.run(f'drop table if exists {table_of(name)}')
            probe.run(f'create table {table_of(name)} (id integer primary key, v {name})')
            for at, (value, text) in enumerate(zip(values, texts)):
                probe.run(f'insert into {table_of(name)} values ($1, $2)', [["int", str(at)], parameter_of(value, text)])
            back = other.fetch(name)
            if name.startswith("jsonb"):
                continue  # its text is not kept; the other direction compares it
            for value, got in zip(values, back):
                check(same(value, got), f"{name}: {got!r}, not {value!r}")


def test_psycopg_reads_the_same(prepared, seed):
    """What we write psycopg reads alike in text and in binary"""
    for _, server, probe, other in prepared:
        for name in ("boolean", "bigint", "numeric", "text", "bytea", "uuid", "date", "timestamptz", "integer[]", "text[]"):
            values = values_of(name, seed + 2)
            texts = other.texts_of(name, values)
            probe.run("drop table if exists twice")
            probe.run(f"create table twice (id integer primary key, v {name})")
            for at, (value, text) in enumerate(zip(values, texts)):
                probe.run("insert into twice values ($1, $2)", [["int", str(at)], parameter_of(value, text)])
            for binary in (False, True):
                rows = psycopg_rows(server, "select v from twice order by id", binary)
                for value, (got,) in zip(values, rows):
                    check(same(value, got), f"{name}: {got!r}, not {value!r}")


CORNERS = {
    "integer[]": ["'{}'", "'[2:3]={1,2}'", "'[0:1][-5:-4]={{1,2},{3,NULL}}'", "array[[[1]],[[2]]]"],
    "text[]": ["""'{"NULL",NULL,null,""," a "}'""", """'{"a\\\\b","c\\"d","{}"}'""", "array[e'\\n', '日本', 'a,b']"],
    "bytea[]": ["array['\\x00ff'::bytea, null, '\\x'::bytea]"],
    "boolean[]": ["array[true, false, null]"],
    "box": ["'(1,1),(0,0)'"],
    "box[]": ["array['(1,1),(0,0)'::box, '(3,3),(2,2)'::box]"],
    "pair": ["row(1, 'a \"b\", (c) \\ d')", "row(null, '')", "row(null, null)"],
    "pair[]": ["array[row(1, '{x,y}')::pair, null, row(2, null)::pair]"],
    "nest": ["row(array[row(1, '\"')::pair], '2026-11-27 10:00+00')", "row('{}', 'infinity')"],
    "date": ["'infinity'", "'-infinity'", "'0044-03-15 BC'", "'12345-01-01'"],
    "timestamp": ["'infinity'", "'0044-03-15 12:00 BC'", "'2026-11-27 10:00:00.000001'", "'12345-01-01'"],
    "timestamptz": ["'infinity'", "'0044-03-15 12:00+00 BC'", "'2026-11-27 10:00:00.5+02'"],
    "double precision": ["1e20", "1e15", "1e16", "'NaN'", "'Infinity'", "'-0'"],
    "numeric": ["'NaN'", "'Infinity'", "0.000000000000000000001", "123e30", "-0.0"],
    "grown": ["7"],
    "int2vector": ["'1 2 3'"],
    "char(5)": ["'ab'"],
    "interval": ["'1 year -2 mons 3 days 04:05:06.7'"],
    "bit varying": ["B'1011'"],
    "tsvector": ["'a:1 b:2'"],
    "xml": ["'<a>&amp;</a>'"],
    "jsonb": ["'{\"a\": [1, 2.50, null, \"\\u2028\"]}'", "'null'"],
    "json": ["e'{\\n \"a\" : 1e5}'"],
    "int4multirange": ["'{[1,3),[5,7)}'"],
}


def cases_corners(prepared):
    for version, server, probe, _ in prepared:
        for name, expressions in CORNERS.items():
            for expression in expressions:
                if name == "int2vector":  # an array to the catalogue, but not in its text: ours stays a text
                    continue
                yield f"{expression}::{name} on {version}", \
                    lambda name=name, expression=expression, server=server, probe=probe: compare_reading(
                        server, probe, f"select {expression}::{name} as v", name)


FAILURES = ["select 1/0", "selec 1", "select * from nowhere", "select 'x'::integer", "select nothing",
            "select no_such_function(1)", "insert into once values (1)", "insert into once values (null)",
            "insert into once values (-1)", "select '2026-02-30'::date", "select 1::smallint * 40000::smallint",
            "create table once (n integer)", "select (array[1])[1:2:3]", "select cast('{' as jsonb)",
            "do $$ begin raise exception 'no' using errcode = 'TM001'; end $$"]


def test_failures_have_the_servers_codes(prepared):
    """What fails says the SQLSTATE that psycopg says"""
    for _, server, probe, _ in prepared:
        probe.run("drop table if exists once")
        probe.run("create table once (n integer primary key check (n > 0))")
        probe.run("insert into once values (1)")
        for sql in FAILURES:
            try:
                psycopg_rows(server, sql)
                raise AssertionError(f"{sql} has not failed")
            except psycopg.Error as error:
                failure = probe.failure(sql)
                check(failure["code"] == error.sqlstate, f"{sql}: {failure} and not {error.sqlstate}")
                equal(failure["message"], error.diag.message_primary)
