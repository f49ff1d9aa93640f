"""Text boxes, shapes and controls of old workbooks, which xlrd passes over: TXO records ([MS-XLS] 2.4.329)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

_BIFF8 = 80
_HEAD = b"\xb6\x01\x12\x00"
"""Number and size of a TXO record."""
_SIZE = 4 + 18
_CONTINUE = 0x003C
_OBJECT = b"\x15\x00\x12\x00"
"""Where an OBJ record says what it is (FtCmo, 2.5.143); its record stands before, with the shape's place between."""
_LARGEST_OBJECT = 16 * 1024
_NOTE = 0x19
_WIDE = 1


def texts(book: Any, number: int) -> Iterator[str]:
    """What is written in the drawings on the sheet with that number from 0, in order; comments are none of it."""
    if book.biff_version < _BIFF8:
        return
    start = book._sh_abs_posn[number]
    end = min([place for place in book._sh_abs_posn if place > start], default=len(book.mem))
    place = book.mem.find(_HEAD, start, end)
    while place >= 0:
        if _kind(book.mem, max(start, place - _LARGEST_OBJECT), place) != _NOTE:
            yield _text(book.mem, place)
        place = book.mem.find(_HEAD, place + _SIZE, end)


def _kind(data: Any, start: int, end: int) -> int | None:
    place = data.rfind(_OBJECT, start, end - 6)
    return None if place < 0 else int(struct.unpack_from("<H", data, place + 4)[0])


def _text(data: Any, place: int) -> str:
    """The text after a TXO record; "" for what only looks like one."""
    (left,) = struct.unpack_from("<H", data, place + 14)
    place += _SIZE
    pieces = []
    while left > 0 and place + 5 <= len(data):
        number, size = struct.unpack_from("<HH", data, place)
        if number != _CONTINUE or not size:
            break
        is_wide = data[place + 4] == _WIDE
        piece = data[place + 5 : place + 4 + size].decode("utf-16-le" if is_wide else "latin-1", "replace")
        pieces.append(piece[:left])
        left -= len(piece)
        place += 4 + size
    return "".join(pieces)
