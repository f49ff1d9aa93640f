"""Bytes to text: the encoding found by content, line ends and control characters made plain."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterator
from io import FileIO

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._encodings.letters import Scores
from tasks.extractors._encodings.wide import wide_encoding

MAX_BYTES = 64 * 1024 * 1024
"""A text file larger than this is refused: it is data or a log, not a document."""

_SAMPLE = 64 * 1024
_DECLARATION = 4 * 1024
_PIECE = 16 * 1024
_HANDFUL = 4
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_MAIL_ONLY = "utf-7"
"""No browser reads a page in it, whatever the page says: it would hide tags, or show as text what nobody sees."""
_SEVEN_BIT = ("iso2022", "hz", "utf-7")
_SEVEN_BIT_NAMES = (b"2022", b"hz", b"utf-7", b"utf_7", b"utf7", b"u7")
"""One of these is in every name of those."""
# What a name stands for on the web (WHATWG Encoding): a superset, which is also what most writers of that name meant.
_MEANT = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
}
_SUPERSETS = {
    "big5": ("big5", "cp950", "big5hkscs"),
    "cp932": ("cp932", "shift_jisx0213"),
    "euc_jp": ("euc_jp", "euc_jisx0213"),
}
# Escape sequences that switch the character set (ISO 2022): nothing else has them.
_ESCAPES = (
    (b"\x1b$)C", "iso2022_kr"),
    (b"\x1b$B", "iso2022_jp_2"),
    (b"\x1b$@", "iso2022_jp_2"),
    (b"\x1b$(D", "iso2022_jp_2"),
    (b"\x1b$(O", "iso2022_jp_3"),
    (b"\x1b$(Q", "iso2022_jp_2004"),
)
_DECLARED = re.compile(
    rb"<(?:meta[^>]{0,200}?charset\s*=|\?xml[^>]{0,200}?encoding\s*=)\s*[\"']?\s*([\w.:-]{1,40})"
    rb"|^[ \t]{0,8}(?:#|//|;|%|\"|--)[^\n]{0,100}?coding[:=][ \t]{0,8}([\w.-]{1,40})"
    rb"|\\usepackage\[([\w-]{1,40})\]\{inputenc\}",
    re.IGNORECASE | re.MULTILINE,
)
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_LINE_ENDS = "\x0b\x85\u2028\u2029"


def read_text(path: str, declared: str | None = None) -> str:
    """The file's text, normalised. `declared` is an encoding that the content itself names, believed if it decodes.

    Raises Unprocessable(TOO_LARGE).
    """
    data = read_bytes(path)
    return normalise(decode(data, declared))


def read_bytes(path: str) -> bytes:
    """The file's bytes. Raises Unprocessable(TOO_LARGE) beyond MAX_BYTES."""
    with FileIO(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > MAX_BYTES:
            raise Unprocessable(Reason.TOO_LARGE, f"{size:,} bytes of text; the limit is {MAX_BYTES:,}")
        return file.readall()


def decode(data: bytes, declared: str | None = None) -> str:
    """Text of `data`: by byte order mark, as UTF-8, as declared, by statistics of letters, and at last as Windows-1252.

    `declared` is what the transport or container says; without it, what the content itself says counts. Either is believed
    unless the bytes speak against it. A few bytes that are wrong in an encoding don't rule it out: each becomes a
    replacement character.
    """
    if data.startswith(b"\xef\xbb\xbf"):
        return data[3:].decode("utf-8", "replace")
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return data.decode("utf-32", "replace")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    if wide := wide_encoding(data):
        return data.decode(wide, "replace")
    for encoding in _candidates(data, declared):
        text = _decoded(data, encoding)
        if text is not None:
            return text
    return data.decode("cp1252", "replace")


def decode_utf8(data: bytes) -> bytes:
    """What decode() reads, as UTF-8: the data itself if it is just that."""
    if not (data.startswith(_BOMS) or wide_encoding(data) or _may_be_seven_bit(data)) and _is_utf8(data):
        return data
    return decode(data).encode("utf-8", "ignore")


def _may_be_seven_bit(data: bytes) -> bool:
    """True of what may name an encoding in which ASCII means something else, or has escape sequences."""
    low = data[:_DECLARATION].lower()
    return b"\x1b" in data[:_SAMPLE] or any(name in low for name in _SEVEN_BIT_NAMES)


def _is_utf8(data: bytes) -> bool:
    """True of UTF-8 without any replacement character; piece by piece, so that what the processor has at hand stays there."""
    view = memoryview(data)
    at = 0
    while at < len(data):
        try:
            text, used = codecs.utf_8_decode(view[at : at + _PIECE], "strict", at + _PIECE >= len(data))
        except UnicodeDecodeError:
            return False
        if "\ufffd" in text:
            return False
        at += used
    return True


def normalise(text: str) -> str:
    """Line ends as "\\n", no-break spaces as spaces, form feeds as a blank line; control characters and surrogates removed."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    for line_end in _LINE_ENDS:
        if line_end in text:
            text = text.replace(line_end, "\n")
    if "\xa0" in text:
        text = text.replace("\xa0", " ")
    if "\f" in text:
        text = text.replace("\f", "\n\n")
    if not text.replace("\n", " ").isprintable():  # several times quicker than to look for them
        text = _CONTROLS.sub("", text)
    return text


def _candidates(data: bytes, declared: str | None) -> Iterator[str]:
    if b"\x1b" in (sample := data[:_SAMPLE]):
        yield from (encoding for mark, encoding in _ESCAPES if mark in sample)
    named = None if declared else declared_in(data)
    meant = _meant(declared or named or "")
    if named and meant == _MAIL_ONLY:
        meant = None
    if meant and meant.startswith(_SEVEN_BIT):  # its bytes are ASCII, so they would pass for UTF-8
        yield meant
    yield "utf-8"
    scores = Scores(data)
    if meant and scores.may_be(meant):
        yield meant
    if scores.weight:
        yield from _variants(scores.best())
    if meant:
        yield meant


def declared_in(data: bytes) -> str | None:
    """The encoding that the content names: in an XML declaration, a page's <meta>, a source's coding line, TeX's inputenc."""
    head = data[:_DECLARATION]
    low = head.lower()
    if b"charset" not in low and b"coding" not in low and b"inputenc" not in low:
        return None
    found = _DECLARED.search(head)
    return found[found.lastindex or 0].decode("ascii") if found else None


def _variants(encoding: str) -> tuple[str, ...]:
    """The encoding and its supersets, the plainest first."""
    return _SUPERSETS.get(encoding, (encoding,))


def _meant(name: str) -> str | None:
    """The codec for an encoding's name; None if there is none."""
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return _MEANT.get(found, found)


def _decoded(data: bytes, encoding: str) -> str | None:
    """The text in that encoding, None unless all but a few bytes are right in it."""
    try:
        return data.decode(encoding)
    except LookupError:
        return None
    except UnicodeError:
        pass
    try:
        text = data.decode(encoding, "replace")
    except UnicodeError:  # codecs such as "idna" and "undefined" know no replacement
        return None
    wrong = text.count("\ufffd") - (data.count("\ufffd".encode()) if encoding == "utf-8" else 0)
    right = len(text) - len(text.encode("ascii", "ignore")) - wrong
    # Text of another encoding holds sequences that are right by chance, but never five to one that is wrong.
    return text if wrong * 100 <= right or (wrong <= _HANDFUL and wrong * 5 <= right) else None
