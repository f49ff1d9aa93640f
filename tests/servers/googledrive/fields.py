"""Field masks: `*`, `a,b`, `a(b,c)`, `a/b`, nested."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from tests.servers.googledrive.errors import invalid_fields
from tests.servers.googledrive.schema import ANY, SCHEMAS

Selection = dict[str, Any]
"""What a mask asks for: by field, a Selection of what it holds, or None for the whole of it."""
_TOKEN = re.compile(r"\s*([A-Za-z_][\w.-]*|[(),/*])")


@lru_cache(maxsize=512)
def selection(mask: str, schema: str) -> Selection | None:
    """The mask as a tree; None for everything. Raises ApiError 400 for what the schema does not have."""
    if not mask.strip():
        return {}
    tokens: list[str] = []
    at = 0
    while at < len(mask.rstrip()):
        match = _TOKEN.match(mask, at)
        if match is None:
            raise invalid_fields(mask)
        tokens.append(match[1])
        at = match.end()
    reader = _Reader(mask, tokens)
    found = reader.level(schema)
    if reader.tokens:
        raise invalid_fields(mask)
    return found


class _Reader:
    """Reads tokens from the front; the depth of nesting is bounded by the schema's."""

    def __init__(self, mask: str, tokens: list[str]) -> None:
        self.mask = mask
        self.tokens = tokens[::-1]

    def level(self, schema: str) -> Selection | None:
        """Items divided by commas."""
        found: Selection = {}
        whole = False
        while True:
            name, below = self.item(schema)
            whole = whole or name == "*"
            if name != "*":
                found[name] = _united(found[name], below) if name in found else below
            if not self.tokens or self.tokens[-1] != ",":
                return None if whole else found
            self.tokens.pop()

    def item(self, schema: str) -> tuple[str, Selection | None]:
        """One field with what is asked of it."""
        name = self.tokens.pop() if self.tokens else ""
        if name == "*":
            return name, None
        if name in ("", "(", ")", ",", "/"):
            raise invalid_fields(self.mask)
        if schema != ANY and name not in SCHEMAS[schema]:
            raise invalid_fields(name)
        kind = ANY if schema == ANY else SCHEMAS[schema][name]
        mark = self.tokens[-1] if self.tokens else ""
        if mark not in ("(", "/"):
            return name, None
        self.tokens.pop()
        if kind is None:
            raise invalid_fields(f"{name}/{self.tokens[-1] if self.tokens else ''}")
        if mark == "/":
            inner, below = self.item(kind)
            return name, None if inner == "*" else {inner: below}
        below = self.level(kind)
        if not self.tokens or self.tokens.pop() != ")":
            raise invalid_fields(self.mask)
        return name, below


def _united(one: Selection | None, other: Selection | None) -> Selection | None:
    if one is None or other is None:
        return None
    return {
        name: _united(one[name], other[name]) if name in one and name in other else (one | other)[name] for name in one | other
    }


def pruned(value: Any, chosen: Selection | None) -> Any:
    """The parts of a JSON value that a selection asks for."""
    if chosen is None:
        return value
    if isinstance(value, list):
        return [pruned(item, chosen) for item in value]
    if isinstance(value, dict):
        return {name: pruned(value[name], below) for name, below in chosen.items() if name in value}
    return value


def chosen(within: Selection | None, name: str) -> Selection | None:
    """What a selection asks of one of its fields; {} if it does not ask for it."""
    if within is None:
        return None
    found: Selection | None = within.get(name, {})
    return found


def wants(within: Selection | None, name: str) -> bool:
    """True if the selection asks for the field."""
    return within is None or name in within
