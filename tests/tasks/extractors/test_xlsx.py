"""Workbooks made by openpyxl."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from core.documents import HIDDEN_TEXT
from core.errors import Unprocessable
from core.reading import ReadingPolicy
from core.reasons import Reason
from tasks.extractors._sheets.xlsx_styles import shown_by
from tasks.extractors.base import Reading
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


def saved(path: Path, rows: list[list[Any]], change: Callable[[Any], object] = lambda sheet: None) -> Path:
    """A workbook of one sheet with these rows."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    change(book.active)
    book.save(path)
    return path


def shown(path: Path) -> list[Any]:
    """Cells of tables, texts of what else there is."""
    return [each.cells or each.text for each in read_document(str(path), path.name).elements]


def hidden(path: Path) -> str | None:
    return read_document(str(path), path.name).metadata.get(HIDDEN_TEXT)


def test_titles_and_notes_are_no_part_of_the_table(tmp_path: Path) -> None:
    table = [["Name", "Age", "Born", "Town"], ["Ana", 7, 2017, "Monte"], ["Rui", 9, 2015, "Faial"]]
    rows: list[list[Any]] = [["Lots of people"], ["cannot resist", None, "notes"], *table, ["the end"]]
    cells = [[str(value) for value in row] for row in table]
    assert shown(saved(tmp_path / "a.xlsx", rows)) == ["Lots of people", "cannot resist notes", cells, "the end"]


def test_a_first_row_with_a_blank_cell_leaves_the_header_with_its_table(tmp_path: Path) -> None:
    rows = [["answer", "what it is"], [None, "nothing"], [0, "a number"], ["yes", "a word"]]
    cells = [["answer", "what it is"], ["", "nothing"], ["0", "a number"], ["yes", "a word"]]
    assert shown(saved(tmp_path / "a.xlsx", rows)) == [cells]
    assert shown(saved(tmp_path / "b.xlsx", [["People of the valley"], *rows])) == ["People of the valley", cells]


def test_tables_apart_are_tables_apart(tmp_path: Path) -> None:
    rows = [["A", "B"], ["x", 1], [], ["C", "D"], ["y", 2], [], ["z", 3]]
    below = [[["A", "B"], ["x", "1"]], [["C", "D"], ["y", "2"], ["z", "3"]]]
    assert shown(saved(tmp_path / "a.xlsx", rows)) == below
    beside = [["A", "B", None, "C", "D"], ["x", 1, None, "y", 2], ["w", 2], ["v", 3]]
    assert shown(saved(tmp_path / "b.xlsx", beside)) == [
        [["A", "B"], ["x", "1"], ["w", "2"], ["v", "3"]],
        [["C", "D"], ["y", "2"]],
    ]


def test_merged_cells_are_filled(tmp_path: Path) -> None:
    rows = [["Report"], ["Month", "Crew", "Hours"], ["March", "four", 12], [None, "two", 8], ["April", "both", None]]

    def change(sheet: Any) -> None:
        for area in ("A1:C1", "A3:A4", "B5:C5"):
            sheet.merge_cells(area)

    assert shown(saved(tmp_path / "a.xlsx", rows, change)) == [
        "Report",
        [["Month", "Crew", "Hours"], ["March", "four", "12"], ["March", "two", "8"], ["April", "both", "both"]],
    ]


def test_what_a_reader_would_not_see_is_left_out_and_counted(tmp_path: Path) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Font, PatternFill

    rows = [["A", "B", "secret", "D"], [1, 2, 3, 4], ["row", "row", "row", "row"], ["white", "dark", 5, "none"], [7, 8, 9, 10]]

    def change(sheet: Any) -> None:
        sheet.column_dimensions["C"].hidden = True
        sheet.row_dimensions[3].hidden = True
        sheet["A4"].font = sheet["B4"].font = Font(color="FFFFFFFF")
        sheet["B4"].fill = PatternFill("solid", fgColor="FF000000")
        sheet["D4"].number_format = ";;;"
        sheet["D4"] = 77
        sheet["A1"].comment = Comment("why", "M. Keeper")
        for state in ("hidden", "veryHidden"):
            other = sheet.parent.create_sheet(state)
            other.append(["gone"])
            other.sheet_state = state

    path = saved(tmp_path / "a.xlsx", rows, change)
    assert shown(path) == [[["A", "B", "D"], ["1", "2", "4"], ["", "dark", ""], ["7", "8", "10"]]]
    assert hidden(path) == str(len("secret3" + "row" * 4 + "white5" + "77" + "9" + "why" + "gone" * 2))
    kept = read_document(str(path), path.name, Reading(ReadingPolicy(keep_hidden=True)))
    assert all(text in kept.text for text in ("secret", "row", "white", "77", "why", "gone"))
    assert [each.page for each in kept.elements][-1] == 3


def test_numbers_are_shown_as_their_format_shows_them(tmp_path: Path) -> None:
    formats = {"0.00%": 0.11691, "#,##0.00": 1234567.891, "[h]:mm:ss": 1.5, "General": 0.1 + 0.2, "# ?/?": 1.5}
    formats |= {"000-00-0000": 12345678, "(00) 0000-0000": 5512345678, r"000\.000\-00": 1234567890, "00-00": 1.5}
    formats['"$"#,##0.00_);("$"#,##0.00)'] = -5
    rows = [["format", "shown"], *([code, value] for code, value in formats.items())]

    def change(sheet: Any) -> None:
        for row, code in enumerate(formats, 2):
            sheet.cell(row, 2).number_format = code

    cells = shown(saved(tmp_path / "a.xlsx", rows, change))[0]
    shapes = ["012-34-5678", "(55) 1234-5678", "12345.678-90", "1.5"]
    assert [line[1] for line in cells[1:]] == ["11.69%", "1,234,567.89", "36:00:00", "0.3", "1.5", *shapes, "($5.00)"]


def test_formulas_that_were_never_calculated_are_told_of(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.xlsx", [["a", "b"], [1, "=A2+1"], [2, "=A3+1"]])
    assert read_document(str(path), path.name).warnings == ("sheet 1: formulas that were never calculated: 2",)
    _edit(path, "xl/worksheets/sheet1.xml", r"<f>A2\+1</f>(?:<v ?/>|<v></v>)", "<f>A2+1</f><v>2</v>")
    assert read_document(str(path), path.name).warnings == ("sheet 1: formulas that were never calculated: 1",)


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ([["Town", "2023", None], [None, "first", "second"], ["Funchal", 1, 2]], 3),
        ([["Town", "2023", None], ["Funchal", 1, 2]], 2),
        ([["Town", "2023", None], [None, "first", "second"], ["Funchal", "much", "more"]], 2),
    ],
)
def test_column_headings_in_two_rows(tmp_path: Path, rows: list[list[Any]], lines: int) -> None:
    path = saved(tmp_path / "a.xlsx", rows, lambda sheet: sheet.merge_cells("B1:C1"))
    assert [each.header_lines for each in read_document(str(path), path.name).elements] == [lines]


def test_a_format_of_a_megabyte_costs_no_time() -> None:
    assert shown_by("[" * 1_000_000 + "0", from_1904=False)(1234.5) == "1234.5"


def test_a_formula_that_was_meant_to_be_run_is_text(tmp_path: Path) -> None:
    def change(sheet: Any) -> None:
        sheet["A2"] = "=cmd|' /C calc'!A0"
        sheet["A2"].data_type = "s"

    path = saved(tmp_path / "a.xlsx", [["a", "b"], ["x", "y"]], change)
    assert shown(path) == [[["a", "b"], ["=cmd|' /C calc'!A0", "y"]]]


def test_a_merged_cell_that_covers_the_whole_sheet(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.xlsx", [["a", "b"], [1, 2]], lambda sheet: sheet.merge_cells("C3:D4"))
    _edit(path, "xl/worksheets/sheet1.xml", "C3:D4", "A1:XFD1048576")
    assert shown(path) == [[["a", "b"], ["1", "2"]]]


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.xlsx", [["a", "b"]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/worksheets/sheet9.xml", "w") as part:
        for _ in range(300):
            part.write(bytes(1 << 20))
    with pytest.raises(Unprocessable) as caught:
        read_document(str(path), path.name)
    assert caught.value.reason is Reason.BOMB


def test_a_damaged_sheet_costs_no_other(tmp_path: Path) -> None:
    path = make.xlsx(tmp_path / "a.xlsx")
    _edit(path, "xl/worksheets/sheet1.xml", "</sheetData>.*", "")
    document = read_document(str(path), path.name)
    assert {each.page for each in document.elements} == {1, 2}
    assert len(document.warnings) == 1
