"""Watches what a file takes while it is read. Nearly all files are done before the first look, which costs nothing then."""

from __future__ import annotations

import os
from contextlib import suppress

from core.errors import Unprocessable
from tasks.extractors import _proc, _room
from tasks.extractors._process import ParserProcess
from tasks.extractors.limits import Limits

_FIRST = 0.2
"""Seconds after which a file is looked at, and again each time; measured, a look takes 0.2 to 1 ms."""
_MOST_WORDS = 1 << 20


class Watch:
    """Of one process, file after file."""

    def __init__(self, process: ParserProcess, limits: Limits) -> None:
        self._process = process
        self._limits = limits
        self._cpu: float | None = None
        self.deadline = 0.0
        """Monotonic time by which the file must be done."""
        self.next = 0.0
        """When to look at it, or to end it."""

    def begin(self, now: float) -> None:
        """A file begins."""
        self.deadline = now + self._limits.seconds
        self.next = min(self.deadline, now + _FIRST)
        self._cpu = None

    def look(self, now: float) -> Unprocessable | None:
        """Why the file must end, or None if it may go on."""
        limits, process = self._limits, self._process
        if now >= self.deadline:
            return limits.out_of_time()
        self.next = min(self.deadline, now + _FIRST)
        used = _proc.usage(process.pid)
        if self._cpu is None:
            self._cpu = used.cpu
        if used.cpu - self._cpu > limits.cpu_seconds:
            return limits.out_of_cpu()
        if limits.memory and used.memory > limits.memory:
            return limits.out_of_memory()
        if sum(_room.size(place, limits.disk) for place in process.places) > limits.disk:
            return limits.out_of_disk()
        with suppress(OSError):
            if os.fstat(process.words).st_size > _MOST_WORDS:  # they are kept in memory
                os.ftruncate(process.words, 0)
        return None
