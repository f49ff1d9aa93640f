"""The entries of a zip archive, as its list has them, or, where the list is lost, as they lie in the file (PKWARE APPNOTE 6.3).

Office files are read with zipfile. Archives are not: it refuses those as a whole of which one name is no UTF-8 or differs in
case from that before the data, and those that are cut off, which have no list.
"""

from __future__ import annotations

import os
import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO
from zipfile import BadZipFile

from tasks.extractors._archives.member_names import decoded
from tasks.extractors._archives.zip_container import LIMITS, ZipLimits, check_extents, directory_of
from tasks.extractors._archives.zip_methods import DEFLATED, KNOWN, unpacker

_CHUNK = 64 * 1024
_LOCAL = struct.Struct("<4sHHHHHLLLHH")
_CENTRAL = struct.Struct("<4sHHHHHHLLLHHHHHLL")
_LOCAL_MARK, _CENTRAL_MARK, _AFTER_MARK = b"PK\3\4", b"PK\1\2", b"PK\7\x08"
_ENCRYPTED, _SIZES_AFTER, _UTF8 = 0x1, 0x8, 0x800
_UNIX, _MAC = 3, 19
_WHOLE = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; sizes in bytes."""

    raw_name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    """Of its header in the file."""
    mode: int = 0
    """Type and permissions as Unix has them; 0 if unknown."""
    name: str = ""

    @property
    def is_file(self) -> bool:
        """False for folders, links and devices."""
        return not self.is_folder and (not stat.S_IFMT(self.mode) or stat.S_ISREG(self.mode))

    @property
    def is_folder(self) -> bool:
        """True for a folder."""
        return self.raw_name.endswith((b"/", b"\\")) and not self.size

    @property
    def is_encrypted(self) -> bool:
        """True if it needs a password."""
        return bool(self.flags & _ENCRYPTED)

    @property
    def is_known(self) -> bool:
        """True if its method of compression is one that Python knows."""
        return self.method in KNOWN


def listed(file: BinaryIO, limits: ZipLimits = LIMITS) -> list[Entry]:
    """The archive's list. Raises BadZipFile without one, and Unprocessable as `_zip.opened` does."""
    start, size, before = directory_of(file, limits)
    file.seek(start)
    data = file.read(size)
    found: list[Entry] = []
    at = 0
    while len(data) - at >= _CENTRAL.size and data.startswith(_CENTRAL_MARK, at):
        entry, length = _central(data, at)
        found.append(replace(entry, offset=entry.offset + before))
        at += length
        if len(found) > limits.entries:
            break  # which is said below
    if not found and size:
        raise BadZipFile("the list of files is damaged")
    check_extents([(entry.offset, entry.packed, entry.size, entry.raw_name) for entry in found], limits)
    return named(found)


def named(entries: list[Entry]) -> list[Entry]:
    """The entries with their names as text: as UTF-8 where they say so, the others in one encoding that fits them all."""
    unclear = iter(decoded([entry.raw_name for entry in entries if not entry.flags & _UTF8]))
    return [
        replace(entry, name=entry.raw_name.decode("utf-8", "surrogateescape") if entry.flags & _UTF8 else next(unclear))
        for entry in entries
    ]


def lying(file: BinaryIO) -> Iterator[Entry]:
    """The entries as they lie in the file, those that are whole, unnamed. Sizes that stand behind the data are found."""
    end = file.seek(0, os.SEEK_END)
    at = _next_mark(file, 0)
    while at is not None:
        entry, start = _local(file, at)
        if entry is not None and entry.flags & _SIZES_AFTER and not entry.packed:
            try:
                entry = _measured(file, entry, start)
            except EOFError:
                return
        if entry is not None and start + entry.packed <= end:
            yield entry
            at = _next_mark(file, start + entry.packed)
        else:
            at = _next_mark(file, at + len(_LOCAL_MARK))


class Content:
    """An entry's bytes, unpacked: no more than it says, and checked at the end. What `read` raises is in `_zip.DAMAGE`."""

    def __init__(self, file: BinaryIO, entry: Entry) -> None:
        _, start = _local(file, entry.offset)
        if not start:
            raise BadZipFile("no file where the list says")
        self._file = file
        self._entry = entry
        self._at = start
        self._packed = entry.packed
        self._left = entry.size
        self._crc = 0
        self._unpacker = unpacker(entry.method)

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; b"" at the end."""
        wanted = min(size, self._left)
        data = b""
        while wanted and not data:
            packed = self._next(min(wanted, _CHUNK)) if self._unpacker.needs_input else b""
            if self._unpacker.eof or (self._unpacker.needs_input and not packed):
                raise EOFError("its data end too early")
            data = self._unpacker.decompress(packed, wanted)
        self._left -= len(data)
        self._crc = zlib.crc32(data, self._crc)
        if not data and self._crc != self._entry.crc:
            raise BadZipFile("the check sum does not fit")
        return data

    def _next(self, size: int) -> bytes:
        self._file.seek(self._at)
        data = self._file.read(min(size, self._packed))
        self._at += len(data)
        self._packed -= len(data)
        return data


def _central(data: bytes, at: int) -> tuple[Entry, int]:
    fields = _CENTRAL.unpack_from(data, at)
    _, made_by, _, flags, method, _, _, crc, packed, size, name_length, extra_length, comment_length = fields[:13]
    attributes, offset = fields[15:]
    start = at + _CENTRAL.size
    name = data[start : start + name_length]
    extra = data[start + name_length : start + name_length + extra_length]
    size, packed, offset = _wide(extra, size, packed, offset)
    mode = attributes >> 16 if made_by >> 8 in (_UNIX, _MAC) else 0
    unicode_name = _unicode_name(extra, name)
    entry = Entry(unicode_name or name, flags | (_UTF8 if unicode_name else 0), method, crc, packed, size, offset, mode)
    return entry, _CENTRAL.size + name_length + extra_length + comment_length


def _local(file: BinaryIO, at: int) -> tuple[Entry | None, int]:
    """The header at that place and where its data begin; (None, 0) if there is none."""
    file.seek(at)
    header = file.read(_LOCAL.size)
    if len(header) < _LOCAL.size or not header.startswith(_LOCAL_MARK):
        return None, 0
    _, _, flags, method, _, _, crc, packed, size, name_length, extra_length = _LOCAL.unpack(header)
    name, extra = file.read(name_length), file.read(extra_length)
    size, packed, _ = _wide(extra, size, packed, 0)
    return Entry(name, flags, method, crc, packed, size, at), at + _LOCAL.size + name_length + extra_length


def _wide(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Sizes and offset, from the zip64 field (APPNOTE 4.5.3) where they did not fit."""
    field = _field(extra, 1)
    values = [size, packed, offset]
    at = 0
    for place, value in enumerate(values):
        if value == _WHOLE and len(field) >= at + 8:
            values[place] = int.from_bytes(field[at : at + 8], "little")
            at += 8
    return values[0], values[1], values[2]


def _unicode_name(extra: bytes, name: bytes) -> bytes:
    """The name in UTF-8 as Info-ZIP adds it, if it belongs to this name (APPNOTE 4.6.9); b"" without."""
    field = _field(extra, 0x7075)
    return field[5:] if len(field) > 5 and field[1:5] == struct.pack("<L", zlib.crc32(name)) else b""


def _field(extra: bytes, wanted: int) -> bytes:
    while len(extra) >= 4:
        number, length = struct.unpack_from("<HH", extra)
        if number == wanted:
            return extra[4 : 4 + length]
        extra = extra[4 + length :]
    return b""


def _next_mark(file: BinaryIO, at: int) -> int | None:
    """Where the next local header begins."""
    file.seek(at)
    window, size = b"", 4096
    while data := file.read(size):
        window = window[-3:] + data
        found = window.find(_LOCAL_MARK)
        if found >= 0:
            return file.tell() - len(window) + found
        size = min(2 * size, 1 << 20)
    return None


def _measured(file: BinaryIO, entry: Entry, start: int) -> Entry | None:
    """The entry with the sizes of its deflated data, found by inflating them; None if they are damaged.

    Raises EOFError if they are cut off.
    """
    if entry.method != DEFLATED or entry.is_encrypted:
        return None
    file.seek(start)
    inflate = zlib.decompressobj(-15)
    packed = size = crc = 0
    data = b""
    try:
        while not inflate.eof:
            if not data:
                data = file.read(_CHUNK)
                packed += len(data)
                if not data:
                    raise EOFError
            unpacked = inflate.decompress(data, 1 << 20)
            size += len(unpacked)
            crc = zlib.crc32(unpacked, crc)
            data = inflate.unconsumed_tail
    except zlib.error:
        return None
    packed -= len(inflate.unused_data)
    file.seek(start + packed)
    after = file.read(8).removeprefix(_AFTER_MARK)[:4]
    return replace(entry, packed=packed, size=size, crc=int.from_bytes(after, "little") if len(after) == 4 else crc)
