"""The compressed RTF of Outlook messages ([MS-OXRTFCP])."""

from __future__ import annotations

import struct

_COMPRESSED, _UNCOMPRESSED = 0x75465A4C, 0x414C454D
_HEADER = struct.Struct("<LLLL")
_RING = 4096
_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans "
    b"SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)


def decompressed(data: bytes) -> bytes:
    """The RTF, as much of it as is there; at most nine times as long. b"" for anything else."""
    if len(data) < _HEADER.size:
        return b""
    _, size, kind, _ = _HEADER.unpack_from(data)
    if kind == _UNCOMPRESSED:
        return data[_HEADER.size : _HEADER.size + size]
    return _unpacked(data, size) if kind == _COMPRESSED else b""


def _unpacked(data: bytes, size: int) -> bytes:
    ring = bytearray(_DICTIONARY.ljust(_RING, b"\0"))
    place = len(_DICTIONARY)
    output = bytearray()
    at = _HEADER.size
    while at < len(data) and len(output) < size:
        flags = data[at]
        at += 1
        for bit in range(8):
            if flags >> bit & 1:
                if at + 2 > len(data):
                    return bytes(output)
                offset, length = divmod(data[at] << 8 | data[at + 1], 16)
                at += 2
                if offset == place:
                    return bytes(output)
                for step in range(length + 2):
                    ring[place] = ring[(offset + step) % _RING]
                    output.append(ring[place])
                    place = (place + 1) % _RING
            else:
                if at >= len(data):
                    return bytes(output)
                ring[place] = data[at]
                output.append(data[at])
                place = (place + 1) % _RING
                at += 1
    return bytes(output)
