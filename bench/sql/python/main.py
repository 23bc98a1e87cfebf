"""The SQL benchmark's service in FastAPI and asyncpg; README.md beside this folder says what it does."""
import asyncio
import base64
import contextlib
import datetime
import hashlib
import json
import os
import uuid
from typing import Annotated, Any

import asyncpg
import jwt
import uvicorn
from cachetools import TTLCache
from fastapi import Depends, FastAPI, Header, HTTPException, Request, Response
from pydantic import BaseModel, PlainSerializer

SECRET = os.environ["JWT_SECRET"]
POOL = int(os.environ["POOL"])
COLUMNS = "id, name, status, quantity, score, active, note, created"
CALLER = "current_user::text as role, current_setting('request.jwt.claims', true)::json ->> 'sub' as caller"


class Item(BaseModel):
    id: int
    name: str
    status: str
    quantity: int
    score: float
    active: bool
    note: str | None
    created: datetime.datetime


class CallersItem(Item):
    role: str
    caller: str


Base64 = Annotated[bytes, PlainSerializer(lambda value: base64.b64encode(value).decode(), return_type=str)]
Number = Annotated[Any, PlainSerializer(float, return_type=float)]
Text = Annotated[Any, PlainSerializer(str, return_type=str)]


class Types(BaseModel):
    id: int
    small: int
    big: int
    exact: Number
    single: float
    twice: float
    yes: bool
    words: str
    short: str
    fixed: str
    day: datetime.date
    moment: datetime.datetime
    instant: datetime.datetime
    uid: uuid.UUID
    bytes: Base64
    doc: Any
    docb: Any
    feeling: str
    numbers: list[int]
    names: list[str]
    flags: list[bool]
    halves: list[float]
    address: Text


class Sums(BaseModel):
    status: str
    items: int
    quantity: int


class NewOrder(BaseModel):
    item: int
    quantity: int


class Order(NewOrder):
    id: int
    buyer: str


class Gate(BaseModel):
    id: int
    name: str


async def prepare(connection):
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=json.dumps, decoder=json.loads)


@contextlib.asynccontextmanager
async def lifespan(application):
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=POOL, max_size=POOL, init=prepare) as pool:
        application.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)
answers = TTLCache(maxsize=50_000, ttl=60)
under_way = {}


# Async, because FastAPI runs other dependencies in a thread, and checking a token is too short for that.
async def claims_of(authorization: Annotated[str, Header()] = ""):
    try:
        claims = jwt.decode(authorization.removeprefix("Bearer "), SECRET, algorithms=["HS256"])
    except jwt.InvalidTokenError as error:
        raise HTTPException(401, "no token, or one that is not good") from error
    if claims.get("role") != "web":
        raise HTTPException(403, "the token lacks the role")
    return claims


Claims = Annotated[dict, Depends(claims_of)]


@contextlib.asynccontextmanager
async def session(pool, claims, readonly):
    """A connection in a transaction that has the caller's role and claims."""
    async with pool.acquire() as connection, connection.transaction(readonly=readonly):
        await connection.execute("select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)",
                                 claims["role"], json.dumps(claims))
        yield connection


def found(row):
    if row is None:
        raise HTTPException(404, "there is no row")
    return row


async def callers_item(pool, claims, item_id):
    async with session(pool, claims, readonly=True) as connection:
        return found(await connection.fetchrow(f"select {COLUMNS}, {CALLER} from items where id = $1", item_id))


async def shared(key, make):
    """The answer of that key, kept for a minute; callers who come while it is made wait for it."""
    if (answer := answers.get(key)) is not None:
        return answer
    if (task := under_way.get(key)) is None:
        task = under_way[key] = asyncio.create_task(fill(key, make))
    return await asyncio.shield(task)


async def fill(key, make):
    try:
        body = await make()
        answers[key] = answer = (body, f'"{hashlib.sha256(body).hexdigest()[:22]}"')
        return answer
    finally:
        del under_way[key]


def conditional(request, answer):
    body, etag = answer
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers={"ETag": etag})
    return Response(body, media_type="application/json", headers={"ETag": etag})


@app.get("/rest/items/{item_id}")
async def item(item_id: int, claims: Claims, request: Request) -> CallersItem:
    return CallersItem(**await callers_item(request.app.state.pool, claims, item_id))


@app.get("/rest/items")
async def items(after: int, request: Request) -> list[Item]:
    rows = await request.app.state.pool.fetch(f"select {COLUMNS} from items where id > $1 order by id limit 100", after)
    return [Item(**row) for row in rows]


@app.get("/rest/types/{row_id}")
async def types(row_id: int, request: Request) -> Types:
    return Types(**found(await request.app.state.pool.fetchrow(
        "select id, small, big, exact, single, twice, yes, words, short, fixed, day, moment, instant, uid, bytes, doc, docb,"
        " feeling, numbers, names, flags, halves, address from types where id = $1", row_id)))


@app.post("/rest/orders")
async def order(new: NewOrder, claims: Claims, request: Request) -> Order:
    async with session(request.app.state.pool, claims, readonly=False) as connection:
        return Order(**await connection.fetchrow(
            "insert into orders (item, quantity, buyer) values"
            " ($1, $2, current_setting('request.jwt.claims', true)::json ->> 'sub') returning id, item, quantity, buyer",
            new.item, new.quantity))


@app.get("/rest/cached/{item_id}")
async def cached(item_id: int, claims: Claims, request: Request):
    async def make():
        return CallersItem(**await callers_item(request.app.state.pool, claims, item_id)).model_dump_json().encode()
    return conditional(request, await shared((claims["sub"], item_id), make))


@app.get("/rest/report/{modulus}")
async def report(modulus: int, request: Request):
    async def make():
        rows = await request.app.state.pool.fetch(
            "select status, count(*) as items, sum(quantity) as quantity from items where id % $1 = 0"
            " group by status order by status", modulus)
        return b"[" + b",".join(Sums(**row).model_dump_json().encode() for row in rows) + b"]"
    return conditional(request, await shared(("report", modulus), make))


@app.get("/rest/gate/{row_id}")
async def gate(row_id: int, request: Request) -> Gate:
    return Gate(**found(await request.app.state.pool.fetchrow("select id, name from gate where id = $1", row_id)))


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), loop="uvloop", http="httptools", access_log=False,
                log_level="warning", backlog=16384)
