"""Places of a grid joined to cells."""

from __future__ import annotations

from typing import TypeAlias

Place: TypeAlias = tuple[int, int]
"""Row and column."""


class Cells:
    """Which places belong to one cell. A join that does not give a rectangle does not happen."""

    def __init__(self, height: int, width: int) -> None:
        self._box = {(r, c): (r, c, r, c) for r in range(height) for c in range(width)}

    def owner(self, place: Place) -> Place:
        """The first place of its cell."""
        return self._box[place][:2]

    def members(self, place: Place) -> set[Place]:
        top, left, bottom, right = self._box[place]
        return {(r, c) for r in range(top, bottom + 1) for c in range(left, right + 1)}

    def join(self, one: Place, other: Place) -> None:
        a, b = self._box[one], self._box[other]
        top, left, bottom, right = min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])
        places = [(r, c) for r in range(top, bottom + 1) for c in range(left, right + 1)]
        if len(places) == len(self.members(one) | self.members(other)):
            for place in places:
                self._box[place] = (top, left, bottom, right)
