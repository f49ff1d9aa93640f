"""Properties of Outlook objects ([MS-OXPROPS], [MS-OXCDATA]): by id, whatever their container."""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Iterable, Mapping
from enum import IntEnum

from tasks.extractors._encodings.decode import decode, normalise

_ANSI, _UNICODE, _LONG, _BOOL, _TIME, _BINARY = 0x001E, 0x001F, 0x0003, 0x000B, 0x0040, 0x0102
FIXED = frozenset({_LONG, _BOOL, _TIME})
"""Types whose values have one size."""

_EPOCH = dt.datetime(1601, 1, 1, tzinfo=dt.UTC)
_ISO = {28590 + part: f"iso8859-{part}" for part in range(1, 10)}
_CODE_PAGES = _ISO | {
    10000: "mac_roman",
    20127: "ascii",
    20866: "koi8-r",
    21866: "koi8-u",
    28605: "iso8859-15",
    50220: "iso2022_jp",
    50221: "iso2022_jp",
    50225: "iso2022_kr",
    51932: "euc_jp",
    51949: "euc_kr",
    52936: "hz",
    54936: "gb18030",
    65000: "utf-7",
    65001: "utf-8",
}


class Tag(IntEnum):
    """The properties that are asked for."""

    MESSAGE_CLASS = 0x001A
    SUBJECT = 0x0037
    SUBMITTED = 0x0039
    START = 0x0060
    END = 0x0061
    LOCATION = 0x0067  # of no standard's: that of an appointment, which has a number of its own in each message
    HEADERS = 0x007D
    RECIPIENT_TYPE = 0x0C15
    SENDER_NAME = 0x0C1A
    SENDER_ADDRESS = 0x0C1F
    SENDER_SMTP = 0x5D01
    SHOWN_CC = 0x0E03
    SHOWN_TO = 0x0E04
    DELIVERED = 0x0E06
    BODY = 0x1000
    RTF = 0x1009
    HTML = 0x1013
    NAME = 0x3001
    ADDRESS = 0x3003
    SMTP = 0x39FE
    DATA = 0x3701
    FILE_NAME = 0x3704
    LONG_FILE_NAME = 0x3707
    MIME_TYPE = 0x370E
    CONTENT_ID = 0x3712
    INTERNET_CODE_PAGE = 0x3FDE
    MESSAGE_CODE_PAGE = 0x3FFD


class Properties:
    """What an object is said to be: values by id, each with its type."""

    def __init__(self, values: Mapping[int, tuple[int, bytes]], code_page: str | None = None) -> None:
        self._values = values
        own = codec(self.number(Tag.MESSAGE_CODE_PAGE) or 0) or codec(self.number(Tag.INTERNET_CODE_PAGE) or 0)
        self.code_page = own or code_page
        """Of its strings that are not Unicode; None if it is to be found by looking at them."""

    def text(self, *tags: Tag) -> str:
        """The first of them that has any text, normalised."""
        for tag in tags:
            kind, data = self._values.get(tag, (0, b""))
            if kind == _UNICODE:
                text = data[: len(data) // 2 * 2].decode("utf-16-le", "replace")
            elif kind == _ANSI:
                text = decode(data, self.code_page)
            else:
                continue
            if text := normalise(text).strip(" \n\ufffd"):
                return text
        return ""

    def html(self) -> str:
        """The body as HTML; it is kept as bytes in an encoding of its own."""
        kind, data = self._values.get(Tag.HTML, (0, b""))
        if kind != _BINARY:
            return self.text(Tag.HTML)
        return normalise(decode(data, codec(self.number(Tag.INTERNET_CODE_PAGE) or 0) or self.code_page))

    def data(self, tag: Tag) -> bytes:
        """A value of bytes; b"" without."""
        kind, data = self._values.get(tag, (0, b""))
        return data if kind == _BINARY else b""

    def number(self, tag: Tag) -> int | None:
        """A value of 32 bits, or a truth value."""
        kind, data = self._values.get(tag, (0, b""))
        return struct.unpack_from("<L", data)[0] if kind in (_LONG, _BOOL) and len(data) >= 4 else None

    def time(self, *tags: Tag) -> dt.datetime | None:
        """The first of them that is a time."""
        for tag in tags:
            kind, data = self._values.get(tag, (0, b""))
            if kind != _TIME or len(data) < 8:
                continue
            try:  # steps of 100 ns since 1601; those before 1970 and far ahead mean "none"
                found = _EPOCH + dt.timedelta(microseconds=struct.unpack_from("<Q", data)[0] // 10)
            except OverflowError:
                continue
            if 1970 < found.year < 4000:
                return found.replace(microsecond=0)
        return None


def codec(number: int) -> str | None:
    """Python's name of a Windows code page; None for one that is not known."""
    if number in _CODE_PAGES:
        return _CODE_PAGES[number]
    try:
        "".encode(f"cp{number}")
    except LookupError:
        return None
    return f"cp{number}"


def person(name: str, address: str) -> str:
    """As a mail header shows them."""
    if "@" not in address or address.startswith("/"):  # an entry of an internal directory
        return name or address
    return f"{name} <{address}>" if name and name.strip("'\"").lower() != address.lower() else address


def people(recipients: Iterable[Properties], kind: int) -> str:
    """Those of one kind: 1 for To, 2 for Cc."""
    return ", ".join(
        person(each.text(Tag.NAME), each.text(Tag.SMTP, Tag.ADDRESS))
        for each in recipients
        if each.number(Tag.RECIPIENT_TYPE) == kind
    )
