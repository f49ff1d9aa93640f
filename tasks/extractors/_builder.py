"""Collects an engine's elements and holds them to what core.documents promises."""

from __future__ import annotations

from dataclasses import replace

from core.documents import HIDDEN_TEXT, Box, Document, Element, ElementKind, Member
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._encodings.decode import normalise
from tasks.extractors._invisible import is_all_seen, visible

MAX_CHARACTERS = 50_000_000
"""A document with more text than this is refused: it would not fit through the pipeline in bounded memory."""


_HEADING = ElementKind.HEADING
"""By a name of its own: members of an enumeration are looked up slowly."""


class Builder:
    """Elements in order; blank ones are dropped, so an engine may add what it finds.

    Characters that no reader sees (_invisible.py) are counted as hidden text and, unless `keep_hidden`, taken out.
    """

    def __init__(self, keep_hidden: bool = False) -> None:
        self.keep_hidden = keep_hidden
        self.elements: list[Element] = []
        self.warnings: list[str] = []
        self.metadata: dict[str, str] = {}
        self.members: list[Member] = []
        self.title: str | None = None
        self._characters = 0
        self.hidden = 0
        """Characters so far that a reader would not see."""

    def add(
        self,
        kind: ElementKind,
        text: str,
        *,
        page: int | None = None,
        level: int | None = None,
        label: str | None = None,
        header_lines: int = 0,
        box: Box | None = None,
    ) -> None:
        """Append one element. Raises Unprocessable(TOO_LARGE) when the document has grown beyond MAX_CHARACTERS."""
        if not (text.replace("\n", " ").isprintable() and (text.isascii() or is_all_seen(text))):  # most need nothing of this
            text = self._cleaned(text)
        text = text.strip()
        if not text:
            return
        self._characters += len(text)
        if self._characters > MAX_CHARACTERS:
            raise Unprocessable(Reason.TOO_LARGE, f"more than {MAX_CHARACTERS:,} characters of text")
        if kind is _HEADING:
            text, level = " ".join(text.split()), min(max(level or 1, 1), 9)
        else:
            level = None
        self.elements.append(Element(kind, text, page, level, label, header_lines, box))

    def _cleaned(self, text: str) -> str:
        """The text normalised, without what is not seen; that counted."""
        text = normalise(text)
        shown, hidden = visible(text)
        self.hidden += hidden
        return text if self.keep_hidden and shown.strip() else shown

    def hide(self, text: str) -> None:
        """Count text that a reader would not see, whether it is left out or kept."""
        self.hidden += sum(map(len, text.split()))

    def unpaged(self) -> None:
        """Take the pages off all elements: they turned out not to be known."""
        self.elements = [replace(element, page=None) for element in self.elements]

    def note(self, key: str, value: object) -> None:
        """Keep a fact of the file itself; blank ones are dropped."""
        text = _line(str(value)) if value is not None else ""
        if text:
            self.metadata[key] = text

    def document(self, media_type: str, extractor: str) -> Document:
        """What was built. It may have no elements: read_document refuses that."""
        title = _line(self.title) if self.title else ""
        metadata = self.metadata | ({HIDDEN_TEXT: str(self.hidden)} if self.hidden else {})
        return Document(
            tuple(self.elements), media_type, extractor, title or None, metadata, tuple(self.warnings), tuple(self.members)
        )


def _line(text: str) -> str:
    return " ".join(visible(normalise(text))[0].split())
