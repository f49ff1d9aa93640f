"""Which places to cut: the cheapest way to lay chunks over a range, held in place by anchors.

Because every cost depends on what is near, a change moves the cuts near it; far away the same ones stay the cheapest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest

UNIT = 100
"""What a chunk of no tokens costs; boundaries.py gives the places' costs in the same unit."""
SMALL = 300
"""What is added for a chunk of no tokens, falling to half of it at the minimum; above there is nothing."""
ANCHOR = 60
"""Hundredths of the limit: how far around it a place must be the cheapest to be an anchor."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many tokens a chunk should and may have, context included."""

    target: int
    minimum: int
    limit: int


@lru_cache(maxsize=64)
def size_costs(sizes: Sizes) -> tuple[int, ...]:
    """The cost of a chunk by its tokens, 0 to the limit: squared distance from the target, and more below the minimum."""
    target, minimum = sizes.target, sizes.minimum
    square = [UNIT * (size - target) ** 2 // target**2 for size in range(sizes.limit + 1)]
    small = [SMALL * (2 * minimum - size) // (2 * minimum) for size in range(minimum)]
    return tuple(near + extra for near, extra in zip_longest(square, small, fillvalue=0))


def cheapest_cuts(at: Sequence[int], costs: Sequence[int], contexts: Sequence[int], sizes: Sizes) -> list[int]:
    """Choose the places that make the sum of the chunks' and the cuts' costs least. Dynamic programming from left to right.

    `at` holds tokens before each place, the range's start first and its end last; `costs` of a cut and `contexts`, tokens
    put before a chunk that starts there, go with it. Returns indices of the places between.
    """
    limit, by_size = sizes.limit, size_costs(sizes)
    held = anchors(at, costs, limit * ANCHOR // 100, sizes.minimum)
    total, come_from = [0] * len(at), [0] * len(at)
    for here in range(1, len(at)):
        best, best_from = None, here - 1
        tokens = at[here]
        for start in range(here - 1, -1, -1):
            length = tokens - at[start]
            if length > limit:
                break
            size = length + contexts[start]
            if size <= limit and (best is None or total[start] + by_size[size] < best):
                best, best_from = total[start] + by_size[size], start
            if held[start]:
                break
        # A piece that is too long by itself has to be taken all the same; the final count finds and cuts it.
        total[here] = (total[here - 1] + by_size[limit] if best is None else best) + costs[here]
        come_from[here] = best_from
    path = []
    here = come_from[-1]
    while here:
        path.append(here)
        here = come_from[here]
    return path[::-1]


def anchors(at: Sequence[int], costs: Sequence[int], radius: int, margin: int) -> list[bool]:
    """Which places are cut in any case: the cheapest within `radius` tokens on both sides, `margin` tokens from the ends.

    They keep an edit from moving cuts one after the other: beyond the next anchor nothing changes.
    """
    held = [False] * len(at)
    rising: list[int] = []
    for here in range(1, len(at)):
        # Those on the stack are each cheaper than all since; one that is undercut now has held out up to here.
        while rising and costs[rising[-1]] > costs[here]:
            place = rising.pop()
            held[place] &= at[here] - at[place] > radius
        held[here] = not rising or at[here] - at[rising[-1]] > radius
        rising.append(here)
    return [flag and margin <= tokens - at[0] and margin <= at[-1] - tokens for flag, tokens in zip(held, at, strict=True)]
