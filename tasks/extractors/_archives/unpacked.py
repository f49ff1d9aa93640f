"""Compressed files (gzip, bzip2, xz) as streams that know when enough is enough."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from typing import BinaryIO

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._archives.members import LIMITS

_MOST = 4 * LIMITS.total
"""Bytes that are unpacked of one file, those that nobody gets among them."""
_HEADER = 10
_LONGEST_NAME = 1024
_EXTRA, _NAME = 4, 8


class Unpacked:
    """What was compressed. Damage raises EOFError, or, if `is_lenient`, looks like the end; `damage` says what it was."""

    def __init__(self, file: BinaryIO, media_type: str) -> None:
        self.is_lenient = False
        self.damage = ""
        self._file = file
        self._size = file.seek(0, 2)
        file.seek(0)
        self._stream = _opened(file, media_type)
        self._held = b""
        self._unpacked = 0

    def ahead(self, size: int) -> bytes:
        """The first bytes, without reading them."""
        while len(self._held) < size and (data := self._next(size - len(self._held))):
            self._held += data
        return self._held

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; b"" at the end. Raises EOFError, and Unprocessable: BOMB, TOO_LARGE."""
        data, self._held = self._held[:size], self._held[size:]
        if not data:
            data = self._next(size)
        if not data and self.damage and not self.is_lenient:
            raise EOFError(self.damage)
        return data

    def _next(self, size: int) -> bytes:
        if self.damage:
            return b""
        try:
            data = self._stream.read1(size)  # `read` loses what it has when it meets damage
        except (EOFError, zlib.error, lzma.LZMAError) as exc:
            self.damage = str(exc)
            return b""
        except OSError as exc:
            if exc.errno is not None:
                raise
            if self._unpacked and isinstance(exc, gzip.BadGzipFile) and "Not a gzipped" in str(exc):
                return b""  # something else is appended
            self.damage = str(exc)
            return b""
        self._unpacked += len(data)
        self._check()
        return data

    def _check(self) -> None:
        if self._unpacked <= LIMITS.harmless:
            return
        if self._unpacked > LIMITS.ratio * self._size:
            raise Unprocessable(Reason.BOMB, f"{self._size:,} bytes unpack to more than {LIMITS.ratio} times as many")
        if self._unpacked > _MOST:
            raise Unprocessable(Reason.TOO_LARGE, f"unpacks to more than {_MOST:,} bytes")


def gzip_name(file: BinaryIO) -> bytes:
    """The name in a gzip file's header (RFC 1952); b"" without."""
    file.seek(0)
    header = file.read(_HEADER)
    flags = header[3] if len(header) == _HEADER else 0
    if flags & _EXTRA:
        file.seek(int.from_bytes(file.read(2), "little"), 1)
    name, end, _ = file.read(_LONGEST_NAME).partition(b"\0") if flags & _NAME else (b"", b"", b"")
    return name if end else b""


def _opened(file: BinaryIO, media_type: str) -> gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile:
    if media_type == "application/gzip":
        return gzip.GzipFile(fileobj=file)
    return bz2.BZ2File(file) if media_type == "application/x-bzip2" else lzma.LZMAFile(file)
