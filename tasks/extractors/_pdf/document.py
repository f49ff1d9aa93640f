"""From an open PDF to elements: page by page to lines and tables, then what only the whole document tells."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise

from core.documents import ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._builder import Builder
from tasks.extractors._bullets import bullet_free
from tasks.extractors._ocr.pages import OcrPages, listed
from tasks.extractors._pdf.caption_titles import title_labels
from tasks.extractors._pdf.file import PdfFile
from tasks.extractors._pdf.footnotes import notes_last
from tasks.extractors._pdf.headings import levels_by_outline, levels_of, mark_bookmarked, outline_of
from tasks.extractors._pdf.hyphens import Vocabulary
from tasks.extractors._pdf.lines import Line
from tasks.extractors._pdf.paragraphs import Paragraph, paragraphs, runs_on, set_texts
from tasks.extractors._pdf.running import running_lines
from tasks.extractors._pdf.scan import add_scanned
from tasks.extractors._pdf.sheet import Sheet, plain_lines, read_sheet
from tasks.extractors._pdf.tables import Table
from tasks.extractors._tables import add_table
from tasks.extractors.base import Reading


class Reader:
    """Reads one file into a builder."""

    def __init__(self, file: PdfFile, builder: Builder, reading: Reading) -> None:
        self._file = file
        self._builder = builder
        self._scanned = OcrPages(reading)
        self._vocabulary = Vocabulary()

    @property
    def lacks_tesseract(self) -> bool:
        """Some pages were left out because Tesseract is missing."""
        return self._scanned.lacking is not None

    def read(self) -> None:
        """Add all elements.

        Raises Unprocessable: CORRUPT if no page can be read; if all text is in pictures, NEEDS_TESSERACT without the program,
        TIMEOUT or CRASHED if it fails at all of them.
        """
        sheets = [self._sheet(index) for index in range(len(self._file))]
        if all(sheet.lost for sheet in sheets):
            raise Unprocessable(Reason.CORRUPT, "none of its pages can be read")
        for sheet in sheets:
            self._builder.hide(sheet.hidden)
        flow = self._flow(sheets)
        self._add(sheets, flow)
        self._warn(sheets)

    def _sheet(self, index: int) -> Sheet:
        import pypdfium2

        try:
            return read_sheet(self._file, index, self._builder.keep_hidden)
        except pypdfium2.PdfiumError:
            lines = plain_lines(self._file.second_text(index))
            return Sheet(index + 1, 0, 0, list(lines), lost=not lines)

    def _flow(self, sheets: list[Sheet]) -> list[list[Paragraph | Table]]:
        """What each page holds, cleaned and merged, in order."""
        running = running_lines(sheets)
        vocabulary = self._vocabulary
        typed = sum(len(item.text) for sheet in sheets for item in sheet.items if isinstance(item, Line))
        mono = sum(len(item.text) for sheet in sheets for item in sheet.items if isinstance(item, Line) and item.mono)
        outline = outline_of(self._file.pdf)
        matched = 0
        flow: list[list[Paragraph | Table]] = []
        for sheet in sheets:
            for row in sheet.edge_rows:
                if id(row.line) in running and len(row.table.rows) > 1:
                    row.table.rows.pop(-1 if row.last else 0)
            items = notes_last([item for item in sheet.items if id(item) not in running])
            lines = [item for item in items if isinstance(item, Line)]
            vocabulary.add(line.text for line in lines)
            vocabulary.add_cells(cell for item in items if isinstance(item, Table) for row in item.rows for cell in {*row})
            matched += mark_bookmarked(lines, outline.get(sheet.number - 1, {}))
            flow.append(list(_pieces(items, sheet.number, code=mono * 2 < typed)))
        wanted = sum(map(len, outline.values()))
        self._trusts_outline = wanted >= 3 and matched * 2 >= wanted
        set_texts((piece for page in flow for piece in page if isinstance(piece, Paragraph)), vocabulary)
        for page in flow:
            gone = set(map(id, title_labels(piece for piece in page if isinstance(piece, Paragraph))))
            page[:] = [piece for piece in page if id(piece) not in gone]
        for page, following in pairwise(flow):
            _join_pages(page, following, vocabulary)
        return flow

    def _add(self, sheets: list[Sheet], flow: list[list[Paragraph | Table]]) -> None:
        every = [piece for page in flow for piece in page if isinstance(piece, Paragraph)]
        found = levels_by_outline(every) if self._trusts_outline else levels_of(every)
        levels = {id(paragraph): level for paragraph, level in zip(every, found, strict=True)}
        for sheet, page in zip(sheets, flow, strict=True):
            for piece in page:
                if isinstance(piece, Table):
                    self._add_table(piece, sheet)
                else:
                    self._add_paragraph(piece, levels[id(piece)], sheet)
            if sheet.needs_ocr:
                self._recognise(sheet)

    def _add_table(self, table: Table, sheet: Sheet) -> None:
        rows = [[self._vocabulary.mended(cell) if "- " in cell else cell for cell in row] for row in table.rows]
        add_table(self._builder, rows, page=sheet.number, box=sheet.shown(table.box), headings=table.headings)

    def _add_paragraph(self, paragraph: Paragraph, level: int | None, sheet: Sheet) -> None:
        text, kind = paragraph.text, ElementKind.PARAGRAPH
        if paragraph.code:
            kind = ElementKind.CODE
        elif paragraph.caption:
            kind = ElementKind.CAPTION
        elif level is not None:
            kind = ElementKind.HEADING
        elif paragraph.item:
            kind, text = ElementKind.LIST_ITEM, bullet_free(text)
        self._builder.add(kind, text, page=sheet.number, level=level, box=sheet.shown(paragraph.box))

    def _recognise(self, sheet: Sheet) -> None:
        import pypdfium2

        try:
            add_scanned(self._builder, self._file.pdf, sheet.number - 1, self._scanned)
        except pypdfium2.PdfiumError:
            sheet.lost = True

    def _warn(self, sheets: list[Sheet]) -> None:
        warnings = self._builder.warnings
        if self._file.damage:
            warnings.append(f"damaged, mended before it was read: {self._file.damage}")
        if lost := [sheet.number for sheet in sheets if sheet.lost]:
            warnings.append(f"{listed(lost)} could not be read")
        self._scanned.finish(self._builder)


def _pieces(items: list[Line | Table], page: int, code: bool) -> Iterator[Paragraph | Table]:
    for is_table, group in groupby(items, key=lambda item: isinstance(item, Table)):
        if is_table:
            yield from (item for item in group if isinstance(item, Table))
        else:
            yield from paragraphs([item for item in group if isinstance(item, Line)], page, code)


def _join_pages(page: list[Paragraph | Table], following: list[Paragraph | Table], vocabulary: Vocabulary) -> None:
    """Append to a page's last paragraph what goes on at the top of the next one; footnotes may stand between."""
    if not following or not isinstance(first := following[0], Paragraph):
        return
    for piece in reversed(page):
        if not isinstance(piece, Paragraph):
            return
        if piece.size < 0.97 * first.size:
            continue
        if runs_on(piece, first):
            piece.text = vocabulary.joined(piece.text, first.text)
            del following[0]
        return
