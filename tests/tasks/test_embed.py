"""Portions of the embed stage: as large as the machine is fast, so that a run can be stopped in time on any."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tasks.embed import LEAST, MOST, PORTION_SECONDS, portion_after


@given(st.integers(min_value=1, max_value=MOST), st.floats(min_value=0, max_value=1e4))
def test_a_portion_lasts_as_long_as_it_may(texts: int, seconds: float) -> None:
    size = portion_after(texts, seconds)
    assert LEAST <= size <= MOST
    if LEAST < size < MOST:
        assert abs(size * seconds / texts - PORTION_SECONDS) <= seconds / texts


def test_a_slow_machine_gets_small_portions() -> None:
    assert portion_after(64, 4.0) == 40
    assert portion_after(256, 2.0) == 320
