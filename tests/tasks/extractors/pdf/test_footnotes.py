"""PDF: footnotes in columns are read after the text, so that a sentence runs on from one column to the next."""

from __future__ import annotations

from pathlib import Path

from core.documents import Document
from tasks.extractors.read import read_document
from tests.contracts.extractors import check
from tests.tasks.extractors import make
from tests.tasks.extractors.make import Text

DEMO = Path(__file__).resolve().parents[4] / "examples" / "library" / "english" / "americans-with-disabilities-2010.pdf"
FIRST = [
    "Water is led along the slope by a channel",
    "that peasants cut into the rock, and every",
    "morning they open the sluices1 of those",
]
SECOND = ["fields whose turn it is, as the judge has", "written down. In the evening the sluices", "are closed.2"]
NOTE = ["1 In the north they are made of wood,", "in the south of stone."]
LAST_NOTE = ["2 Since 1903, when the hours were laid", "down."]


def column(x: float, y: float, lines: list[str], size: float = 10) -> list[Text]:
    return [Text(line, x, y - 1.2 * size * number, size=size) for number, line in enumerate(lines)]


def read(path: Path) -> Document:
    document = read_document(str(path), path.name)
    check(document)
    return document


def texts(tmp_path: Path, *columns: list[Text]) -> list[str]:
    page = [line for one in columns for line in one]
    return [element.text for element in read(make.pdf(tmp_path / "a.pdf", [page])).elements]


def test_a_sentence_runs_on_past_the_notes_of_its_column(tmp_path: Path) -> None:
    below = column(60, 500, ["What stands below both columns comes after the notes of both of them, as on the page itself."])
    assert texts(
        tmp_path,
        *(column(60, 700, FIRST), column(60, 640, NOTE, size=8)),
        *(column(310, 700, SECOND), column(310, 640, LAST_NOTE, size=8)),
        below,
    ) == [" ".join(FIRST + SECOND), " ".join(NOTE), " ".join(LAST_NOTE), below[0].text]


def test_notes_that_go_on_from_the_page_before_have_no_mark(tmp_path: Path) -> None:
    rest = ["as has been written elsewhere of other", "valleys and their channels."]
    found = texts(tmp_path, column(60, 700, FIRST), column(60, 640, rest, size=8), column(310, 700, SECOND))
    assert found == [" ".join(FIRST + SECOND), " ".join(rest)]


def test_a_number_in_a_sentence_begins_no_paragraph_in_the_next_column(tmp_path: Path) -> None:
    first = ["The channel was cut into the rock by the", "people of the valley, and it waters some"]
    second = ["1,200 fields of the parish, each for", "half an hour."]
    assert texts(tmp_path, column(60, 700, first), column(310, 700, second)) == [" ".join(first + second)]
    heading = ["3 Fields of the parish"]
    assert texts(tmp_path, column(60, 700, first), column(310, 700, heading))[-1] == heading[0]


def test_a_list_of_references_stays_under_its_heading(tmp_path: Path) -> None:
    entries = [f"{number} Author, A. On the channels of the valley." for number in range(1, 7)]
    heading = column(60, 640, ["References of this work"])
    found = texts(
        tmp_path, column(60, 700, FIRST), heading, column(60, 620, entries[:3], size=8), column(310, 700, entries[3:], size=8)
    )
    at = found.index(heading[0].text)
    assert " ".join(found[at + 1 :]).startswith(entries[0])
    assert [text for text in entries if text in " ".join(found)] == entries


def test_in_a_report_of_three_columns() -> None:
    found = [element.text for element in read(DEMO).elements]
    text = "\n".join(found)
    assert "Approximately 56.7 million people (18.7 percent) of the 303.9 million in the civilian noninstitutionalized" in text
    assert "disability rates for 2010 and 2005, for males and females, and for different race and Hispanic origin" in text
    places = [
        next(place for place, one in enumerate(found) if one.startswith(start))
        for start in ("About 12.3", "8 S2601A", "9 The", "10 For", "Table 1.")
    ]
    assert places == sorted(places)
