"""Where the columns of a table part: stretches of white that run through its rows."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tasks.extractors._pdf.rows import Chunk

_STEP = 0.5
"""Points between two places that are looked at."""
_NARROWEST = 2.5
"""Points that a gutter must measure."""


def gutters(rows: list[list[Chunk]], left: float, right: float) -> list[float]:
    """The middles of the gutters between left and right, judged by rows of chunks.

    Rows with few chunks (headings that span columns, titles of sections) have no say: those that have most chunks decide, and
    a tenth of them may run across.
    """
    counts = sorted(len(row) for row in rows)
    if not counts or counts[-1] < 2:
        return []
    usual = counts[min(int(0.8 * len(counts)), len(counts) - 1)]
    full = [row for row in rows if len(row) >= max(2, math.ceil(0.6 * usual))]
    if not full:
        full = [row for row in rows if len(row) > 1]
    width = max(int((right - left) / _STEP) + 1, 1)
    covered = np.zeros(width + 1, np.int32)
    inside = np.zeros(width + 1, np.int32)
    for row in full:
        for chunk in row:
            covered[_place(chunk.left, left, width)] += 1
            covered[_place(chunk.right, left, width)] -= 1
        inside[_place(row[0].left, left, width)] += 1
        inside[_place(row[-1].right, left, width)] -= 1
    crossing, reach = np.cumsum(covered), np.cumsum(inside)
    support = reach - crossing
    most = int(0.1 * len(full))
    open_ = (support > 0) & ((crossing == 0) | ((crossing <= most) & (support >= 0.3 * len(full))))
    found: list[float] = []
    for start, end in _runs(open_):
        best = int(crossing[start:end].min())
        for low, high in _runs(crossing[start:end] == best):
            if (high - low) * _STEP >= _NARROWEST:
                found.append(left + (2 * start + low + high) / 2 * _STEP)
                break
    return found


def _place(x: float, left: float, width: int) -> int:
    return min(max(round((x - left) / _STEP), 0), width)


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
