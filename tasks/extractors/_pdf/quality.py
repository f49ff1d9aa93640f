"""Whether a text layer can be read at all: a cheap score."""

from __future__ import annotations

import unicodedata
from collections import Counter

_NOTHING = frozenset({"Cc", "Co", "Cn", "Cs"})
"""Control characters, private use, unassigned, half of a pair: what glyph numbers become that no table turns into letters."""
_GLYPHS = ("(cid:", "glyph<", "/g0")
UNREADABLE = 0.2
"""A page with a larger share of characters without a meaning is garbage: bullets and formulas reach a few hundredths."""


def unreadable(text: str) -> float:
    """Which part of the characters, white space aside, means nothing: 0 to 1; 0 without any."""
    counts = Counter(text)
    for space in " \t\r\n\f\v":
        counts.pop(space, None)
    total = sum(counts.values())
    if not total:
        return 0.0
    bad = sum(number for character, number in counts.items() if _means_nothing(character))
    glyphs = sum(text.count(glyph) * 5 for glyph in _GLYPHS)
    return min(1.0, (bad + glyphs) / total)


def _means_nothing(character: str) -> bool:
    return character == "\ufffd" or unicodedata.category(character) in _NOTHING
