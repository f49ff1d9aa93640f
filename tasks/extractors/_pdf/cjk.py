"""Chinese and Japanese: no spaces between words, and none where a line ends."""

from __future__ import annotations

import re

_LETTERS = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
"""Ideographs, kana, their punctuation and full-width forms; not Hangul, which has spaces."""
_SPACE = re.compile(f"(?<=[{_LETTERS}]) (?=[{_LETTERS}])")
_LETTER = re.compile(f"[{_LETTERS}]")
_FEWEST = 4


def follow_directly(before: str, after: str) -> bool:
    """True if there is no space between two lines of which one ends and the other begins so."""
    return bool(_LETTER.match(before[-1:]) and _LETTER.match(after[:1]))


def without_tracking(text: str) -> str:
    """The text without the spaces that stand between its letters only because they are set wide apart."""
    if text.isascii():
        return text
    words = text.split(" ")
    single = sum(len(word) == 1 and _LETTER.match(word) is not None for word in words)
    return _SPACE.sub("", text) if single >= max(_FEWEST, 0.8 * len(words)) else text
