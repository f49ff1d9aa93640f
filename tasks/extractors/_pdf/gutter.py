"""Columns that the file wrote across, line by line: taken apart at the gutter between them.

Most files write one column after the other. Where many lines have a wide gap at the same place, and text as long as that of a
column on both sides of it, they are the lines of two columns, and the left one is read first.
"""

from __future__ import annotations

import statistics
from itertools import pairwise

from tasks.extractors._pdf.lines import Line, is_rtl, line_of

_GAP = 1.0
"""In type sizes: a space is 0.3, stretched to twice that in justified text."""
_FEWEST = 6
"""Lines with the gap."""
_SHARE = 0.7
"""Of the lines that reach across the place."""
_LONG = 22
"""Characters on each side, in the median: cells of tables and forms have less."""


def apart(lines: list[Line]) -> list[Line]:
    """The lines, those across a gutter as two, left columns before right ones."""
    gutter = _gutter(lines)
    if gutter is None:
        return lines
    found: list[Line] = []
    left: list[Line] = []
    right: list[Line] = []
    for line in lines:
        parts = _parts(line, gutter)
        if parts:
            left.append(parts[0])
            right.append(parts[1])
        elif line.style.angle == 0 and line.right <= gutter and left:
            left.append(line)
        elif line.style.angle == 0 and line.left >= gutter and left:
            right.append(line)
        else:
            found += [*left, *right, line]
            left, right = [], []
    return [*found, *left, *right]


def _gutter(lines: list[Line]) -> float | None:
    gaps = [gap for line in lines if line.style.angle == 0 for gap in _gaps(line)]
    if len(gaps) < _FEWEST:
        return None
    middle = statistics.median((start + end) / 2 for start, end in gaps)
    places = sorted({middle, *((start + end) / 2 for start, end in gaps)})
    place = max(places, key=lambda at: sum(start <= at <= end for start, end in gaps))
    across = [line for line in lines if line.style.angle == 0 and line.left < place - 20 and line.right > place + 20]
    split = [parts for parts in (_parts(line, place) for line in across) if parts]
    if len(split) < max(_FEWEST, _SHARE * len(across)):
        return None
    short = min(statistics.median(len(parts[side].text) for parts in split) for side in (0, 1))
    return place if short >= _LONG and not any(is_rtl(parts[0].text) for parts in split[:3]) else None


def _gaps(line: Line) -> list[tuple[float, float]]:
    return [(one.right, other.left) for one, other in pairwise(line.words) if other.left - one.right > _GAP * line.size]


def _parts(line: Line, place: float) -> tuple[Line, Line] | None:
    """The two halves of a line that has a gap at this place."""
    if line.style.angle or not any(start <= place <= end for start, end in _gaps(line)):
        return None
    left = [word for word in line.words if word.right <= place]
    right = [word for word in line.words if word.left >= place]
    return (line_of(left), line_of(right)) if left and right and len(left) + len(right) == len(line.words) else None
