"""Items that lay in the scope and lie in a folder now that is not known: it may come into the scope later in the same listing.

Lists lag: when the folder is listed at last, its list need not show them yet.
"""

from __future__ import annotations

from blocks.sources.drive.cursor import Position
from blocks.sources.drive.items import Resource
from blocks.sources.drive.scope_mirror import ScopeMirror

_MOST = 1_000
"""Kept in mind at once; of more, a second look tells."""


class Strays:
    """Remembers them by the folder that they lie in; in the position, so that a run that goes on knows them, too."""

    def __init__(self, mirror: ScopeMirror, position: Position, full: bool) -> None:
        """`full`: the listing is one from scratch, which does not know what lay in the scope."""
        self._mirror = mirror
        self._folders = position.strays
        self._full = full

    def note(self, item: Resource) -> None:
        """The item was described and has no place in the scope; it is about to be dropped."""
        id, parents = item["id"], item.get("parents")
        lay_here = self._full or id in self._folders or self._mirror.at(id) is not None
        self.forget(id)
        if parents and not item.get("trashed") and lay_here and len(self._folders) < _MOST:
            self._folders[id] = parents[0]

    def forget(self, id: str) -> None:
        """The item has a place, or is gone."""
        self._folders.pop(id, None)

    def take(self) -> list[str]:
        """Ids of those whose folder is in the scope by now, and that were not found in it; they are not kept any more."""
        self._mirror.places.look_up(self._folders.values())
        here = {id: folder for id, folder in self._folders.items() if self._mirror.is_in_scope(folder)}
        for id in here:
            del self._folders[id]
        return [id for id, folder in here.items() if (now := self._mirror.at(id)) is None or now.parent != folder]
