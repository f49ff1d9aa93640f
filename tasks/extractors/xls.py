"""Excel workbooks up to 2003 (BIFF 2 to 8), read natively through xlrd, as xlsx.py reads the later ones."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.documents import Document, ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._archives.members import Members
from tasks.extractors._builder import Builder
from tasks.extractors._ole import container
from tasks.extractors._ole import objects as ole_objects
from tasks.extractors._sheets.merged import Merged
from tasks.extractors._sheets.number_format import general
from tasks.extractors._sheets.sheet import Sheet
from tasks.extractors._sheets.xls_drawings import texts
from tasks.extractors._sheets.xls_styles import Styles
from tasks.extractors._sheets.xlsx_styles import CellStyle
from tasks.extractors.base import DEFAULT, Extractor, Reading

_EMBEDDED = "MBD"
"""How the storages of embedded objects are called."""
_ENCRYPTED = "encrypted"
"""A word of xlrd's error."""


class XlsExtractor(Extractor):
    """Sheets in order. A cell shows the value that was last calculated, as its format shows it; a date in ISO 8601."""

    name = "xls"
    version = 3
    media_types = frozenset({"application/vnd.ms-excel"})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Tables and what stands around them, with the sheet's number as page and its name as label.

        What is hidden is left out and counted: sheets, rows, columns, comments, white letters on white. Embedded files are
        members, except documents of old formats.
        Raises Unprocessable(CORRUPT, ENCRYPTED, TOO_LARGE).
        """
        builder = Builder(reading.policy.keep_hidden)
        with Members(builder, reading) as members, _opened(path) as book:
            styles = Styles(book)
            for number in range(book.nsheets):
                _Reader(book.sheet_by_index(number), number + 1, styles, builder).read(texts(book, number))
                book.unload_sheet(number)
            files, damaged = ole_objects.files_below(path, _EMBEDDED)
            for name, content in files:
                members.add(name, content)
            builder.warnings += [f"an embedded file is damaged: {name}" for name in damaged]
        container.note_properties(path, builder)
        return builder.document(media_type, self.key)


@contextmanager
def _opened(path: str) -> Iterator[Any]:
    """The workbook; what damage makes xlrd raise inside is Unprocessable(CORRUPT)."""
    import xlrd  # type: ignore[import-untyped]

    try:
        with (
            Path(os.devnull).open("w") as log,
            xlrd.open_workbook(
                path, log, formatting_info=True, on_demand=True, ragged_rows=True, ignore_workbook_corruption=True
            ) as book,
        ):
            yield book
    except (Unprocessable, MemoryError):
        raise
    # A damaged file makes xlrd raise XLRDError, CompDocError, struct.error, IndexError, AssertionError and others.
    except Exception as exc:
        words = " ".join(f"{type(exc).__name__}: {exc}".split())[:200]
        raise Unprocessable(Reason.ENCRYPTED if _ENCRYPTED in words else Reason.CORRUPT, words) from exc


class _Reader:
    """Reads one sheet."""

    def __init__(self, sheet: Any, number: int, styles: Styles, builder: Builder) -> None:
        self._sheet = sheet
        self._number = number
        self._label = " ".join(sheet.name.split())
        self._styles = styles
        self._builder = builder
        self._is_hidden = bool(sheet.visibility)
        self._hidden_columns = {column for column, info in sheet.colinfo_map.items() if info.hidden or info.width == 0}

    def read(self, drawn: Iterable[str]) -> None:
        """Add its rows, and what is written in drawings on it."""
        rows = Sheet(self._builder, self._number, self._label)
        merged = Merged()
        areas: dict[int, list[tuple[int, int, int, int]]] = {}
        for top, below, left, right in self._sheet.merged_cells:
            areas.setdefault(top, []).append((top + 1, left, below, right - 1))
        for row in range(self._sheet.nrows):
            cells, numbers, bold = self._row(row)
            texts = dict(cells)
            for area in areas.get(row, ()):
                merged.add(area, texts.get(area[1], ""))
            filled = merged.fill(row + 1, cells) if not self._is_row_hidden(row) else cells
            filled = [each for each in filled if each[0] in texts or each[0] not in self._hidden_columns]
            rows.add(row + 1, filled, numbers, bold=bold)
        rows.end()
        for text in drawn:
            if self._is_hidden:
                self._builder.hide(text)
            if not self._is_hidden or self._builder.keep_hidden:
                self._builder.add(ElementKind.PARAGRAPH, text, page=self._number, label=self._label)
        for _place, note in sorted(self._sheet.cell_note_map.items()):
            self._builder.hide(note.text)
            if self._builder.keep_hidden:
                self._builder.add(ElementKind.PARAGRAPH, note.text, page=self._number, label=self._label)

    def _row(self, row: int) -> tuple[list[tuple[int, str]], int, bool]:
        """What of a row is shown, by column; how many of these are numbers; whether all are bold."""
        cells: list[tuple[int, str]] = []
        numbers = bold = 0
        hidden = self._is_hidden or self._is_row_hidden(row)
        for column, cell in enumerate(self._sheet.row(row)):
            style = self._styles.of(cell.xf_index)
            text, is_number = _shown(cell, style)
            if not text or text.isspace():
                continue
            if hidden or column in self._hidden_columns or style.white or style.tiny or style.blank:
                self._builder.hide(text)
                if not self._builder.keep_hidden:
                    continue
            cells.append((column, " ".join(text.split())))
            numbers += is_number
            bold += style.bold
        return cells, numbers, 0 < bold == len(cells)

    def _is_row_hidden(self, row: int) -> bool:
        info = self._sheet.rowinfo_map.get(row)
        # Where a row has the default height, the one in its record means nothing.
        return info is not None and bool(info.hidden or (info.height == 0 and not info.has_default_height))


def _shown(cell: Any, style: CellStyle) -> tuple[str, bool]:
    """What the cell shows, and whether that is a number, a date or a truth value."""
    import xlrd

    if cell.ctype == xlrd.XL_CELL_TEXT:
        return cell.value, False
    if cell.ctype in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
        value = float(cell.value)
        if value != value or value in (float("inf"), float("-inf")):
            return "", False
        return style.shown(value) or (general(value) if style.blank else ""), True
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return "TRUE" if cell.value else "FALSE", True
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code.get(cell.value, "#ERROR"), False
    return "", False
