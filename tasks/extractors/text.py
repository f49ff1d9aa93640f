"""Plain text: paragraphs between blank lines, their line breaks kept."""

from __future__ import annotations

import re

from core.documents import Document, ElementKind
from tasks.extractors._builder import Builder
from tasks.extractors._decode import read_text
from tasks.extractors.base import DEFAULT, Extractor, Reading

_BLANK_LINES = re.compile(r"\n{2,}")
_LINE_ENDS = re.compile(r"(?<![ \t])[ \t]+\n")


class TextExtractor(Extractor):
    """Text without markup that we read."""

    name = "text"
    version = 2
    media_types = frozenset({"text/plain"})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Paragraphs in order. Raises Unprocessable(TOO_LARGE)."""
        builder = Builder()
        add_paragraphs(builder, read_text(path))
        return builder.document(media_type, self.key)


def add_paragraphs(builder: Builder, text: str) -> None:
    """Split normalised text at blank lines."""
    for paragraph in _BLANK_LINES.split(_LINE_ENDS.sub("\n", text)):
        builder.add(ElementKind.PARAGRAPH, paragraph)
