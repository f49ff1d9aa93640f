"""Where ruled tables stand: lines that cross or meet, and stacks of horizontal lines of one width."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.documents import Box
from tasks.extractors._pdf.rulings import Line

_TOUCH = 3.0
"""Points by which a line may miss the one that it meets."""
_OPEN = 10.0
"""Points by which horizontal lines must run beyond the outermost vertical one for the side to count as open."""
_ALIKE = 6.0
"""Points by which the ends of lines of one width may differ."""
_NARROWEST, _LOWEST = 40.0, 12.0


@dataclass(slots=True)
class Region:
    """A part of the page that may be a table, with its lines."""

    box: Box
    across: list[Line] = field(default_factory=list)
    down: list[Line] = field(default_factory=list)


def crossing(across: list[Line], down: list[Line]) -> list[Region]:
    """Regions in which at least two horizontal lines hang together through vertical ones."""
    if len(across) < 2 or not down:
        return []
    y, left, right = (np.array(values)[:, None] for values in zip(*((a.at, a.start, a.end) for a in across), strict=True))
    x, top, bottom = (np.array(values)[None, :] for values in zip(*((d.at, d.start, d.end) for d in down), strict=True))
    meets: NDArray[np.bool_] = (x >= left - _TOUCH) & (x <= right + _TOUCH) & (y >= top - _TOUCH) & (y <= bottom + _TOUCH)
    regions: list[Region] = []
    free_across = meets.any(axis=1)
    while free_across.any():
        some = np.zeros(len(across), bool)
        some[int(free_across.argmax())] = True
        while True:
            its = meets[some].any(axis=0)
            grown = meets[:, its].any(axis=1)
            if (grown == some).all():
                break
            some = grown | some
        free_across &= ~some
        region = _region([across[place] for place in np.flatnonzero(some)], [down[place] for place in np.flatnonzero(its)])
        if region:
            regions.append(region)
    return regions


def _region(across: list[Line], down: list[Line]) -> Region | None:
    left, right = min(d.at for d in down), max(d.at for d in down)
    top, bottom = min(a.at for a in across), max(a.at for a in across)
    widest = max(a.length for a in across)
    left = _open_side(left, [a.start for a in across if a.length > 0.5 * widest])
    right = -_open_side(-right, [-a.end for a in across if a.length > 0.5 * widest])
    if right - left < _NARROWEST or bottom - top < _LOWEST:
        return None
    return Region((left, top, right, bottom), across, down)


def _open_side(edge: float, ends: list[float]) -> float:
    """Where the side is: at the edge, or where most of the lines that run farther end. Ends are mirrored for the right side."""
    beyond = [end for end in ends if end < edge - _OPEN]
    return min(beyond) if len(beyond) > 1 and 2 * len(beyond) >= len(ends) else edge


def stacks(across: list[Line]) -> list[Region]:
    """Regions between horizontal lines of one width above each other, with the shorter lines among them.

    A line that runs farther than those of a stack ends it.
    """
    regions: list[Region] = []
    taken: set[int] = set()
    for first, line in enumerate(across):
        if first in taken or line.length < _NARROWEST:
            continue
        group = [line]
        for number in range(first + 1, len(across)):
            other = across[number]
            if abs(other.start - line.start) < _ALIKE and abs(other.end - line.end) < _ALIKE:
                group.append(other)
                taken.add(number)
            elif min(other.end, line.end) - max(other.start, line.start) > 0.5 * line.length and (
                other.start < line.start - _ALIKE or other.end > line.end + _ALIKE
            ):
                break
        if len(group) > 1 and group[-1].at - group[0].at >= _LOWEST:
            left, right = min(a.start for a in group), max(a.end for a in group)
            top, bottom = group[0].at, group[-1].at
            inside = [a for a in across if top <= a.at <= bottom and a.start >= left - 3 and a.end <= right + 3]
            regions.append(Region((left, top, right, bottom), inside))
    return regions
