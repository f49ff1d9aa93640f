"""What an extractor yields: a Document, which is an ordered run of Elements."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

SEPARATOR = "\n\n"
"""Stands between two elements in a document's text."""

HIDDEN_TEXT = "hidden_text"
"""Key in a document's metadata: how many characters were left out, or kept by policy, that a reader would not see."""

DECLARED_TYPE = "declared_type"
"""Key in a document's metadata: the media type that the file's suffix stands for, where its content is another."""

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom in points (1/72 inch) from the top left corner of the shown page; of a picture, in pixels."""

_BAR = re.compile(r"(?<!\\)\|")


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
    """Name of the place, where it has one: a sheet's name, a slide's title, a caption's time code ("00:01:02")."""
    header_lines: int = 0
    """Of a table: how many leading lines of `text` are its header (in Markdown a row, the rule and maybe more rows),
    to be repeated as context."""
    box: Box | None = None
    """Where it stands on its page, if the engine knows."""

    @property
    def cells(self) -> list[list[str]]:
        """Of a table: its rows of cells, all of one width, the header first; what spans several cells is repeated in each.

        [] of anything else.
        """
        if self.kind is not ElementKind.TABLE:
            return []
        lines = self.text.split("\n")
        rule = 1 if self.header_lines else None
        rows = [_cells_of(line) for number, line in enumerate(lines) if number != rule]
        width = max(map(len, rows))
        return [row + [""] * (width - len(row)) for row in rows]


@dataclass(frozen=True, slots=True)
class Member:
    """A file that lies in another one: an attachment, or an entry of an archive. It becomes a document of its own."""

    name: str
    """Its place in the container, printable, with "/" between folders; never absolute, without "..", unique there."""
    path: str
    """Where its bytes were written; whoever takes the document deletes it."""
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Document:
    """An extracted file."""

    elements: tuple[Element, ...]
    media_type: str
    """What the content was found to be, e.g. "application/pdf", whatever its name says."""
    extractor: str
    """Engine and version that read it, e.g. "pdf/1"; part of the wanted state."""
    title: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Facts of the file itself: author, subject, date, HIDDEN_TEXT. Never its name or path."""
    warnings: tuple[str, ...] = ()
    members: tuple[Member, ...] = ()
    """The files in it, in order. A document with members may have no elements: an archive has no text of its own."""

    @property
    def text(self) -> str:
        """The text that spans refer to: the elements' texts joined by SEPARATOR."""
        return SEPARATOR.join(element.text for element in self.elements)


def _cells_of(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in _BAR.split(line.strip("|"))]
