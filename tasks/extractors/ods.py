"""OpenDocument spreadsheets, streamed: tables sheet by sheet, values as they are shown, dates in ISO 8601."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from core.documents import Document
from tasks.extractors._builder import Builder
from tasks.extractors._odf.objects import OdfObjects
from tasks.extractors._odf.package import OFFICE, TABLE, OdfFile, OdfStyles, note_properties, opened
from tasks.extractors._odf.text import OdfReader
from tasks.extractors._office.embedded import embedded_in
from tasks.extractors._sheets.merged import Merged
from tasks.extractors._sheets.sheet import Sheet
from tasks.extractors._tables import cell_text
from tasks.extractors._xml.parts import SAFE, integer
from tasks.extractors.base import DEFAULT, Extractor, Reading

_ODF = "application/vnd.oasis.opendocument."
_NUMBERS = frozenset({"float", "percentage", "currency", "date", "time", "boolean"})
_STYLES, _SHEET, _ROW, _COLUMN, _SHAPES = (
    OFFICE + "automatic-styles",
    *(TABLE + name for name in ("table", "table-row", "table-column", "shapes")),
)
_CELLS = frozenset({TABLE + "table-cell", TABLE + "covered-table-cell"})
_MOST_COLUMNS = 16_384
_MOST_REPEATED = 10_000
"""Times that a row with text is repeated; writers store equal rows once."""


class OdsExtractor(Extractor):
    """Sheets in order. Hidden sheets, rows and columns are left out."""

    name = "ods"
    version = 5
    media_types = frozenset({_ODF + kind for kind in ("spreadsheet", "spreadsheet-template", "spreadsheet-flat-xml")})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Tables and what stands around them, with the sheet's number as page and its name as label. Embedded documents
        are members.

        Raises Unprocessable(CORRUPT, ENCRYPTED, BOMB, TOO_LARGE).
        """
        builder = Builder(reading.policy.keep_hidden)
        with opened(path) as file, embedded_in(path, builder, reading) as embedded:
            note_properties(file, builder)
            _Book(file, OdfObjects(file, embedded), builder).read()
        return builder.document(media_type, self.key)


class _Book:
    def __init__(self, file: OdfFile, objects: OdfObjects, builder: Builder) -> None:
        self._file = file
        self._objects = objects
        self._builder = builder
        self._styles = OdfStyles(file.part("styles.xml"))
        self._reader = OdfReader(objects, self._styles, builder)
        self._number = 0
        self._row = 0
        self._sheet: Sheet | None = None
        self._merged = Merged()
        self._hidden_columns: set[int] = set()
        self._column = 0

    def read(self) -> None:
        """Add all sheets."""
        with self._file.open_content() as content:
            for event, node in _events(content):
                if event == "start":
                    if node.tag == _SHEET and self._sheet is None:
                        self._begin(node)
                elif node.tag == _STYLES:
                    self._styles = OdfStyles(self._file.part("styles.xml"), node)
                    self._reader = OdfReader(self._objects, self._styles, self._builder)
                elif self._sheet is None:
                    continue
                elif node.tag == _COLUMN:
                    self._columns(node)
                elif node.tag == _ROW:
                    self._read_row(node, self._sheet)
                elif node.tag == _SHAPES:
                    self._sheet.end()
                    self._reader.drawing(node)
                elif node.tag == _SHEET:
                    self._sheet.end()
                    self._sheet = None

    def _begin(self, node: Any) -> None:
        self._number += 1
        label = " ".join((node.get(TABLE + "name") or "").split())
        self._sheet = Sheet(self._builder, self._number, label)
        self._reader.place = {"page": self._number, "label": label}
        self._absent = self._styles.style("table", node.get(TABLE + "style-name")).absent
        self._row, self._column, self._hidden_columns, self._merged = 0, 0, set(), Merged()

    def _columns(self, node: Any) -> None:
        count = min(integer(node.get(TABLE + "number-columns-repeated"), 1), _MOST_COLUMNS)
        if self._is_absent(node, "table-column"):
            self._hidden_columns.update(range(self._column, self._column + count))
        self._column = min(self._column + count, _MOST_COLUMNS)

    def _is_absent(self, node: Any, family: str) -> bool:
        """True for a row or a column that is hidden, filtered out or without size."""
        style = self._styles.style(family, node.get(TABLE + "style-name"))
        return style.absent or node.get(TABLE + "visibility") in ("collapse", "filter")

    def _read_row(self, node: Any, sheet: Sheet) -> None:
        count = max(integer(node.get(TABLE + "number-rows-repeated"), 1), 1)
        hidden = self._absent or self._is_absent(node, "table-row")
        first = self._row + 1
        self._row += count
        cells: list[tuple[int, str]] = []
        numbers = bold = column = 0
        for cell in node:
            if cell.tag not in _CELLS:
                continue
            repeated = max(integer(cell.get(TABLE + "number-columns-repeated"), 1), 1)
            kind = cell.get(OFFICE + "value-type")
            style = self._styles.style("table-cell", cell.get(TABLE + "style-name"))
            text = self._text(cell, kind) if len(cell) or kind else ""
            for place in range(column, min(column + repeated, _MOST_COLUMNS)) if text else ():
                if hidden or place in self._hidden_columns or style.unseen or cell.tag != TABLE + "table-cell":
                    self._builder.hide(text)
                    if not self._builder.keep_hidden:
                        continue
                cells.append((place, text))
                numbers += kind in _NUMBERS
                bold += style.bold
                self._merge(cell, first, place, text)
            column += repeated
        if hidden and not cells:
            for number in range(first, first + min(count, _MOST_REPEATED)):
                sheet.skip(number)
        if cells:
            cells = self._merged.fill(first, cells)
            for number in range(first, first + min(count, _MOST_REPEATED)):
                sheet.add(number, cells, numbers, bold=bold == len(cells))
            if count > _MOST_REPEATED:
                times = f"repeated {count:,} times is read {_MOST_REPEATED:,} times"
                self._builder.warnings.append(f"sheet {self._number}: a row {times}")

    def _merge(self, cell: Any, row: int, column: int, text: str) -> None:
        columns = integer(cell.get(TABLE + "number-columns-spanned"), 1)
        rows = integer(cell.get(TABLE + "number-rows-spanned"), 1)
        self._merged.add((row, column, row + rows - 1, column + columns - 1), text)

    def _text(self, cell: Any, kind: str | None) -> str:
        if kind == "date":
            return (cell.get(OFFICE + "date-value") or "").removesuffix("T00:00:00")
        if kind == "boolean":
            return (cell.get(OFFICE + "boolean-value") or "").upper()
        shown = cell_text(self._reader.cell_text(cell))
        return shown or cell_text(cell.get(OFFICE + "value") or cell.get(OFFICE + "string-value") or "")


def _events(content: IO[bytes]) -> Iterator[tuple[str, Any]]:
    """Sheets as they begin and end, and in between what they are made of; what is read is dropped."""
    from lxml import etree  # type: ignore[import-untyped]

    tags = (_STYLES, _SHEET, _ROW, _COLUMN, _SHAPES)
    for event, node in etree.iterparse(content, events=("start", "end"), tag=tags, **SAFE):
        yield event, node
        if event == "end" and node.tag in (_ROW, _COLUMN, _SHEET):
            node.clear()
            parent = node.getparent()
            while parent is not None and (before := node.getprevious()) is not None:
                parent.remove(before)
