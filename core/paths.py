"""Paths as people read them, and how two folders lie to each other."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
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
    with _one_line(name):
        path = Path(name).expanduser()
        if not path.is_dir():
            return None
    try:
        name.encode()
    except UnicodeEncodeError:
        raise UsageError(
            f"{_shown_name(name)}: this name is not UTF-8; rename the folder, or name a symbolic link to it"
        ) from None
    return path


def real_path(name: str) -> str:
    """The real path, printable, of what has that name, which may begin with ~. Raises UsageError where nobody can tell."""
    with _one_line(name):
        return printable(os.fsencode(os.path.realpath(Path(name).expanduser())))


@contextmanager
def _one_line(name: str) -> Iterator[None]:
    if not name.strip():  # which Path would take for the current directory
        raise UsageError("name a folder (a deployment takes the one that LEVADA_FOLDER names when it is deployed)")
    try:
        yield
    except (OSError, RuntimeError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else str(exc).rstrip(".")
        raise UsageError(f"{_shown_name(name)}: {reason}; check the path") from exc


def _shown_name(name: str) -> str:
    shown = name if len(name) < 200 else f"{name[:200]}..."
    return printable(shown.encode("utf-8", "surrogateescape"))


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
