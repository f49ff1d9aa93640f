"""RTF, written here: characters, groups, tables, lists, and what a reader would not see."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.documents import Document, ElementKind
from core.errors import Unprocessable
from core.reading import ReadingPolicy
from core.reasons import Reason
from tasks.extractors.base import DEFAULT, Reading
from tasks.extractors.read import read_document
from tasks.extractors.rtf import RtfExtractor
from tests.contracts.extractors import ExtractorContract

REPORT = rb"""{\rtf1\ansi\ansicpg1252\deff0
{\fonttbl{\f0\froman\fcharset0 Times;}{\f1\fswiss\fcharset204 Arial;}{\f2\fnil\fcharset128 MS Mincho;}{\f3\fcharset2 Symbol;}}
{\colortbl;\red255\green255\blue255;\red200\green0\blue0;}
{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 heading 1;}{\s2 heading 2;}{\*\cs10 Default Font;}{\s5 Body{\*\keycode x};}}
{\info{\title Annual Water Report}{\author M. Keeper}{\creatim\yr2024\mo2\dy29\hr10}{\*\company None}}
{\header\pard Running header\par}
\pard\plain\s1 Water in the Hills\par
\pard\plain A channel follows {\b the contour} of the hill,
 so that water flows.{\footnote\pard\plain\chftn  By its own weight.}\par
\pard\plain\s2 Tools\par
{\pntext\f3\'b7\tab}{\*\pn\pnlvlblt\pnf3{\pntxtb\'b7}}\pard a spade\par
\pard\ls1{\listtext 2.\tab}a broom\par
\trowd\cellx3000\cellx6000\pard\intbl Month\cell Hours\cell\row
\trowd\clvmgf\cellx3000\cellx6000\pard\intbl March\cell 12\cell\row
\trowd\clvmrg\cellx3000\cellx6000\pard\intbl\cell 8\cell\row
\trowd\cellx6000\pard\intbl Both of them\cell\row
\pard The end.\par}"""


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "report.rtf"
    path.write_bytes(REPORT)
    return path


class TestRtfContract(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> RtfExtractor:
        return RtfExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        path = tmp_path / "report.rtf"
        path.write_bytes(REPORT)
        return path


def read(path: Path, body: bytes, reading: Reading = DEFAULT) -> Document:
    path.write_bytes(b"{\\rtf1\\ansi " + body + b"}")
    return read_document(str(path), "a.rtf", reading)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.rtf"


def test_a_document_in_order(sample: Path) -> None:
    document = read_document(str(sample), sample.name)
    assert [(e.kind, e.level, e.text) for e in document.elements if e.kind is not ElementKind.TABLE] == [
        (ElementKind.HEADING, 1, "Water in the Hills"),
        (ElementKind.PARAGRAPH, None, "A channel follows the contour of the hill, so that water flows."),
        (ElementKind.PARAGRAPH, None, "By its own weight."),
        (ElementKind.HEADING, 2, "Tools"),
        (ElementKind.LIST_ITEM, None, "a spade"),
        (ElementKind.LIST_ITEM, None, "2. a broom"),
        (ElementKind.PARAGRAPH, None, "The end."),
    ]
    assert document.title == "Annual Water Report"
    assert document.metadata == {"author": "M. Keeper", "date": "2024-02-29"}
    assert "Running header" not in document.text


def test_a_table_with_cells_over_rows_and_columns(sample: Path) -> None:
    document = read_document(str(sample), sample.name)
    table = next(element for element in document.elements if element.kind is ElementKind.TABLE)
    assert table.cells == [["Month", "Hours"], ["March", "12"], ["March", "8"], ["Both of them", "Both of them"]]


def test_a_table_in_a_cell_is_text_there(path: Path) -> None:
    inner = rb"\pard\intbl\itap2 one\nestcell two\nestcell{\*\nesttableprops\trowd\cellx1\cellx2\nestrow}"
    document = read(path, rb"\trowd\cellx3000\cellx6000" + inner + rb"\pard\intbl\itap1\cell right\cell\row")
    assert document.elements[0].text.split("\n")[0] == "| one, two | right |"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (rb"caf\'e9", "café"),
        (rb"\ansicpg1250 za\'bf\'f3\'b3\'e6", "zażółć"),
        (rb"{\fonttbl{\f1\fcharset204 A;}}\f1 \'cf\'f0\'e8", "При"),
        (rb"{\fonttbl{\f1\fcharset128 A;}}\f1 \'83A\'83\'43", "アイ"),
        (rb"{\fonttbl{\f1\fcharset2 Symbol;}}{\f1 a\'b3} b", "α≥ b"),
        (rb"\u8364?5 \uc2\u8364\'e2\'82 6 \uc0\u8364 7", "€5 € 6 €7"),
        (rb"\u-10179?\u-8704?!", "\U0001f600!"),
        (rb"{\uc1\u233\'65}t\u233 et", "étét"),
        (rb"a\~b\_c\-d \emdash \{x\} \ldblquote q\rdblquote", "a b\u2011cd \u2014{x} \u201cq\u201d"),
        (rb"{\upr{wrong}{\*\ud{r\u237?ght}}}", "ríght"),
        (b"one\\\ntwo", "one\n\ntwo"),
        (b"bro\r\nken", "broken"),
        (rb"{\field{\*\fldinst{HYPERLINK http://x}}{\fldrslt link}}", "link"),
        (rb"{\pict\pngblip 89504e47}{\*\unknown what}{\object{\*\objdata 00}{\result shown}}", "shown"),
        (rb"a\bin5 {{{{}b", "ab"),
        (rb"{\shp{\*\shpinst{\sp{\sn x}{\sv y}}{\shptxt In a box\par}}{\shprslt twice}}Out\par", "Out\n\nIn a box"),
    ],
)
def test_characters_and_destinations(path: Path, body: bytes, text: str) -> None:
    assert read(path, body).text == text


@pytest.mark.parametrize(
    "body",
    [
        rb"{\v secret}",
        rb"{\deleted secret}",
        rb"{\fs2 secret}",
        rb"{\colortbl;\red255\green255\blue255;}{\cf1 secret}",
        rb"{\*\atnid M}{\*\annotation\pard\plain secret}",
    ],
)
def test_what_a_reader_would_not_see_is_counted(path: Path, body: bytes) -> None:
    document = read(path, body + rb" Seen.\par")
    assert document.text == "Seen."
    assert document.metadata == {"hidden_text": "6"}
    kept = read(path, body + rb" Seen.\par", Reading(ReadingPolicy(keep_hidden=True)))
    assert "secret" in kept.text
    assert kept.metadata == {"hidden_text": "6"}


def test_white_letters_on_a_ground_of_their_own_are_seen(path: Path) -> None:
    colours = rb"{\colortbl;\red255\green255\blue255;\red0\green0\blue99;}"
    row = rb"\trowd\clcbpat2\cellx3000\clcbpat2\cellx6000\pard\intbl\cf1 Month\cell Hours\cell\row\pard "
    document = read(path, colours + row + rb"{\cf1\chcbpat2 Letters}{\cf1\highlight2  too}\par")
    assert document.elements[0].cells == [["Month", "Hours"]]
    assert document.elements[1].text == "Letters too"
    assert document.metadata == {}


def test_what_is_cut_off_is_read_as_far_as_it_goes(path: Path) -> None:
    path.write_bytes(REPORT[: REPORT.index(b"The end") + 5])
    document = read_document(str(path), path.name)
    assert document.elements[-1].text == "The e"
    assert document.warnings


def test_groups_without_end_are_refused_and_deep_ones_are_not(path: Path) -> None:
    assert read(path, b"{" * 5000 + b"deep" + b"}" * 5000).text == "deep"
    with pytest.raises(Unprocessable) as caught:
        read(path, b"{" * 1_000_000)
    assert caught.value.reason is Reason.CORRUPT


def test_parts_of_a_file_under_its_name_are_read(path: Path) -> None:
    path.write_bytes(b"{\\pard One\\par}\n{\\pard Two\\par}")
    assert read_document(str(path), path.name).text == "One\n\nTwo"


def test_an_rtf_without_text_is_empty(path: Path) -> None:
    with pytest.raises(Unprocessable) as caught:
        read(path, rb"{\fonttbl{\f0 Times;}}{\pict 00ff}\par")
    assert caught.value.reason is Reason.EMPTY
