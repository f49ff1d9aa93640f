"""The virtual clock of a world: milliseconds since the epoch, moved by operations and by tests, never by the wall."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

START_MS = 1_767_225_600_000
"""2026-01-01T00:00:00.000Z."""


def rfc3339(moment: int) -> str:
    """`moment` (ms) as Drive writes times: `2026-01-01T00:00:00.000Z`."""
    whole, ms = divmod(moment, 1000)
    return f"{_second(whole)}.{ms:03d}Z"


@lru_cache(maxsize=4096)
def _second(whole: int) -> str:
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}"


def parse_time(text: str) -> int:
    """Milliseconds of an RFC 3339 time, UTC where no zone is given. Raises ValueError."""
    when = datetime.fromisoformat(text)
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return round(when.timestamp() * 1000)


class Clock:
    """Now, and what is due later."""

    def __init__(self, start: int = START_MS) -> None:
        self.now = start
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._serial = itertools.count()

    def tick(self) -> int:
        """One millisecond passes, so that no two operations share a time. Gives the time."""
        self.advance_ms(1)
        return self.now

    def at(self, moment: int, action: Callable[[], None]) -> None:
        """Run `action` when the clock reaches `moment` (ms)."""
        heapq.heappush(self._due, (moment, next(self._serial), action))

    def advance_ms(self, ms: int) -> None:
        """Move on, running what becomes due at its own time."""
        target = self.now + ms
        while self._due and self._due[0][0] <= target:
            moment, _, action = heapq.heappop(self._due)
            self.now = max(self.now, moment)
            action()
        self.now = max(self.now, target)
