"""Cutting a call's texts into batches that the processor's caches can hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

BLOCK, SMALL_BLOCK = 16, 8
"""Widths are multiples of these: BLOCK from the fourth on, SMALL_BLOCK below, where the padding would cost more."""


def by_width(widths: Sequence[int], tokens: int) -> Iterator[npt.NDArray[np.intp]]:
    """Row numbers in batches of like width, the widest first: (widest row x rows) stays within `tokens`.

    A row wider than `tokens` is a batch of its own. Widest first, so that the last batches are short and all workers finish
    at nearly the same time. Given padded widths, batches of one width have one number of rows too, but for the last: a shape
    that is new to OpenVINO costs it as long as a tenth of a batch.
    """
    order = np.argsort(-np.asarray(widths), kind="stable")
    start = 0
    while start < len(order):
        rows = max(1, tokens // max(1, widths[order[start]]))
        yield order[start : start + rows]
        start += rows


def padded_width(width: int, limit: int, never: int = 0) -> int:
    """The width to compute a batch at: rounded up to a multiple of BLOCK, or of SMALL_BLOCK if it is short.

    Measured in OpenVINO: with AMX 184 tokens take 13 % longer than 192, and every new shape costs 12 ms for its kernels, so
    that few widths are embedded 8 % sooner than many, padding and all. `never`: a width that an engine computes wrongly.
    """
    block = BLOCK if width > 4 * BLOCK else SMALL_BLOCK
    padded = max(width, min(limit, -(-width // block) * block))
    if padded != never:
        return padded
    return padded + SMALL_BLOCK if padded + SMALL_BLOCK <= limit else width


def windows(count: int, first: int, others: int) -> Iterator[range]:
    """Consecutive ranges over `count` texts: a small first one, so that the work starts early, then larger ones."""
    start, size = 0, first
    while start < count:
        yield range(start, min(start + size, count))
        start, size = start + size, others
