"""Which items of a list are asked for before they are believed, since lists lag.

Those that were known in a later version when everything is listed from scratch. Newcomers of a second look, and of a listing
from scratch in a folder that was known, some of them: one that left just now may still be listed, but many have only come
since the last listing. Of a folder that comes in with all that lies in it the folder alone is asked for; in a second look, it
is listed once more when its lag is over.
"""

from __future__ import annotations

from blocks.sources.drive.cursor import Position
from blocks.sources.drive.known import Known
from blocks.sources.drive.scope_mirror import ScopeMirror

_MOST_NEW = 100
"""Newcomers of a listing from scratch that are asked for: no change must cost a question."""


class Doubts:
    """Judges what lists show."""

    def __init__(self, mirror: ScopeMirror, position: Position) -> None:
        self._mirror = mirror
        self._position = position
        self._came_in: set[str] = set()
        self._new = 0
        self.resumed = position.looking
        """A second look that was interrupted goes on: what had come in by then is not known as such."""

    @property
    def on(self) -> bool:
        """True during a second look, and while a listing goes on that was interrupted in one."""
        return self._position.looking

    def begin(self) -> None:
        """A second look begins."""
        self._position.looking = True

    def end(self) -> None:
        """It is over."""
        self._position.looking = self.resumed = False
        self._came_in.clear()

    def about(self, id: str, folder: str, version: int) -> bool:
        """True if an item must be asked for that stands in the list of this folder, in this version."""
        if self._mirror.at(id) is not None:
            return False
        before = self._mirror.before(id)
        if before is not None and before.version > version:
            return True
        if folder in self._came_in:
            return False
        if self.on:
            return True
        is_new = before is None and self._mirror.before(folder) is not None
        self._new += is_new
        return is_new and self._new <= _MOST_NEW

    def note(self, id: str, is_folder: bool) -> None:
        """The item is about to take a place, since it was asked for, or what it lies in."""
        if is_folder and self.on and self._mirror.at(id) is None:
            self._came_in.add(id)

    def is_outermost(self, folder: Known) -> bool:
        """True of a folder that has come in, unless the one that it lies in has as well."""
        return folder.id in self._came_in and folder.parent not in self._came_in
