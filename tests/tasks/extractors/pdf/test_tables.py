"""Tables of pages that the tests draw, and cells of real files."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pypdfium2
import pytest

from core.documents import ElementKind
from tasks.extractors._pdf.read_page import read_page
from tasks.extractors._pdf.tables import Table, tables
from tasks.extractors.pdf import PdfExtractor
from tests.tasks.extractors.pdf.draw import Drawing

SHARED = Path(__file__).resolve().parents[4] / ".." / "shared" / "data" / "pdf-truth"
PROSE = (
    "The water of the north side is carried to the terraces of the south in open",
    "channels that follow the contour of the slope for many miles, through tunnels",
    "and along cliffs, and each field has the right to it for some hours in a week,",
    "which a warden keeps count of. Nobody has ever found a better way of sharing it.",
)


def tables_of(path: Path, page: int = 1) -> list[Table]:
    with closing(pypdfium2.PdfDocument(path)) as pdf:
        return tables(read_page(pdf, page - 1))


@pytest.fixture
def draw() -> Drawing:
    return Drawing()


@pytest.fixture
def real() -> Path:
    if not SHARED.is_dir():
        pytest.skip(f"the real files are not here: {SHARED}")
    return SHARED


def test_a_full_lattice(draw: Drawing, tmp_path: Path) -> None:
    draw.lattice([70, 200, 300, 400], [100, 120, 140, 160])
    for y, row in (
        (115, ["Levada", "Length", "Built"]),
        (135, ["do Norte", "60 km", "1952"]),
        (155, ["dos Tornos", "16 km", "1966"]),
    ):
        draw.row(y, list(zip((75, 205, 305), row, strict=True)))
    (table,) = tables_of(draw.save(tmp_path / "a.pdf"))
    assert table.rows == [["Levada", "Length", "Built"], ["do Norte", "60 km", "1952"], ["dos Tornos", "16 km", "1966"]]
    assert table.box == pytest.approx((70, 100, 400, 160), abs=2)


def test_cells_that_span_columns_and_rows_are_repeated(draw: Drawing, tmp_path: Path) -> None:
    for y, start in ((100, 70), (120, 200), (140, 70), (160, 70)):
        draw.line(start, y, 400, y)
    for x, top in ((70, 100), (200, 100), (300, 120), (400, 100)):
        draw.line(x, top, x, 160)
    draw.text(75, 125, "Valley")
    draw.text(300, 115, "Flow", flush="middle")
    draw.row(135, [(205, "2023"), (305, "2024")])
    draw.row(155, [(75, "Janela"), (205, "3.5"), (305, "4.1")])
    (table,) = tables_of(draw.save(tmp_path / "a.pdf"))
    assert table.rows == [["Valley", "Flow", "Flow"], ["Valley", "2023", "2024"], ["Janela", "3.5", "4.1"]]


def test_several_lines_in_a_ruled_cell_are_one_text(draw: Drawing, tmp_path: Path) -> None:
    draw.lattice([70, 200, 400], [100, 120, 150, 170])
    draw.row(115, [(75, "Task"), (205, "Who")])
    draw.row(131, [(75, "Cleaning of the"), (205, "The warden, with the")])
    draw.row(144, [(75, "upper channel"), (205, "help of two others")])
    draw.row(165, [(75, "Counting"), (205, "The warden")])
    (table,) = tables_of(draw.save(tmp_path / "a.pdf"))
    assert table.rows[1] == ["Cleaning of the upper channel", "The warden, with the help of two others"]
    assert len(table.rows) == 3


def test_shaded_cells_without_lines(draw: Drawing, tmp_path: Path) -> None:
    rows = [["Month", "Rain"], ["January", "103"], ["February", "87"], ["March", "64"]]
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            left, top = 70 + 120 * column, 100 + 20 * number
            draw.shade(left, top, left + 118, top + 18)
            draw.text(left + 5, top + 13, text)
    (table,) = tables_of(draw.save(tmp_path / "a.pdf"))
    assert table.rows == rows


def test_horizontal_lines_alone_with_headings_over_short_lines(draw: Drawing, tmp_path: Path) -> None:
    for y in (100, 136, 184):
        draw.line(70, y, 480, y)
    draw.line(210, 118, 345, 118)
    draw.line(350, 118, 480, 118)
    draw.text(275, 113, "Summer", flush="middle")
    draw.text(410, 113, "Winter", flush="middle")
    edges = (75, 265, 335, 400, 470)
    for y, row in ((131, ["Field", "Mean", "Most", "Mean", "Most"]), (150, ["Upper", "1.5", "2.5", "3.5", "4.5"])):
        draw.row(y, list(zip(edges, row, strict=True)), flush="right")
    for y, row in ((164, ["Middle", "1.7", "2.7", "3.7", "4.7"]), (178, ["Lower", "1.9", "2.9", "3.9", "4.9"])):
        draw.row(y, list(zip(edges, row, strict=True)), flush="right")
    draw.text(70, 92, "Table 1. Hours of water")
    draw.text(70, 200, "Source: the wardens' books.")
    path = draw.save(tmp_path / "a.pdf")
    (table,) = tables_of(path)
    assert table.rows == [
        ["", "Summer", "Summer", "Winter", "Winter"],
        ["Field", "Mean", "Most", "Mean", "Most"],
        ["Upper", "1.5", "2.5", "3.5", "4.5"],
        ["Middle", "1.7", "2.7", "3.7", "4.7"],
        ["Lower", "1.9", "2.9", "3.9", "4.9"],
    ]
    elements = PdfExtractor().extract(str(path), "application/pdf").elements
    (element,) = (element for element in elements if element.kind is ElementKind.TABLE)
    assert element.cells == table.rows
    assert element.text.split("\n")[: element.header_lines][-1] == "| Field | Mean | Most | Mean | Most |"
    assert any("Table 1. Hours of water" in element.text for element in elements)


def test_no_lines_at_all(draw: Drawing, tmp_path: Path) -> None:
    for number, line in enumerate(PROSE):
        draw.text(70, 60 + 13 * number, line)
    rows = [
        ["Owner", "Shares", "Paid"],
        ["Freitas", "12", "$ 240.00"],
        ["Gouveia", "7", "$ 140.00"],
        ["Heirs of Nóbrega", "131", "$ 2,620.00"],
        ["Perestrelo", "1", "$ 20.00"],
    ]
    for number, row in enumerate(rows):
        draw.row(150 + 14 * number, list(zip((70, 300, 400), row, strict=True)), flush="right")
    for number, line in enumerate(PROSE):
        draw.text(70, 250 + 13 * number, line)
    (table,) = tables_of(draw.save(tmp_path / "a.pdf"))
    assert table.rows == rows


def test_a_long_label_does_not_swallow_the_value_below_its_end(draw: Drawing, tmp_path: Path) -> None:
    for y in (100, 115, 131, 156, 170):
        draw.line(60, y, 520, y)
    draw.row(112, [(65, "Litres"), (330, "2021"), (500, "2022")], flush="right")
    draw.row(128, [(65, "Upper village"), (330, "1,400"), (500, "1,700")], flush="right")
    draw.text(65, 142, "Lower village, with the gardens of the school and of the church")
    draw.row(153, [(65, "and those of the mill"), (330, "2,300"), (500, "3,100")], flush="right")
    draw.row(167, [(65, "Both"), (330, "3,700"), (500, "4,800")], flush="right")
    (table,) = tables_of(draw.save(tmp_path / "a.pdf"))
    label = "Lower village, with the gardens of the school and of the church and those of the mill"
    assert [label, "2,300", "3,100"] in table.rows


def test_signs_in_columns_of_their_own_go_with_their_numbers(draw: Drawing, tmp_path: Path) -> None:
    for number, (name, amount, share) in enumerate([("Dues", "1,240", "62"), ("Fines", "160", "8"), ("Gifts", "600", "30")]):
        y = 100 + 14 * number
        draw.text(70, y, name)
        draw.text(240, y, "$")
        draw.text(320, y, amount, flush="right")
        draw.text(400, y, share, flush="right")
        draw.text(410, y, "%")
    (table,) = tables_of(draw.save(tmp_path / "a.pdf"))
    assert table.rows == [["Dues", "$ 1,240", "62 %"], ["Fines", "$ 160", "8 %"], ["Gifts", "$ 600", "30 %"]]


def test_leader_dots_are_no_text(draw: Drawing, tmp_path: Path) -> None:
    for number, (name, first, second) in enumerate([("Men", "210", "198"), ("Women", "230", "244"), ("Children", "77", "81")]):
        draw.text(70, 100 + 14 * number, name + " ." * (40 - len(name)))
        draw.text(380, 100 + 14 * number, first, flush="right")
        draw.text(450, 100 + 14 * number, second, flush="right")
    (table,) = tables_of(draw.save(tmp_path / "a.pdf"))
    assert table.rows == [["Men", "210", "198"], ["Women", "230", "244"], ["Children", "77", "81"]]


def test_dots_alone_stand_for_no_value(draw: Drawing, tmp_path: Path) -> None:
    rows = [["Men", "210", "..."], ["Women", "...", "244"], ["Children", "77", "."]]
    for number, row in enumerate(rows):
        draw.row(100 + 14 * number, list(zip((70, 380, 450), row, strict=True)), flush="right")
    (table,) = tables_of(draw.save(tmp_path / "a.pdf"))
    assert table.rows == rows


def test_text_that_runs_upwards_stays_in_its_cell(draw: Drawing, tmp_path: Path) -> None:
    draw.lattice([70, 200, 260, 320], [100, 150, 170, 190])
    draw.text(240, 145, "Summer", turned=True)
    draw.text(300, 145, "Winter", turned=True)
    draw.row(165, [(75, "Upper field"), (205, "3.5"), (265, "4.5")])
    draw.row(185, [(75, "Lower field"), (205, "3.7"), (265, "4.7")])
    (table,) = tables_of(draw.save(tmp_path / "a.pdf"))
    assert table.rows == [["", "Summer", "Winter"], ["Upper field", "3.5", "4.5"], ["Lower field", "3.7", "4.7"]]


def test_prose_in_two_columns_is_no_table(draw: Drawing, tmp_path: Path) -> None:
    for number in range(24):
        line = PROSE[number % 4]
        draw.text(60, 100 + 12 * number, line[:44], size=9)
        draw.text(310, 100 + 12 * number, line[20:64], size=9)
    assert tables_of(draw.save(tmp_path / "a.pdf")) == []


def test_a_framed_text_is_no_table(draw: Drawing, tmp_path: Path) -> None:
    draw.lattice([60, 520], [80, 160])
    for number, line in enumerate(PROSE):
        draw.text(70, 100 + 13 * number, line)
    assert tables_of(draw.save(tmp_path / "a.pdf")) == []


def test_a_list_and_a_table_of_contents_are_no_tables(draw: Drawing, tmp_path: Path) -> None:
    for number, item in enumerate(["Clear the channel", "Open the gate", "Close the gate", "Write it down"]):
        draw.text(70, 100 + 14 * number, f"{number + 1}.")
        draw.text(100, 100 + 14 * number, item)
    for number, (title, page) in enumerate([("Water", 3), ("Stone and lime", 17), ("The wardens", 31), ("Rights", 58)]):
        draw.text(70, 300 + 14 * number, title + " ." * (50 - len(title)))
        draw.text(500, 300 + 14 * number, str(page), flush="right")
    assert tables_of(draw.save(tmp_path / "a.pdf")) == []


def test_a_chart_with_a_grid_is_no_table(draw: Drawing, tmp_path: Path) -> None:
    draw.lattice([100, 150, 200, 250, 300, 350], [100, 130, 160, 190, 220])
    for number, y in enumerate((100, 130, 160, 190, 220)):
        draw.text(90, y + 3, str(40 - 10 * number), flush="right", size=8)
    for number, x in enumerate((100, 150, 200, 250, 300, 350)):
        draw.text(x, 232, str(2019 + number), flush="middle", size=8)
    draw.text(175, 145, "Flow", size=8)
    assert tables_of(draw.save(tmp_path / "a.pdf")) == []


@pytest.mark.parametrize("crossing", [True, False], ids=["crossing", "parallel"])
def test_a_drawing_of_very_many_lines_is_no_table(draw: Drawing, tmp_path: Path, crossing: bool) -> None:
    for number in range(4000):
        draw.line(50, 50 + number / 6, 500, 50 + number / 6)
        if crossing:
            draw.line(50 + number / 10, 50, 50 + number / 10, 700)
    draw.text(70, 60, "Engraving of the upper channel")
    assert tables_of(draw.save(tmp_path / "a.pdf")) == []


def test_cells_of_real_files(real: Path) -> None:
    path = real / "icdar2013-tables" / "competition-dataset-us"
    (disability,) = tables_of(path / "us-001.pdf", 1)
    assert disability.rows[0][:6] == ["Category", "2005", "2005", "2005", "2005", "2010"]
    assert disability.rows[1][:5] == ["Category", "Number", "Margin of error (±)", "Percent", "Margin of error (±)"]
    assert ["Severe disability", "34,947", "601", "12.0", "0.2"] in [row[:5] for row in disability.rows]
    first, second = tables_of(path / "us-021.pdf", 2)
    assert first.rows[-1][0] == "Examine and evaluate content, language, and textual elements"
    assert second.rows == [
        ["Item Format", "Number of items", "Percent of items"],
        ["Total", "135", "100"],
        ["Multiple choice", "74", "55"],
        ["Constructed response", "61", "45"],
    ]


def test_spans_of_a_real_lattice(real: Path) -> None:
    path = real / "icdar2013-tables" / "competition-dataset-eu" / "eu-009a.pdf"
    (table,) = tables_of(path)
    assert table.rows[0] == ["Assignment Categories"] * 4
    assert table.rows[1] == ["JASPERS Categories"] * 2 + ["EV Categories"] * 2
    assert [row[0] for row in table.rows[3:]] == ["1", "", "2", "", "3", ""]


def test_every_word_in_a_tables_box_is_in_its_rows(real: Path) -> None:
    for path in sorted((real / "icdar2013-tables").glob("*/*.pdf"))[:12]:
        with closing(pypdfium2.PdfDocument(path)) as pdf:
            for index in range(len(pdf)):
                page = read_page(pdf, index)
                for table in tables(page):
                    text = "".join("".join(cell for row in table.rows for cell in row).split())
                    left, top, right, bottom = table.box
                    for word in page.words:
                        inside = left < (word.left + word.right) / 2 < right and top < (word.top + word.bottom) / 2 < bottom
                        if inside and not word.hidden and set(word.text) - set("._-"):
                            assert word.text.rstrip(".") in text, (path.name, index + 1, word.text)
