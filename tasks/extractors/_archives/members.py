"""Hands over the files that lie in a file: each becomes a private file below the directory that the caller gave.

Members of members are none of its business: whoever takes the document reads each member as a file of its own, and stops at
the depth that it finds deep enough.
"""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Protocol

from core.documents import Member
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._archives.member_names import clean, nameless
from tasks.extractors._builder import Builder
from tasks.extractors.base import Reading

_BLOCK = 256 * 1024
_NAMED = 20
"""Names that one warning lists."""
CONTENT = "content"
"""Name of the one file in a compressed file that does not tell it; `read_document` takes the compressed file's own."""


@dataclass(frozen=True, slots=True)
class MemberLimits:
    """What a container may hand over. All sizes in bytes."""

    count: int = 10_000
    member: int = 256 << 20
    """A larger member is left out with a warning: it is a disk image or a film."""
    total: int = 1 << 30
    ratio: int = 200
    """Unpacked to packed; writers of documents stay below 100, bombs begin at 1,000."""
    harmless: int = 10 << 20
    """What unpacks to less is no bomb, whatever its ratio."""


LIMITS = MemberLimits()


class Readable(Protocol):
    """Anything with bytes in it, such as an open file."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; b"" at the end."""


class Members:
    """Used in a `with` statement around the reading of the container: an error that leaves it takes away what was written.

    `packed` is the size of the container in bytes; 0 where its members are not compressed.
    """

    def __init__(self, builder: Builder, reading: Reading, packed: int = 0, limits: MemberLimits = LIMITS) -> None:
        self._builder = builder
        self._directory = reading.members
        self._packed = packed
        self._limits = limits
        self._taken: set[str] = set()
        self._counters: dict[str, int] = {}
        self._unwanted: list[str] = []
        self._total = 0
        self.given = 0
        """How many were handed over, or named."""
        self.too_large = 0
        """How many were left out for their size."""

    @property
    def wanted(self) -> bool:
        """False if they are only named: nothing needs to be unpacked."""
        return self._directory is not None

    def add(
        self, name: str, content: bytes | Readable, media_type: str = "", consumed: Callable[[], int] | None = None
    ) -> None:
        """Hand over one file. `consumed`: how many packed bytes its content was read from so far.

        Raises Unprocessable: BOMB beyond the ratio, TOO_LARGE beyond count or total; and whatever `content.read` raises.
        """
        if len(self._taken) >= self._limits.count:
            raise Unprocessable(Reason.TOO_LARGE, f"more than {self._limits.count:,} files in it")
        name = self._unique(clean(name) or nameless(len(self._taken) + 1, media_type))
        if self._directory is None:
            self._unwanted.append(name)
            self.given += 1
            return
        path = Path(self._directory) / secrets.token_hex(16)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            size = self._write(path, io.BytesIO(content) if isinstance(content, bytes) else content, consumed)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        if size is None:
            path.unlink()
            self.too_large += 1
            self._builder.warnings.append(f"larger than {self._limits.member:,} bytes, left out: {name}")
        else:
            self._builder.members.append(Member(name, str(path), size))
            self.given += 1

    def discard(self) -> None:
        """Delete what was written."""
        for member in self._builder.members:
            with suppress(OSError):
                Path(member.path).unlink()
        self._builder.members.clear()

    def __enter__(self) -> Members:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if kind is not None:
            self.discard()
        elif self._unwanted:
            more = len(self._unwanted) - _NAMED
            names = ", ".join(self._unwanted[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")
            self._builder.warnings.append(f"files in it, not read: {names}")

    def _write(self, path: Path, content: Readable, consumed: Callable[[], int] | None) -> int | None:
        """The size of what was written; None if it is larger than one member may be."""
        size = 0
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600), "wb") as target:
            while block := content.read(_BLOCK):
                size += len(block)
                self._total += len(block)
                self._check(size, consumed)
                if size > self._limits.member:
                    self._total -= size
                    return None
                target.write(block)
        return size

    def _check(self, size: int, consumed: Callable[[], int] | None) -> None:
        limits = self._limits
        if self._packed and self._is_bomb(self._total, self._packed):
            raise Unprocessable(Reason.BOMB, f"{self._packed:,} bytes unpack to more than {limits.ratio} times as many")
        if size <= limits.member and self._total <= limits.total:
            return
        # A limit stops it before all is unpacked: what was read of the container so far tells a bomb from a large file.
        if consumed is not None and self._is_bomb(size, consumed()):
            raise Unprocessable(Reason.BOMB, f"{consumed():,} bytes unpack to more than {limits.ratio} times as many")
        if size <= limits.member:  # a larger one is left out
            raise Unprocessable(Reason.TOO_LARGE, f"the files in it are larger than {limits.total:,} bytes")

    def _is_bomb(self, unpacked: int, packed: int) -> bool:
        return unpacked > self._limits.harmless and unpacked > self._limits.ratio * packed

    def _unique(self, name: str) -> str:
        """The name, with " (2)" or the next number before its suffix if it is taken."""
        number, found = self._counters.get(name, 1), name
        place = PurePosixPath(name)
        while found in self._taken:
            number += 1
            found = str(place.with_name(f"{place.stem} ({number}){place.suffix}"))
        self._counters[name] = number
        self._taken.add(found)
        return found
