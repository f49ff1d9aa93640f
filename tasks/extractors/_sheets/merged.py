"""Merged cells of a sheet: their text is repeated in every row and column that they cover."""

from __future__ import annotations

from typing import TypeAlias

Area: TypeAlias = tuple[int, int, int, int]
"""First row, first column, last row, last column; rows from 1, columns from 0."""

_WIDEST = 50
"""Columns; a wider merged cell is not repeated."""


class Merged:
    """Takes the merged cells that begin in each row, and fills the rows in order."""

    def __init__(self) -> None:
        self._open: list[tuple[Area, str]] = []

    def add(self, area: Area, text: str) -> None:
        """A merged cell that begins in the row which is filled next."""
        if text and area[3] - area[1] < _WIDEST and area[:2] != area[2:]:
            self._open.append((area, text))

    def fill(self, number: int, cells: list[tuple[int, str]]) -> list[tuple[int, str]]:
        """The row's cells, and those that merged ones cover. One that stands alone in its row is a title, and not repeated."""
        if not self._open:
            return cells
        self._open = [each for each in self._open if each[0][2] >= number]
        texts = dict(cells)
        alone = len(texts) == 1 and any(area[0] == number and area[1] in texts for area, _ in self._open)
        if not texts or alone:
            return cells
        covered = {
            column: text for (_, left, _, right), text in self._open for column in range(left, right + 1) if column not in texts
        }
        return sorted((texts | covered).items()) if covered else cells
