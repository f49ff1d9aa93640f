"""Readers for `levada extract --engine all`, which run in parser processes as tasks.extractors.read:read_document does."""

from __future__ import annotations

import time
from dataclasses import replace

from core.documents import Document
from tasks.extractors.base import DEFAULT, Reading
from tasks.extractors.media_type import media_type
from tasks.extractors.read import read_document

IDENTIFIER = "tasks.extractors.comparing:identify"
TIMED_READER = "tasks.extractors.comparing:read_timed"
SECONDS = "seconds"
"""Key in the metadata: wall-clock seconds that reading took."""

_WORTH_REPEATING = 2.0


def identify(path: str, name: str, reading: Reading = DEFAULT) -> Document:
    """A document that says only what the file is."""
    return Document((), media_type(path, name), "")


def read_timed(path: str, name: str, reading: Reading = DEFAULT) -> Document:
    """As read_document, with SECONDS: those of a second reading if the first, which imports the engine's SDK, was short."""
    seconds = 0.0
    for _ in range(2):
        started = time.perf_counter()
        document = read_document(path, name, reading)
        seconds = time.perf_counter() - started
        if seconds > _WORTH_REPEATING:
            break
    return replace(document, metadata={**document.metadata, SECONDS: f"{seconds:.4f}"})
