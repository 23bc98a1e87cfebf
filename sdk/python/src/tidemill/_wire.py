"""Follows one map channel over a WebSocket of its own: the part of the client protocol, in JSON, that this needs.

The centrifuge client for Python has no maps yet; this can go when it has them. A connection that ends is made anew by
whoever uses it, and reads the map from its beginning.
"""
from __future__ import annotations

import asyncio
import collections
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from ._errors import TidemillError

ANSWER_SECONDS = 10.0
SILENCE_SECONDS = 10.0  # beyond the server's own interval of pings
MAP, LIVE, STREAM, STATE = 1, 0, 1, 2

Update = dict[str, Any]


class Ended(Exception):
    """The connection or the subscription is over. `is_final`: trying again would end in the same way."""

    def __init__(self, message: str, code: int, is_final: bool) -> None:
        super().__init__(message)
        self.error, self.is_final = TidemillError(message, code), is_final


class Wire:
    def __init__(self, socket: ClientConnection, get_token: Callable[[], Awaitable[str]] | None) -> None:
        self._socket, self._get_token = socket, get_token
        self._lines: collections.deque[str] = collections.deque()
        self._count = 0
        self._silence = ANSWER_SECONDS
        self._pong = False
        self._refresh_at: float | None = None

    async def connect(self) -> None:
        token = await self._get_token() if self._get_token else ""
        answer = await self._call("connect", {"token": token, "name": "tidemill-python"})
        if answer.get("ping"):
            self._silence = answer["ping"] + SILENCE_SECONDS
        self._pong = answer.get("pong", False)
        self._plan_refresh(answer)

    async def read_map(self, channel: str, token: str) -> dict[str, Update]:
        """Reads it page by page; what `next_update` gives follows it without a gap."""
        self._channel = channel
        asked: dict[str, Any] = {"channel": channel, "type": MAP, "phase": STATE}
        if token:
            asked["token"] = token
        entries: dict[str, Update] = {}
        while True:
            page = await self._call("subscribe", asked)
            for update in [*page.get("state", []), *page.get("publications", [])]:
                if update.get("removed"):
                    entries.pop(update["key"], None)
                else:
                    entries[update["key"]] = update
            if page.get("phase", LIVE) == LIVE:
                return entries
            is_first = asked["phase"] == STATE and "offset" not in asked
            if is_first or page["phase"] == STREAM:
                asked |= {"offset": page.get("offset", 0), "epoch": page.get("epoch", "")}
            asked["phase"] = STATE if page.get("cursor") else STREAM
            asked["cursor"] = page.get("cursor", "")

    async def next_update(self) -> Update:
        while True:
            push = (await self._next()).get("push", {})
            if push.get("channel") == self._channel and "pub" in push:
                return push["pub"]

    async def _call(self, kind: str, params: dict[str, Any]) -> dict[str, Any]:
        number = await self._send(kind, params)
        while True:
            reply = await asyncio.wait_for(self._next(), ANSWER_SECONDS)
            if reply.get("id") == number:
                return reply.get(kind, {})

    async def _send(self, kind: str, params: dict[str, Any]) -> int:
        self._count += 1
        await self._socket.send(json.dumps({"id": self._count, kind: params}))
        return self._count

    async def _next(self) -> dict[str, Any]:
        """The next that is neither a ping nor an end."""
        while True:
            if not self._lines:
                self._lines.extend(line for line in (await self._receive()).split("\n") if line)
                continue
            reply = json.loads(self._lines.popleft())
            if not reply:
                if self._pong:
                    await self._socket.send("{}")
                continue
            self._look_for_end(reply)
            if "refresh" in reply:
                self._plan_refresh(reply["refresh"])
                continue
            return reply

    async def _receive(self) -> str:
        deadline = time.monotonic() + self._silence
        while True:
            until = deadline if self._refresh_at is None else min(deadline, self._refresh_at)
            try:
                text = await asyncio.wait_for(self._socket.recv(), max(0.0, until - time.monotonic()))
                return text if isinstance(text, str) else text.decode()
            except asyncio.TimeoutError:
                if time.monotonic() >= deadline:
                    raise Ended("the server is silent", 0, False) from None
                self._refresh_at = None
                assert self._get_token is not None
                await self._send("refresh", {"token": await self._get_token()})
            except ConnectionClosed as closed:
                code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (0, "the connection was lost")
                raise Ended(reason, code, _is_final(code)) from closed

    def _look_for_end(self, reply: dict[str, Any]) -> None:
        if error := reply.get("error"):
            code = error["code"]
            is_final = not error.get("temporary") and code not in (100, 109, 112)
            raise Ended(error.get("message", ""), code, is_final)
        push = reply.get("push", {})
        if end := push.get("disconnect"):
            raise Ended(end.get("reason", ""), end["code"], _is_final(end["code"]))
        if (end := push.get("unsubscribe")) and push.get("channel") == self._channel:
            raise Ended(end.get("reason", ""), end["code"], end["code"] < 2500)

    def _plan_refresh(self, answer: dict[str, Any]) -> None:
        if answer.get("expires") and self._get_token:
            self._refresh_at = time.monotonic() + answer.get("ttl", 0)

    _channel = ""


def _is_final(code: int) -> bool:
    return 3500 <= code <= 3999 or 4500 <= code <= 4999
