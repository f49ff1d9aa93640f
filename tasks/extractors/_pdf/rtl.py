"""Text from right to left: letters that one glyph stands for, and the order of words.

PDFium turns such text round character by character, so several letters that a font's own table gives for one glyph (a ligature)
end up backwards. They are known by sharing one box. What PDFium itself has taken apart, one of Unicode's presentation forms, is
in order already. Where scripts of both directions share a line, PDFium leaves words in the order in which they stand, and
brackets as they look; the order of reading follows from the words' places, as in Unicode's bidirectional algorithm (UAX 9).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import pairwise

from tasks.extractors._pdf.frame import Floats
from tasks.extractors._pdf.page import Word

_FIRST, _LAST = "\u0590", "\u08ff"
_BRACKETS = re.compile(r"[()\[\]{}]")
_MIRRORED = str.maketrans("()[]{}", ")(][}{")


def has_rtl(text: str) -> bool:
    """True if there is a letter of a script that is written from right to left."""
    return not text.isascii() and any(_FIRST <= character <= _LAST for character in text)


def with_ligatures_in_order(text: str, boxes: Floats) -> str:
    """The text of the same length with the letters of each such glyph in their order."""
    same = (boxes[1:] == boxes[:-1]).all(axis=1).tolist()
    letters = list(text)
    start = 0
    for at in range(1, len(letters) + 1):
        if at < len(letters) and same[at - 1] and letters[at] not in "\r\n":
            continue
        group = "".join(letters[start:at]).strip()
        if at - start > 1 and has_rtl(group) and group not in _decomposed():
            letters[start:at] = letters[start:at][::-1]
        start = at
    return "".join(letters)


@cache
def _decomposed() -> frozenset[str]:
    """What presentation forms of Hebrew and Arabic stand for, if it is more than one character."""
    forms = (unicodedata.normalize("NFKD", chr(code)) for code in range(0xFB1D, 0xFEFD))
    return frozenset(form for form in forms if len(form) > 1)


def in_reading_direction(words: list[Word]) -> list[Word]:
    """The words of one row, in which there is text from right to left, as they are read; spaces and brackets to match."""
    row = sorted(words, key=lambda word: word.left)
    places = {id(word): place for place, word in enumerate(row)}
    kinds = [_direction(word.text) for word in row]
    letters = [sum(len(word.text) for word, kind in zip(row, kinds, strict=True) if kind == wanted) for wanted in "RL"]
    base, other = ("R", "L") if letters[0] > letters[1] else ("L", "R")
    kinds = _resolved(kinds, base, other)
    ordered: list[Word] = []
    stretch: list[Word] = []
    for word, kind in zip(row, kinds, strict=True):
        if kind == base:
            ordered += [*reversed(stretch), word]
            stretch = []
        else:
            stretch.append(word)
    ordered += reversed(stretch)
    if base == "R":
        ordered.reverse()
    written = {id(word): (place, word.space) for place, word in enumerate(words)}
    for one, following in pairwise(ordered):
        before, after = sorted((written[id(one)], written[id(following)]))
        if after[0] - before[0] == 1:
            following.space = after[1]
            continue
        gap = max(following.left - one.right, one.left - following.right)
        beside = abs(places[id(one)] - places[id(following)]) == 1
        following.space = not beside or gap > 0.12 * max(one.style.size, following.style.size)
    _mirror([word for word in ordered if base == "R" or _direction(word.text) == "R"])
    return ordered


def _direction(text: str) -> str:
    """R, L, or N for a number or signs, which go with what is around them."""
    kinds = [unicodedata.bidirectional(character) for character in text]
    right, left = kinds.count("R") + kinds.count("AL"), kinds.count("L")
    return "N" if not right and not left else "R" if right >= left else "L"


def _resolved(kinds: list[str], base: str, other: str) -> list[str]:
    """Each N as what is on both of its sides, or as the row."""
    found = list(kinds)
    start = 0
    while start < len(found):
        end = start
        while end < len(found) and found[end] == "N":
            end += 1
        if end > start:
            between = start > 0 and end < len(found) and found[start - 1] == found[end] == other
            found[start:end] = [other if between else base] * (end - start)
        start = end + 1
    return found


def _mirror(words: list[Word]) -> None:
    """Turn brackets round if a closing one comes first."""
    first = _BRACKETS.search(" ".join(word.text for word in words))
    if first and first[0] in ")]}":
        for word in words:
            word.text = word.text.translate(_MIRRORED)
