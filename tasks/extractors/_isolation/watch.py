"""Watches what a file takes while it is read. Nearly all files are done before the first look, which costs nothing then."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._isolation import proc, room
from tasks.extractors._isolation.process import ParserProcess
from tasks.extractors.limits import Limits

_FIRST = 0.2
"""Seconds after which a file is looked at, and again each time; measured, a look takes 0.2 to 1 ms."""
_GRACE = 5.0
"""Seconds over a page's share in Tesseract: a parser ends it by itself, and reads the next page."""
_MOST_WORDS = 1 << 20
_STOPPED = frozenset({signal.SIGABRT, signal.SIGILL, signal.SIGTRAP, signal.SIGKILL})
"""How native code ends itself on purpose, as for want of memory, and how the system ends what takes too much."""


class Watch:
    """Of one process, file after file."""

    def __init__(self, process: ParserProcess, limits: Limits) -> None:
        self._process = process
        self._limits = limits
        self._cpu: float | None = None
        self._begun = 0.0
        self.next = 0.0
        """When to look at it, or to end it."""
        self._memory = 0

    def begin(self, now: float) -> None:
        """A file begins."""
        self._begun = now
        self.next = now + min(_FIRST, self._limits.seconds)
        self._cpu = None
        self._memory = 0

    def death(self, code: int, how: str) -> Unprocessable:
        """Why its process has died over it. `code`: its exit code, negative for a signal.

        Native code that gets no more memory aborts; buffers double, so that it may have had no more than a quarter of what is
        allowed at the last look. A fault is one of its own, unless there was hardly anything left.
        """
        most = self._limits.memory
        share = most // 4 if -code in _STOPPED else most - most // 8
        taken = max(self._memory, self._process.peak)  # it may have died before the first look
        if most and taken > share:
            return self._limits.dead_of_memory(taken, how)
        return Unprocessable(Reason.CRASHED, f"the parser process was {how}")

    def look(self, now: float) -> Unprocessable | None:
        """Why the file must end, or None if it may go on."""
        limits, process = self._limits, self._process
        granted, present = self._granted()
        deadline = self._begun + limits.seconds + granted + present
        if now >= deadline:
            return limits.out_of_page_time() if present else limits.out_of_time()
        self.next = min(deadline, now + _FIRST)
        used = proc.usage(process.pid)
        if self._cpu is None:
            self._cpu = used.cpu
        self._memory = max(self._memory, used.memory)  # nothing is left of a process that has just died
        if used.cpu - self._cpu > limits.cpu_seconds + granted + present:
            return limits.out_of_cpu()
        if limits.memory and used.memory > limits.memory:
            return limits.out_of_memory()
        if sum(room.size(place, limits.disk) for place in process.places) > limits.disk:
            return limits.out_of_disk()
        with suppress(OSError):
            if os.fstat(process.words).st_size > _MOST_WORDS:  # they are kept in memory
                os.ftruncate(process.words, 0)
        return None

    def _granted(self) -> tuple[float, float]:
        """Seconds on top of the file's own: for pages that Tesseract has read, and for the one that it is at.

        What a parser says of itself counts within the limits only.
        """
        done, at_work = self._process.ocr_times()
        most = self._limits.ocr_seconds * self._limits.ocr_pages
        granted = min(max(0.0, done), most)
        return granted, self._limits.ocr_seconds + _GRACE if at_work and granted < most else 0.0
