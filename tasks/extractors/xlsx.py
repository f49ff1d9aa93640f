"""Excel workbooks through openpyxl, streamed: one table a sheet, values instead of formulas."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from core.documents import Document, ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._builder import MAX_CHARACTERS, Builder
from tasks.extractors._ooxml import note_properties, opened
from tasks.extractors._tables import HEADER_LINES, markdown_table
from tasks.extractors.base import DEFAULT, Extractor, Reading

if TYPE_CHECKING:
    from openpyxl import Workbook


class XlsxExtractor(Extractor):
    """Sheets in order. A cell shows the value that was last calculated, a date in ISO 8601."""

    name = "xlsx"
    version = 2
    media_types = frozenset({"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Tables with the sheet's number as page and its name as label. Raises Unprocessable(CORRUPT, TOO_LARGE)."""
        from openpyxl.utils.exceptions import InvalidFileException

        builder = Builder()
        # openpyxl warns of styles and extensions that it leaves out; none of them bears text.
        # The file is opened by us, as openpyxl judges a path by its suffix and a snapshot has none.
        with warnings.catch_warnings(), opened(path, InvalidFileException), Path(path).open("rb") as file:
            warnings.simplefilter("ignore")
            for number, sheet in enumerate(_book(file).worksheets, 1):
                table = markdown_table(_rows(sheet))
                builder.add(ElementKind.TABLE, table, page=number, label=sheet.title, header_lines=HEADER_LINES)
        note_properties(path, builder)
        return builder.document(media_type, self.key)


def _book(file: IO[bytes]) -> Workbook:
    from openpyxl.reader.excel import ExcelReader

    class Reader(ExcelReader):
        def read_chartsheet(self, sheet: Any, rel: Any) -> None:
            with suppress(AttributeError):  # openpyxl 3.1 stumbles over one without a chart, after having added it
                super().read_chartsheet(sheet, rel)

    reader = Reader(file, read_only=True, data_only=True, keep_links=False)
    reader.read()
    return reader.wb


def _rows(sheet: Any) -> Iterator[list[str]]:
    """Rows with text, blank cells at their end cut off."""
    sheet.reset_dimensions()  # a sheet may claim a million columns; what it holds counts
    characters = 0
    for row in sheet.iter_rows(values_only=True):
        cells = [_text(value) for value in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            characters += sum(map(len, cells)) + len(cells)  # blank ones take time, if no room
            if characters > MAX_CHARACTERS:
                raise Unprocessable(Reason.TOO_LARGE, f"a sheet has more than {MAX_CHARACTERS:,} characters")
            yield cells


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if isinstance(value, dt.datetime):
        return (value.date() if value.time() == dt.time.min else value).isoformat()
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)
