"""What a source must answer. A new source is one new file here; tests/contracts/sources.py proves it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Self

from prefect.blocks.core import Block
from pydantic import PrivateAttr

from core.files import ChangePage, ListingEnd, Snapshot
from core.trees import Tree


class Source(Block, ABC):
    """Where files live."""

    kind: ClassVar[str]
    """How the ledger names this family, e.g. "folder"."""
    ids_are_places: ClassVar[bool] = True
    """A file that is moved gets another id, so that only its content tells it is the same; False: ids are for good."""

    fetches_at_once: ClassVar[int] = 1
    """Files to be fetched at the same time; above 1 where what they take is mostly waiting."""

    not_kept: ClassVar[frozenset[str]] = frozenset()
    """Fields that the ledger does not keep, such as secrets."""

    _known_root: str | None = PrivateAttr(default=None)
    _home: Path | None = PrivateAttr(default=None)

    @classmethod
    def restored(cls, kept: dict[str, Any], root: str | None) -> Self:
        """The source of which the ledger kept these settings, and knows by that root."""
        return cls(**kept)

    def known_as(self, root: str) -> None:
        """The root under which the ledger knows it: whatever else is found in its place is another source."""
        self._known_root = root

    def keep_out_of(self, home: Path) -> None:
        """Levada's own home: no document of anybody's lies there."""
        self._home = home

    @property
    @abstractmethod
    def root(self) -> str:
        """What identifies this source within a library: a folder's real path, a Drive folder's id."""

    @abstractmethod
    def changes(self, cursor: str | None, tree: Tree | None = None) -> Iterator[ChangePage | ListingEnd]:
        """What changed since `cursor` (None: everything), in pages, and last a ListingEnd if nothing was cut short.

        `tree` is what the source has remembered, and what its pages so far have brought; None: nothing is known, and
        everything is listed. Raises SourceUnavailable if it cannot be listed at all, CursorRejected if only a listing from
        scratch can tell.
        """

    @abstractmethod
    def fetch(self, file_id: bytes, directory: Path, max_bytes: int | None = None) -> Snapshot:
        """Copy one file's bytes into `directory`; never a splice of two revisions.

        Raises FileNotFoundError if it is gone; Unprocessable: UNREADABLE without permission, CHANGING if it changed each time
        it was read, TOO_LARGE above `max_bytes`, or if there is no room for it; SourceUnavailable if the whole source is;
        TransientError if the copy cannot be written (a full disk); UsageError for an id that no listing gave.
        """

    def heed(self, check: Callable[[], None]) -> None:
        """Call this whenever something is waited for: it raises if the run was told to stop. Most sources never wait long."""

    def close(self) -> None:
        """Let go of connections; most sources hold none."""
