"""The Drive source's cursor: where each change log was read to, and what has to be looked at again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from core.errors import CursorRejected

_FORMAT = 1
WHOLE_EVERY = 86_400.0
"""Seconds after which everything is compared once more, unless the source says otherwise."""


@dataclass(slots=True)
class Cursor:
    """All that a source must know between two listings, besides its tree."""

    identity: str
    """Whose logs these are: change tokens of one account mean nothing to another."""
    scope: str
    """Digest of what the source was told to look at."""
    whole_at: float
    """When everything was last listed from scratch: seconds since the epoch."""
    tokens: dict[str, str] = field(default_factory=dict)
    """Change token by corpus."""
    roots: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What is known of each root, by id."""
    shortcuts: dict[str, str] = field(default_factory=dict)
    """What shortcuts in the scope point at."""
    again: dict[str, float] = field(default_factory=dict)
    """What must be listed once more, and when: the index that answers lists lags behind the change log."""
    keys: dict[str, str] = field(default_factory=dict)
    """Resource keys of roots, and of what shortcuts point at."""

    def dumps(self) -> str:
        """As text."""
        return json.dumps({"format": _FORMAT, **asdict(self)}, sort_keys=True, separators=(",", ":"))

    @classmethod
    def loads(cls, text: str) -> Cursor:
        """From text. Raises CursorRejected for one of another version."""
        try:
            values = json.loads(text)
            if values.pop("format") != _FORMAT:
                raise ValueError("format")
            return cls(**values)
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise CursorRejected("its cursor was written by another version of Levada") from exc


@dataclass(slots=True)
class Position:
    """Where a listing stands: its cursor so far, and what is left to do before the logs are read."""

    cursor: Cursor
    left: list[str] = field(default_factory=list)
    """Corpora that are still to be listed."""
    by_list: bool = False
    """The first of them is listed as a whole: its folders are known, its files are being listed."""
    page: str | None = None
    """The page of that list to go on with."""
    full: bool = False
    """The listing is one from scratch."""
    telling: dict[str, bool] = field(default_factory=dict)
    """Folders in which everything is being told again, since it has another path, or other readers."""
    looking: bool = False
    """What was listed is being listed once more: doubts.py."""
    strays: dict[str, str] = field(default_factory=dict)
    """Items that lay in the scope, by what folder they lie in now: strays.py."""

    def dumps(self) -> str:
        """As text."""
        values: Mapping[str, Any] = {
            "cursor": self.cursor.dumps(), "left": self.left, "by_list": self.by_list, "page": self.page, "full": self.full,
            "telling": self.telling, "looking": self.looking, "strays": self.strays,
        }  # fmt: skip
        return json.dumps(values, separators=(",", ":"))

    @classmethod
    def loads(cls, text: str) -> Position:
        """From text. Raises CursorRejected for one of another version."""
        try:
            values = json.loads(text)
            return cls(**(values | {"cursor": Cursor.loads(values["cursor"])}))
        except (ValueError, KeyError, TypeError) as exc:
            raise CursorRejected("its last listing was begun by another version of Levada") from exc
