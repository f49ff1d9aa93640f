"""Batches: small at first, then as many files as take some seconds, and at the end small again."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.batches import FIRST, GROWTH, LARGEST, LEAST, SECONDS, files_in_batch


def sizes(files: int, pace: float, most: int | None = None) -> list[int]:
    """Of all batches; the pace is known from the third one on."""
    found: list[int] = []
    while files:
        size = min(files, files_in_batch(len(found), files, pace if len(found) > 2 else 0.0, most))
        found.append(size)
        files -= size
    return found


@settings(deadline=None)
@given(st.integers(1, 20_000), st.floats(0.01, 1e6), st.none() | st.integers(1, 500))
def test_all_files_are_taken(files: int, pace: float, most: int | None) -> None:
    found = sizes(files, pace, most)
    assert sum(found) == files
    assert max(found) <= (most or LARGEST)
    assert found[0] <= FIRST and (len(found) < 2 or found[1] <= FIRST * GROWTH)


@pytest.mark.parametrize(("pace", "expected"), [(0.5, LEAST), (40, 400), (1e4, LARGEST)])
def test_a_batch_lasts_some_seconds(pace: float, expected: int) -> None:
    assert files_in_batch(5, 100_000, pace, None) == expected
    assert LEAST < 40 * SECONDS < LARGEST


def test_the_last_batch_is_small() -> None:
    for files in (500, 954, 1200, 5000, 10_000):
        assert sizes(files, 80)[-1] <= 128


def test_an_operators_limit_outdoes_the_pace() -> None:
    assert sizes(100, 1e4, 7) == [7] * 14 + [2]
