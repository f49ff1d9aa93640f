"""Paths as people read them, and how two folders lie to each other."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from core.errors import UsageError

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


def folder_at(name: str) -> Path | None:
    """The folder of that name, which may begin with ~; None if there is none. Raises UsageError where nobody can tell."""
    try:
        path = Path(name).expanduser()
        return path if path.is_dir() else None
    except (OSError, RuntimeError) as exc:
        shown = name if len(name) < 200 else f"{name[:200]}..."
        reason = exc.strerror if isinstance(exc, OSError) else str(exc).rstrip(".")
        raise UsageError(f"{printable(shown.encode('utf-8', 'surrogateescape'))}: {reason}; check the path") from exc


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
