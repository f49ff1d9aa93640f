"""Collects an engine's elements and holds them to what core.documents promises."""

from __future__ import annotations

from core.documents import HIDDEN_TEXT, Box, Document, Element, ElementKind, Member
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._decode import normalise

MAX_CHARACTERS = 50_000_000
"""A document with more text than this is refused: it would not fit through the pipeline in bounded memory."""

_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"


class Builder:
    """Elements in order; blank ones are dropped, so an engine may add what it finds."""

    def __init__(self) -> None:
        self.elements: list[Element] = []
        self.warnings: list[str] = []
        self.metadata: dict[str, str] = {}
        self.members: list[Member] = []
        self.title: str | None = None
        self._characters = 0
        self._hidden = 0

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
        text = normalise(text).strip()
        if not text.strip(_INVISIBLE):
            return
        self._characters += len(text)
        if self._characters > MAX_CHARACTERS:
            raise Unprocessable(Reason.TOO_LARGE, f"more than {MAX_CHARACTERS:,} characters of text")
        if kind is ElementKind.HEADING:
            text, level = " ".join(text.split()), min(max(level or 1, 1), 9)
        else:
            level = None
        self.elements.append(Element(kind, text, page, level, label, header_lines, box))

    def hide(self, text: str) -> None:
        """Count text that a reader would not see, whether it is left out or kept."""
        self._hidden += sum(map(len, text.split()))

    def note(self, key: str, value: object) -> None:
        """Keep a fact of the file itself; blank ones are dropped."""
        text = " ".join(normalise(str(value)).split()) if value is not None else ""
        if text:
            self.metadata[key] = text

    def document(self, media_type: str, extractor: str) -> Document:
        """What was built. It may have no elements: read_document refuses that."""
        title = " ".join(normalise(self.title).split()) if self.title else ""
        metadata = self.metadata | ({HIDDEN_TEXT: str(self._hidden)} if self._hidden else {})
        return Document(
            tuple(self.elements), media_type, extractor, title or None, metadata, tuple(self.warnings), tuple(self.members)
        )
