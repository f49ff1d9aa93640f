"""The parser processes of a run, with the limits that the settings name."""

from __future__ import annotations

from pathlib import Path

from core.settings import Settings
from tasks.extractors import _proc
from tasks.extractors.base import Reading
from tasks.extractors.parser_pool import ParserPool


def parser_pool(settings: Settings, directory: Path, members: str | None = None) -> ParserPool:
    """A pool that keeps its temporary files below the directory, and the files that it finds in others in `members`."""
    return ParserPool(
        settings.extract_workers,
        settings.extract_timeout,
        cpu_limit=settings.extract_cpu_seconds,
        memory_limit=settings.extract_memory,
        output_limit=settings.extract_output,
        disk_limit=settings.extract_disk,
        directory=directory,
        reading=Reading(settings.reading, members),
    )


def end_strays(directory: Path) -> None:
    """Kill what parsers of a run that died have started and that did not die with them, such as LibreOffice."""
    if directory.exists():
        _proc.end_marked(directory)
