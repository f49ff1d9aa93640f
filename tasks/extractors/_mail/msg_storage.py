"""How a message lies in an OLE container ([MS-OXMSG]): each object a storage, with its small properties in one stream."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from tasks.extractors._mail.mapi import FIXED, Properties, Tag

_STRINGS = "__substg1.0_"
_FIXED = "__properties_version1.0"
_RECIPIENT, _ATTACHMENT = "__recip_version1.0_#", "__attach_version1.0_#"
_MESSAGE_IN_IT = "__substg1.0_3701000D"
_HEADER, _HEADER_INSIDE, _HEADER_SMALL = 32, 24, 8
_ENTRY = struct.Struct("<HHL8s")
_NAMED = struct.Struct("<LHH")
_OBJECT = 0x000D
_NAMES = "__nameid_version1.0"
_APPOINTMENT = bytes.fromhex("0220060000000000c000000000000046")
_OF_APPOINTMENTS = {0x8208: Tag.LOCATION, 0x820D: Tag.START, 0x820E: Tag.END}
"""Properties whose ids differ from message to message, by their numbers in the set of those of appointments ([MS-OXOCAL])."""
_WANTED = frozenset(Tag)
MOST = 10_000
"""Recipients or attachments of one message."""


class Storage:
    """A message, a recipient or an attachment."""

    def __init__(
        self, ole: Any, entry: Any, path: tuple[str, ...] = (), header: int = _HEADER, code_page: str | None = None
    ) -> None:
        self._ole = ole
        self._entry = entry
        self._path = path
        self._renamed = dict(self._renumbered())
        self.properties = Properties(dict(self._values(header)), code_page)

    @property
    def recipients(self) -> list[Properties]:
        """Of a message."""
        return [self._inner(entry, _HEADER_SMALL).properties for entry in self._below(_RECIPIENT)]

    @property
    def attachments(self) -> Iterator[Storage]:
        """Of a message, in order."""
        for entry in self._below(_ATTACHMENT):
            yield self._inner(entry, _HEADER_SMALL)

    @property
    def message(self) -> Storage | None:
        """Of an attachment: the message that it is, if it is one."""
        for entry in self._below(_MESSAGE_IN_IT):
            if any(inner.name == _FIXED for inner in entry.kids):
                return self._inner(entry, _HEADER_INSIDE)
        return None

    def _inner(self, entry: Any, header: int) -> Storage:
        return Storage(self._ole, entry, (*self._path, entry.name), header, self.properties.code_page)

    def _below(self, prefix: str) -> list[Any]:
        found = [entry for entry in self._entry.kids if entry.name.startswith(prefix) and entry.kids]
        return sorted(found, key=lambda entry: str(entry.name))[:MOST]

    def _values(self, header: int) -> Iterator[tuple[int, tuple[int, bytes]]]:
        for entry in self._entry.kids:
            if entry.name == _FIXED:
                data = self._read(entry)
                for at in range(header, len(data) - _ENTRY.size + 1, _ENTRY.size):
                    kind, tag, _, value = _ENTRY.unpack_from(data, at)
                    if kind in FIXED:  # of others only the size stands there
                        yield self._renamed.get(tag, tag), (kind, value)
        for entry in self._entry.kids:
            if not entry.name.startswith(_STRINGS) or len(entry.name) != len(_STRINGS) + 8:
                continue
            try:
                tag, kind = divmod(int(entry.name[len(_STRINGS) :], 16), 1 << 16)
            except ValueError:
                continue
            tag = self._renamed.get(tag, tag)
            if kind != _OBJECT and tag in _WANTED:
                yield tag, (kind, self._read(entry))

    def _renumbered(self) -> Iterator[tuple[int, int]]:
        """Ids of appointments' properties in this message, and the tags that they stand for."""
        inside = {entry.name: entry for found in self._below(_NAMES) for entry in found.kids}
        sets, names = (inside.get(f"{_STRINGS}{number}0102") for number in ("0002", "0003"))
        if sets is None or names is None:
            return
        sets_path, names_path = ([*self._path, _NAMES, entry.name] for entry in (sets, names))
        guids = self._ole.openstream(sets_path).read()
        for number, kind, index in _NAMED.iter_unpack(_whole(self._ole.openstream(names_path).read())):
            guid = (kind >> 1) - 3  # the first three stand for sets of their own
            if not kind & 1 and number in _OF_APPOINTMENTS and guids[guid * 16 : guid * 16 + 16] == _APPOINTMENT:
                yield 0x8000 + index, _OF_APPOINTMENTS[number]

    def _read(self, entry: Any) -> bytes:
        data: bytes = self._ole.openstream([*self._path, entry.name]).read()
        return data


def _whole(data: bytes) -> bytes:
    return data[: len(data) // _NAMED.size * _NAMED.size]
