"""The channel of a live query: live:/orders/mine?status=open#42 is GET /orders/mine?status=open, as user 42 gets it.

One spelling, which is the server's: who asks for the same is in the same channel.
"""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, quote_plus


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (str, int, float)):
        return str(value)
    raise TypeError(f"a parameter is text, a number, true, false or a list of these, and not {value!r}")


def _encoded(text: str) -> str:
    """As URLSearchParams has it."""
    return quote_plus(text, safe="*-._").replace("~", "%7E")


def target_of(endpoint: str, params: Mapping[str, Any] | None = None) -> str:
    """Path and parameters. Those whose names stand in the path, as in "orders/{id}", are put there; None is left out."""
    rest = dict(params or {})

    def put(found: re.Match[str]) -> str:
        if rest.get(found[1]) is None:
            raise TypeError(f"{endpoint}: {found[1]} needs one value")
        return quote(_text(rest.pop(found[1])), safe="!'()*")

    path = re.sub(r"\{([^}]*)\}", put, "/" + endpoint.removeprefix("/"))
    pairs = []
    for name in sorted(rest):
        value = rest[name]
        is_list = isinstance(value, Sequence) and not isinstance(value, str)
        pairs += [f"{_encoded(name)}={_encoded(_text(each))}" for each in (value if is_list else [value]) if each is not None]
    return f"{path}?{'&'.join(pairs)}" if pairs else path


def channel_of(target: str, user: str | None = None) -> str:
    """`user`: whose rows they are; None: an endpoint with `@auth none`, which is everybody's."""
    return f"live:{target}" + ("" if user is None else f"#{user}")
