"""Names of files in files, as containers give them: in any encoding, foreign paths, tricks. Nothing is ever opened by one."""

from __future__ import annotations

import mimetypes
import re
import unicodedata
from collections.abc import Iterable, Sequence

from core.paths import printable

LONGEST = 200
"""Characters of one part of a path; longer ones are cut, their suffix kept."""
DEEPEST = 32
"""Parts of a path; of a deeper one the innermost are kept."""

_DRIVE = re.compile(r"^[A-Za-z]:")
_NAMELESS = frozenset({"", ".", ".."})
_CLUTTER = frozenset({"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"})
_SUFFIXES = {
    "application/ms-tnef": ".dat",
    "application/rtf": ".rtf",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "text/calendar": ".ics",
    "text/markdown": ".md",
    "text/rtf": ".rtf",
    "text/vcard": ".vcf",
}
_ENCODINGS = ("cp932", "cp949", "gb18030", "cp866", "cp1252", "cp437")
"""What zip programs write names in without saying so; of two that read equally well the first is meant."""
_WORD = re.compile(r"[^\W\d_]+")
_WEIGHED = 100_000
"""Bytes of names that are looked at to find their encoding."""


def clean(name: str) -> str:
    """A relative path with "/" between its parts, printable, without "." and ".."; "" if nothing is left of it.

    Lone surrogates stand for bytes that are not UTF-8, as in Python's own file names, and become \\xNN.
    """
    parts = _DRIVE.sub("", name.replace("\\", "/")).split("/")
    parts = [part for part in (part.strip(" \0") for part in parts) if part not in _NAMELESS]
    return "/".join(map(_shown, parts[-DEEPEST:]))


def nameless(number: int, media_type: str) -> str:
    """What the file with that number, without a name of its own, is called: "attachment 1.pdf"."""
    found = _SUFFIXES.get(media_type) or mimetypes.MimeTypes(()).guess_extension(media_type) or ".bin"
    return f"attachment {number}{found}"


def is_clutter(name: str) -> bool:
    """True for what a folder would not show: hidden files, and what operating systems leave behind."""
    parts = name.replace("\\", "/").split("/")
    return any((part.startswith(".") and part not in _NAMELESS) or part.lower() in _CLUTTER for part in parts)


def decoded(names: Sequence[bytes]) -> list[str]:
    """The names of one archive, which says nothing of their encoding: UTF-8 if all are, else the one that makes most words."""
    try:
        return [name.decode() for name in names]
    except UnicodeDecodeError:
        encoding = max(_ENCODINGS, key=lambda encoding: _plausibility(names, encoding))
        return [name.decode(encoding, "replace") for name in names]


def _shown(part: str) -> str:
    try:
        part = printable(part.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:  # surrogates that stand for no byte
        part = printable(part.encode("utf-8", "surrogatepass"))
    if len(part) <= LONGEST:
        return part
    stem, dot, suffix = part.rpartition(".")
    if not dot or len(suffix) > 16:
        return part[:LONGEST]
    return f"{stem[: LONGEST - len(suffix) - 1]}.{suffix}"


def _plausibility(names: Iterable[bytes], encoding: str) -> int:
    """How well the names read in the encoding: words of one script count for it, mixtures and symbols against it."""
    score = seen = 0
    for name in names:
        if name.isascii():
            continue
        seen += len(name)
        if seen > _WEIGHED:
            break
        try:
            text = name.decode(encoding)
        except UnicodeDecodeError:
            score -= 3
            continue
        words = [word for word in _WORD.findall(text) if not word.isascii()]
        score += sum(len(word.encode(encoding)) * (1 if _is_likely(word) else -1) for word in words)
        score -= sum(not character.isascii() and not character.isalpha() for character in text)
    return score


def _is_likely(word: str) -> bool:
    return len(_scripts(word)) == 1 and (word.islower() or word.isupper() or word.istitle() or word.lower() == word.upper())


def _scripts(word: str) -> set[str]:
    """The scripts of its letters; half-width katakana, which is what other encodings look like in Shift-JIS, counts as two."""
    found: set[str] = set()
    for character in word:
        script = unicodedata.name(character, "UNKNOWN").split(" ")[0]
        if script in ("HALFWIDTH", "UNKNOWN"):
            found |= {script, "NONE"}
        else:
            found.add("CJK" if script in ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA") else script)
    return found
