"""Which files of the scope are wanted: by name, by place and by media type."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from blocks.sources.drive.known import Known
from blocks.sources.drive.places import Place
from blocks.sources.globs import Globs


class Wanted:
    """Patterns of names as in a .gitignore, below the root; patterns of media types as "image/*"."""

    def __init__(
        self, include: Iterable[str], exclude: Iterable[str], include_types: Iterable[str], exclude_types: Iterable[str]
    ) -> None:
        self._globs = Globs(include, exclude)
        self._types, self._other_types = tuple(include_types), tuple(exclude_types)

    def takes(self, item: Known, place: Place) -> bool:
        """True if the file is wanted; `place` is its own."""
        if item.is_folder or item.is_shortcut or not self._globs.takes(place.below):
            return False
        if any(fnmatchcase(item.media_type, pattern) for pattern in self._other_types):
            return False
        return not self._types or any(fnmatchcase(item.media_type, pattern) for pattern in self._types)
