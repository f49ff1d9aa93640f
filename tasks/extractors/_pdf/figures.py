"""Charts and diagrams: the words in them gathered, so that each figure is one element and none of its labels a heading.

A figure is a stretch of the page where drawn things stand close together, and short labels rather than lines of running text.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.documents import Box
from tasks.extractors._boxes import around
from tasks.extractors._bullets import BULLET
from tasks.extractors._pdf.captions import is_caption, is_note
from tasks.extractors._pdf.lines import Line
from tasks.extractors._pdf.page import Area, Page

_CELL = 12.0
"""Points: the page is looked at in squares of this size; what lies in neighbouring ones belongs together."""
_MOST = 4_000
"""Drawn things of a page that are looked at; of more, every second, third ..."""
_WHITE = 0xFFFFFF
_MOST_CELLS = 1 << 16
_LARGEST = 0.6
"""Of the page: what is larger is the page's decoration."""
_MOST_FIGURES = 60
_SMALLEST = 30.0
"""Points: a figure is no narrower or lower."""
_MARKS = 3
"""Things that no table has: curves, slanting lines, pictures, shaded areas without text."""
_FEWEST = 4
"""Labels."""
_WORDS, _LETTERS = 5, 40
"""A label has no more, unless it is a row of numbers or of words far apart."""
_APART = 1.2
"""In type sizes: a gap between two labels that stand in one row."""
_STACK = 4
"""Lines: so many of more than _WORDY characters below each other, flush left, are running text, however narrow."""
_WORDY = 15
_SHARE = 0.6
"""Of the lines in a figure that are labels."""
_TITLE = 1.15
"""Times the size of its labels: a figure's title is larger, and bold."""
_BESIDE = 14.0
"""Points from a figure to the labels of its axes."""


@dataclass(slots=True)
class _Region(Area):
    """Where a figure may be."""

    def holds(self, line: Line) -> bool:
        return (
            self.left <= (line.left + line.right) / 2 <= self.right and self.top <= (line.top + line.bottom) / 2 <= self.bottom
        )

    def counts(self, middles: NDArray[np.float64]) -> int:
        """How many of these points are in it."""
        x, y = middles[:, 0], middles[:, 1]
        return int(((self.left - 1 <= x) & (x <= self.right + 1) & (self.top - 1 <= y) & (y <= self.bottom + 1)).sum())

    def gap(self, line: Line) -> tuple[float, float]:
        """How far the line stands to the side of it, and above or below it; 0 or less if it does not."""
        return max(self.left - line.right, line.left - self.right), max(self.top - line.bottom, line.top - self.bottom)


def with_figures(lines: list[Line], page: Page, tables: Iterable[Box]) -> list[Line]:
    """The lines in reading order, the labels of each figure put together to one line in its place."""
    if len(lines) < _FEWEST:
        return lines
    marks, rules = _drawn(page, lines, list(tables))
    if len(marks) < _MARKS:
        return lines
    middles = _middles(marks)
    figures = [region for region in _regions([*marks, *rules], page) if region.counts(middles) >= _MARKS]
    figures.sort(key=lambda region: -_size(region.box))  # a frame before what it holds
    for region in figures[:_MOST_FIGURES]:
        lines = _gathered(lines, region)
    return lines


def _drawn(page: Page, lines: list[Line], tables: list[Box]) -> tuple[list[Box], list[Box]]:
    """What a figure is made of, and lines and shaded areas that may be a table's or a frame's."""
    marks = [*page.painted, *page.strokes, *page.images]
    fills = [fill.box for fill in page.fills if fill.colour != _WHITE and _size(fill.box) < _LARGEST * page.width * page.height]
    if len(marks) + len(fills) < _MARKS:
        return [], []
    middles = _middles(line.box for line in lines)
    shaded: list[Box] = []
    for box in fills[:: len(fills) // _MOST + 1]:
        (shaded if _Region(*box).counts(middles) else marks).append(box)
    rules = [(rule.left, rule.top, rule.right, rule.bottom) for rule in page.rules]
    elsewhere = [_Region(*table) for table in tables]
    limit = _LARGEST * page.width * page.height

    def loose(boxes: list[Box]) -> list[Box]:
        return [b for b in boxes[:: len(boxes) // _MOST + 1] if not any(_inside(b, table) for table in elsewhere)]

    return loose([box for box in marks if _size(box) < limit]), loose([*shaded, *rules])


def _middles(boxes: Iterable[Box]) -> NDArray[np.float64]:
    return np.array([((left + right) / 2, (top + bottom) / 2) for left, top, right, bottom in boxes]).reshape(-1, 2)


def _size(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _inside(box: Box, region: _Region) -> bool:
    across, down = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return region.left - 1 <= across <= region.right + 1 and region.top - 1 <= down <= region.bottom + 1


def _regions(boxes: list[Box], page: Page, cell: float = _CELL) -> Iterator[_Region]:
    """Around boxes that stand close together, if that is neither a speck nor the whole page."""
    columns, rows = max(1, int(page.width / cell) + 1), max(1, int(page.height / cell) + 1)
    if columns * rows > _MOST_CELLS:
        return
    groups: dict[tuple[int, int], list[Box]] = {}
    taken = np.zeros((rows, columns), np.bool_)
    for box in boxes:
        first, last = (min(max(int(x / cell), 0), columns - 1) for x in (box[0], box[2]))
        upper, lower = (min(max(int(y / cell), 0), rows - 1) for y in (box[1], box[3]))
        taken[upper : lower + 1, first : last + 1] = True
        groups.setdefault((upper, first), []).append(box)
    for cells in _connected(taken):
        own = [box for place in cells for box in groups.get(place, ())]
        left, top, right, bottom = around(own)
        if right - left < _SMALLEST or bottom - top < _SMALLEST:
            continue
        if (right - left) * (bottom - top) < _LARGEST * page.width * page.height:
            yield _Region(left, top, right, bottom)
        elif cell == _CELL:  # figures that a frame or a line joins
            narrow = [box for box in own if max((box[2] - box[0]) / page.width, (box[3] - box[1]) / page.height) < _LARGEST]
            yield from _regions(narrow, page, cell / 3)


def _connected(taken: NDArray[np.bool_]) -> Iterator[list[tuple[int, int]]]:
    """The cells that are taken, by stretches of neighbours, corners included."""
    left = set(zip(*(places.tolist() for places in np.nonzero(taken)), strict=True))
    while left:
        stretch = [left.pop()]
        for row, column in stretch:
            for cell in [(row + down, column + across) for down in (-1, 0, 1) for across in (-1, 0, 1)]:
                if cell in left:
                    left.remove(cell)
                    stretch.append(cell)
        yield stretch


def _gathered(lines: list[Line], region: _Region) -> list[Line]:
    """The lines with the region's labels as one; as they are if it is no figure."""
    inside = [line for line in lines if region.holds(line)]
    text = _running(lines)
    labels: list[Line] = []
    for above, line in zip([None, *lines], lines, strict=False):
        if above is not None and _goes_on(line, above) and (id(above) in text or not _is_label(above)):
            text.add(id(line))
        elif region.holds(line) and id(line) not in text and _is_label(line):
            labels.append(line)
    if len(labels) < _SHARE * len(inside):
        return lines
    own = set(map(id, labels))
    largest = 1.05 * max((line.size for line in labels), default=1e9)
    outside = [line for line in lines if id(line) not in own and id(line) not in text and line.size <= largest]
    axes = [line for line in outside if _is_label(line) and _is_of_axis(line, region)]
    if len(labels) + len(axes) < _FEWEST or (len(labels) < _FEWEST and 2 * sum(map(_is_number, axes)) < len(axes)):
        return lines
    own.update(map(id, axes))
    own -= _title([*labels, *axes])
    for line in inside:
        line.inset = True
    first = next(at for at, line in enumerate(lines) if id(line) in own)
    rest = [line for line in lines if id(line) not in own]
    figure = _joined([line for line in lines if id(line) in own])
    return _placed(rest, figure, sum(id(line) not in own for line in lines[:first]))


def _title(labels: list[Line]) -> set[int]:
    """The ids of those that are the figure's title: above all others, larger and bold."""
    usual = _TITLE * statistics.median(line.size for line in labels)
    large = [line for line in labels if line.bold and line.size > usual]
    top = min(line.top for line in labels if not (line.bold and line.size > usual))
    return {id(line) for line in large if line.bottom <= top + 2}


def _running(lines: list[Line]) -> set[int]:
    """The ids of lines that stand in a stack of running text."""
    found: set[int] = set()
    stack: list[Line] = []
    for line in sorted(lines, key=lambda line: (round(line.left / 4), line.top)):
        if stack and not _is_under(line, stack[-1]):
            stack = []
        stack.append(line)
        if len(stack) >= _STACK and sum(len(one.text) for one in stack) > _WORDY * len(stack):
            found.update(map(id, stack))
    return found


def _goes_on(line: Line, above: Line) -> bool:
    """True if it looks like the next line of the same paragraph, caption or note."""
    names = is_note(above.text) or is_caption(above.text)
    indent = line.left - above.left if names else 0.0
    return line.bold == above.bold and _is_under(replace(line, left=line.left - indent), above)


def _is_under(line: Line, above: Line) -> bool:
    step = (line.top - above.top) / max(above.size, 1.0)
    return abs(line.left - above.left) < 2 and 0.5 < step < 1.7 and abs(line.size - above.size) < 0.5


def _is_label(line: Line) -> bool:
    text = line.text
    if is_caption(text) or is_note(text) or BULLET.match(text) or line.drawn:
        return False
    parts = text.split()
    if line.style.angle or (len(parts) <= _WORDS and len(text) <= _LETTERS):
        return True
    numbers = sum(any(map(str.isdecimal, part)) for part in parts)
    gaps = sum(one.right + _APART * line.size < other.left for one, other in pairwise(line.words))
    return 2 * numbers > len(parts) or 2 * gaps > len(parts)


def _is_of_axis(line: Line, region: _Region) -> bool:
    """True if it stands beside the figure, or as a row of numbers or words far apart above or below it."""
    beside, over = region.gap(line)
    if max(beside, over) > _BESIDE:
        return False
    if line.style.angle or over <= 0:
        return True
    return len(line.text) <= _LETTERS and _is_number(line)


def _is_number(line: Line) -> bool:
    """True for a number, or several in a row."""
    return all(any(map(str.isdecimal, part)) for part in line.text.split())


def _joined(labels: list[Line]) -> Line:
    left, top, right, bottom = around(line.box for line in labels)
    first = max(labels, key=lambda line: len(line.text))
    return replace(
        first,
        words=[],
        left=left,
        top=top,
        right=right,
        bottom=bottom,
        style=replace(first.style, angle=0),
        text=" ".join(line.text for line in labels),
        tabbed=False,
        drawn=True,
    )


def _placed(lines: list[Line], figure: Line, usual: int) -> list[Line]:
    """The figure after all that stands above it, else before what stands below it, else where the file has it."""
    along = [
        at for at, line in enumerate(lines) if line.left < figure.right and line.right > figure.left and not line.style.angle
    ]
    above = [at + 1 for at in along if lines[at].bottom <= figure.top + 2]
    below = [at for at in along if lines[at].top >= figure.bottom - 2]
    at = max(above) if above else min(below, default=usual)
    return [*lines[:at], figure, *lines[at:]]
