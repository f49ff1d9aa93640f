"""Delimited text."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from core.documents import Element, ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors.csv import CsvExtractor, sniff
from tasks.extractors.read import read_document
from tests.contracts.extractors import ExtractorContract


class TestCsvExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> CsvExtractor:
        return CsvExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        path = tmp_path / "flow.csv"
        path.write_bytes(b'Day;Litres;Note\r\n2024-02-29;"1,5";"a|b\r\nsecond"\r\n;;\r\n2024-03-01;2;\r\n')
        return path

    def test_one_table(self, sample: Path) -> None:
        assert read_document(str(sample), sample.name).elements == (
            Element(
                ElementKind.TABLE,
                "| Day | Litres | Note |\n| --- | --- | --- |\n| 2024-02-29 | 1,5 | a\\|b second |\n| 2024-03-01 | 2 |",
                header_lines=2,
            ),
        )


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found(delimiter: str) -> None:
    rows = [["name", "place, country", "value"], ["a", "Funchal, PT", "1"], ["b", "Porto, PT", "2"]]
    text = "\n".join(delimiter.join(f'"{cell}"' if "," in cell else cell for cell in row) for row in rows)
    assert sniff(text) == delimiter


@pytest.mark.parametrize(
    ("lines", "delimiter"),
    [
        (["a;b", *["1,5;2,5"] * 100], ";"),
        (["1,5;2,5"] * 3, ";"),
        (["name;addr", *["Ana;Rua A, 5, 3.º, Lisboa"] * 99], ";"),
        (["name, first;addr, city", *["Lima, Ana;Rua A, Lisboa"] * 3], ";"),
        (["id,note", "1,one; two", "2,three; four"], ","),
        (["1,one; two", "2,three; four"], ","),
        (["id|value", "1|2,5", "2|3,5"], "|"),
        (["a;b", "1,5;2,5", "1,5;2,5", "1,5;2,5", "1,5;2,5;"], ";"),
        (["only words, here", "and; there"], ","),
    ],
)
def test_the_delimiter_fits_header_and_rows(lines: list[str], delimiter: str) -> None:
    assert sniff("\n".join(lines)) == delimiter


def test_a_row_cut_by_the_sample_does_not_count() -> None:
    row = "1,5;" + "word " * 4_000 + ";end"
    assert sniff("\n".join(["a;b;c", *[row] * 6])) == ";"


def test_the_hint_that_excel_writes(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("sep=:\na:b\n1:2\n")
    assert read_document(str(path), path.name).elements[0].text == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_tab_separated(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("a,x\tb\n1\t2\n")
    assert read_document(str(path), path.name).elements[0].text == "| a,x | b |\n| --- | --- |\n| 1 | 2 |"


def test_rows_of_different_length(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1\n1,2,3\n")
    assert read_document(str(path), path.name).elements[0].text.split("\n") == [
        "| a | b |  |",
        "| --- | --- | --- |",
        "| 1 |",
        "| 1 | 2 | 3 |",
    ]


def test_only_delimiters_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(",,,\n,,,\n")
    with pytest.raises(Unprocessable) as caught:
        read_document(str(path), path.name)
    assert caught.value.reason is Reason.EMPTY


def test_many_short_rows_take_little_memory(tmp_path: Path) -> None:
    """As lists of cells they would take 35 times the file's size."""
    path = tmp_path / "a.csv"
    path.write_text("a,b,c\n" + "".join(f"{number},x,y\n" for number in range(3_000)))
    tracemalloc.start()
    try:
        CsvExtractor().extract(str(path), "text/csv")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 25 * path.stat().st_size
