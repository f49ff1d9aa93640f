"""What an extractor yields: a Document, which is an ordered run of Elements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

SEPARATOR = "\n\n"
"""Stands between two elements in a document's text."""


class ElementKind(StrEnum):
    """What a piece of a document is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE = "table"
    CODE = "code"
    CAPTION = "caption"


@dataclass(frozen=True, slots=True)
class Element:
    """A piece of a document with its place."""

    kind: ElementKind
    text: str
    """Never empty, no white space at either end. A table is Markdown, one row a line."""
    page: int | None = None
    """1-based page, slide or sheet number; None where the format has none."""
    level: int | None = None
    """Of a heading: 1 (highest) to 9. None elsewhere."""
    label: str | None = None
    """Name of the place, where it has one: a sheet's name, a slide's title."""
    header_lines: int = 0
    """Of a table: how many leading lines of `text` are its header (2 in Markdown), to be repeated as context."""


@dataclass(frozen=True, slots=True)
class Document:
    """An extracted file."""

    elements: tuple[Element, ...]
    media_type: str
    """What the content was found to be, e.g. "application/pdf"."""
    extractor: str
    """Engine and version that read it, e.g. "pdf/1"; part of the wanted state."""
    title: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Facts of the file itself: author, subject, date. Never its name or path."""
    warnings: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text that spans refer to: the elements' texts joined by SEPARATOR."""
        return SEPARATOR.join(element.text for element in self.elements)
