"""Tidemill: a server, and what is followed of it."""
from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import centrifuge

from ._chat import Chat
from ._errors import DISCONNECTED, TidemillError, error_of
from ._live import Live
from ._names import channel_of, target_of

GetToken = Callable[[], Awaitable[str]]


class Tidemill:
    """Made and used in one event loop; `async with` closes it.

    `url`: the server's, as https://rt.example.com, or of its WebSocket, with ws: or wss:. `get_token` gives a JSON Web
    Token; it is called when one is needed, and again before it expires. `user`: whom the tokens are of, read from the
    first one (its `sub`) unless given. What else is given goes to the centrifuge client.
    """

    def __init__(self, url: str, get_token: GetToken | None = None, user: str | None = None, **client_options: Any) -> None:
        self._url = _websocket_of(url)
        self._get_token = get_token
        self._user = user
        self._options = client_options
        self._client: centrifuge.Client | None = None
        self._live: set[Live] = set()
        self.chat = Chat(self)

    async def __aenter__(self) -> Tidemill:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends all that is followed, and the connection."""
        for live in list(self._live):
            await live.close()
        if self._client:
            await self._client.disconnect()
            self._client = None

    def live(self, endpoint: str, params: Mapping[str, Any] | None = None, *, everybody: bool = False) -> Live:
        """A live query. `endpoint`: its path, as "orders/mine" or "orders/{id}". `everybody`: its file says
        `@auth none`. It has a connection of its own, as the centrifuge client for Python has no maps."""
        target = target_of(endpoint, params)
        is_own = not everybody and (self._get_token is not None or self._user is not None)

        async def channel() -> str:
            return channel_of(target, await self.user() if is_own else None)

        return Live(self._url, channel, self._get_token, is_own, self._live, self._options.get("proxy", True))

    async def client(self) -> centrifuge.Client:
        """The official client, connecting: whatever it can do is yours to use."""
        if self._client is None:
            options = {"name": "tidemill-python", **self._options}
            if self._get_token:
                options["get_token"] = self._get_token
            self._client = centrifuge.Client(self._url, **options)
            await self._client.connect()
        return self._client

    async def rpc(self, method: str, data: Any = None) -> Any:
        """Calls a method of the server."""
        client = await self.client()
        try:
            return (await client.rpc(method, {} if data is None else data)).data
        except centrifuge.CentrifugeError as error:
            # What was under way when a connection was lost fails as what finds no connection any more.
            if client.state is centrifuge.ClientState.DISCONNECTED:
                raise TidemillError(str(error), DISCONNECTED) from error
            raise error_of(error) from error

    async def user(self) -> str:
        """Whom the token is of."""
        if self._user is None:
            self._user = _user_of(await self._get_token() if self._get_token else "")
        return self._user


def _websocket_of(url: str) -> str:
    at = urlsplit(url)
    if at.scheme.startswith("ws"):
        return url
    path = at.path.removesuffix("/") + "/connection/websocket"
    return urlunsplit((at.scheme.replace("http", "ws"), at.netloc, path, at.query, ""))


def _user_of(token: str) -> str:
    try:
        part = token.split(".")[1]
        user = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["sub"]
        if isinstance(user, str) and user:
            return user
    except (IndexError, ValueError, KeyError, TypeError):
        pass
    raise TidemillError("the token names no user: it is a JSON Web Token with `sub`, or the option `user` says who it is")
