"""The text of a Word paragraph: runs in order, as if tracked changes were accepted, without what a reader would not see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tasks.extractors._builder import Builder
from tasks.extractors._office.equations import MATH, MATH_PARAGRAPH, math_text
from tasks.extractors._office.symbols import symbol
from tasks.extractors._ooxml.docx_styles import VAL, Look, Styles, W, look_of

MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}chart"
DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"
TEXT_BOX = W + "txbxContent"
WORD_ART = "{urn:schemas-microsoft-com:vml}textpath"

_WRAPPERS = frozenset(
    W + name for name in ("hyperlink", "ins", "moveTo", "smartTag", "customXml", "fldSimple", "dir", "bdo", "sdt", "sdtContent")
) | {W + "ruby", W + "rubyBase"}
_DELETED = frozenset({W + "del", W + "moveFrom"})
_DRAWINGS = frozenset({W + "drawing", W + "pict", W + "object"})
_DRAWN = frozenset({TEXT_BOX, CHART, DIAGRAM, WORD_ART})
_LITERAL = {W + "tab": "\t", W + "ptab": "\t", W + "br": "\n", W + "cr": "\n", W + "noBreakHyphen": "-"}
_NOTES = {W + "footnoteReference": "footnotes", W + "endnoteReference": "endnotes"}


@dataclass
class Inline:
    """What one paragraph holds."""

    pieces: list[str] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    """Kind and id of the notes that it refers to."""
    drawings: list[Any] = field(default_factory=list)
    """Text boxes, charts and diagrams that are anchored in it."""
    page: int | None = None
    """Where its text begins."""

    @property
    def text(self) -> str:
        return "".join(self.pieces)


class TextReader:
    """Reads paragraphs in the document's order; keeps what spans them: fields and pages."""

    def __init__(self, styles: Styles, builder: Builder) -> None:
        self._styles = styles
        self._builder = builder
        self._fields: list[bool] = []
        """For each open field: True until its result begins."""
        self.page = 1
        self.breaks = 0
        """Page ends that the writing program has marked where it last laid the document out."""

    def paragraph(self, node: Any, look: Look) -> Inline:
        """All of it. `look` is what its style and its surroundings say."""
        found = Inline()
        self._walk(node, found, look)
        # An instruction ends with its paragraph: one without an end must not swallow the rest of the document.
        self._fields = [False] * len(self._fields)
        return found

    def hide(self, node: Any, found: Inline | None = None) -> None:
        """Count all text in it as hidden, and keep it if that is the policy."""
        for piece in node.iter(W + "t", W + "delText"):
            self._builder.hide(piece.text or "")
            if found is not None and self._builder.keep_hidden:
                found.pieces.append(piece.text or "")

    def _walk(self, node: Any, found: Inline, look: Look) -> None:
        for child in node:
            tag = child.tag
            if tag == W + "r":
                self._run(child, found, look)
            elif tag in _WRAPPERS:
                self._walk(child, found, look)
            elif tag in _DELETED:
                self.hide(child, found)
            elif tag in (MATH, MATH_PARAGRAPH):
                found.pieces.append(math_text(child))
            elif tag == MC + "AlternateContent":
                self._walk(alternative(child), found, look)

    def _run(self, run: Any, found: Inline, look: Look) -> None:
        properties = run.find(W + "rPr")
        if properties is not None and len(properties):
            style = properties.find(W + "rStyle")
            if style is not None:
                look = self._styles.style(style.get(VAL)).look.over(look)
            look = look_of(properties).over(look)
        self._content(run, found, look.unseen)

    def _content(self, run: Any, found: Inline, unseen: bool) -> None:
        for child in run:
            tag = child.tag
            if tag == W + "t":
                self._add(child.text or "", found, unseen)
            elif tag in _LITERAL:
                if not unseen:
                    self._add(_LITERAL[tag], found, unseen)
            elif tag == W + "fldChar":
                self._field(child.get(W + "fldCharType"))
            elif tag == W + "lastRenderedPageBreak":
                self.page += 1
                self.breaks += 1
            elif tag == W + "sym":
                self._add(_symbol(child), found, unseen)
            elif tag == W + "delText":
                self._add(child.text or "", found, unseen=True)
            elif tag in _NOTES:
                found.notes.append((_NOTES[tag], child.get(W + "id") or ""))
            elif tag in _DRAWINGS:
                found.drawings += drawings(child)
            elif tag == MC + "AlternateContent":
                self._content(alternative(child), found, unseen)
            elif tag == W + "ruby":
                base = child.find(W + "rubyBase")
                self._walk(() if base is None else base, found, Look(hidden=unseen))

    def _add(self, text: str, found: Inline, unseen: bool) -> None:
        if any(self._fields):
            return
        if unseen:
            self._builder.hide(text)
            if not self._builder.keep_hidden:
                return
        if found.page is None and text.strip():
            found.page = self.page
        found.pieces.append(text)

    def _field(self, kind: str | None) -> None:
        if kind == "begin":
            self._fields.append(True)
        elif kind == "separate" and self._fields:
            self._fields[-1] = False
        elif kind == "end" and self._fields:
            self._fields.pop()


def alternative(node: Any) -> Any:
    """The one of several alternatives that is read: the first, unless only the fallback has text."""
    choice, fallback = node.find(MC + "Choice"), node.find(MC + "Fallback")
    if choice is not None and (fallback is None or _has_text(choice) or not _has_text(fallback)):
        return choice
    return () if fallback is None else fallback


def _has_text(node: Any) -> bool:
    return next(node.iter(W + "t", *_DRAWN), None) is not None


def drawings(node: Any) -> Iterator[Any]:
    """The text boxes, charts, diagrams and WordArt in a drawing; what stands in a text box is left to its reader."""
    stack = [node]
    while stack:
        current = stack.pop()
        if current.tag in _DRAWN:
            yield current
        elif current.tag == MC + "AlternateContent":
            stack += reversed(list(alternative(current)))
        else:
            stack += reversed(list(current))


def _symbol(node: Any) -> str:
    try:
        code = int(node.get(W + "char") or "", 16)
    except ValueError:
        return ""
    return symbol(node.get(W + "font") or "", code)
