"""Standard output and error, whatever the shell made of them: closed, a pipe that nobody reads any more, a full disk."""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress
from typing import TextIO

from core.errors import LevadaError


def mend_streams() -> None:
    """Give this process streams that can be written to; to be called before anything keeps one of the old."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # It gets the lowest free number, which is this one: no file of ours can be taken for a standard stream.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    sys.stdout = _stream(1, sys.stdout)
    sys.stderr = _stream(2, sys.stderr)


def flush_streams() -> None:
    """Write what can still be written."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(LevadaError):
            stream.flush()


class _Sink(io.FileIO):
    """What is written after its reader has left, as `levada status | head -1` does, goes nowhere: the work goes on.

    Raises LevadaError if standard output cannot be written for another reason; nobody could be told that of standard error.
    """

    def write(self, data: object, /) -> int:
        view = memoryview(data)  # type: ignore[arg-type]  # typeshed's Buffer needs Python 3.12
        try:
            return super().write(view)
        except OSError as exc:
            if self.fileno() == 1 and exc.errno != errno.EPIPE:
                raise LevadaError(f"standard output cannot be written: {exc.strerror}") from exc
            return view.nbytes


def _stream(descriptor: int, old: TextIO | None) -> TextIO:
    """Text that the terminal's encoding lacks is shown as \\xNN or \\uNNNN."""
    sink = _Sink(descriptor, "wb", closefd=False)
    by_line = descriptor == 2 or sink.isatty()
    encoding = old.encoding if old is not None else "utf-8"
    return io.TextIOWrapper(io.BufferedWriter(sink), encoding, errors="backslashreplace", line_buffering=by_line)
