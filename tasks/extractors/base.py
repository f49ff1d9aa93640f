"""What an extractor must answer. A new engine is one new file here; tests/contracts/extractors.py proves it.

Extractors run in parser processes: they import neither Prefect nor torch, and their SDK only inside `extract`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from core.documents import Document


class Extractor(ABC):
    """One engine."""

    name: ClassVar[str]
    version: ClassVar[int]
    """Raise it whenever the same bytes may give other elements: every document it read is then read again."""
    media_types: ClassVar[frozenset[str]]

    @property
    def key(self) -> str:
        """Engine and version, e.g. "pdf/1"."""
        return f"{self.name}/{self.version}"

    @abstractmethod
    def extract(self, path: str, media_type: str) -> Document:
        """Read the file. Deterministic. Raises core.errors.Unprocessable; anything else counts as Reason.FAILED."""
