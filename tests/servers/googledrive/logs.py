"""Change logs: one for each user, one for each shared drive. An entry says that something changed, not what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

SPAN = 1_000_000_000
"""Each log counts in a range of its own, so that a token of another log is known for what it is."""


class Entry(NamedTuple):
    """`key` is the id of a file or a drive, as `kind` ("file" or "drive") says; `time` in ms, `mutation` the world's count."""

    kind: str
    key: str
    time: int
    mutation: int


@dataclass(frozen=True)
class Page:
    """Entries with their sequence numbers, and where to go on; `more` if anything is left after `last`."""

    entries: list[tuple[int, Entry]]
    last: int
    more: bool


class Log:
    """Entries in the order in which they happened."""

    def __init__(self, base: int) -> None:
        self._base = base
        self._entries: list[Entry] = []
        self._latest: dict[tuple[str, str], int] = {}

    @property
    def head(self) -> int:
        """Sequence number of the newest entry; the log's base if there is none."""
        return self._base + len(self._entries)

    def append(self, entry: Entry) -> None:
        """Add `entry`; it replaces older ones of the same item where entries coalesce."""
        self._entries.append(entry)
        self._latest[entry.kind, entry.key] = len(self._entries)

    def settled(self, lag_ms: float, lag_mutations: int, now: int, mutation: int) -> int:
        """The newest sequence number that can be seen, when entries show up only after a lag."""
        seen = len(self._entries)
        while seen and (
            now - self._entries[seen - 1].time < lag_ms or mutation - self._entries[seen - 1].mutation < lag_mutations
        ):
            seen -= 1
        return self._base + seen

    def knows(self, token: int) -> bool:
        """True if `token` can be one of this log's."""
        return self._base <= token <= self.head + 1

    def page(self, after: int, size: int, until: int, coalesce: bool) -> Page:
        """At most `size` entries with numbers above `after` up to `until`. The cost is that of the entries passed over."""
        found: list[tuple[int, Entry]] = []
        for index in range(after - self._base, until - self._base):
            entry = self._entries[index]
            if (
                coalesce
                and self._latest[entry.kind, entry.key] != index + 1
                and self._latest[entry.kind, entry.key] <= until - self._base
            ):
                continue
            if len(found) == size:
                return Page(found, found[-1][0], True)
            found.append((self._base + index + 1, entry))
        return Page(found, max(after, until), False)

    def invalidate(self) -> None:
        """Count from elsewhere: no token given out so far is known any more."""
        self._base += SPAN // 100


class Logs:
    """All logs of a world, by corpus: `user:EMAIL` or a drive id."""

    def __init__(self) -> None:
        self._logs: dict[str, Log] = {}

    def of(self, corpus: str) -> Log:
        """The log of `corpus`, made if there is none."""
        if corpus not in self._logs:
            self._logs[corpus] = Log((len(self._logs) + 1) * SPAN + 1000)
        return self._logs[corpus]

    def append(self, corpora: set[str] | frozenset[str], entry: Entry) -> None:
        """Add `entry` to the log of each of `corpora`."""
        for corpus in sorted(corpora):
            self.of(corpus).append(entry)

    def invalidate(self) -> None:
        """No token of any log is known any more."""
        for log in self._logs.values():
            log.invalidate()
