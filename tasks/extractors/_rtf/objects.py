"""Files that are embedded in RTF: OLE 1 objects in hexadecimal ([MS-OLEDS] 2.2.5)."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from core.errors import Unprocessable
from tasks.extractors._builder import Builder
from tasks.extractors._ole import objects as ole_objects

_DATA = re.compile(rb"\\objdata ?([0-9a-fA-F\s]+)")
_BLANKS = b" \t\r\n\v\f"
_EMBEDDED = 2
_PACKAGE = b"Package"


def files_in(data: bytes, builder: Builder) -> Iterator[ole_objects.File]:
    """Names and contents, in order; what is damaged becomes a warning."""
    for number, match in enumerate(_DATA.finditer(data), 1):
        name = f"object {number}"
        try:
            yield from _files(match[1].translate(None, _BLANKS), name)
        except (struct.error, ValueError, Unprocessable):
            builder.warnings.append(f"an embedded file is damaged: {name}")


def _files(digits: bytes, name: str) -> list[ole_objects.File]:
    data = bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))
    (kind,) = struct.unpack_from("<I", data, 4)
    if kind != _EMBEDDED:
        return []
    program, place = _string(data, 8)
    for _ in ("topic", "item"):
        _, place = _string(data, place)
    (size,) = struct.unpack_from("<I", data, place)
    native = data[place + 4 : place + 4 + size]
    if native.startswith(ole_objects.MAGIC):
        return ole_objects.files_in(native, name)
    if program == _PACKAGE:
        return ole_objects.native(struct.pack("<I", len(native)) + native, name)
    return ole_objects.known(native, name)


def _string(data: bytes, place: int) -> tuple[bytes, int]:
    (length,) = struct.unpack_from("<I", data, place)
    return data[place + 4 : place + 4 + length].rstrip(b"\0"), place + 4 + length
