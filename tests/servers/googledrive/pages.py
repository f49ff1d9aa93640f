"""Page tokens of lists, and what knobs do to any page."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

from tests.servers.googledrive.errors import invalid
from tests.servers.googledrive.state import State


@dataclass(frozen=True)
class Place:
    """Where a list of `scope` goes on: after `last`, a serial number or a count; `empty` if the page before was kept empty."""

    scope: str
    last: int
    empty: bool = False

    def token(self) -> str:
        """As it is given out."""
        return "~!!~" + urlsafe_b64encode(json.dumps([self.scope, self.last, self.empty]).encode()).decode()


def place(state: State, token: str | None, scope: str) -> Place:
    """The place that a token of this list stands for. Raises ApiError 400 for any other, and for all where the knob says so."""
    if token is None:
        return Place(scope, -1)
    if state.knobs.expire_list_tokens:
        raise invalid("pageToken")
    try:
        known, last, empty = json.loads(urlsafe_b64decode(token.removeprefix("~!!~")))
    except ValueError:
        raise invalid("pageToken") from None
    if known != scope or not isinstance(last, int):
        raise invalid("pageToken")
    return Place(scope, last, bool(empty))


def capped(state: State, size: int) -> int:
    """The size of a page, which the server may make smaller."""
    return min(size, state.knobs.page_size_cap or size)


def doubled(state: State, entries: list[Any]) -> list[Any]:
    """Entries, some of them twice where the knob says so."""
    return entries + [entry for entry in entries if state.happens(state.knobs.duplicate_entries)]
