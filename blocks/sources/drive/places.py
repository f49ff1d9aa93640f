"""Where an item stands in the scope: its path for people, its path for patterns, and who may see it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from blocks.sources.drive.known import Known, known
from blocks.sources.drive.staging import Staging
from core.paths import printable
from core.principals import OWNER

DEEPEST = 110
"""Folders around an item, at most. Drive itself allows 100 levels."""
LOST = "-"
"""Where a root lies that is lost: it is remembered, and nothing in it belongs to the scope."""
_MOST = 50_000
"""Folders whose places are kept at hand."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder's place."""

    path: str
    """Printable, from the root on."""
    below: bytes
    """The path below the root, with a "/" at its end; b"" for the root itself."""
    readers: tuple[str, ...]
    """Who may see it: principals."""
    folders: tuple[str, ...]
    """Its id and those of all around it, the root first."""

    def inside(self, item: Known) -> Place:
        """The place of an item in this folder."""
        name = plain(item.name)
        readers = self.readers if item.grants is None else item.grants
        below = self.below + name.encode("utf-8", "surrogatepass")
        path = f"{self.path}/{shown(name)}" if self.folders else shown(name)
        return Place(path, below, readers, (*self.folders, item.id))


NOWHERE = Place("", b"", (), ())
"""Where a file lies that only a shortcut brings into the scope."""


class Places:
    """Places of folders, reckoned from what the tree knows."""

    def __init__(self, staging: Staging) -> None:
        self._staging = staging
        self._kept: dict[str, Place | None] = {}

    def of(self, folder: str) -> Place | None:
        """The place of a folder; None if it is not in the scope."""
        if folder not in self._kept:
            if len(self._kept) >= _MOST:
                self._kept.clear()
            self._kept[folder] = self._reckoned(folder)
        return self._kept[folder]

    def look_up(self, folders: Iterable[str]) -> None:
        """Get ready for these folders: they, and those around them, are read level by level rather than one by one."""
        front = {folder for folder in folders if folder not in self._kept}
        seen: set[str] = set()
        while front and len(seen) < _MOST:
            self._staging.look_up(folder.encode() for folder in front)
            seen |= front
            nodes = [self._staging.node(folder.encode()) for folder in front]
            around = {node.parent.decode() for node in nodes if node is not None and node.parent}
            front = {folder for folder in around - seen if folder not in self._kept}

    def forget(self) -> None:
        """A folder has changed: whatever lies in it may stand elsewhere now."""
        self._kept.clear()

    def _reckoned(self, folder: str) -> Place | None:
        way: list[Known] = []
        place: Place | None = None
        while place is None:
            node = self._staging.node(folder.encode())
            if node is None or not node.folder or len(way) >= DEEPEST:
                return None
            item = known(node)
            if not item.parent:
                place = _root(item)
            else:
                way.append(item)
                folder = item.parent
                place = self._kept.get(folder)
        for item in reversed(way):
            inner = place.inside(item)
            place = Place(inner.path, inner.below + b"/", inner.readers, inner.folders)
        return place


def readers_of(place: Place) -> tuple[str, ...]:
    """As the ledger keeps them: what nobody is known to see is the library owner's alone."""
    return place.readers or (OWNER,)


def _root(item: Known) -> Place:
    return Place(shown(plain(item.name)), b"", item.grants or (), (item.id,))


def plain(name: str) -> str:
    """A name that can be part of a path: Drive allows "/" in it."""
    return name.replace("/", "\uff0f")  # a full-width solidus, which looks like one


def shown(name: str) -> str:
    """A name that can be shown."""
    return printable(name.encode("utf-8", "surrogatepass"))
