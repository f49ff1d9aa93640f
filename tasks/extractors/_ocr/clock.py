"""How long pages of the file at work have been with Tesseract: a parser process says so in memory that its parent sees too.

A scan takes as long as it has pages, so that time is not counted against the file but page by page (limits.Limits.ocr_seconds).
"""

from __future__ import annotations

import mmap
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager

_TIMES = struct.Struct("@dq")
"""Seconds that pages have taken; 1 while another is at work, else 0."""
SIZE = _TIMES.size


class _Clock:
    """Of this process. Outside a parser process nobody looks at it."""

    def __init__(self) -> None:
        self._memory: bytearray | mmap.mmap = bytearray(SIZE)
        self._at = 0

    def show(self, memory: mmap.mmap, offset: int) -> None:
        """Keep the times there from now on."""
        self._memory, self._at = memory, offset

    def reset(self) -> None:
        """Another file begins."""
        _TIMES.pack_into(self._memory, self._at, 0.0, 0)

    @contextmanager
    def page(self) -> Iterator[None]:
        """A page is rendered and recognised inside."""
        before, _ = _TIMES.unpack_from(self._memory, self._at)
        began = time.monotonic()
        _TIMES.pack_into(self._memory, self._at, before, 1)
        try:
            yield
        finally:
            done = before + time.monotonic() - began
            # In two steps, as the parent may look between them: never must the page's time be in neither.
            _TIMES.pack_into(self._memory, self._at, done, 1)
            _TIMES.pack_into(self._memory, self._at, done, 0)


clock = _Clock()


def times(memory: mmap.mmap, offset: int) -> tuple[float, bool]:
    """Seconds that pages have taken, and whether another is at work."""
    done, at_work = _TIMES.unpack_from(memory, offset)
    return done, bool(at_work)
