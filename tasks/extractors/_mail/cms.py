"""Signed messages whose text is wrapped in the signature (S/MIME, RFC 8551; CMS, RFC 5652): it is taken out, unchecked."""

from __future__ import annotations

from enum import Enum

_SIGNED = bytes.fromhex("2a864886f70d010702")
_ENCRYPTED = {
    bytes.fromhex("2a864886f70d010703"): "enveloped data",
    bytes.fromhex("2a864886f70d010706"): "encrypted data",
    bytes.fromhex("2a864886f70d0109100117"): "authenticated enveloped data",
}
_OID, _OCTETS, _MANY_OCTETS, _SEQUENCE, _FIRST = 0x06, 0x04, 0x24, 0x30, 0xA0
_END = b"\0\0"
_DEEPEST = 30
_UNKNOWN_LENGTH = -1


class Wrapping(Enum):
    """What a CMS object is."""

    SIGNED = 1
    ENCRYPTED = 2
    UNKNOWN = 3


def unwrapped(data: bytes) -> tuple[Wrapping, bytes]:
    """What it is, and, if it is signed, the content that was signed; b"" where that lies elsewhere or is damaged."""
    reader = _Reader(data)
    try:
        reader.enter(_SEQUENCE)
        kind = reader.take(_OID)
        if kind in _ENCRYPTED:
            return Wrapping.ENCRYPTED, b""
        if kind != _SIGNED:
            return Wrapping.UNKNOWN, b""
        reader.enter(_FIRST)
        reader.enter(_SEQUENCE)
        reader.skip()  # the version
        reader.skip()  # the digests
        reader.enter(_SEQUENCE)
        reader.take(_OID)
        reader.enter(_FIRST)
        return Wrapping.SIGNED, reader.octets()
    except (IndexError, ValueError):
        return (Wrapping.SIGNED if _SIGNED in data[:64] else Wrapping.UNKNOWN), b""


class _Reader:
    """Reads BER (ITU-T X.690) forwards. Raises IndexError or ValueError where the data are not what they should be."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def enter(self, tag: int) -> int:
        """Go into a constructed value; its length, _UNKNOWN_LENGTH if it is ended by a mark."""
        if self._data[self._at] != tag:
            raise ValueError("not the value that was expected")
        self._at += 1
        return self._length()

    def take(self, tag: int) -> bytes:
        """A primitive value."""
        length = self.enter(tag)
        if length < 0 or self._at + length > len(self._data):
            raise ValueError("cut off")
        value = self._data[self._at : self._at + length]
        self._at += length
        return value

    def skip(self, depth: int = 0) -> None:
        """Pass over a value."""
        if depth > _DEEPEST:
            raise ValueError("nested too deep")
        self._at += 1
        length = self._length()
        if length != _UNKNOWN_LENGTH:
            self._at += length
            return
        while not self._data.startswith(_END, self._at):
            self.skip(depth + 1)
        self._at += len(_END)

    def octets(self, depth: int = 0) -> bytes:
        """An octet string, in one piece or in many."""
        if self._data[self._at] == _OCTETS:
            return self.take(_OCTETS)
        length = self.enter(_MANY_OCTETS)
        if depth > _DEEPEST:
            raise ValueError("nested too deep")
        end = self._at + length
        pieces: list[bytes] = []
        while (self._at < end) if length != _UNKNOWN_LENGTH else not self._data.startswith(_END, self._at):
            pieces.append(self.octets(depth + 1))
        self._at += len(_END) if length == _UNKNOWN_LENGTH else 0
        return b"".join(pieces)

    def _length(self) -> int:
        first = self._data[self._at]
        self._at += 1
        if first == 0x80:
            return _UNKNOWN_LENGTH
        if first < 0x80:
            return first
        count = first & 0x7F
        if count > 8:
            raise ValueError("a length beyond reason")
        self._at += count
        return int.from_bytes(self._data[self._at - count : self._at], "big")
