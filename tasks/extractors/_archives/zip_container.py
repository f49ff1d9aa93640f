"""Zip containers, opened so that nothing in their directory can hurt: office files, e-books and archives alike."""

from __future__ import annotations

import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from core.errors import Unprocessable
from core.reasons import Reason

DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, struct.error, UnicodeDecodeError, OverflowError)
"""What reading a damaged zip raises. OSError is left out: it is what a bad disk raises too."""

_ENCRYPTED = 0x1
_LOCAL_HEADER = 30
_END = b"PK\x05\x06"
_END_SIZE = 22
_END64 = b"PK\x06\x06"
_END64_SIZE = 56
_LOCATOR_SIZE = 20
_LONGEST_COMMENT = 0xFFFF
_WHOLE = 0xFFFFFFFF
"""What stands in 32 bits for a number that does not fit there."""


@dataclass(frozen=True, slots=True)
class ZipLimits:
    """What a zip may claim. All sizes in bytes."""

    entries: int = 100_000
    directory: int = 32 << 20
    """Of the list of entries, which is read into memory as a whole."""
    part: int = 256 << 20
    ratio: int = 200
    """All that it unpacks to against its own size."""
    harmless: int = 10 << 20
    """What unpacks to less is no bomb, whatever its ratio."""


LIMITS = ZipLimits()


@contextmanager
def opened(path: str, limits: ZipLimits = LIMITS) -> Iterator[zipfile.ZipFile]:
    """The zip, checked; damage that shows while its parts are read is Unprocessable(CORRUPT) as well.

    Raises Unprocessable: CORRUPT, TOO_LARGE for more entries than are allowed, BOMB for entries that overlap or for what
    they say they unpack to (zipfile never unpacks more than an entry says), ENCRYPTED if one of them is.
    """
    try:
        with Path(path).open("rb") as file:
            directory_of(file, limits)
            with zipfile.ZipFile(file) as archive:
                infos = archive.infolist()
                check_extents([(e.header_offset, e.compress_size, e.file_size, e.filename) for e in infos], limits)
                if any(info.flag_bits & _ENCRYPTED for info in infos):
                    raise Unprocessable(Reason.ENCRYPTED, "files in the zip need a password")
                yield archive
    except DAMAGE as exc:
        raise Unprocessable(Reason.CORRUPT, " ".join(f"{type(exc).__name__}: {exc}".split())) from exc
    except NotImplementedError as exc:  # a compression method that zipfile does not know, or a split archive
        raise Unprocessable(Reason.UNSUPPORTED_TYPE, f"zip: {exc}") from exc


def read(archive: zipfile.ZipFile, name: str, limits: ZipLimits = LIMITS) -> bytes:
    """A part, unpacked. Raises KeyError if it is not there, Unprocessable(TOO_LARGE) after no more than the limit."""
    with archive.open(name) as part:
        data = part.read(limits.part + 1)
    if len(data) > limits.part:
        raise Unprocessable(Reason.TOO_LARGE, f"{name} unpacks to more than {limits.part:,} bytes")
    return data


def directory_of(file: BinaryIO, limits: ZipLimits = LIMITS) -> tuple[int, int, int]:
    """Where the list of entries begins, its size, and how many bytes stand before the zip (PKWARE APPNOTE 4.3.14 to 4.3.16).

    Raises BadZipFile without one, and Unprocessable(TOO_LARGE) if it is too long to be read.
    """
    end = file.seek(0, os.SEEK_END)
    start = max(0, end - _END_SIZE - _LONGEST_COMMENT)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        raise zipfile.BadZipFile("the list of files is missing: cut off?")
    size, offset = struct.unpack_from("<LL", tail, at + 12)
    at += start
    if _WHOLE in (size, offset):
        file.seek(max(0, at - _LOCATOR_SIZE - _END64_SIZE))
        record = file.read(_END64_SIZE)
        if record.startswith(_END64) and len(record) == _END64_SIZE:
            size, offset = struct.unpack_from("<QQ", record, 40)
            at -= _LOCATOR_SIZE + _END64_SIZE
    if size > limits.directory:
        raise Unprocessable(Reason.TOO_LARGE, f"a list of files of {size:,} bytes in the zip")
    before = at - size - offset
    if before < 0 or size > at:
        raise zipfile.BadZipFile("the list of files is not where it should be")
    return at - size, size, before


def check_extents(entries: Sequence[tuple[int, int, int, str | bytes]], limits: ZipLimits = LIMITS) -> None:
    """Check entries, each with its offset, its packed and its unpacked size, and its name.

    Raises Unprocessable: TOO_LARGE for their number, BOMB if they overlap or claim too much.
    """
    if len(entries) > limits.entries:
        raise Unprocessable(Reason.TOO_LARGE, f"{len(entries):,} files in the zip")
    extents = sorted({(offset, offset + _LOCAL_HEADER + packed, name) for offset, packed, _, name in entries})
    if any(end > after for (_, end, _), (after, _, _) in pairwise(extents)):
        raise Unprocessable(Reason.BOMB, "files in the zip overlap")
    unpacked, packed = sum(entry[2] for entry in entries), sum(entry[1] for entry in entries)
    if unpacked > limits.harmless and unpacked > limits.ratio * packed:
        raise Unprocessable(Reason.BOMB, f"{packed:,} bytes in the zip unpack to {unpacked:,}")
