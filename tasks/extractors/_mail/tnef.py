"""What Outlook packs into "winmail.dat" ([MS-OXTNEF]): a message's properties and attachments."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from tasks.extractors._mail.mapi import Properties, Tag, codec

MAGIC = b"x\x9f>\x22"

_SUBJECT, _BODY, _MESSAGE, _CODE_PAGE = 0x8004, 0x800C, 0x9003, 0x9007
_NEW_ATTACHMENT, _TITLE, _DATA, _ATTACHMENT = 0x9002, 0x8010, 0x800F, 0x9005
_HEAD = struct.Struct("<BHHL")
_NAMED, _MANY, _OBJECT, _ANSI = 0x8000, 0x1000, 0x000D, 0x001E
_VARIABLE = frozenset({0x001E, 0x001F, 0x0102, _OBJECT})
_SIZES = {0x0005: 8, 0x0006: 8, 0x0007: 8, 0x0014: 8, 0x0040: 8, 0x0048: 16}
"""Bytes of the types of one size; of all others 4."""
_IID = 16


@dataclass(slots=True)
class Attachment:
    """A file, or a message as another TNEF stream."""

    title: bytes = b""
    data: bytes = b""
    values: dict[int, tuple[int, bytes]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tnef:
    """A message."""

    properties: Properties
    attachments: list[Attachment]

    def files(self) -> Iterator[tuple[str, bytes, str]]:
        """Name, content and media type of each attachment that has any content."""
        for attachment in self.attachments:
            facts = Properties({Tag.FILE_NAME: (_ANSI, attachment.title)} | attachment.values, self.properties.code_page)
            name = facts.text(Tag.LONG_FILE_NAME) or facts.text(Tag.FILE_NAME, Tag.NAME)
            kind, inner = attachment.values.get(Tag.DATA, (0, b""))
            if kind == _OBJECT and inner.startswith(MAGIC, _IID):
                yield f"{name or 'message'}.dat", inner[_IID:], "application/ms-tnef"
            elif data := attachment.data or inner:
                yield name, data, facts.text(Tag.MIME_TYPE)


def parsed(data: bytes) -> Tnef | None:
    """The message, as much of it as is there; None for anything else."""
    if not data.startswith(MAGIC):
        return None
    values: dict[int, tuple[int, bytes]] = {}
    attachments: list[Attachment] = []
    code_page: str | None = None
    for name, value in _attributes(data):
        if name == _NEW_ATTACHMENT:
            attachments.append(Attachment())
        elif name == _SUBJECT:
            values.setdefault(Tag.SUBJECT, (_ANSI, value))
        elif name == _BODY:
            values.setdefault(Tag.BODY, (_ANSI, value))
        elif name == _MESSAGE:
            values.update(_properties(value))
        elif name == _CODE_PAGE and len(value) >= 4:
            code_page = codec(struct.unpack_from("<L", value)[0])
        elif attachments and name == _TITLE:
            attachments[-1].title = value.rstrip(b"\0")
        elif attachments and name == _DATA:
            attachments[-1].data = value
        elif attachments and name == _ATTACHMENT:
            attachments[-1].values.update(_properties(value))
    return Tnef(Properties(values, code_page), attachments)


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = len(MAGIC) + 2
    while at + _HEAD.size <= len(data):
        _, name, _, length = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        if at + length > len(data):
            return
        yield name, data[at : at + length]
        at += length + 2


def _properties(data: bytes) -> Iterator[tuple[int, tuple[int, bytes]]]:
    at = 4
    try:
        for _ in range(min(struct.unpack_from("<L", data)[0], len(data))):
            kind, tag = struct.unpack_from("<HH", data, at)
            at += 4
            if tag >= _NAMED:
                by_name, length = struct.unpack_from("<LL", data, at + 16)
                at += 24 + (_padded(length) if by_name else 0)
            if kind & _MANY or kind in _VARIABLE:
                count = struct.unpack_from("<L", data, at)[0]
                at += 4
                is_variable = kind & ~_MANY in _VARIABLE
                for place in range(min(count, len(data))):
                    length = struct.unpack_from("<L", data, at)[0] if is_variable else _SIZES.get(kind & ~_MANY, 4)
                    at += 4 if is_variable else 0
                    if at + length > len(data):
                        return
                    if not place and not kind & _MANY:
                        value = data[at : at + length]
                        yield tag, (kind, value.rstrip(b"\0") if kind == _ANSI else value)
                    at += _padded(length)
            else:
                length = _SIZES.get(kind, 4)
                yield tag, (kind, data[at : at + length])
                at += length
    except struct.error:  # cut off
        return


def _padded(length: int) -> int:
    return length + -length % 4
