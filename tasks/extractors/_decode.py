"""Bytes to text: the encoding found by content, line ends and control characters made plain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from core.errors import Unprocessable
from core.reasons import Reason

MAX_BYTES = 64 * 1024 * 1024
"""A text file larger than this is refused: it is data or a log, not a document."""

_SAMPLE = 64 * 1024
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_BREAKS = re.compile("\r\n?|\x0b|\x85|\u2028|\u2029")


def read_text(path: str, declared: str | None = None) -> str:
    """The file's text, normalised. `declared` is an encoding that the content itself names, believed if it decodes.

    Raises Unprocessable(TOO_LARGE).
    """
    data = read_bytes(path)
    return normalise(decode(data, declared))


def read_bytes(path: str) -> bytes:
    """The file's bytes. Raises Unprocessable(TOO_LARGE) beyond MAX_BYTES."""
    size = Path(path).stat().st_size
    if size > MAX_BYTES:
        raise Unprocessable(Reason.TOO_LARGE, f"{size:,} bytes of text; the limit is {MAX_BYTES:,}")
    return Path(path).read_bytes()


def decode(data: bytes, declared: str | None = None) -> str:
    """Text of `data`: by byte order mark, as UTF-8, as declared, as detected, and at last as Windows-1252."""
    if data.startswith(b"\xef\xbb\xbf"):
        return data[3:].decode("utf-8", "replace")
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return data.decode("utf-32", "replace")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    if b"\x00" in data[:_SAMPLE] and data[:_SAMPLE].count(0) > len(data[:_SAMPLE]) * 0.3:
        return data.decode("utf-16-le" if data[1:_SAMPLE:2].count(0) > data[:_SAMPLE:2].count(0) else "utf-16-be", "replace")
    for encoding in _candidates(data, declared):
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("cp1252", "replace")


def normalise(text: str) -> str:
    """Line ends as "\\n", no-break spaces as spaces, form feeds as a blank line; control characters and surrogates removed."""
    if "\r" in text or "\x0b" in text or not text.isascii():
        text = _BREAKS.sub("\n", text)
    if "\xa0" in text:
        text = text.replace("\xa0", " ")
    if "\f" in text:
        text = text.replace("\f", "\n\n")
    if _CONTROLS.search(text):
        text = _CONTROLS.sub("", text)
    return text


def _candidates(data: bytes, declared: str | None) -> Iterator[str]:
    yield "utf-8"
    if declared:
        yield declared
    from charset_normalizer import from_bytes  # slow to think: asked only for what is not UTF-8

    best = from_bytes(data[:_SAMPLE]).best()
    if best is not None:
        yield best.encoding
