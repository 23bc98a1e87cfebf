"""Random values of PostgreSQL's types, as asyncpg takes and gives them."""
import datetime
import decimal
import ipaddress
import json
import math
import struct
import uuid

import asyncpg

PIECES = ["a", "Z", " ", "  ", '"', "'", "\\", ",", "{", "}", "(", ")", "[", "]", "NULL", "null", "\n", "\t", "é", "日本", "🎈",
          "\u2028", "\x01", "\x7f", "%", "$1", "?", ":x", "0", "-"]
UTC = datetime.timezone.utc
MOODS = ["calm", "it's", 'so "so"', "a,b"]


def text(random):
    return "".join(random.choice(PIECES) for _ in range(random.choice([0, 1, 2, 5, 40])))


def integer(bits):
    least, most = -(1 << (bits - 1)), (1 << (bits - 1)) - 1

    def make(random):
        return random.choice([0, 1, -1, least, most, random.randint(least, most), random.randint(-999, 999)])
    return make


def double(random):
    return random.choice([0.0, 1.5, -0.1, 1e300, -1e-300, 5e-324, math.inf, -math.inf, math.nan, random.random(),
                          random.uniform(-1e9, 1e9), float(random.randint(-10**15, 10**15))])


def real(random):
    value = double(random)
    try:
        return struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return 2.5


def numeric(random):
    if random.random() < 0.1:
        return decimal.Decimal("NaN")
    digits = "".join(random.choice("0123456789") for _ in range(random.randint(1, 40)))
    point = random.randint(0, len(digits))
    return decimal.Decimal(f"{random.choice(['', '-'])}{digits[:point] or '0'}.{digits[point:] or '0'}")


def date(random):
    return datetime.date(1, 1, 1) + datetime.timedelta(days=random.randint(0, 3_600_000))


def time(random):
    return datetime.time(random.randint(0, 23), random.randint(0, 59), random.randint(0, 59),
                         random.choice([0, 500_000, random.randint(0, 999_999)]))


def timestamp(random):
    return datetime.datetime.combine(date(random), time(random))


def interval(random):
    return datetime.timedelta(days=random.randint(-1000, 1000), microseconds=random.randint(0, 86_399_999_999))


def document(random, depth=0):
    kinds = [None, True, random.randint(-10**9, 10**9), text(random).replace("\x00", "")]
    if depth < 3:
        kinds += [[document(random, depth + 1) for _ in range(random.randint(0, 3))],
                  {text(random): document(random, depth + 1) for _ in range(random.randint(0, 3))}]
    return random.choice(kinds)


def json_text(random):
    return json.dumps(document(random), indent=random.choice([None, 1]), ensure_ascii=random.random() < 0.5)


def address(random):
    return ipaddress.ip_address(random.getrandbits(random.choice([32, 128]))) if random.random() < 0.9 else \
        ipaddress.ip_address("127.0.0.1")


def integers_range(random):
    lower = random.randint(-1000, 1000)
    return asyncpg.Range(lower, lower + random.randint(1, 1000)) if random.random() < 0.8 else asyncpg.Range(empty=True)


SCALARS = {
    "boolean": lambda random: random.random() < 0.5,
    "smallint": integer(16),
    "integer": integer(32),
    "bigint": integer(64),
    "real": real,
    "double precision": double,
    "numeric": numeric,
    "text": text,
    "character varying": text,
    "bytea": lambda random: random.randbytes(random.choice([0, 1, 3, 100])),
    "uuid": lambda random: uuid.UUID(int=random.getrandbits(128)),
    "date": date,
    "time": time,
    "timestamp": timestamp,
    "timestamptz": lambda random: timestamp(random).replace(tzinfo=UTC),
    "interval": interval,
    "json": json_text,
    "jsonb": json_text,
    "inet": address,
    "int4range": integers_range,
    "mood": lambda random: random.choice(MOODS),
    "pair": lambda random: (maybe(random, integer(32)), maybe(random, text)),
}


def maybe(random, make):
    return None if random.random() < 0.1 else make(random)


def array_of(make):
    def array(random):
        if random.random() < 0.3:
            rows, columns = random.randint(1, 3), random.randint(1, 3)
            return [[maybe(random, make) for _ in range(columns)] for _ in range(rows)]
        return [maybe(random, make) for _ in range(random.choice([0, 1, 2, 7]))]
    return array


TYPES = {**SCALARS, **{f"{name}[]": array_of(make) for name, make in SCALARS.items()},
         "nest": lambda random: (maybe(random, array_of(SCALARS["pair"])), maybe(random, SCALARS["timestamptz"]))}
CREATE = f"""
create type mood as enum ({', '.join("'" + mood.replace("'", "''") + "'" for mood in MOODS)});
create type pair as (number integer, words text);
create type nest as (pairs pair[], at timestamptz);
create domain grown as integer check (value >= 0);
"""


def same(one, other):
    """Equal, where a value that is not a number equals itself."""
    if isinstance(one, (list, tuple, asyncpg.Record)) and isinstance(other, (list, tuple, asyncpg.Record)):
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other))
    if isinstance(one, (float, decimal.Decimal)) and isinstance(other, (float, decimal.Decimal)) and one != one:
        return other != other
    return one == other and type(one) is type(other) if isinstance(one, bool) else one == other
