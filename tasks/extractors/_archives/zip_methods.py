"""How entries of a zip archive are compressed: what Python can undo of it, piece by piece (PKWARE APPNOTE 4.4.5)."""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from typing import Protocol

STORED, DEFLATED, BZIP2, LZMA = 0, 8, 12, 14
KNOWN = frozenset({STORED, DEFLATED, BZIP2, LZMA})


class Unpacker(Protocol):
    """What bz2 and lzma offer."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


def unpacker(method: int) -> Unpacker:
    """For one of the KNOWN methods."""
    if method == DEFLATED:
        return _Inflate()
    if method == BZIP2:
        return bz2.BZ2Decompressor()
    return _Lzma() if method == LZMA else _Stored()


class _Stored:
    """Nothing to unpack."""

    eof = False
    needs_input = True

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return data


class _Inflate:
    """Raw deflate."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(-15)
        self._full = False

    @property
    def eof(self) -> bool:
        return self._inflate.eof

    @property
    def needs_input(self) -> bool:
        return not self._full and not self._inflate.unconsumed_tail

    def decompress(self, data: bytes, max_length: int) -> bytes:
        unpacked = self._inflate.decompress(self._inflate.unconsumed_tail + data, max_length)
        self._full = len(unpacked) == max_length  # more of it may be ready
        return unpacked


class _Lzma:
    """LZMA as it lies in zips: version, length of the properties, the properties (APPNOTE 5.8.8)."""

    def __init__(self) -> None:
        self._head = b""
        self._decompressor: lzma.LZMADecompressor | None = None

    @property
    def eof(self) -> bool:
        return self._decompressor is not None and self._decompressor.eof

    @property
    def needs_input(self) -> bool:
        return self._decompressor is None or self._decompressor.needs_input

    def decompress(self, data: bytes, max_length: int) -> bytes:
        if self._decompressor is None:
            self._head += data
            if len(self._head) < 9:
                return b""
            if self._head[2:4] != b"\5\0":
                raise lzma.LZMAError("unknown properties")
            lc_lp_pb, dictionary = struct.unpack_from("<BL", self._head, 4)
            lc, rest = lc_lp_pb % 9, lc_lp_pb // 9
            chain = [{"id": lzma.FILTER_LZMA1, "lc": lc, "lp": rest % 5, "pb": rest // 5, "dict_size": dictionary}]
            self._decompressor = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain)
            data = self._head[9:]
        return self._decompressor.decompress(data, max_length)
