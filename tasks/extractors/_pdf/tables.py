"""The tables of a page, found by their lines and by how their words stand; no model.

What follows agrees with the rules that most authors of tables keep: cells do not overlap, text of a column stands below one
another, numbers mark the rows that are data. A table's lines come first (crossing lines, then lines of one width above each
other), then rows of aligned text. Speed: 1 to 4 ms a page of many tables, less than 1 ms where there is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.documents import Box
from tasks.extractors._pdf.grid import Grid, build
from tasks.extractors._pdf.lattice import Region, crossing, stacks
from tasks.extractors._pdf.page import Page, Word
from tasks.extractors._pdf.prose import may_hold_columns, text_rows
from tasks.extractors._pdf.rows import Row
from tasks.extractors._pdf.rulings import Line, rulings
from tasks.extractors._pdf.stream import aligned, ruled, united, with_headings
from tasks.extractors._pdf.trim import is_filled, is_mesh, is_walled, with_labels, without_captions

_DASHES = re.compile(r"[-_=\u2013\u2014\u2500]+")
_FEWEST = 4
"""Words of a table."""
_MOST = 100
"""Regions of a page that are looked at."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a page."""

    box: Box
    rows: list[list[str]]
    """All of one width; what spans several cells is repeated in each."""
    headings: int = 1
    """How many rows at the top are column headings: at least 1, as Markdown has it."""


def tables(page: Page) -> list[Table]:
    """From the top. Captions, sources and notes around them are not part of them; every word in a box is in its rows."""
    finder = _Finder(page)
    finder.find_crossing()
    finder.find_open()
    return sorted(finder.found, key=lambda table: (table.box[1], table.box[0]))


class _Finder:
    """Takes tables out of a page, and with them their words and lines."""

    def __init__(self, page: Page) -> None:
        self.found: list[Table] = []
        seen = [word for word in page.words if word.text and not word.hidden]
        self._turned = [word for word in seen if word.style.angle != 0]
        words = [word for word in seen if word.style.angle == 0]
        across, self._down = rulings(page)
        self._words, self._across = _undashed(words, across)

    def find_crossing(self) -> None:
        """Tables whose lines cross or meet."""
        if len(self._words) < _FEWEST:
            return
        for region in crossing(self._across, self._down)[:_MOST]:
            grid = build(region, self._words, self._turned) if is_walled(region) else None
            if grid and is_mesh(region, grid):
                wider = with_labels(region, self._words)
                if wider is not region:
                    region, grid = wider, build(wider, self._words, self._turned) or grid
                if grid.headings == 0:
                    region, grid = self._headed(region, grid, text_rows(self._words))
                self._take(region, grid)

    def _headed(self, region: Region, grid: Grid, rows: list[Row]) -> tuple[Region, Grid]:
        """The region with column headings that stand above its lines, if there are any."""
        box = with_headings(region.box, grid.xs[1], rows, self._across)
        if box == region.box:
            return region, grid
        lines = [
            line for line in self._across if box[1] < line.at < region.box[1] and line.start < box[2] and line.end > box[0]
        ]
        higher = Region(box, [*lines, *region.across], region.down)
        return (higher, found) if (found := build(higher, self._words, self._turned)) else (region, grid)

    def find_open(self) -> None:
        """Tables without vertical lines."""
        stacked = stacks(self._across)
        if len(self._words) < _FEWEST or not (stacked or may_hold_columns(self._words)):
            return
        rows = text_rows(self._words)
        for region in united(ruled(rows, stacked), aligned(rows, self._across), self._across)[:_MOST]:
            grid = build(region, self._words, self._turned)
            if grid and is_filled(grid, region.across):
                if grid.headings == 0:
                    region, grid = self._headed(region, grid, rows)
                self._take(region, grid)

    def _take(self, region: Region, grid: Grid) -> None:
        grid = without_captions(grid)
        left, _, right, _ = region.box
        top, bottom = grid.ys[0], grid.ys[-1]
        own = set(map(id, grid.inside))
        left, right = min(left, *(w.left for w in grid.inside)), max(right, *(w.right for w in grid.inside))
        box = (left, top - 1, right, bottom + 1)
        rest = [word for word in self._words if id(word) not in own]
        for word in (*rest, *self._turned):
            if _is_in(word, box):
                grid.add(word)
        self._words = [word for word in rest if not _is_in(word, box)]
        self._turned = [word for word in self._turned if not _is_in(word, box)]
        self._across = [
            line for line in self._across if not (top - 2 <= line.at <= bottom + 2 and line.start < right and line.end > left)
        ]
        self.found.append(Table(box, grid.rows(), max(grid.headings, 1)))


def _is_in(word: Word, box: Box) -> bool:
    left, top, right, bottom = box
    return left <= (word.left + word.right) / 2 <= right and top <= (word.top + word.bottom) / 2 <= bottom


def _undashed(words: list[Word], across: list[Line]) -> tuple[list[Word], list[Line]]:
    """Lines that are made of dashes count as lines."""
    dashes = [word for word in words if len(word.text) > 5 and _DASHES.fullmatch(word.text)]
    if not dashes:
        return words, across
    drawn = [Line((word.top + word.bottom) / 2, word.left, word.right) for word in dashes]
    rest = [word for word in words if len(word.text) < 6 or not _DASHES.fullmatch(word.text)]
    return rest, sorted([*across, *drawn], key=lambda line: line.at)
