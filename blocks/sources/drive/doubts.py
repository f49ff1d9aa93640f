"""Newcomers of a second look: its lists may lag as well, so what they show and nobody knew is asked for before it comes in.

Of a folder that comes in with all that lies in it the folder alone is asked for, and listed once more when its lag is over.
"""

from __future__ import annotations

from blocks.sources.drive.cursor import Position
from blocks.sources.drive.items import FOLDER, Resource
from blocks.sources.drive.known import Known
from blocks.sources.drive.scope_mirror import ScopeMirror


class Doubts:
    """Tells which items of a list are not to be believed without asking."""

    def __init__(self, mirror: ScopeMirror, position: Position) -> None:
        self._mirror = mirror
        self._position = position
        self._came_in: set[str] = set()

    @property
    def on(self) -> bool:
        """True during a second look, and while a listing goes on that was interrupted in one."""
        return self._position.looking

    def begin(self) -> None:
        """A second look begins."""
        self._position.looking = True

    def end(self) -> None:
        """It is over."""
        self._position.looking = False
        self._came_in.clear()

    def about(self, id: str, folder: str) -> bool:
        """True if an item must be asked for: it was not known, and the folder in whose list it stands was."""
        return self.on and folder not in self._came_in and self._mirror.at(id) is None

    def note(self, item: Resource) -> None:
        """The item is about to take a place, since it was asked for, or what it lies in."""
        if self.on and item.get("mimeType") == FOLDER and self._mirror.at(item["id"]) is None:
            self._came_in.add(item["id"])

    def is_outermost(self, folder: Known) -> bool:
        """True of a folder that has come in, unless the one that it lies in has as well."""
        return folder.id in self._came_in and folder.parent not in self._came_in
