"""Workbooks made by openpyxl."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import openpyxl
import pytest

from tasks.extractors.read import read_document
from tasks.extractors.xlsx import XlsxExtractor
from tests.contracts.extractors import ExtractorContract
from tests.tasks.extractors import make


class TestXlsxExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> XlsxExtractor:
        return XlsxExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        return make.xlsx(tmp_path / "flows.xlsx")

    def test_elements(self, sample: Path) -> None:
        document = read_document(str(sample), sample.name)
        assert [(e.page, e.label, e.header_lines, e.text.split("\n")) for e in document.elements] == [
            (
                1,
                "Flows",
                2,
                [
                    "| Day | Litres | Open |",
                    "| --- | --- | --- |",
                    "| 2024-02-29 | 1234.5 | TRUE |",
                    "| 2024-03-01T06:30:00 | 3 | FALSE |",
                ],
            ),
            (2, "Notes", 2, ["| Key | Value |", "| --- | --- |", "| a\\|b | line one line two |"]),
        ]


def test_the_value_last_calculated_stands_for_a_formula(tmp_path: Path) -> None:
    path = make.xlsx(tmp_path / "a.xlsx")
    _edit(path, "xl/worksheets/sheet1.xml", r"<f>SUM\(C2:C3\)</f><v\s*/?>(</v>)?", "<f>SUM(C2:C3)</f><v>1237.5</v>")
    assert "| 1237.5 |" in read_document(str(path), path.name).elements[0].text.split("\n")[-1].replace("|  |", "|")


def test_a_sheet_that_claims_all_columns_and_rows(tmp_path: Path) -> None:
    path = make.xlsx(tmp_path / "a.xlsx")
    before = read_document(str(path), path.name).elements
    _edit(path, "xl/worksheets/sheet1.xml", r'<dimension ref="[^"]*"', '<dimension ref="A1:XFD1048576"')
    assert read_document(str(path), path.name).elements == before


def test_a_chart_sheet_without_a_chart(tmp_path: Path) -> None:
    path = make.xlsx(tmp_path / "a.xlsx")
    before = read_document(str(path), path.name).elements
    book = openpyxl.load_workbook(path)
    book.create_chartsheet("Chart", 1)
    book.save(path)
    assert read_document(str(path), path.name).elements == before


def _edit(path: Path, part: str, pattern: str, replacement: str) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    text, count = re.subn(pattern, replacement, parts[part].decode())
    assert count == 1
    parts[part] = text.encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
