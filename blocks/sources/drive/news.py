"""What the change logs say is carried into the mirror, until nothing changes any more.

The log tells of an item only what it is now, and of what lies in a folder nothing: children of a folder that enters the scope,
moves, or changes its readers are listed; what lay in one that leaves goes with it. Folders come before files, and again as
long as one has found its place: the folder that an item lies in may be told of later than the item.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from math import inf

from blocks.sources.drive.items import FOLDER, Resource, version
from blocks.sources.drive.logs import Words, governing
from blocks.sources.drive.scope_mirror import ScopeMirror
from blocks.sources.drive.walk import Walk
from core.files import ChangePage

_PORTION = 1_000


class News:
    """Carries what was heard into the mirror."""

    def __init__(self, mirror: ScopeMirror, walk: Walk, tokens: dict[str, str]) -> None:
        self._mirror = mirror
        self._walk = walk
        self._tokens = tokens

    def take(self, words: Words) -> Iterator[ChangePage]:
        """All of it; afterwards nothing is pending."""
        mirror = self._mirror
        for id in words.items:
            mirror.elsewhere.pop(id, None)  # this is newer than whatever was found before
        items = {id: item for id, item in words.items.items() if id not in mirror.roots}
        folders = {id: item for id, item in items.items() if item.get("mimeType") == FOLDER}
        files = {id: item for id, item in items.items() if id not in folders}
        # First of all, lest what has moved out of a folder that leaves go with it.
        waiting = yield from self._place(folders)
        for id, corpora in words.removed.items():
            if id not in words.items and id not in mirror.roots:
                yield from self._removed(id, corpora)
        yield from self._settle(waiting)
        yield from self._settle(files)
        yield from self._walk.pending()
        # A walk may have brought folders in whose children the log told of before, and its lists do not show yet.
        while entering := self._entering(folders) | self._entering(files):
            yield from self._settle(entering)
            yield from self._walk.pending()

    def _removed(self, id: str, corpora: set[str]) -> Iterator[ChangePage]:
        before = self._mirror.at(id)
        # An item that has moved to another corpus is gone from this log, and there.
        if before is None or before.corpus in corpora:
            self._mirror.elsewhere[id] = inf
            self._walk.strays.forget(id)
            yield from self._mirror.drop(id, explicit=True)

    def _place(self, folders: dict[str, Resource]) -> Generator[ChangePage, None, dict[str, Resource]]:
        """Give those their places that have one, again as long as one was placed: others may lie in it. Returns the rest."""
        waiting = dict(folders)
        while waiting:
            placed: set[str] = set()
            for portion in _portions(list(waiting.values())):
                self._mirror.look_up(portion)
                placed.update(item["id"] for item in portion if self._put(item))
                if self._mirror.staging.is_full:
                    yield from self._mirror.staging.page()
            if not placed:
                break
            waiting = {id: item for id, item in waiting.items() if id not in placed}
        return waiting

    def _settle(self, items: dict[str, Resource]) -> Iterator[ChangePage]:
        """Give each its place, or let it go."""
        for portion in _portions(list(items.values())):
            self._mirror.look_up(portion)
            for item in portion:
                if not self._put(item):
                    yield from self._let_go(item)
            if self._mirror.staging.is_full:
                yield from self._mirror.staging.page()

    def _put(self, item: Resource) -> bool:
        """Give the item its place; False if it has none."""
        parent = self._parent(item)
        if parent is not None:
            self._walk.strays.forget(item["id"])
            self._mirror.put(item, parent, governing(item, self._tokens))
        return parent is not None

    def _let_go(self, item: Resource) -> Iterator[ChangePage]:
        self._walk.strays.note(item)
        left = self._mirror.elsewhere.get(item["id"], 0)
        self._mirror.elsewhere[item["id"]] = max(left, version(item))
        yield from self._mirror.drop(item["id"], explicit=True)

    def _parent(self, item: Resource) -> str | None:
        """The folder of the scope that it lies in."""
        parents = item.get("parents")
        if item.get("trashed") or not parents or self._mirror.is_behind(item) or not self._mirror.is_in_scope(parents[0]):
            return None
        return None if self._mirror.holds(parents[0], item["id"]) else str(parents[0])

    def _entering(self, items: dict[str, Resource]) -> dict[str, Resource]:
        self._mirror.read(items.values())
        out = {id: item for id, item in items.items() if self._mirror.at(id) is None}
        return {id: item for id, item in out.items() if self._parent(item) is not None}


def _portions(items: list[Resource]) -> Iterator[list[Resource]]:
    for start in range(0, len(items), _PORTION):
        yield items[start : start + _PORTION]
