"""Batches: every text once, none too large, the longest first."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from blocks.embedders.batches import BLOCK, by_length, padded_width, windows


@given(st.lists(st.integers(min_value=1, max_value=256), max_size=200), st.integers(min_value=1, max_value=2048))
def test_batches_hold_every_row_once_within_the_budget(lengths: list[int], tokens: int) -> None:
    batches = list(by_length(lengths, tokens))
    assert sorted(int(row) for batch in batches for row in batch) == list(range(len(lengths)))
    widths = [max(lengths[row] for row in batch) for batch in batches]
    assert widths == sorted(widths, reverse=True)
    assert all(len(batch) == 1 or width * len(batch) <= tokens for width, batch in zip(widths, batches, strict=True))
    assert all(np.diff([lengths[row] for row in batch]).max(initial=0) <= 0 for batch in batches)


@given(
    st.integers(min_value=0, max_value=5000), st.integers(min_value=1, max_value=100), st.integers(min_value=1, max_value=1000)
)
def test_windows_follow_each_other_to_the_end(count: int, first: int, others: int) -> None:
    found = list(windows(count, first, others))
    assert [number for window in found for number in window] == list(range(count))
    assert [len(window) for window in found[:1]] == ([min(first, count)] if count else [])
    assert all(len(window) <= others for window in found[1:])


@given(st.integers(min_value=1, max_value=512), st.integers(min_value=0, max_value=20))
def test_padding_is_slight_and_stays_within_the_window(width: int, room: int) -> None:
    padded = padded_width(width, width + room)
    assert width <= padded <= min(width * 1.04, width + room)
    assert padded == width or padded % BLOCK == 0


def test_padding_goes_to_full_blocks_where_they_are_near() -> None:
    assert [padded_width(width, 256) for width in (5, 62, 180, 190, 192, 255)] == [5, 64, 180, 192, 192, 256]
