"""PowerPoint presentations, read from their XML: a slide is a page, its title a heading.

The format is PresentationML (ECMA-376 part 1, chapter 19). Macros are never looked at, nothing that is linked is fetched.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from core.documents import Box, Document, ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._builder import Builder
from tasks.extractors._office.embedded import embedded_in
from tasks.extractors._office.equations import MATH, math_text
from tasks.extractors._office.reading_order import reading_order
from tasks.extractors._ooxml.drawing import A, chart_rows, diagram_texts, plain_text
from tasks.extractors._ooxml.package import R_ID, Package, note_properties, opened
from tasks.extractors._ooxml.pptx_shapes import (
    RUNNING,
    TITLES,
    Origin,
    P,
    is_drowned,
    is_filled,
    is_tiny,
    placeholder,
    shapes,
    written_colour,
)
from tasks.extractors._tables import add_table
from tasks.extractors._xml.parts import integer, is_on
from tasks.extractors.base import DEFAULT, Extractor, Reading

_CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}chart"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"
_R_DM = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}dm"
_MAX_SPAN = 200
_PAGE: Box = (0.0, 0.0, 720.0, 540.0)


class PptxExtractor(Extractor):
    """Titles, text, list items, tables, charts, diagrams and speaker notes, slide by slide."""

    name = "pptx"
    version = 7
    media_types = frozenset({"application/vnd.openxmlformats-officedocument.presentationml.presentation"})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements with the slide's number as page and its title as label. Hidden slides are left out, but have numbers.
        Embedded files are members.

        Raises Unprocessable(CORRUPT, ENCRYPTED, BOMB, TOO_LARGE).
        """
        builder = Builder(reading.policy.keep_hidden)
        with opened(path) as package, embedded_in(path, builder, reading) as embedded:
            note_properties(package, builder)
            name = package.main("ppt/presentation.xml")
            root = package.parse(name)
            relations = package.relations(name)
            size = _size(root)
            origin = cache(partial(Origin, package))
            running = _Running()
            lost = []
            entries = list(root.iterfind(f"{P}sldIdLst/{P}sldId"))
            for number, entry in enumerate(entries, 1):
                relation = relations.get(entry.get(R_ID) or "")
                slide = package.optional(relation.target) if relation else None
                if relation is None or slide is None:
                    lost.append(number)
                else:
                    behind = origin(package.first(relation.target, "slideLayout"))
                    _Slide(package, relation.target, slide, number, size, builder, behind, running).read()
                    if is_on(slide, "show") or builder.keep_hidden:
                        embedded.add_related(package, relation.target)
        if not builder.elements:
            for text, number in running.footers.items():
                builder.add(ElementKind.PARAGRAPH, text, page=number)
        if lost and len(lost) == len(entries):
            raise Unprocessable(Reason.CORRUPT, "none of its slides can be read")
        builder.warnings += [f"slide {number} could not be read" for number in lost]
        return builder.document(media_type, self.key)


def _size(root: Any) -> Box:
    node = root.find(P + "sldSz")
    if node is None:
        return _PAGE
    return 0.0, 0.0, integer(node.get("cx"), 9144000) / 12700, integer(node.get("cy"), 6858000) / 12700


@dataclass
class _Running:
    """What stands on many slides and is taken once at most."""

    layers: set[str] = field(default_factory=set)
    """Names of the layouts and masters that were added."""
    texts: set[str] = field(default_factory=set)
    """Of their shapes: several layouts often say the same."""
    footers: dict[str, int] = field(default_factory=dict)
    """And the slide that shows each first. Where there is no other text they are read after all."""


class _Slide:
    """A slide; or, with the slide's number, a layout or a master that stands behind it."""

    def __init__(
        self,
        package: Package,
        name: str,
        root: Any,
        number: int,
        size: Box,
        builder: Builder,
        origin: Origin,
        running: _Running,
        label: str | None = None,
    ) -> None:
        self._package = package
        self._name = name
        self._root = root
        self._page = number
        self._size = size
        self._builder = builder
        self._origin = origin
        self._running = running
        self._label = label
        self._unseen = not is_on(root, "show")
        self._ground: tuple[str, str] | None = None
        """The colour that the shape which is read is filled with."""

    def read(self) -> None:
        """Add its elements: the title, the rest in reading order, what is behind it, the notes. Comments are hidden text."""
        tree = self._root.find(f"{P}cSld/{P}spTree")
        found = [] if tree is None else self._ordered(shapes(tree))
        title = next((shape for shape, _box in found if (placeholder(shape) or ("",))[0] in TITLES and _texts(shape)), None)
        if title is not None:
            text = " ".join(" ".join(_texts(title)).split())
            if not self._unseen or self._builder.keep_hidden:
                self._label = text or None
            self._add(ElementKind.HEADING, text)
        for shape, box in found:
            if shape is not title:
                self._shape(shape, box, top=True)
        if not self._unseen or self._builder.keep_hidden:
            for name, root in self._origin.behind(self._root):
                if name not in self._running.layers:
                    self._running.layers.add(name)
                    layer = (name, root, self._page, self._size, self._builder, self._origin, self._running, self._label)
                    _Slide(self._package, *layer).read_behind()
        self._notes()
        self._comments()

    def read_behind(self) -> None:
        """Add the shapes of this layout or master that no slide fills in, each text where it is shown first."""
        tree = self._root.find(f"{P}cSld/{P}spTree")
        texts = self._running.texts
        for shape, box in [] if tree is None else self._ordered(each for each in shapes(tree) if placeholder(each) is None):
            text = plain_text(shape)
            if not text or text not in texts:
                texts.add(text)
                self._shape(shape, box, top=True)

    def _ordered(self, found: Iterable[Any]) -> list[tuple[Any, Box | None]]:
        nodes = list(found)
        boxes = [self._origin.box(node) for node in nodes]
        return [(nodes[place], boxes[place]) for place in reading_order(boxes)]

    def _shape(self, shape: Any, box: Box | None, *, top: bool = False) -> None:
        outer = self._unseen
        shown = shape.find(f"./*/{P}cNvPr")
        if (shown is not None and shown.get("hidden") in ("1", "true")) or (top and self._is_off(box)):
            self._unseen = True
        place = placeholder(shape)
        if shape.tag == P + "grpSp":
            for child, child_box in self._ordered(shapes(shape)):
                self._shape(child, child_box)
        elif shape.tag == P + "graphicFrame":
            self._frame(shape)
        elif place is None or place[0] not in RUNNING:
            bare = self._bare_ground(shape, box) if top else ""
            self._ground = written_colour(shape.find(f"{P}spPr/{A}solidFill"))
            for paragraph in shape.iterfind(f"./{P}txBody/{A}p"):
                is_item = self._origin.is_list_item(shape, paragraph)
                self._add(ElementKind.LIST_ITEM if is_item else ElementKind.PARAGRAPH, self._text(paragraph, bare=bare))
        elif place[0] == "ftr" and not self._unseen:
            self._running.footers.setdefault("\n".join(_texts(shape)), self._page)
        self._unseen = outer

    def _is_off(self, box: Box | None) -> bool:
        """True if it lies beside the slide."""
        if box is None:
            return False
        return box[2] <= 0 or box[3] <= 0 or box[0] >= self._size[2] or box[1] >= self._size[3]

    def _bare_ground(self, shape: Any, box: Box | None) -> str:
        """The slide's own colour if some of the shape's text has it, and stands on it with nothing between that could have
        another; otherwise "".
        """
        colours = shape.iterfind(f"./{P}txBody/{A}p/*/{A}rPr/{A}solidFill")
        used = set(map(self._origin.colour, colours)) if box is not None else set()
        ground = self._origin.ground(self._root) if used - {""} else ""
        if box is None or ground not in used or any(map(is_filled, self._origin.chain(shape))):
            return ""
        for other in shapes(self._root.find(f"{P}cSld/{P}spTree")):
            if other is shape:
                return ground
            other_box = self._origin.box(other)
            if is_filled(other) and (other_box is None or _meet(box, other_box)):
                return ""
        return ""

    def _frame(self, frame: Any) -> None:
        for node in frame.iter(A + "tbl", _CHART, _DIAGRAM):
            if node.tag == A + "tbl":
                self._add_rows(_rows(node))
            elif node.tag == _CHART:
                self._add_rows(chart_rows(self._package, self._target(node.get(R_ID))))
            else:
                for text in diagram_texts(self._package, self._target(node.get(_R_DM))):
                    self._add(ElementKind.LIST_ITEM, text)

    def _target(self, id: str | None) -> str | None:
        relation = self._package.relations(self._name).get(id or "")
        return relation.target if relation else None

    def _text(self, paragraph: Any, *, bare: str) -> str:
        """The paragraph's text without runs that nobody sees; `bare`: the slide's colour, if it stands on that."""
        pieces = []
        for node, properties in _runs(paragraph):
            text = _run_text(node)
            is_ground = bool(bare) and properties is not None and self._origin.colour(properties.find(A + "solidFill")) == bare
            if is_ground or is_tiny(properties) or is_drowned(properties, self._ground):
                self._builder.hide(text)
                if not self._builder.keep_hidden:
                    continue
            pieces.append(text)
        return "".join(pieces)

    def _notes(self) -> None:
        root = self._package.optional(self._package.first(self._name, "notesSlide"))
        for shape in () if root is None else root.iter(P + "sp"):
            if (placeholder(shape) or ("body",))[0] == "body":
                for text in _texts(shape):
                    self._add(ElementKind.PARAGRAPH, text)

    def _comments(self) -> None:
        for name in self._package.related(self._name, "comments"):
            root = self._package.optional(name)
            nodes = [] if root is None else [*root.iter(P + "text"), *root.iter(A + "p")]
            self._unseen = True
            for node in nodes:
                self._add(ElementKind.PARAGRAPH, "".join(node.itertext()))

    def _add(self, kind: ElementKind, text: str) -> None:
        if self._unseen:
            self._builder.hide(text)
            if not self._builder.keep_hidden:
                return
        level = 1 if kind is ElementKind.HEADING else None
        self._builder.add(kind, text, page=self._page, level=level, label=self._label)

    def _add_rows(self, rows: list[list[str]]) -> None:
        if self._unseen:
            self._builder.hide(" ".join(" ".join(row) for row in rows))
            if not self._builder.keep_hidden:
                return
        add_table(self._builder, rows, page=self._page, label=self._label)


def _texts(shape: Any) -> list[str]:
    """The paragraphs of a shape that have text."""
    texts = (
        "".join(_run_text(node) for node, _properties in _runs(paragraph)) for paragraph in shape.iterfind(f"./{P}txBody/{A}p")
    )
    return [text for text in texts if text.strip()]


def _runs(paragraph: Any) -> list[tuple[Any, Any | None]]:
    """Runs, line breaks and equations of a paragraph, with their properties."""
    found = []
    for node in paragraph:
        if node.tag in (A + "r", A + "br") or (node.tag == A + "fld" and node.get("type") != "slidenum"):
            found.append((node, node.find(A + "rPr")))
        elif node.tag not in (A + "fld", A + "pPr", A + "endParaRPr"):
            found += [(math, None) for math in node.iter(MATH)]
    return found


def _run_text(node: Any) -> str:
    if node.tag == A + "br":
        return "\n"
    return math_text(node) if node.tag == MATH else node.findtext(A + "t") or ""


def _rows(table: Any) -> list[list[str]]:
    """The texts of a table's cells; what spans several cells is repeated in each."""
    grid: list[list[str]] = []
    below: dict[int, tuple[int, str]] = {}
    for row in table.iterfind(A + "tr"):
        line: list[str] = []
        for place, cell in enumerate(row.iterfind(A + "tc")):
            left, text = below.pop(place, (0, ""))
            if cell.get("hMerge") in ("1", "true") and line:
                text = line[-1]
            elif left == 0 or cell.get("vMerge") not in ("1", "true"):
                body = cell.find(A + "txBody")
                paragraphs = () if body is None else body.iterfind(A + "p")
                text = "\n".join("".join(_run_text(node) for node, _ in _runs(paragraph)) for paragraph in paragraphs)
                left = min(max(integer(cell.get("rowSpan"), 1), 1), _MAX_SPAN)
            if left > 1:
                below[place] = left - 1, text
            line.append(text)
        grid.append(line)
    return grid


def _meet(first: Box, second: Box) -> bool:
    return first[0] < second[2] and second[0] < first[2] and first[1] < second[3] and second[1] < first[3]
