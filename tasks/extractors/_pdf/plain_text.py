"""PDF by the plain text of one library alone, as its users read it: engines to compare the usual one with."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable
from typing import ClassVar

from core.documents import Document, ElementKind
from tasks.extractors._builder import Builder
from tasks.extractors.base import DEFAULT, Extractor, Reading
from tasks.extractors.media_type import PDF

_BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*")


class PlainTextExtractor(Extractor):
    """A paragraph for each block of a page's text."""

    media_types: ClassVar[frozenset[str]] = frozenset({PDF})
    alternative = True

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Paragraphs with their page. Raises Unprocessable(CORRUPT, ENCRYPTED, TOO_LARGE)."""
        builder = Builder()
        for number, text in enumerate(self.pages(path), 1):
            for block in _BLANK_LINES.split(text):
                builder.add(ElementKind.PARAGRAPH, block, page=number)
        return builder.document(media_type, self.key)

    @abstractmethod
    def pages(self, path: str) -> Iterable[str]:
        """The texts of all pages. Raises Unprocessable(CORRUPT, ENCRYPTED)."""
