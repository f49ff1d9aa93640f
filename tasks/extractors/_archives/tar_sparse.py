"""Sparse files in tar archives: which pieces of them are kept, and the zeros between (GNU tar manual, "Sparse Formats")."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from tasks.extractors._archives.members import Readable

Piece: TypeAlias = tuple[int, int]
"""Offset in the file, and bytes."""

_MOST_PIECES = 100_000
_DIGITS = 20


class Sparse:
    """The file as it was, its holes filled with zeros."""

    def __init__(self, kept: Readable, pieces: Iterable[Piece], size: int) -> None:
        self._kept = kept
        self._pieces = iter(pieces)
        self._size = size
        self._at = 0
        self._piece: Piece | None = next(self._pieces, None)

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; b"" at the end. Raises EOFError where the archive is cut off, ValueError for a false map."""
        while self._piece is not None and self._at >= sum(self._piece):
            if self._piece[1] and self._at > sum(self._piece):
                raise ValueError("pieces of a sparse file overlap")
            self._piece = next(self._pieces, None)
        start = self._size if self._piece is None else min(self._piece[0], self._size)
        if self._at < start:
            data = bytes(min(size, start - self._at))
        elif self._piece is None:
            data = b""
        else:
            data = self._kept.read(min(size, sum(self._piece) - self._at))
        self._at += len(data)
        return data


def old_pieces(area: bytes, number: Callable[[bytes], int]) -> Iterator[Piece]:
    """Those of the old GNU format: pairs of numbers of 12 bytes, the list ended by an empty one."""
    for at in range(0, len(area) - 23, 24):
        if not area[at : at + 24].strip(b"\0"):
            return
        yield number(area[at : at + 12]), number(area[at + 12 : at + 24])


def pax_pieces(numbers: str) -> Iterator[Piece]:
    """Those of the pax formats 0.0 and 0.1: "offset,bytes,offset,bytes"."""
    found = [int(number) for number in numbers.split(",") if number][: 2 * _MOST_PIECES]
    return zip(found[::2], found[1::2], strict=False)


def new_pieces(body: Readable) -> list[Piece]:
    """Those of the pax format 1.0, which stand before the data, one number a line, in whole blocks. Raises ValueError."""
    block = b""
    numbers: list[int] = []
    while not numbers or len(numbers) < 1 + 2 * min(numbers[0], _MOST_PIECES):
        line, newline, rest = block.partition(b"\n")
        if newline:
            numbers.append(int(line))
            block = rest
        elif len(block) > _DIGITS:
            raise ValueError("no map of a sparse file")
        else:
            block += _block(body)
    return list(zip(numbers[1::2], numbers[2::2], strict=True))


def _block(body: Readable) -> bytes:
    data = b""
    while len(data) < 512:
        more = body.read(512 - len(data))
        if not more:
            raise ValueError("no map of a sparse file")
        data += more
    return data
