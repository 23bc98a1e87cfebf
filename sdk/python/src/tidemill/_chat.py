"""Chat, over the connection: its operations as calls, and rooms that are followed without a gap."""
from __future__ import annotations

import asyncio
import collections
import contextlib
import time
import uuid
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import centrifuge

from ._errors import DISCONNECTED, TidemillError

if TYPE_CHECKING:
    from ._client import Tidemill

Event = dict[str, Any]

PAGE, CHANGES = 50, 200
AGAIN_SECONDS, SEND_SECONDS = 0.5, 60.0
LOOK_SECONDS = 1.0  # for a connection that has ended for good: its subscriptions are not told
WAITING_MAX = 1000  # events that nobody has taken yet; more are asked for once there is room


class Chat:
    def __init__(self, rt: Tidemill) -> None:
        self.rt = rt

    def room(self, room_id: str) -> Room:
        """A room; nothing is asked before it is followed or written to."""
        return Room(self, room_id)

    async def call(self, operation: str, **params: Any) -> Any:
        """Any operation of /chat/v1/openapi.json by its name, as "rooms.create", with all its parameters."""
        return await self.rt.rpc(f"chat:{operation}", params)


class Room:
    def __init__(self, chat: Chat, room_id: str) -> None:
        self.id = room_id
        self._chat = chat

    async def send(self, text: str, *, thread: str | None = None, client_msg_id: str | None = None,
                   metadata: dict[str, Any] | None = None, timeout: float = SEND_SECONDS) -> dict[str, Any]:
        """Is there when it returns. What may have been lost on the way is sent again, for `timeout` seconds, under the
        same `client_msg_id`, and is there once."""
        params: dict[str, Any] = {"room_id": self.id, "text": text, "client_msg_id": client_msg_id or uuid.uuid4().hex}
        if thread is not None:
            params["thread_id"] = thread
        if metadata is not None:
            params["metadata"] = metadata
        until = time.monotonic() + timeout
        while True:
            try:
                return (await self._chat.call("messages.send", **params))["message"]
            except TidemillError as error:
                wait = error.retry_after or AGAIN_SECONDS
                if not error.passing or time.monotonic() + wait > until:
                    raise
                await asyncio.sleep(wait)

    async def edit(self, message_id: str, text: str) -> dict[str, Any]:
        return (await self._chat.call("messages.edit", message_id=message_id, text=text))["message"]

    async def delete(self, message_id: str) -> None:
        await self._chat.call("messages.delete", message_id=message_id)

    async def react(self, message_id: str, emoji: str, on: bool = True) -> None:
        await self._chat.call("reactions.add" if on else "reactions.remove", message_id=message_id, emoji=emoji)

    async def mark_read(self, seq: int) -> None:
        """Up to this message."""
        await self._chat.call("read", room_id=self.id, seq=seq)

    async def say_typing(self, thread: str | None = None) -> None:
        await self._chat.call("typing", room_id=self.id, **({} if thread is None else {"thread_id": thread}))

    def events(self) -> RoomEvents:
        """Follows the room."""
        return RoomEvents(self._chat, self.id)


class RoomEvents:
    """`room.page` with the newest messages (`data["messages"]`), then every change of the room, in order, each once.
    Another `room.page` says that more was missed than the server keeps: it takes the place of what is known.

    Begins when it is iterated or entered, ends with the loop or with `async with`; one at a time for each room. Raises TidemillError when the server ends
    it, as for who is removed from the room. `status`: loading, live, stale or error.
    """

    def __init__(self, chat: Chat, room_id: str) -> None:
        self.status = "loading"
        self.error: TidemillError | None = None
        self._chat, self._id = chat, room_id
        self._version: int | None = None  # of the last event that was applied
        self._seen = 0  # the newest that was heard of
        self._waiting: collections.deque[Event] = collections.deque()
        self._more = asyncio.Event()
        self._client: centrifuge.Client | None = None
        self._subscription: centrifuge.Subscription | None = None
        self._catching: asyncio.Task[None] | None = None
        self._is_closed = False
        self._is_entered = False

    async def __aenter__(self) -> RoomEvents:
        self._is_entered = True
        await self._start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def __aiter__(self) -> AsyncIterator[Event]:
        await self._start()
        try:
            while True:
                while self._waiting:
                    event = self._waiting.popleft()
                    self._catch_up_if_behind()
                    yield event
                if self.error:
                    raise self.error
                if self._is_closed:
                    return
                self._more.clear()
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._more.wait(), LOOK_SECONDS)
                if self._client and self._client.state is centrifuge.ClientState.DISCONNECTED:
                    self._fail(TidemillError("the connection has ended, and is not made again", DISCONNECTED))
        finally:
            if not self._is_entered:
                await self.close()

    async def close(self) -> None:
        self._is_closed = True
        self._more.set()
        if self._catching:
            self._catching.cancel()
        if self._subscription:
            subscription, self._subscription = self._subscription, None
            await subscription.unsubscribe()
            if self._client and self._client.get_subscription(subscription.channel) is subscription:
                self._client.remove_subscription(subscription)

    async def _start(self) -> None:
        if self._subscription or self._is_closed:
            return
        self._client = client = await self._chat.rt.client()
        self._subscription = client.new_subscription(f"chat:room/{self._id}", events=_Handler(self), get_state=self._position)
        await self._subscription.subscribe()

    async def _position(self, _: str) -> centrifuge.StreamPosition:
        """Where the channel is to be followed from: at first, and when it could not be recovered."""
        try:
            page = await self._page()
            if self._version is None or page["version"] < self._version:
                self._load(page)
            else:
                self._seen = max(self._seen, page["version"])
                self._catch_up_if_behind()
            return centrifuge.StreamPosition(offset=page["stream"]["offset"], epoch=page["stream"]["epoch"])
        except TidemillError as error:
            if not error.passing:
                self._fail(error)
            raise

    async def _page(self) -> dict[str, Any]:
        return await self._chat.call("messages.list", room_id=self._id, limit=PAGE)

    def _load(self, page: dict[str, Any]) -> None:
        messages = [each for each in page["messages"] if each["thread_id"] is None]
        self._version = self._seen = page["version"]
        self._give({"type": "room.page", "room_id": self._id, "version": page["version"], "ts": int(time.time() * 1000),
                    "data": {"messages": messages}})

    def _give(self, event: Event) -> None:
        self._waiting.append(event)
        self._more.set()

    def _take(self, event: Event) -> None:
        self._seen = max(self._seen, event["version"])
        if self._catching is None:
            self._apply(event)
        self._catch_up_if_behind()

    def _apply(self, event: Event) -> None:
        if event["version"] == (self._version or 0) + 1 and not self._waiting_is_full():
            self._version = event["version"]
            self._give(event)

    def _waiting_is_full(self) -> bool:
        return len(self._waiting) >= WAITING_MAX

    def _catch_up_if_behind(self) -> None:
        is_behind = self._version is not None and self._version < self._seen
        if is_behind and self._catching is None and not self.error and not self._waiting_is_full():
            self._catching = asyncio.create_task(self._catch_up())

    async def _catch_up(self) -> None:
        """Asks for what was missed, and for what comes meanwhile."""
        try:
            while self._version is not None and self._version < self._seen and not self._waiting_is_full():
                before = self._version
                try:
                    found = await self._chat.call("changes", room_id=self._id, after=before, limit=CHANGES)
                    if found["reset"]:
                        self._load(await self._page())
                    for event in found["changes"]:
                        self._apply(event)
                    if self._version == before and not self._waiting_is_full():
                        self._seen = before  # there is nothing that could be missing
                except TidemillError as error:
                    if not error.passing:
                        return self._fail(error)
                    await asyncio.sleep(error.retry_after or AGAIN_SECONDS)
        finally:
            self._catching = None

    def _fail(self, error: TidemillError) -> None:
        if self._is_closed:
            return
        self.status, self.error = "error", self.error or error
        self._more.set()
        if self._subscription:
            asyncio.ensure_future(self._subscription.unsubscribe())


class _Handler(centrifuge.SubscriptionEventHandler):
    """What the centrifuge client tells of the room's channel."""

    def __init__(self, events: RoomEvents) -> None:
        self._events = events

    async def on_subscribed(self, ctx: centrifuge.SubscribedContext) -> None:
        self._events.status = "live"

    async def on_subscribing(self, ctx: centrifuge.SubscribingContext) -> None:
        if self._events.status == "live":
            self._events.status = "stale"

    async def on_unsubscribed(self, ctx: centrifuge.UnsubscribedContext) -> None:
        self._events._fail(TidemillError(ctx.reason, ctx.code))

    async def on_publication(self, ctx: centrifuge.PublicationContext) -> None:
        self._events._take(ctx.pub.data)


