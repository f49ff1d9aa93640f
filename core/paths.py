"""Paths as people read them, and how two folders lie to each other."""

from __future__ import annotations

import unicodedata

_SHORT = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_JOINERS = "\u200c\u200d"
"""Part of correct spelling in Persian, Hindi and emoji; invisible, yet not to be escaped."""


def printable(name: bytes) -> str:
    r"""A file name or path as text that can be shown, stored and told apart from every other.

    Bytes that are not UTF-8 become \xNN, control, format and unassigned characters \uNNNN (new line \n, tab \t), and a
    backslash is doubled; so two different names never look alike, and there is no lone surrogate in it.
    """
    text = name.decode("utf-8", "surrogateescape")
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(_shown(character) for character in text)


def overlaps(a: str, b: str) -> bool:
    """True if one of two real, absolute folder paths is the other or lies inside it."""
    first, second = a.rstrip("/") + "/", b.rstrip("/") + "/"
    return first.startswith(second) or second.startswith(first)


def _shown(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # how surrogateescape carries the byte code - 0xDC00
        return f"\\x{code - 0xDC00:02x}"
    if character.isprintable() or character in _JOINERS or unicodedata.category(character) == "Zs":
        return character
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
