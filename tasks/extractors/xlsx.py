"""Excel workbooks, streamed from their XML: tables sheet by sheet, values instead of formulas.

The format is SpreadsheetML (ECMA-376 part 1, chapter 18). openpyxl tells which number formats are dates; the rows are read
without it, several times faster. Formulas and macros are never run, nothing that is linked is fetched.
"""

from __future__ import annotations

from typing import Any

from core.documents import Document, ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._archives.zip_container import DAMAGE
from tasks.extractors._builder import MAX_CHARACTERS, Builder
from tasks.extractors._office.embedded import Embedded, embedded_in
from tasks.extractors._ooxml.drawing import C, diagram_texts, plain_text
from tasks.extractors._ooxml.package import R_ID, Package, note_properties, opened
from tasks.extractors._sheets.merged import Area
from tasks.extractors._sheets.sheet import Sheet
from tasks.extractors._sheets.xlsx_rows import Rows, areas, marked_areas, string_of
from tasks.extractors._sheets.xlsx_styles import CellStyle, S, read_styles
from tasks.extractors._xml.parts import is_on, stream
from tasks.extractors.base import DEFAULT, Extractor, Reading

_SHAPES = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"


class XlsxExtractor(Extractor):
    """Sheets in order. A cell shows the value that was last calculated, as its format shows it; a date in ISO 8601."""

    name = "xlsx"
    version = 6
    media_types = frozenset({"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Tables and what stands around them, with the sheet's number as page and its name as label.

        Hidden sheets are left out, but have numbers; sheets that are a chart have none. Embedded files are members.
        Raises Unprocessable(CORRUPT, ENCRYPTED, BOMB, TOO_LARGE).
        """
        builder = Builder(reading.policy.keep_hidden)
        with opened(path) as package, embedded_in(path, builder, reading) as embedded:
            note_properties(package, builder)
            _Book(package, builder, embedded).read()
        return builder.document(media_type, self.key)


class _Book:
    def __init__(self, package: Package, builder: Builder, embedded: Embedded) -> None:
        self._package = package
        self._builder = builder
        self._embedded = embedded
        self._name = package.main("xl/workbook.xml")
        self._root = package.parse(self._name)
        properties = self._root.find(S + "workbookPr")
        from_1904 = properties is not None and properties.get("date1904") is not None and is_on(properties, "date1904")
        styles = package.optional(package.first(self._name, "styles"))
        self._styles: list[CellStyle] = read_styles(styles, from_1904=from_1904)
        self._strings = self._shared_strings()

    def read(self) -> None:
        """Add all sheets. One that is damaged is left out with a warning; raises its error if there is no other."""
        from lxml import etree  # type: ignore[import-untyped]

        damage: list[Exception] = []
        relations = self._package.relations(self._name)
        number = 0
        for node in self._root.iterfind(f"{S}sheets/{S}sheet"):
            relation = relations.get(node.get(R_ID) or "")
            if relation is None or relation.kind != "worksheet" or not self._package.has(relation.target):
                continue
            number += 1
            label = " ".join((node.get("name") or "").split())
            hidden = (node.get("state") or "visible") != "visible"
            try:
                self._sheet(relation.target, number, label, hidden=hidden)
            except (etree.LxmlError, *DAMAGE) as exc:
                damage.append(exc)
                self._builder.warnings.append(f"sheet {number} is damaged: {type(exc).__name__}; rows of it are lost")
            if not hidden:
                self._drawings(relation.target, number, label)
            if not hidden or self._builder.keep_hidden:
                self._embedded.add_related(self._package, relation.target)
            self._comments(relation.target, number, label)
        if damage and not self._builder.elements:
            raise damage[0]

    def _shared_strings(self) -> list[str]:
        name = self._package.first(self._name, "sharedStrings")
        if name is None:
            return []
        found, characters = [], 0
        with self._package.open(name) as file:
            for node in stream(file, ("{*}si",)):
                found.append(string_of(node))
                characters += len(found[-1])
                if characters > 2 * MAX_CHARACTERS:
                    raise Unprocessable(Reason.TOO_LARGE, f"its texts have more than {2 * MAX_CHARACTERS:,} characters")
        return found

    def _sheet(self, name: str, number: int, label: str, *, hidden: bool) -> None:
        with self._package.open(name) as file:
            merged, coloured = marked_areas(file)
        coloured += self._tables(name)
        sheet = Sheet(self._builder, number, label)
        with self._package.open(name) as file:
            rows = Rows(file, self._strings, self._styles, merged, coloured, keep_hidden=self._builder.keep_hidden)
            try:
                for row in rows:
                    for text in row.hidden:
                        self._builder.hide(text)
                    if hidden:
                        for _column, text in row.cells:
                            self._builder.hide(text)
                    if not row.cells:
                        sheet.skip(row.number)
                    elif not hidden or self._builder.keep_hidden:
                        sheet.add(row.number, row.cells, row.numbers, bold=row.bold)
            finally:
                sheet.end()
        if rows.uncalculated:
            self._builder.warnings.append(f"sheet {number}: formulas that were never calculated: {rows.uncalculated:,}")

    def _tables(self, name: str) -> list[Area]:
        """The areas of the sheet's tables: their styles colour cells that have no colour of their own."""
        roots = map(self._package.optional, self._package.related(name, "table"))
        return [area for root in roots if root is not None for area in areas(root.get("ref") or "")]

    def _drawings(self, name: str, number: int, label: str) -> None:
        """Add what text boxes and diagrams say, and the titles of charts."""
        for drawing in self._package.related(name, "drawing"):
            root = self._package.optional(drawing)
            for box in () if root is None else root.iter(_SHAPES + "txBody"):
                self._builder.add(ElementKind.PARAGRAPH, plain_text(box), page=number, label=label)
            for part in self._package.related(drawing, "chart"):
                title = _title(self._package.optional(part))
                self._builder.add(ElementKind.CAPTION, title, page=number, label=label)
            for part in self._package.related(drawing, "diagramData"):
                for text in diagram_texts(self._package, part):
                    self._builder.add(ElementKind.LIST_ITEM, text, page=number, label=label)

    def _comments(self, name: str, number: int, label: str) -> None:
        for part in self._package.related(name, "comments"):
            root = self._package.optional(part)
            for node in () if root is None else root.iter(S + "text"):
                text = string_of(node)
                self._builder.hide(text)
                if self._builder.keep_hidden:
                    self._builder.add(ElementKind.PARAGRAPH, text, page=number, label=label)


def _title(root: Any | None) -> str:
    title = None if root is None else root.find(f"{C}chart/{C}title")
    return "" if title is None else plain_text(title)
