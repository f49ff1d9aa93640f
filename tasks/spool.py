"""Bytes of members between the parser that found them and the one that reads them.

They lie in the run's scratch directory, so a run that dies leaves none: its successor asks the container for them again.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from pathlib import Path


class Spool:
    """Safe to use from several threads."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.incoming = directory / "incoming"
        """Where parsers put what they find."""
        self._kept = directory / "members"
        self._lock = threading.Lock()
        self._new: defaultdict[int, deque[str]] = defaultdict(deque)

    def make(self) -> None:
        """Make its directories."""
        for directory in (self.incoming, self._kept):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    def keep(self, source_id: int, document_id: str, path: str) -> None:
        """Take over the bytes of a member that has to be read."""
        Path(path).rename(self._kept / document_id)
        with self._lock:
            self._new[source_id].append(document_id)

    def take(self, document_id: str, directory: Path) -> str | None:
        """Move a member's bytes into `directory`; their path, or None if they are not here."""
        target = directory / f"member-{document_id}"
        try:
            (self._kept / document_id).rename(target)
        except FileNotFoundError:
            return None
        return str(target)

    def drop(self, document_id: str) -> None:
        """Nobody needs these bytes."""
        (self._kept / document_id).unlink(missing_ok=True)

    def news(self, source_id: int, most: int) -> list[str]:
        """Members of the source that came since, for the next batch; each is named once."""
        with self._lock:
            waiting = self._new[source_id]
            return [waiting.popleft() for _ in range(min(most, len(waiting)))]

    def has_news(self, source_id: int) -> bool:
        """True if members of the source have come that no batch was given yet."""
        with self._lock:
            return bool(self._new[source_id])
