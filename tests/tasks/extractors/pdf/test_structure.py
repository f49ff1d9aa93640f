"""PDF: what is a heading, a caption, an entry of a table of contents, an item of a list."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.documents import Document
from tasks.extractors._pdf.captions import is_caption
from tasks.extractors._pdf.cjk import without_tracking
from tasks.extractors._pdf.hyphens import Vocabulary
from tasks.extractors.read import read_document
from tests.contracts.extractors import check
from tests.tasks.extractors import make
from tests.tasks.extractors.make import Text
from tests.tasks.extractors.pdf.draw import Drawing

BODY = [Text(f"Body text of line {n} which runs on and on and does not end", 72, 500 - 12 * n, size=10) for n in range(9)]


def read(path: Path) -> Document:
    document = read_document(str(path), path.name)
    check(document)
    return document


def kinds(tmp_path: Path, *pages: list[Text]) -> list[tuple[str, str]]:
    return [(e.kind.value, e.text) for e in read(make.pdf(tmp_path / "a.pdf", list(pages))).elements]


@pytest.mark.parametrize(
    "text",
    [
        "Figure 3: Flow",
        "Table ES-3 Criteria for Mercury",
        "Table 2",
        "Abb. 4.2: Ein Ring",
        "Figure 14 (until July)",
        "TABLE 5J : Area",
    ],
)
def test_captions(text: str) -> None:
    assert is_caption(text)


@pytest.mark.parametrize(
    "text",
    [
        "Table 2 shows that it grew",
        "Figure 2 (left) shows a ring",
        "Exhibit 31.1",
        "Table 1 Growth fell.",
        "Tableland 4",
        "Map a route",
    ],
)
def test_no_captions(text: str) -> None:
    assert not is_caption(text)


def test_large_titles_of_tables_and_figures_are_captions_with_their_labels(tmp_path: Path) -> None:
    found = kinds(
        tmp_path,
        [
            Text("A heading", 72, 800, size=16),
            *BODY,
            Text("Table 4 Litres by Village", 72, 360, size=18),
            Text("Flow by month and by hour of the day", 72, 301, size=16, bold=True),
            Text("Source: the book of the keepers", 72, 250, size=16),
            Text("Figure 2", 72, 320, size=10),
        ],
    )
    assert [kind for kind, text in found if kind == "heading"] == ["heading"]
    assert ("caption", "Table 4 Litres by Village") in found
    assert ("caption", "Figure 2 Flow by month and by hour of the day") in found
    assert found[-1][0] == "paragraph"


def test_a_label_over_a_document_stays_where_it_is(tmp_path: Path) -> None:
    found = kinds(tmp_path, [Text("Exhibit 31.1", 72, 800, bold=True), Text("Certification", 72, 786, size=18), *BODY])
    assert ("heading", "Certification") in found


def test_entries_of_a_table_of_contents_stand_by_themselves(tmp_path: Path) -> None:
    entries = [
        ("1 Channels", 3),
        ("2 Gates that divide the water of", None),
        ("several fields", 14),
        ("3 Basins", 21),
        ("4 Keepers", 33),
        ("5 Hours", 41),
    ]
    lines = [
        Text(text + (" . . . . . . . . . . " + str(page) if page else ""), 72, 700 - 12 * row)
        for row, (text, page) in enumerate(entries)
    ]
    found = kinds(tmp_path, [Text("Contents", 72, 730, size=18), *lines], BODY)
    assert found[1:6] == [
        ("paragraph", "1 Channels 3"),
        ("paragraph", "2 Gates that divide the water of several fields 14"),
        ("paragraph", "3 Basins 21"),
        ("paragraph", "4 Keepers 33"),
        ("paragraph", "5 Hours 41"),
    ]


def test_a_list_item_ends_where_the_next_line_leaves_its_indent(tmp_path: Path) -> None:
    lines = [
        ("Before the list there is a line of text that is as wide as those", 72),
        ("- gates divide the water among the fields of a village, and", 90),
        ("  they are opened by the keeper.", 97),
        ("After the list the text goes on where it began and is wide again", 72),
    ]
    found = kinds(tmp_path, [Text(text, x, 700 - 12 * row) for row, (text, x) in enumerate(lines)])
    assert found[1:] == [
        ("list_item", "gates divide the water among the fields of a village, and they are opened by the keeper."),
        ("paragraph", lines[3][0]),
    ]


def test_a_list_item_that_begins_with_an_indent_goes_on_at_the_margin(tmp_path: Path) -> None:
    lines = [
        ("(1) gates divide the water among all the fields of one village.", 90),
        ("They are opened by the keeper, who has a book in which the hours", 72),
        ("of every field are written down.", 72),
    ]
    assert len(kinds(tmp_path, [Text(text, x, 700 - 12 * row) for row, (text, x) in enumerate(lines)])) == 1


def test_type_in_which_more_text_runs_than_headings_heads_nothing(tmp_path: Path) -> None:
    agreement = [
        Text(f"An agreement in large type has a line {n} of this sort, which is no heading", 72, 700 - 16 * n, size=14)
        for n in range(7)
    ]
    short = Text("Short, but as large", 72, 560, size=14)
    found = kinds(
        tmp_path, [*agreement, short], *[[Text(line.text, line.x, line.y + 250, size=10) for line in BODY] for _ in range(4)]
    )
    assert "heading" not in {kind for kind, _ in found}


def test_notes_below_a_table_that_a_rule_of_the_page_closes_are_not_in_it(tmp_path: Path) -> None:
    drawing = Drawing()
    for y in (100, 115, 160, 230):
        drawing.line(60, y, 520, y)
    for y, cells in (
        (112, ["Litres", "2021", "2022"]),
        (128, ["Upper village", "14", "17"]),
        (143, ["Lower village", "23", "31"]),
    ):
        drawing.row(y, [(65, cells[0]), (330, cells[1]), (500, cells[2])], flush="right")
    drawing.text(65, 190, "See the notes of the keepers.")
    drawing.text(280, 226, "39")
    elements = read(drawing.save(tmp_path / "a.pdf")).elements
    assert [e.kind.value for e in elements[:2]] == ["table", "paragraph"]
    assert elements[0].cells[-1] == ["Lower village", "23", "31"]
    assert elements[1].text == "See the notes of the keepers."


def test_words_broken_in_a_cell_are_mended(tmp_path: Path) -> None:
    drawing = Drawing()
    drawing.lattice([60, 160, 300], [100, 130, 160, 190])
    for row, (left, right) in enumerate([("Name", "Use"), ("Gate", "divides irriga-"), ("Basin", "light- and heavy-")]):
        drawing.row(112 + 30 * row, [(65, left), (165, right)])
    drawing.text(165, 154, "tion water, heavy or not")
    drawing.text(165, 184, "duty, or a duty")
    (table,) = read(drawing.save(tmp_path / "a.pdf")).elements
    assert table.cells[1:] == [
        ["Gate", "divides irrigation water, heavy or not"],
        ["Basin", "light- and heavy-duty, or a duty"],
    ]


def test_halves_of_broken_words_are_no_words_of_the_document(tmp_path: Path) -> None:
    lines = [
        "Under the hill there was an under-",
        "standing that no field would be left with low-",
        "margin crops, and all was under water.",
    ]
    ((_, text),) = kinds(tmp_path, [Text(line, 72, 700 - 12 * n) for n, line in enumerate(lines)])
    assert "an understanding that" in text
    assert "low-margin crops" in text


def test_chinese_and_japanese_have_no_spaces_between_letters_set_apart_or_lines() -> None:
    assert without_tracking("关 于 红 军 作 战 的 原 则") == "关于红军作战的原则"
    assert without_tracking("第 3 章 GPU を 使う") == "第 3 章 GPU を 使う"
    assert Vocabulary().joined("水は村の", "間で分けられる。") == "水は村の間で分けられる。"
    assert Vocabulary().joined("물은 마을", "사이에서") == "물은 마을 사이에서"
