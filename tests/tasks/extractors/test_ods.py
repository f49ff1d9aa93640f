"""OpenDocument spreadsheets, written as XML."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.documents import HIDDEN_TEXT
from tasks.extractors.ods import OdsExtractor
from tasks.extractors.read import read_document
from tests.contracts.extractors import ExtractorContract
from tests.tasks.extractors import make


def cell(text: str, attributes: str = "") -> str:
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


def row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


DATE = 'office:value-type="date" office:date-value="2024-02-29T00:00:00"'
EIGHT = 'office:value-type="float" office:value="8"'
BODY = f"""
<table:table table:name="Flows"><table:table-column/><table:table-column table:visibility="collapse"/><table:table-column/>
{row(cell("Day"), cell("Key"), cell("Litres"))}
{row(cell("29 Feb", DATE), cell("k1"), cell("1,234.50", 'office:value-type="float" office:value="1234.5"'))}
{row(cell("30 Feb"), cell("k2"), cell("7"), attributes='table:visibility="collapse"')}
{row(cell("later"), cell("k3"), cell("8", EIGHT), attributes='table:number-rows-repeated="2"')}
{row('<table:table-cell table:number-columns-repeated="16384"/>', attributes='table:number-rows-repeated="1048000"')}
</table:table>
<table:table table:name="Gone" table:style-name="gone">{row(cell("secret"))}</table:table>
<table:table table:name="Notes">{row(cell("=cmd|' /C calc'!A0"), cell("b"))}{row(cell("c"), cell("d"))}</table:table>
"""
STYLES = '<style:style style:name="gone" style:family="table"><style:table-properties table:display="false"/></style:style>'


class TestOdsExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> OdsExtractor:
        return OdsExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        return make.odf(tmp_path / "flows.ods", "spreadsheet", BODY, STYLES)

    def test_elements(self, sample: Path) -> None:
        document = read_document(str(sample), sample.name)
        assert [(each.page, each.label, each.cells) for each in document.elements] == [
            (1, "Flows", [["Day", "Litres"], ["2024-02-29", "1,234.50"], ["later", "8"], ["later", "8"]]),
            (3, "Notes", [["=cmd|' /C calc'!A0", "b"], ["c", "d"]]),
        ]
        assert document.metadata[HIDDEN_TEXT] == str(len("Keyk130Febk27k3secret"))


def test_merged_cells_are_filled_and_what_repeats_is_bounded(tmp_path: Path) -> None:
    wide = '<table:table-cell table:number-columns-repeated="1000000000"/>'
    span = 'table:number-rows-spanned="2" table:number-columns-spanned="1"'
    rows = row(cell("Month"), cell("Hours")) + row(cell("March", span), cell("12"))
    rows += row("<table:covered-table-cell/>", cell("8")) + row(wide, attributes='table:number-rows-repeated="999999999999"')
    body = f'<table:table table:name="A">{rows}</table:table>'
    path = make.odf(tmp_path / "a.ods", "spreadsheet", body)
    assert read_document(str(path), path.name).elements[0].cells == [["Month", "Hours"], ["March", "12"], ["March", "8"]]


def test_rows_and_columns_without_size_and_letters_in_the_colour_of_their_cell_are_hidden(tmp_path: Path) -> None:
    styles = "".join(
        f'<style:style style:name="{name}" style:family="table-{family}"><style:table-{family}-properties {properties}/>'
        f"{more}</style:style>"
        for name, family, properties, more in (
            ("flat", "row", 'style:row-height="0cm"', ""),
            ("thin", "column", 'style:column-width="0in"', ""),
            ("same", "cell", 'fo:background-color="#112233"', '<style:text-properties fo:color="#112233"/>'),
            ("other", "cell", 'fo:background-color="#112233"', '<style:text-properties fo:color="#ffffff"/>'),
        )
    )
    rows = row(cell("a"), cell("hide"), cell("b")) + row(cell("hide"), attributes='table:style-name="flat"')
    rows += row(cell("c", 'table:style-name="other"'), cell(""), cell("hide", 'table:style-name="same"'))
    columns = '<table:table-column/><table:table-column table:style-name="thin"/><table:table-column/>'
    path = make.odf(tmp_path / "a.ods", "spreadsheet", f'<table:table table:name="S">{columns}{rows}</table:table>', styles)
    document = read_document(str(path), path.name)
    assert [word for word in document.text.split() if word.isalpha()] == ["a", "b", "c"]
    assert document.metadata[HIDDEN_TEXT] == "12"
