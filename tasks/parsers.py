"""The parser processes of a run, with the limits that the settings name."""

from __future__ import annotations

from pathlib import Path

from core.settings import Settings
from tasks.extractors._isolation import proc
from tasks.extractors.base import Reading
from tasks.extractors.parser_pool import READER, ParserPool


def parser_pool(
    settings: Settings,
    directory: Path | None = None,
    *,
    reading: Reading | None = None,
    reader: str = READER,
    workers: int | None = None,
) -> ParserPool:
    """A pool that keeps its temporary files below the directory (by default one of the system's), and reads as the settings say
    unless another way of reading is given.
    """
    return ParserPool(
        workers or settings.extract_workers,
        settings.extract_timeout,
        cpu_limit=settings.extract_cpu_seconds,
        memory_limit=settings.extract_memory,
        output_limit=settings.extract_output,
        disk_limit=settings.extract_disk,
        ocr_timeout=settings.extract_ocr_timeout,
        ocr_pages=settings.extract_ocr_pages,
        directory=directory,
        reading=reading or Reading(settings.reading),
        reader=reader,
    )


def end_strays(directory: Path) -> None:
    """Kill what parsers of a run that died have started and that did not die with them, such as LibreOffice."""
    if directory.exists():
        proc.end_marked(directory)
