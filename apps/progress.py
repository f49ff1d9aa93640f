"""The live progress bar of long commands, on standard error."""

from __future__ import annotations

import time
from types import TracebackType

from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from apps.output import err

EVERY = 15.0
"""Seconds between two lines where there is no terminal."""


class ProgressBar:
    """A bar on a terminal; a line now and then where there is none, unless quiet."""

    def __init__(self, quiet: bool = False) -> None:
        self._lines = not quiet and not err.is_terminal
        self._due = time.monotonic() + EVERY
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TaskProgressColumn(),
            TextColumn("{task.fields[detail]}"),
            TimeElapsedColumn(),
            console=err,
            transient=True,
            disable=not err.is_terminal,
        )
        self._task = self._bar.add_task("starting", total=None, detail="")

    def __enter__(self) -> ProgressBar:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.stop()

    def say(self, stage: str) -> None:
        """Show what is being done, without a measure."""
        self._bar.update(self._task, description=stage)

    def show(self, now: object) -> None:
        """Show a moment of a run (tasks.progress.Progress)."""
        total = getattr(now, "bytes_total", 0)
        files, of = getattr(now, "files_done", 0), getattr(now, "files_total", 0)
        chunks = getattr(now, "chunks", 0)
        detail = f"{files:,} of {of:,} files" + (f", {chunks:,} chunks" if chunks else "") if of else f"{files:,} files"
        done = getattr(now, "bytes_done", 0)
        stage = getattr(now, "stage", "")
        self._bar.update(self._task, description=stage, total=total or None, completed=done, detail=detail)
        if self._lines and time.monotonic() > self._due:
            self._due = time.monotonic() + EVERY
            err.print(f"{stage}: {detail}", soft_wrap=True)
