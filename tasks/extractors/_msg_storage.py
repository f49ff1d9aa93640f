"""How a message lies in an OLE container ([MS-OXMSG]): each object a storage, with its small properties in one stream."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from tasks.extractors._mapi import FIXED, Properties, Tag

_STRINGS = "__substg1.0_"
_FIXED = "__properties_version1.0"
_RECIPIENT, _ATTACHMENT = "__recip_version1.0_#", "__attach_version1.0_#"
_MESSAGE_IN_IT = "__substg1.0_3701000D"
_HEADER, _HEADER_INSIDE, _HEADER_SMALL = 32, 24, 8
_ENTRY = struct.Struct("<HHL8s")
_OBJECT = 0x000D
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
                        yield tag, (kind, value)
        for entry in self._entry.kids:
            if not entry.name.startswith(_STRINGS) or len(entry.name) != len(_STRINGS) + 8:
                continue
            try:
                tag, kind = divmod(int(entry.name[len(_STRINGS) :], 16), 1 << 16)
            except ValueError:
                continue
            if kind != _OBJECT and tag in _WANTED:
                yield tag, (kind, self._read(entry))

    def _read(self, entry: Any) -> bytes:
        data: bytes = self._ole.openstream([*self._path, entry.name]).read()
        return data
