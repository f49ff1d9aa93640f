"""Word documents, read from their XML: headings, lists, captions and tables by styles and numbering.

The format is WordprocessingML (ECMA-376 part 1, chapter 17). Macros are never looked at, nothing that is linked is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from core.documents import Document, ElementKind
from tasks.extractors._builder import Builder
from tasks.extractors._office.embedded import embedded_in
from tasks.extractors._ooxml.docx_numbering import Numbering
from tasks.extractors._ooxml.docx_styles import VAL, Style, Styles, W, ground_of, is_shaded, numbering_of, outline_of
from tasks.extractors._ooxml.docx_text import CHART, DIAGRAM, MC, TEXT_BOX, WORD_ART, Inline, TextReader, alternative
from tasks.extractors._ooxml.drawing import chart_rows, diagram_texts
from tasks.extractors._ooxml.package import R_ID, Package, note_properties, opened
from tasks.extractors._tables import add_table
from tasks.extractors._xml.parts import integer, is_on
from tasks.extractors.base import DEFAULT, Extractor, Reading

_CONTAINERS = frozenset(W + name for name in ("sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo"))
_DELETED = frozenset({W + "del", W + "moveFrom"})
_R_DM = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}dm"
_MAX_SPAN = 200
_MOST_HEADINGS = 10
_PAGE_FIELDS = frozenset({"PAGE", "NUMPAGES", "SECTIONPAGES"})
_MAX_CELLS = 200_000
"""Grid positions of a table beyond which its spans are not expanded: a few bytes can claim billions."""


class DocxExtractor(Extractor):
    """Body text in order, as if all tracked changes were accepted. Running headers and footers are left out."""

    name = "docx"
    version = 8
    media_types = frozenset({"application/vnd.openxmlformats-officedocument.wordprocessingml.document"})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements with pages only if the program that wrote the file has marked where each page ends. Embedded files are
        members.

        Raises Unprocessable(CORRUPT, ENCRYPTED, BOMB, TOO_LARGE).
        """
        builder = Builder(reading.policy.keep_hidden)
        with opened(path) as package, embedded_in(path, builder, reading) as embedded:
            note_properties(package, builder)
            name = package.main("word/document.xml")
            story = _Story(package, name, builder)
            story.read()
            for part in (name, *package.related(name, "footnotes"), *package.related(name, "endnotes")):
                embedded.add_related(package, part)
            if not story.knows_pages():
                builder.unpaged()
        return builder.document(media_type, self.key)


class _Story:
    """The body and what it refers to."""

    def __init__(self, package: Package, name: str, builder: Builder) -> None:
        self._package = package
        self._name = name
        self._builder = builder
        self._styles = Styles(package.optional(package.first(name, "styles")))
        self._numbering = Numbering(package.optional(package.first(name, "numbering")))
        self._reader = TextReader(self._styles, builder)
        self._notes = {kind: self._notes_of(kind) for kind in ("footnotes", "endnotes")}
        self._owed: list[tuple[str, str]] = []
        self._cell: list[str] | None = None
        """Where texts go while a table's cell is read."""
        self._shaded = False
        self._ground: str | None = None
        """The colour of the cell that is read."""
        self._code: list[str] = []
        self._code_page = 1

    def read(self) -> None:
        """Add all elements. Where there are none, running headers and footers are what a reader sees."""
        root = self._package.parse(self._name)
        background = root.find(W + "background")
        self._shaded = background is not None and (background.get(W + "color") or "FFFFFF").upper() not in ("FFFFFF", "AUTO")
        body = root.find(W + "body")
        for node in () if body is None else body:
            self._block(node)
            self._add_notes()
        self._end_code()
        if not self._builder.elements:
            for kind in ("header", "footer"):
                self._running(kind)
        self._hide_comments()

    def _running(self, kind: str) -> None:
        """Add the headers or footers, each text once, without what counts pages."""
        main, seen = self._name, set()
        for name in self._package.related(main, kind):
            root = self._package.optional(name)
            text = "" if root is None else "".join(root.itertext(W + "t"))
            if root is not None and text not in seen:  # those of first and even pages often say the same
                seen.add(text)
                self._name = name
                self._blocks(block for block in root if not _counts_pages(block))
                self._end_code()
        self._name = main

    def knows_pages(self) -> bool:
        """True if the marks of page ends are as many as the pages that the writing program has counted."""
        properties = self._package.optional(self._package.first("", "extended-properties"))
        pages = None if properties is None else properties.findtext("{*}Pages")
        return self._reader.breaks > 0 and self._reader.page == integer(pages, -1)

    def _blocks(self, nodes: Any) -> None:
        for node in nodes:
            self._block(node)

    def _block(self, node: Any) -> None:
        tag = node.tag
        if tag == W + "p":
            self._paragraph(node)
        elif tag == W + "tbl":
            self._table(node)
        elif tag in _CONTAINERS:
            self._blocks(node)
        elif tag in _DELETED:
            self._reader.hide(node)
        elif tag == MC + "AlternateContent":
            self._blocks(alternative(node))

    def _paragraph(self, node: Any) -> None:
        properties = node.find(W + "pPr")
        style = self._styles.of_paragraph(properties)
        look = style.look
        if self._shaded or (properties is not None and is_shaded(properties.find(W + "shd"))):
            look = replace(look, shaded=True)
        ground = None if properties is None else ground_of(properties.find(W + "shd"))
        if look.ground is None or ground is not None:
            look = replace(look, ground=self._ground if ground is None else ground)
        found = self._reader.paragraph(node, look)
        kind, level, label = self._role(properties, style)
        if label and found.text.strip():
            found.pieces.insert(0, f"{label} ")
        self._add(kind, found.text, level, found.page)
        if style.name == "title" and not self._builder.title:
            self._builder.title = found.text
        self._owed += found.notes
        self._drawings(found)

    def _role(self, properties: Any | None, style: Style) -> tuple[ElementKind, int | None, str]:
        """Kind, heading level, and the number that is shown in front."""
        outline = outline_of(properties)
        level = style.level if outline is None else replace(style, outline=outline).level
        number, place = numbering_of(properties) or style.numbering or ("0", None)
        label = ""
        if number != "0":
            if place is None:
                place = self._numbering.level_of(number, None if properties is None else _style_id(properties))
            label = self._numbering.label(number, place)
        if level is not None:
            return ElementKind.HEADING, level, label
        if style.kind in (ElementKind.CAPTION, ElementKind.CODE):
            return style.kind, None, label
        return (ElementKind.LIST_ITEM if number != "0" or style.kind else ElementKind.PARAGRAPH), None, label

    def _drawings(self, found: Inline) -> None:
        for drawing in found.drawings:
            if drawing.tag == TEXT_BOX:
                shaded, ground = self._shaded, self._ground
                self._shaded, self._ground = True, None  # a box may have any background
                self._blocks(drawing)
                self._shaded, self._ground = shaded, ground
            elif drawing.tag == WORD_ART:
                self._add(ElementKind.PARAGRAPH, drawing.get("string") or "")
            elif drawing.tag == CHART:
                self._add_rows(chart_rows(self._package, self._target(drawing.get(R_ID))))
            elif drawing.tag == DIAGRAM:
                for text in diagram_texts(self._package, self._target(drawing.get(_R_DM))):
                    self._add(ElementKind.LIST_ITEM, text)

    def _target(self, id: str | None) -> str | None:
        relation = self._package.relations(self._name).get(id or "")
        return relation.target if relation else None

    def _table(self, node: Any) -> None:
        shaded = self._shaded
        style = node.find(f"{W}tblPr/{W}tblStyle")
        background = node.find(f"{W}tblPr/{W}shd")
        if is_shaded(background) or (style is not None and self._styles.shades_table(style.get(VAL))):
            self._shaded = True
        rows = [row for row in _within(node, W + "tr") if not self._is_deleted(row)]
        cells = [list(_within(row, W + "tc")) for row in rows]
        page = self._reader.page
        if all(len(row) < 2 for row in cells):  # it only frames what it holds
            for row in cells:
                for cell in row:
                    self._blocks(cell)
        else:
            self._add_rows(self._grid(rows, cells), page, _headings(rows))
        self._shaded = shaded

    def _is_deleted(self, row: Any) -> bool:
        properties = row.find(W + "trPr")
        hidden = None if properties is None else properties.find(W + "hidden")
        if properties is None or (properties.find(W + "del") is None and (hidden is None or not is_on(hidden, VAL))):
            return False
        self._reader.hide(row)
        return True

    def _grid(self, rows: list[Any], cells: list[list[Any]]) -> list[list[str]]:
        grid: list[list[str]] = []
        above: dict[int, str] = {}
        spare = _MAX_CELLS
        for row, row_cells in zip(rows, cells, strict=True):
            before = row.find(f"{W}trPr/{W}gridBefore")
            line = [""] * (0 if before is None else min(integer(before.get(VAL)), _MAX_SPAN))
            start = last = self._reader.page
            for cell in row_cells:
                self._reader.page = start
                properties = cell.find(W + "tcPr")
                text = self._cell_text(cell, properties)
                last = max(last, self._reader.page)
                span, merge = _spans(properties)
                if merge is not None and merge.get(VAL) != "restart" and not text:
                    text = above.get(len(line), "")
                above[len(line)] = text
                span = min(span, max(spare, 1))
                spare -= span
                line += [text] * span
            self._reader.page = last
            grid.append(line)
        return grid

    def _cell_text(self, cell: Any, properties: Any | None) -> str:
        shading = None if properties is None else properties.find(W + "shd")
        shaded, ground = self._shaded, self._ground
        self._shaded, self._ground = shaded or is_shaded(shading), ground_of(shading)
        with self._collected() as texts:
            self._blocks(cell)
        self._shaded, self._ground = shaded, ground
        return "\n".join(texts)

    @contextmanager
    def _collected(self) -> Iterator[list[str]]:
        outer, self._cell = self._cell, []
        yield self._cell
        self._cell = outer

    def _add_rows(self, rows: list[list[str]], page: int | None = None, headings: int = 1) -> None:
        if self._cell is not None:
            self._cell += [" ".join(filter(None, row)) for row in rows]
        else:
            self._end_code()
            blank = sum(not any(row) for row in rows[:headings])
            place = self._reader.page if page is None else page
            add_table(self._builder, rows, page=place, headings=max(headings - blank, 1))

    def _add(self, kind: ElementKind, text: str, level: int | None = None, page: int | None = None) -> None:
        if self._cell is not None:
            self._cell += [text] if text.strip() else []
            return
        page = self._reader.page if page is None else page
        if kind is ElementKind.CODE:
            self._code_page = self._code_page if self._code else page
            self._code.append(text)
            return
        self._end_code()
        self._builder.add(kind, text, page=page, level=level)

    def _end_code(self) -> None:
        if self._code:
            lines, self._code = self._code, []
            self._builder.add(ElementKind.CODE, "\n".join(lines), page=self._code_page)

    def _notes_of(self, kind: str) -> dict[str, Any]:
        root = self._package.optional(self._package.first(self._name, kind))
        nodes = () if root is None else root.iterchildren(W + kind.removesuffix("s"))
        return {node.get(W + "id") or "": node for node in nodes if node.get(W + "type") in (None, "normal")}

    def _add_notes(self) -> None:
        """Add the notes of the last block, each once."""
        while self._owed:
            kind, id = self._owed.pop(0)
            note = self._notes[kind].pop(id, None)
            if note is not None:
                self._blocks(note)

    def _hide_comments(self) -> None:
        root = self._package.optional(self._package.first(self._name, "comments"))
        for node in () if root is None else root.iter(W + "p"):
            text = "".join(piece.text or "" for piece in node.iter(W + "t"))
            self._builder.hide(text)
            if self._builder.keep_hidden:
                self._add(ElementKind.PARAGRAPH, text)


def _within(node: Any, tag: str) -> Iterator[Any]:
    """The children of this tag, also those in content controls and the like around them."""
    for child in node:
        if child.tag == tag:
            yield child
        elif child.tag in _CONTAINERS:
            yield from _within(child, tag)


def _style_id(properties: Any) -> str | None:
    node = properties.find(W + "pStyle")
    return None if node is None else node.get(VAL)


def _counts_pages(block: Any) -> bool:
    instructions = [*block.itertext(W + "instrText"), *(node.get(W + "instr") or "" for node in block.iter(W + "fldSimple"))]
    return any(_PAGE_FIELDS.intersection(text.upper().split()) for text in instructions)


def _headings(rows: list[Any]) -> int:
    """How many of the first rows are repeated on every page: the table's header. One, if none is or all are."""
    marked = 0
    for row in rows:
        mark = row.find(f"{W}trPr/{W}tblHeader")
        if mark is None or not is_on(mark, VAL):
            break
        marked += 1
    return marked if marked < min(len(rows), _MOST_HEADINGS) else 1


def _spans(properties: Any | None) -> tuple[int, Any | None]:
    """How many columns a cell takes, and its w:vMerge."""
    if properties is None:
        return 1, None
    span = properties.find(W + "gridSpan")
    return 1 if span is None else min(max(integer(span.get(VAL), 1), 1), _MAX_SPAN), properties.find(W + "vMerge")
