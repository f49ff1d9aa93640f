"""What an extractor must answer. A new engine is one new file here; tests/contracts/extractors.py proves it.

Extractors run in parser processes: they import neither Prefect nor torch, and their SDK only inside `extract`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from core.documents import Document
from core.reading import ReadingPolicy


@dataclass(frozen=True, slots=True)
class Reading:
    """How one file is to be read."""

    policy: ReadingPolicy = field(default_factory=ReadingPolicy)
    members: str | None = None
    """A directory for the files that lie in this one (core.documents.Member); None: nobody wants them, they are only named."""
    engine: str = ""
    """Name of the engine to read it with; "": the usual one for what the file is."""
    ocr_seconds: float = 60.0
    """LEVADA_EXTRACT_OCR_TIMEOUT: what a page may take in Tesseract; a parser process takes it from its limits."""
    ocr_pages: int = 1_000
    """LEVADA_EXTRACT_OCR_PAGES: how many pages of the file Tesseract reads; likewise."""


DEFAULT = Reading()


class Extractor(ABC):
    """One engine."""

    name: ClassVar[str]
    version: ClassVar[int]
    """Raise it whenever the same bytes may give other elements: every document it read is then read again."""
    media_types: ClassVar[frozenset[str]]
    alternative: ClassVar[bool] = False
    """True: another engine is the usual one for its media types; it reads only when asked by name, to be compared with that."""
    programs: ClassVar[frozenset[str]] = frozenset()
    """Programs that it can do with or without, e.g. {"tesseract"}: what was read without one is read again once it is there."""

    @property
    def key(self) -> str:
        """Engine and version, e.g. "pdf/1"."""
        return f"{self.name}/{self.version}"

    def key_without(self, program: str) -> str:
        """What a document names as its extractor if it lacks what only this program, not found, could have read."""
        return f"{self.key}-{program}"

    @abstractmethod
    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Read the file. Deterministic. Raises core.errors.Unprocessable; anything else counts as Reason.FAILED."""
