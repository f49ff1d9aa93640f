"""The lines that rule a page: pieces joined, edges of shaded areas counted as lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.documents import Box
from tasks.extractors._pdf.page import Page

_SAME = 2.0
"""Points: lines closer than this are one line."""
_JOIN = 4.0
"""Points between two pieces of a line."""
_SHORTEST = 5.0
_TOUCHING = 0.3
"""Points: shaded areas of one colour that are closer than this look like one."""
_WHITE = 0xFFFFFF
MOST = 1500
"""More lines than this in one direction are a drawing, not tables."""


@dataclass(slots=True)
class Line:
    """A horizontal or vertical line: `at` is its y or x, `start` and `end` are on the other axis."""

    at: float
    start: float
    end: float

    @property
    def length(self) -> float:
        return self.end - self.start

    def covers(self, start: float, end: float) -> float:
        """The share of the stretch from start to end that it runs along."""
        return max(0.0, min(self.end, end) - max(self.start, start)) / max(end - start, 0.1)


def rulings(page: Page) -> tuple[list[Line], list[Line]]:
    """Horizontal lines from the top, vertical lines from the left; none of a direction that has too many."""
    across: list[Line] = []
    down: list[Line] = []
    for rule in page.rules:
        if rule.top == rule.bottom:
            across.append(Line(rule.top, rule.left, rule.right))
        else:
            down.append(Line(rule.left, rule.top, rule.bottom))
    if len(page.fills) <= MOST:
        shades = (f for f in page.fills if f.colour != _WHITE)
        boxes = [
            (f.box, f.colour)
            for f in shades
            if f.box[2] - f.box[0] < 0.95 * page.width and f.box[3] - f.box[1] < 0.95 * page.height
        ]
        for left, top, right, bottom in _areas(boxes):
            across += [Line(top, left, right), Line(bottom, left, right)]
            down += [Line(left, top, bottom), Line(right, top, bottom)]
    return _joined(across), _joined(down)


def _areas(boxes: list[tuple[Box, int]]) -> list[Box]:
    """Shaded boxes; those of one colour and width that touch each other are one."""
    stacked = _stacked(sorted(boxes, key=lambda one: (one[1], round(one[0][0]), round(one[0][2]), one[0][1])), 1)
    return [
        box for box, _ in _stacked(sorted(stacked, key=lambda one: (one[1], round(one[0][1]), round(one[0][3]), one[0][0])), 0)
    ]


def _stacked(boxes: list[tuple[Box, int]], axis: int) -> list[tuple[Box, int]]:
    found: list[tuple[Box, int]] = []
    other = 1 - axis
    for box, colour in boxes:
        if found:
            before, its = found[-1]
            level = abs(before[other] - box[other]) < 1 and abs(before[other + 2] - box[other + 2]) < 1
            if its == colour and level and box[axis] - before[axis + 2] < _TOUCHING:
                found[-1] = (_united(before, box), colour)
                continue
        found.append((box, colour))
    return found


def _united(one: Box, other: Box) -> Box:
    return (min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3]))


def _joined(lines: Iterable[Line]) -> list[Line]:
    ordered = sorted((line for line in lines if line.length > 0.5), key=lambda line: line.at)
    joined: list[Line] = []
    start = 0
    for index in range(len(ordered)):
        last = index + 1 == len(ordered)
        if last or ordered[index + 1].at - ordered[start].at > _SAME:
            joined += _pieces(ordered[start : index + 1])
            start = index + 1
    return joined if len(joined) <= MOST else []


def _pieces(group: list[Line]) -> list[Line]:
    """Lines at about the same place, joined where they meet; what is too short for a line is left out."""
    group.sort(key=lambda line: line.start)
    found: list[Line] = []
    for line in group:
        if found and line.start - found[-1].end <= _JOIN:
            found[-1].end = max(found[-1].end, line.end)
        else:
            found.append(Line(line.at, line.start, line.end))
    return [line for line in found if line.length >= _SHORTEST]
