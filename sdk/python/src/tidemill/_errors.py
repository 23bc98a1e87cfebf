"""What the server refuses, and what did not reach it."""
from __future__ import annotations

import json

import centrifuge


DISCONNECTED = 3  # of the client: the connection has ended for good


class TidemillError(Exception):
    """`code`: the protocol's, or the HTTP status of a call of chat; 0: nobody answered. `kind`: chat's word for it."""

    def __init__(self, message: str, code: int = 0, kind: str = "", field: str = "", retry_after: float = 0) -> None:
        super().__init__(f"{message} ({code})" if code else message)
        self.message, self.code, self.kind, self.field, self.retry_after = message, code, kind, field, retry_after

    @property
    def passing(self) -> bool:
        """The same may succeed later: nobody answered, too many calls, the server's own trouble."""
        if self.code == DISCONNECTED:
            return False
        return self.code < 100 or self.code in (100, 111, 429) or self.code >= 500


def error_of(raised: Exception) -> TidemillError:
    """Of what the centrifuge client raises; chat puts its error object, as JSON, into the message."""
    if isinstance(raised, TidemillError):
        return raised
    if not isinstance(raised, centrifuge.ReplyError):
        return TidemillError(f"{type(raised).__name__}: {raised}")
    try:
        told = json.loads(raised.message)
        told = told.get("error", told)
        return TidemillError(told["message"], raised.code, told["code"], told.get("field") or "",
                             (told.get("retry_after_ms") or 0) / 1000)
    except (ValueError, KeyError, AttributeError, TypeError):
        return TidemillError(raised.message, raised.code)
