"""A live query: its rows in the order of the query, kept current."""
from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import centrifuge
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from ._errors import TidemillError, error_of
from ._wire import Ended, Update, Wire

AGAIN_SECONDS = (0.2, 20.0)
ROW_BYTES_MAX = 64 * 1024 * 1024  # of one message of the server's


@dataclass(frozen=True)
class LiveState:
    """`status`: loading, no rows yet; live, they are current; stale, they were, and the connection is being made again;
    error, the server has refused or ended it. A row that has not changed is the same object as before."""

    status: str = "loading"
    rows: tuple[Any, ...] = ()
    error: TidemillError | None = None


class Rows:
    """Of one map channel; a value is replaced only by another one."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[float, str, Any]] = {}

    def reset(self, updates: dict[str, Update]) -> None:
        before, self._entries = self._entries, {}
        for update in updates.values():
            self._put(update, before)

    def apply(self, update: Update) -> None:
        if update.get("removed"):
            self._entries.pop(update["key"], None)
        else:
            self._put(update, self._entries)

    def in_order(self) -> tuple[Any, ...]:
        return tuple(row for _, _, row in sorted(self._entries.values(), key=lambda entry: -entry[0]))

    def _put(self, update: Update, before: dict[str, tuple[float, str, Any]]) -> None:
        row = update.get("data")
        text = json.dumps(row)
        old = before.get(update["key"])
        order = float(update.get("tags", {}).get("order", 0))
        self._entries[update["key"]] = (order, text, old[2] if old and old[1] == text else row)


class Live:
    """`async for state in live` gives the newest state, and each further one; of several that have come meanwhile only
    the newest. `live.state` is that one. It begins when it is iterated or entered, and ends with the loop, with
    `async with`, or with its Tidemill. One that has ended with an error says so in its last state."""

    def __init__(self, url: str, channel: Callable[[], Awaitable[str]], get_token: Callable[[], Awaitable[str]] | None,
                 is_own: bool, siblings: set[Live], proxy: Any) -> None:
        self.state = LiveState()
        self._url, self._name, self._get_token, self._is_own = url, channel, get_token, is_own
        self._siblings, self._proxy = siblings, proxy
        self._rows = Rows()
        self._changed = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self._is_over = False
        self._is_entered = False

    async def __aenter__(self) -> Live:
        self._is_entered = True
        self._start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def __aiter__(self) -> AsyncIterator[LiveState]:
        self._start()
        given: LiveState | None = None
        try:
            while True:
                async with self._changed:
                    await self._changed.wait_for(lambda: self.state is not given or self._is_over)
                    if self.state is given:
                        return
                    given = self.state
                yield given
        finally:
            if not self._is_entered:
                await self.close()

    async def close(self) -> None:
        self._siblings.discard(self)
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        await self._end()

    def _start(self) -> None:
        if self._task is None and not self._is_over:
            self._siblings.add(self)
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        pause, most = AGAIN_SECONDS
        while True:
            try:
                await self._follow()
            except Ended as ended:
                error, is_final = ended.error, ended.is_final
            except (OSError, WebSocketException, asyncio.TimeoutError) as raised:
                error, is_final = TidemillError(f"{type(raised).__name__}: {raised}"), False
            except Exception as raised:  # of get_token
                error, is_final = error_of(raised), isinstance(raised, (TidemillError, centrifuge.UnauthorizedError))
            was_live = self.state.status == "live"
            if is_final:
                await self._set("error", error)
                return await self._end()
            await self._set("loading" if self.state.status == "loading" else "stale", error)
            pause = AGAIN_SECONDS[0] if was_live else min(most, pause * 2)
            await asyncio.sleep(pause * random.uniform(0.5, 1))

    async def _follow(self) -> None:
        channel = await self._name()
        async with connect(self._url, max_size=ROW_BYTES_MAX, open_timeout=10, ping_interval=None, proxy=self._proxy) as socket:
            wire = Wire(socket, self._get_token)
            await wire.connect()
            token = await self._get_token() if self._is_own and self._get_token else ""
            self._rows.reset(await wire.read_map(channel, token))
            await self._set("live")
            while True:
                self._rows.apply(await wire.next_update())
                await self._set("live")

    async def _set(self, status: str, error: TidemillError | None = None) -> None:
        rows = self._rows.in_order()
        before = self.state
        is_same = len(rows) == len(before.rows) and all(a is b for a, b in zip(rows, before.rows))
        if before.status == status and before.error is error and is_same:
            return
        async with self._changed:
            self.state = LiveState(status, before.rows if is_same else rows, error)
            self._changed.notify_all()

    async def _end(self) -> None:
        self._siblings.discard(self)
        async with self._changed:
            self._is_over = True
            self._changed.notify_all()
