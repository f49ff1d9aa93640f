"""Files that OLE objects hold: documents of old formats as they are, others in a stream ([MS-OLEDS] 2.3.6, 3.1)."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from contextlib import suppress
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from core.errors import Unprocessable
from tasks.extractors._archives.member_names import decoded
from tasks.extractors._ole import container
from tasks.extractors._types.suffixes import usual_suffix
from tasks.extractors.media_type import OCTET_STREAM, OLE, media_type_in

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_NATIVE = "\x01Ole10Native"
_STREAMS = ("Package", "CONTENTS", "EmbeddedOdf")
"""Of Office itself, of Acrobat and others, of LibreOffice."""
_CHARTS = frozenset({"00020801-0000-0000-C000-000000000046", "00020803-0000-0000-C000-000000000046"})
"""Microsoft Graph: its workbook is what the picture of a chart was drawn from."""
_PACKAGER = "0003000C-0000-0000-C000-000000000046"
_PACKED = 2
"""Flags of a native stream that the Packager wrote: names stand before the file."""
_LONGEST_NAME = 1_000

File = tuple[str, bytes]
"""Name and content."""


def files_in(data: bytes, name: str) -> list[File]:
    """What the object holds; [] if it is nothing that anybody reads. `name`, without a suffix, is for what has none of its own.

    Raises Unprocessable(CORRUPT).
    """
    with container.opened(io.BytesIO(data)) as ole:
        if ole.root.clsid in _CHARTS:
            return []
        kind = container.kind(frozenset(entry[0].lower() for entry in ole.listdir(streams=True, storages=True)))
        return [(name + usual_suffix(kind), data)] if kind else _streams_in(ole, (), name)


def files_below(path: str, prefix: str) -> tuple[list[File], list[str]]:
    """What the objects hold whose storages, in the container at `path`, begin so; and the names of those that are damaged."""
    found: list[File] = []
    damaged: list[str] = []
    with suppress(Unprocessable), container.opened(path) as ole:
        for storage in ole.listdir(streams=False, storages=True):
            if len(storage) == 1 and storage[0].startswith(prefix):
                try:
                    found += _streams_in(ole, storage, storage[0])
                except (OSError, ValueError, struct.error):
                    damaged.append(storage[0])
    return found, damaged


def _streams_in(ole: Any, storage: Sequence[str], name: str) -> list[File]:
    """The file in a stream of an object that lies in this storage. Raises what olefile raises."""
    if ole.exists([*storage, _NATIVE]):
        data = ole.openstream([*storage, _NATIVE]).read()
        try:
            return native(data, name)
        except (struct.error, ValueError):
            if (ole.getclsid(list(storage)) if storage else ole.root.clsid) == _PACKAGER:
                raise
            return known(data[4:], name)  # controls have such streams as well
    for stream in _STREAMS:
        if ole.exists([*storage, stream]):
            return known(ole.openstream([*storage, stream]).read(), name)
    return []


def known(data: bytes, name: str) -> list[File]:
    """The bytes, if it can be told what they are, and that is no mere picture."""
    found = media_type_in(io.BytesIO(data), "")
    return [] if found in (OCTET_STREAM, OLE) or found.startswith(("text/", "image/")) else [(name + usual_suffix(found), data)]


def native(data: bytes, name: str) -> list[File]:
    """What the Packager packed, with the name that it had; of other programs what they wrote, if it is of a known format."""
    size, flags = struct.unpack_from("<IH", data)
    if flags != _PACKED:
        return known(data[4 : 4 + size], name)
    label, place = _string(data, 6)
    path, place = _string(data, place)
    (length,) = struct.unpack_from("<I", data, place + 4)
    (size,) = struct.unpack_from("<I", data, place + 8 + length)
    start = place + 12 + length
    if start + size > len(data):
        raise struct.error("a package that is cut off")
    if not size:
        return []
    return [(_name(_label(data, start + size) or _decoded(label), _decoded(path)) or name, data[start : start + size])]


def _string(data: bytes, start: int) -> tuple[bytes, int]:
    """A string up to its zero, and the place behind that."""
    end = data.index(b"\0", start)
    return data[start:end][:_LONGEST_NAME], end + 1


def _label(data: bytes, place: int) -> str:
    """The name in UTF-16, which follows the temporary one; "" where it is not written."""
    found = ""
    for _ in range(2):
        if place + 4 > len(data):
            return ""
        (length,) = struct.unpack_from("<I", data, place)
        found = data[place + 4 : place + 4 + 2 * min(length, _LONGEST_NAME)].decode("utf-16-le", "replace")
        place += 4 + 2 * length
    return found


def _decoded(name: bytes) -> str:
    return decoded([name])[0]


def _name(label: str, path: str) -> str:
    """The label, which people may have changed, with the suffix that the file had."""
    name, suffix = PureWindowsPath(label).name, PureWindowsPath(path).suffix
    return name if PurePosixPath(name).suffix or not name else name + suffix
