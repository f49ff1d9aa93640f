"""Tables of odd shapes, as they come from spreadsheets."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from tasks.chunkers import StructureChunker
from tasks.extractors._tables import markdown_table
from tasks.extractors.read import read_document
from tests.tasks.chunkers.tokenizers import WordPiece


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ([["a", "b"], ["", "c"], ["d", ""], ["", ""]], ["| a | b |", "| --- | --- |", "|  | c |", "| d |"]),
        ([["a", "", "b"], ["c", "", "d"]], ["| a | b |", "| --- | --- |", "| c | d |"]),
        ([["Title"], ["", "a", "b"]], ["| Title |  |  |", "| --- | --- | --- |", "|  | a | b |"]),
        ([["x"] * 40, ["y", *[""] * 38, "z"]], ["| " + "x | " * 39 + "x |", "|" + " --- |" * 16, "| y | … | z |"]),
        ([["", " "]], [""]),
    ],
)
def test_only_cells_with_text_take_room(rows: list[list[str]], lines: list[str]) -> None:
    assert markdown_table(rows).split("\n") == lines
    assert markdown_table(iter(rows)).split("\n") == lines  # of which it is not known how many they are


def test_one_wide_row_widens_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [["id", "name"], *([str(row), f"item {row}"] for row in range(20_000)), [f"v{row}" for row in range(20_000)]]
    path.write_text("\n".join(map(",".join, rows)))
    text = read_document(str(path), path.name).elements[0].text
    assert len(text) < 3 * path.stat().st_size
    assert text.endswith("| v19998 | v19999 |")


def test_no_chunk_of_a_sparse_or_wide_sheet_is_without_words(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append([f"column {column}" for column in range(600)])
    for row in range(2, 600):
        book.active.cell(row, 1, f"row {row}")
        book.active.cell(row, row, row)
    diagonal = book.create_sheet()
    for row in range(1, 600):
        diagonal.cell(row, row, row)
    path = tmp_path / "a.xlsx"
    book.save(path)
    document = read_document(str(path), path.name)
    chunks = StructureChunker().chunk(document, WordPiece(additive=True))
    assert len(document.text) < 100_000
    assert all(any(map(str.isalnum, chunk.body)) for chunk in chunks)
