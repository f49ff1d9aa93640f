"""Letters that one glyph stands for in text from right to left.

PDFium turns such text round character by character, so several letters that a font's own table gives for one glyph (a ligature)
end up backwards. They are known by sharing one box. What PDFium itself has taken apart, one of Unicode's presentation forms, is
in order already.
"""

from __future__ import annotations

import unicodedata
from functools import cache

from tasks.extractors._pdf.frame import Floats

_FIRST, _LAST = "\u0590", "\u08ff"


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
