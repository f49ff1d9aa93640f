"""The order in which boxes that lie freely on a page are read."""

from __future__ import annotations

from collections.abc import Sequence

from core.documents import Box

_MOST = 300
"""Boxes beyond which the given order stands: a drawing, not a text."""
_SHARED = 0.5
"""Of the smaller one's side: boxes that share less stand neither in one column nor in one row."""


def reading_order(boxes: Sequence[Box | None]) -> list[int]:
    """Places of the boxes in reading order: as given, except where one lies clearly above, or to the left of, one before it.

    A box without a known place keeps its turn.
    """
    count = len(boxes)
    if count > _MOST:
        return list(range(count))
    waits = [[other for other in range(count) if _precedes(boxes[other], boxes[place])] for place in range(count)]
    order: list[int] = []
    left = list(range(count))
    while left:
        # Boxes arranged like a pinwheel wait for each other: then the first one goes.
        free = next((place for place in left if not any(other in left for other in waits[place])), left[0])
        order.append(free)
        left.remove(free)
    return order


def _precedes(first: Box | None, second: Box | None) -> bool:
    if first is None or second is None:
        return False
    if first[3] <= second[1]:
        return _shared(first[0], first[2], second[0], second[2]) >= _SHARED
    return first[2] <= second[0] and _shared(first[1], first[3], second[1], second[3]) >= _SHARED


def _shared(start: float, end: float, other_start: float, other_end: float) -> float:
    """How much of the shorter span both have in common, from 0 to 1."""
    shorter = min(end - start, other_end - other_start)
    return (min(end, other_end) - max(start, other_start)) / shorter if shorter > 0 else 0.0
