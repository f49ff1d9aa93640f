"""Batches: every text once, none too large, the longest first."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from blocks.embedders.batches import BLOCK, SMALL_BLOCK, by_width, padded_width, windows


@given(st.lists(st.integers(min_value=1, max_value=256), max_size=200), st.integers(min_value=1, max_value=2048))
def test_batches_hold_every_row_once_within_the_budget(widths: list[int], tokens: int) -> None:
    batches = list(by_width(widths, tokens))
    assert sorted(int(row) for batch in batches for row in batch) == list(range(len(widths)))
    widest = [max(widths[row] for row in batch) for batch in batches]
    assert widest == sorted(widest, reverse=True)
    assert all(len(batch) == 1 or width * len(batch) <= tokens for width, batch in zip(widest, batches, strict=True))
    assert all(np.diff([widths[row] for row in batch]).max(initial=0) <= 0 for batch in batches)


def test_texts_of_all_lengths_need_few_shapes() -> None:
    widths = [padded_width(width, 256) for width in range(65, 257) for _ in range(8)]
    shapes = {(len(batch), widths[batch[0]]) for batch in by_width(widths, 768)}
    assert len(shapes) <= len(set(widths)) + 1


@given(
    st.integers(min_value=0, max_value=5000), st.integers(min_value=1, max_value=100), st.integers(min_value=1, max_value=1000)
)
def test_windows_follow_each_other_to_the_end(count: int, first: int, others: int) -> None:
    found = list(windows(count, first, others))
    assert [number for window in found for number in window] == list(range(count))
    assert [len(window) for window in found[:1]] == ([min(first, count)] if count else [])
    assert all(len(window) <= others for window in found[1:])


@given(st.integers(min_value=1, max_value=512), st.integers(min_value=0, max_value=20))
def test_padding_fills_a_block_and_stays_within_the_window(width: int, room: int) -> None:
    padded = padded_width(width, width + room)
    assert width <= padded < width + BLOCK
    assert padded == width + room or padded % SMALL_BLOCK == 0


def test_long_rows_are_padded_to_full_blocks_and_short_ones_to_small_blocks() -> None:
    assert [padded_width(width, 250) for width in (5, 57, 64, 65, 180, 192, 245)] == [8, 64, 64, 80, 192, 192, 250]


def test_a_width_that_comes_out_wrong_is_passed_over() -> None:
    assert [padded_width(width, 256, never=32) for width in (24, 25, 32, 33)] == [24, 40, 40, 40]
    assert padded_width(30, 35, never=32) == 30
    assert padded_width(27, 32, never=32) == 27
