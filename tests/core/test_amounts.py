"""Sizes and times in words."""

from __future__ import annotations

import pytest

from core.amounts import size, span


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1.0 KiB"), (3_500_000, "3.3 MiB"), (2**43, "8.0 TiB")]
)
def test_sizes(count: int, words: str) -> None:
    assert size(count) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "0 s"), (59.4, "59 s"), (61, "1 min"), (7200, "2 h"), (604_800, "7 d"), (864e5 * 10, "10,000 d")],
)
def test_spans(seconds: float, words: str) -> None:
    assert span(seconds) == words
