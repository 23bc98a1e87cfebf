"""SQLite's values between our client and Python's sqlite3, on one file."""
import base64
import json
import math
import pathlib
import random as randoms
import sqlite3

from assertions import check, equal
from random_values import double, integer, text
from store_probe import Probe, bytes_parameter, exact

COUNT = 300


def value_of(random):
    return random.choice([None, integer(64)(random), double(random), text(random), random.randbytes(random.randint(0, 40))])


def finite(value):
    """Python writes NaN as NULL, and so do we."""
    return None if isinstance(value, float) and value != value else value


def as_text(value):
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def parameter_of(value):
    if value is None:
        return ["null"]
    if isinstance(value, int):
        return ["int", str(value)]
    if isinstance(value, float):
        return ["double", {math.inf: "inf", -math.inf: "-inf"}.get(value, repr(value))]
    return bytes_parameter(value) if isinstance(value, bytes) else ["text", value]


def same_number(text_of_it, value):
    return float(text_of_it) == value and math.copysign(1, float(text_of_it)) == math.copysign(1, value)


def test_written_by_python_read_by_us(binary, folder, seed):
    """What Python's sqlite3 writes we read as it was"""
    random, path = randoms.Random(seed), pathlib.Path(folder) / "python.db"
    values = [finite(value_of(random)) for _ in range(COUNT)]
    with sqlite3.connect(path) as connection:
        connection.execute("create table kept (id integer primary key, v)")
        connection.executemany("insert into kept values (?, ?)", enumerate(values))
    connection.close()
    with Probe(binary, "sqlite", str(path)) as probe:
        line = probe.ask("select v from kept order by id", access="read")
    answer, rows = json.loads(line), exact(line)["json"]
    for value, (got,), row in zip(values, answer["texts"], rows):
        wanted = as_text(value)
        if isinstance(wanted, (int, float)):
            check(same_number(got, wanted) if isinstance(wanted, float) else got == str(wanted), f"{got} of {wanted!r}")
            equal(row["v"], ("number", got))
        else:
            equal(got, wanted)
            equal(row["v"], wanted)
    equal(len(answer["texts"]), COUNT)


def test_written_by_us_read_by_python(binary, folder, seed):
    """What we write Python's sqlite3 reads as it was"""
    random, path = randoms.Random(seed + 1), pathlib.Path(folder) / "ours.db"
    values = [value_of(random) for _ in range(COUNT)]
    with Probe(binary, "sqlite", str(path)) as probe:
        probe.run("create table kept (id integer primary key, v)")
        for at, value in enumerate(values):
            probe.run("insert into kept values (?1, ?2)", [["int", str(at)], parameter_of(value)])
    connection = sqlite3.connect(path)
    back = [value for (value,) in connection.execute("select v from kept order by id")]
    connection.close()
    for value, got in zip(values, back):
        check(finite(value) == got and (value is None or isinstance(got, type(value)) or finite(value) is None),
              f"{got!r}, not {value!r}")
    equal(len(back), COUNT)
