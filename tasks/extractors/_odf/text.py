"""Paragraphs, lists, tables and drawings of OpenDocument text, wherever it stands: in documents, slides and cells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from core.documents import ElementKind
from tasks.extractors._builder import Builder
from tasks.extractors._odf.numbering import OdfNumbering, OpenList
from tasks.extractors._odf.objects import OdfObjects
from tasks.extractors._odf.package import CHART, DRAW, OFFICE, PRESENTATION, TABLE, TEXT, OdfStyle, OdfStyles
from tasks.extractors._office.equations import mathml_text
from tasks.extractors._tables import add_table
from tasks.extractors._xml.parts import integer

_LITERAL = {TEXT + "tab": "\t", TEXT + "line-break": "\n"}
_SKIPPED = frozenset(
    {
        *(TEXT + name for name in ("note-citation", "number", "page-number", "ruby-text")),
        *(TEXT + name for name in ("sequence-decls", "variable-decls", "user-field-decls")),
        *(OFFICE + name for name in ("annotation-end", "forms", "event-listeners")),
    }
)
_LISTS = frozenset(TEXT + name for name in ("list", "ordered-list", "unordered-list"))
_PARAGRAPHS = frozenset({TEXT + "p", TEXT + "h"})
_ITEMS = frozenset({TEXT + "list-item", TEXT + "list-header"})
_ROW_GROUPS = frozenset(TABLE + name for name in ("table-header-rows", "table-rows", "table-row-group"))
_CELLS = frozenset({TABLE + "table-cell", TABLE + "covered-table-cell"})
_OBJECTS = frozenset({DRAW + "object", DRAW + "object-ole"})
_TITLES = {"title": 1, "subtitle": 2}
_CAPTIONS = frozenset({"caption"})
_CODE = frozenset({"preformatted text", "source code"})
_MOST_REPEATED = 1_000
_MAX_CELLS = 200_000
"""Grid positions of a table beyond which what repeats or spans is not expanded: a few bytes can claim billions."""


@dataclass
class _Inline:
    pieces: list[str] = field(default_factory=list)
    notes: list[Any] = field(default_factory=list)
    drawings: list[Any] = field(default_factory=list)


class OdfReader:
    """Reads blocks in order and gives each to `add` with its kind and heading level."""

    def __init__(self, objects: OdfObjects, styles: OdfStyles, builder: Builder) -> None:
        self._objects = objects
        self._styles = styles
        self._builder = builder
        self._numbering = OdfNumbering(styles.lists, styles.outline)
        self._open: OpenList | None = None
        """The list that is being read."""
        self._cell: list[str] | None = None
        self._shaded = False
        self._ground = ""
        """The colour of the drawing that is read."""
        self._unseen = False
        self._started = False
        self.place: dict[str, Any] = {}
        """Page and label of what is added now."""
        self.page = 1
        self.soft_breaks = 0
        """Page ends that the writing program has marked where it last laid the document out."""
        self.paged = False
        """True if `page` is where elements go."""

    def blocks(self, nodes: Any, *, in_list: bool = False) -> None:
        """Everything in these nodes."""
        for node in nodes:
            self._block(node, in_list)

    def _block(self, node: Any, in_list: bool) -> None:
        tag = node.tag
        if tag == TEXT + "p" or tag == TEXT + "h":
            self._paragraph(node, in_list)
        elif tag in _LISTS:
            self._list(node)
        elif tag == TABLE + "table":
            self.table(node)
        elif tag == TEXT + "section":
            with self.unseen(node.get(TEXT + "display") == "none" or node.get(TEXT + "is-hidden") == "true"):
                self.blocks(node)
        elif tag == TEXT + "tracked-changes":
            self._deletions(node)
        elif tag == OFFICE + "annotation":
            self._hide_all(node)
        elif tag == TEXT + "soft-page-break":
            self._break()
        elif isinstance(tag, str) and tag not in _SKIPPED:
            if tag.startswith(DRAW):
                self.drawing(node)
            elif tag.startswith((TEXT, OFFICE)):
                self.blocks(node)

    def _list(self, node: Any) -> None:
        outer, self._open = self._open, self._numbering.begin(node, self._open)
        for item in node:
            if item.tag in _ITEMS:
                self._item(item, self._open)
        self._open = outer

    def _item(self, item: Any, found: OpenList) -> None:
        is_item = item.tag == TEXT + "list-item"
        first = next((child for child in item if child.tag in _PARAGRAPHS), None) if is_item else None
        for child in item:
            if child is first:
                label = self._numbering.label(found, item)
                self._paragraph(child, in_list=True, number=item.findtext(TEXT + "number") or label)
            else:
                self._block(child, in_list=is_item)

    def _paragraph(self, node: Any, in_list: bool, number: str | None = None) -> None:
        style = self._styles.style("paragraph", node.get(TEXT + "style-name"))
        if style.breaks and self._started and self._cell is None:
            self.page += 1
        self._started = True
        if self._shaded:
            style = replace(style, shaded=True)
        if self._ground and not style.ground:
            style = replace(style, ground=self._ground)
        mark = node.find(TEXT + "hidden-paragraph")
        if mark is not None and mark.get(TEXT + "is-hidden") == "true":
            style = replace(style, hidden=True)
        page = self.page
        found = _Inline()
        self._inline(node, found, style)
        text = "".join(found.pieces)
        number = number or node.findtext(TEXT + "number")
        if number and text.strip():
            text = f"{number.strip()} {text}"
        kind, level = _role(node, style, in_list)
        if node.tag == TEXT + "h" and not in_list and not number:
            number = self._numbering.heading(node, level or 1)
            text = f"{number} {text}" if number and text.strip() else text
        if level and "title" in style.names and not self._builder.title:
            self._builder.title = text
        self.add(kind, text, level, page)
        for note in found.notes:
            self.blocks(note)
        for drawing in found.drawings:
            self.drawing(drawing)

    def _inline(self, node: Any, found: _Inline, style: OdfStyle) -> None:
        self._piece(node.text, found, style)
        for child in node:
            self._child(child, found, style)
            self._piece(child.tail, found, style)

    def _child(self, child: Any, found: _Inline, style: OdfStyle) -> None:
        tag = child.tag
        if tag == TEXT + "span":
            inner = self._styles.style("text", child.get(TEXT + "style-name"), style)
            self._inline(child, found, inner)
        elif tag == TEXT + "s":
            found.pieces.append(" " * min(integer(child.get(TEXT + "c"), 1), _MOST_REPEATED))
        elif tag in _LITERAL:
            found.pieces.append(_LITERAL[tag])
        elif tag == TEXT + "note":
            found.notes += child.iterchildren(TEXT + "note-body")
        elif tag == OFFICE + "annotation":
            self._hide_all(child)
        elif tag == TEXT + "hidden-text":
            self._piece(child.get(TEXT + "string-value"), found, replace(style, hidden=True))
        elif tag == TEXT + "soft-page-break":
            self._break()
        elif isinstance(tag, str) and tag not in _SKIPPED:
            if tag.startswith(DRAW):
                self._drawn(child, found, style)
            else:
                self._inline(child, found, style)

    def _drawn(self, child: Any, found: _Inline, style: OdfStyle) -> None:
        """A drawing in a line of text: an equation is part of the line."""
        inner = child.find(DRAW + "object")
        equation = None if inner is None else self._objects.equation(inner)
        if equation is None:
            found.drawings.append(child)
        else:
            self._piece(mathml_text(equation), found, style)

    def _piece(self, text: str | None, found: _Inline, style: OdfStyle) -> None:
        if not text:
            return
        if style.unseen:
            self._builder.hide(text)
            if not self._builder.keep_hidden:
                return
        found.pieces.append(_folded(text))

    def _deletions(self, node: Any) -> None:
        for deletion in node.iter(TEXT + "deletion"):
            for paragraph in deletion.iter(TEXT + "p", TEXT + "h"):
                self._hide_all(paragraph)

    def _hide_all(self, node: Any) -> None:
        paragraphs = list(node.iter(TEXT + "p")) or [node]
        with self.unseen(True):
            for paragraph in paragraphs:
                self.add(ElementKind.PARAGRAPH, "".join(paragraph.itertext()), None)

    def _break(self) -> None:
        self.page += 1
        self.soft_breaks += 1

    @contextmanager
    def unseen(self, unseen: bool) -> Iterator[None]:
        """What is read in the block counts as hidden text if `unseen`."""
        outer, self._unseen = self._unseen, self._unseen or unseen
        yield
        self._unseen = outer

    def add(self, kind: ElementKind, text: str, level: int | None = None, page: int | None = None) -> None:
        """One element, or a line of the cell that is being read."""
        if not text.strip():
            return
        if self._unseen:
            self._builder.hide(text)
            if not self._builder.keep_hidden:
                return
        if self._cell is not None:
            self._cell.append(text)
            return
        place = self.place | ({"page": page or self.page} if self.paged else {})
        self._builder.add(kind, text, level=level, **place)

    def cell_text(self, cell: Any) -> str:
        """The texts of a cell's paragraphs, one a line."""
        outer, self._cell = self._cell, []
        shaded = self._shaded
        self._shaded = shaded or self._styles.style("table-cell", cell.get(TABLE + "style-name")).shaded
        self.blocks(cell)
        self._shaded = shaded
        lines, self._cell = self._cell, outer
        return "\n".join(lines)

    def table(self, node: Any) -> None:
        """A table; its cells' texts as lines if it stands in a cell itself."""
        page = self.page
        rows = self._rows(node)
        if self._cell is not None:
            self._cell += [" ".join(filter(None, row)) for row in rows]
        elif not self._unseen or self._builder.keep_hidden:  # hidden cells are counted where they are read
            place = self.place | ({"page": page} if self.paged else {})
            marked = len(node.findall(f"{TABLE}table-header-rows/{TABLE}table-row"))
            headings = sum(any(row) for row in rows[:marked]) if marked < len(rows) else 1
            add_table(self._builder, rows, headings=max(headings, 1), **place)

    def _rows(self, node: Any) -> list[list[str]]:
        grid: list[list[str]] = []
        below: dict[int, tuple[int, str]] = {}
        spare = _MAX_CELLS
        for row in _table_rows(node):
            line: list[str] = []
            for cell in row:
                if cell.tag not in _CELLS:
                    continue
                if cell.tag == TABLE + "covered-table-cell":
                    for _ in range(min(integer(cell.get(TABLE + "number-columns-repeated"), 1), _MOST_REPEATED, max(spare, 1))):
                        left, text = below.get(len(line), (0, ""))
                        below[len(line)] = (max(left - 1, 0), text)
                        line.append(text if left > 0 else "")
                        spare -= 1
                    continue
                text = self.cell_text(cell)
                columns = min(max(integer(cell.get(TABLE + "number-columns-spanned"), 1), 1), _MOST_REPEATED)
                depth = integer(cell.get(TABLE + "number-rows-spanned"), 1)
                for _ in range(
                    min(integer(cell.get(TABLE + "number-columns-repeated"), 1), _MOST_REPEATED, max(spare // columns, 1))
                ):
                    for offset in range(columns):
                        below[len(line) + offset] = (depth - (offset == 0), text)
                    line.append(text)
                    spare -= columns
            repeated = min(integer(row.get(TABLE + "number-rows-repeated"), 1), _MOST_REPEATED)
            repeated = max(min(repeated, spare // len(line)), 1) if any(line) else 1
            spare -= len(line) * (repeated - 1)
            grid += [line] * repeated
        return grid

    def drawing(self, node: Any) -> None:
        """The text in a frame, a shape or a group: text boxes, tables, charts."""
        outer = self._ground
        for family, prefix in (("graphic", DRAW), ("presentation", PRESENTATION)):
            if name := node.get(prefix + "style-name"):
                self._ground = self._styles.style(family, name).area
        with self.unseen(self._unseen or node.get(DRAW + "display") in ("none", "printer")):
            self._drawn_in(node)
        self._ground = outer

    def _drawn_in(self, node: Any) -> None:
        for child in node:
            tag = child.tag
            if tag in (TEXT + "p", TEXT + "h", TABLE + "table") or tag in _LISTS:
                self._boxed(child)
            elif tag in _OBJECTS:
                self._object(child)
            elif isinstance(tag, str) and tag.startswith(DRAW):
                self.drawing(child)

    def _boxed(self, child: Any) -> None:
        shaded, self._shaded = self._shaded, True  # a box may have any background
        self._block(child, in_list=False)
        self._shaded = shaded

    def _object(self, node: Any) -> None:
        """A chart as its titles and its table; an equation; a document, unless it is hidden, as a member."""
        chart, equation = self._objects.chart(node), self._objects.equation(node)
        if chart is not None:
            for title in chart.iterchildren(CHART + "title", CHART + "subtitle"):
                self.blocks(title)
            for table in chart.iterchildren(TABLE + "table"):
                self.table(table)
        elif equation is not None:
            self.add(ElementKind.PARAGRAPH, mathml_text(equation))
        elif not self._unseen or self._builder.keep_hidden:
            self._objects.hand_over(node)


def _table_rows(node: Any) -> Iterator[Any]:
    for child in node:
        if child.tag == TABLE + "table-row":
            yield child
        elif child.tag in _ROW_GROUPS:
            yield from _table_rows(child)


def _role(node: Any, style: OdfStyle, in_list: bool) -> tuple[ElementKind, int | None]:
    """Kind and heading level of a paragraph."""
    if node.tag == TEXT + "h":
        return ElementKind.HEADING, integer(node.get(TEXT + "outline-level"), 1)
    level = style.outline or next((_TITLES[name] for name in style.names if name in _TITLES), 0)
    if level:
        return ElementKind.HEADING, level
    if not _CAPTIONS.isdisjoint(style.names):
        return ElementKind.CAPTION, None
    if not _CODE.isdisjoint(style.names):
        return ElementKind.CODE, None
    return (ElementKind.LIST_ITEM if in_list else ElementKind.PARAGRAPH), None


def _folded(text: str) -> str:
    """Runs of white space as one space each: more of them are written as elements (OpenDocument part 3, 6.1.2)."""
    words = " ".join(text.split())
    return f"{' ' * text[0].isspace()}{words}{' ' * text[-1].isspace()}" if words else " "
