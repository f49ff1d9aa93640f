"""Plain text, and the decoding that all text formats share."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.documents import ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._encodings.decode import MAX_BYTES, decode, normalise
from tasks.extractors.read import read_document
from tasks.extractors.text import TextExtractor
from tests.contracts.extractors import ExtractorContract

PORTUGUESE = "A levada desce pela encosta, e a água não se perde: é conduzida até às courelas do sul, onde há menos chuva. "


ENCODINGS = Path(__file__).resolve().parents[3] / ".." / "shared" / "data" / "encodings"


class TestTextExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> TextExtractor:
        return TextExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        path = tmp_path / "poem.txt"
        path.write_bytes("First line\r\n  second line\r\n\r\n \r\nAnother paragraph: água.\r\n".encode())
        return path

    def test_paragraphs(self, sample: Path) -> None:
        document = read_document(str(sample), sample.name)
        assert [(e.kind, e.text) for e in document.elements] == [
            (ElementKind.PARAGRAPH, "First line\n  second line"),
            (ElementKind.PARAGRAPH, "Another paragraph: água."),
        ]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "cp1252", "iso8859-15"]
)
def test_encodings_are_found(encoding: str) -> None:
    assert decode((PORTUGUESE * 8).encode(encoding)) == PORTUGUESE * 8


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "Вода течёт по каналу с севера на юг острова. "),
        ("shift_jis", "水路は山の斜面に沿って流れています。雨の多い北から南へ。"),
    ],
)
def test_other_scripts_are_found(encoding: str, text: str) -> None:
    assert decode((text * 20).encode(encoding)) == text * 20


def test_what_the_content_declares_is_believed_if_it_decodes() -> None:
    assert decode("São".encode("cp1252"), "windows-1252") == "São"
    assert decode("São".encode(), "ascii") == "São"
    assert decode("São".encode("cp1252"), "no-such-encoding")


def test_a_wrong_byte_costs_itself_alone() -> None:
    data = (PORTUGUESE * 8).encode()
    assert decode(data + b"\xff") == PORTUGUESE * 8 + "\ufffd"
    assert decode(b"\xe9 " * 3 + data * 20, "iso-8859-1") == "\ufffd " * 3 + PORTUGUESE * 160
    assert decode(data[:-4] + b"\xc3") == (PORTUGUESE * 8)[:-4] + "\ufffd"
    japanese = "水路は山の斜面に沿って流れています。\n" * 20
    assert decode(japanese.encode("euc_jp") + b"\xff", "euc-jp") == japanese + "\ufffd"


def test_a_few_letters_that_happen_to_be_utf_8_prove_nothing() -> None:
    assert decode("Ã© é à".encode("cp1252"), "windows-1252") == "Ã© é à"


@pytest.mark.parametrize("encoding", ["shift_jis", "euc_jp", "gb18030", "big5", "euc_kr"])
@pytest.mark.parametrize("space", ["\n", ""])
@pytest.mark.parametrize("shift", [0, 1])
def test_the_sample_is_not_cut_inside_a_character(encoding: str, space: str, shift: int) -> None:
    sentence = {
        "gb18030": "水渠沿着山坡流淌，把雨水从北方引到南方的田地里。",
        "big5": "水渠沿著山坡流淌，把雨水從北方引到南方的田地裡。",
        "euc_kr": "수로는산비탈을따라흐르며북쪽의빗물을남쪽의밭으로나른다。",
    }.get(encoding, "水路は山の斜面に沿って流れ、雨の多い北から南の畑へ水を運びます。")
    text = "x" * shift + (sentence + space) * 2_000
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("name", ["iso-8859-1", "Latin1", "us-ascii", "ISO_8859-1"])
def test_latin_1_means_windows_1252_as_on_the_web(name: str) -> None:
    assert decode("“São” – 5 €".encode("cp1252"), name) == "“São” – 5 €"


@pytest.mark.parametrize("name", ["iso-2022-jp", "utf-7"])
def test_a_declared_encoding_of_seven_bits_is_not_taken_for_ascii(name: str) -> None:
    assert decode("水路 is water".encode(name), name) == "水路 is water"


@pytest.mark.parametrize("name", ["undefined", "idna", "hex", "no-such-encoding", "a\0b"])
def test_names_that_are_no_encoding_of_texts(name: str) -> None:
    assert decode((PORTUGUESE * 8).encode("cp1252"), name) == PORTUGUESE * 8


def test_real_texts_of_known_encoding() -> None:
    if not ENCODINGS.exists():
        pytest.skip(f"real texts are not here: {ENCODINGS}")
    names = ("Big5", "EUC-JP", "EUC-KR", "GB2312", "KOI8-R", "SHIFT_JIS", "iso-8859-7", "windows-1251", "windows-1255")
    wrong = []
    for path in sorted(ENCODINGS.glob("*/*")):
        encoding = "-".join(path.parent.name.split("-")[: 3 if path.parent.name.startswith("iso") else 2])
        meant = {"GB2312": "gb18030", "SHIFT_JIS": "cp932", "EUC-KR": "cp949"}.get(encoding, encoding)
        if encoding in names and decode(path.read_bytes()) != path.read_bytes().decode(meant, "replace"):
            wrong.append(path.name)
    assert not wrong


def test_headings_that_can_be_nothing_else(tmp_path: Path) -> None:
    source = """LEVADAS OF MADEIRA

Water flows
by its weight.

Gates
=====
They open.

CHAPTER IV. Of basins

They hold water.

2.1 Wooden ones

1. pine
2. oak

Chapter 5 says more about it, as every reader of this book knows.

-----

Chapter and verse

END"""
    path = tmp_path / "a.txt"
    path.write_text(source)
    found = [(element.level, element.text) for element in read_document(str(path), path.name).elements]
    assert [pair for pair in found if pair[0]] == [
        (2, "LEVADAS OF MADEIRA"),
        (1, "Gates"),
        (2, "CHAPTER IV. Of basins"),
        (2, "2.1 Wooden ones"),
    ]
    assert (None, "They open.") in found


def test_capitals_mean_nothing_where_all_is_in_capitals(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("STOP THE WATER\n\nOPEN THE GATE\n\nALL OF IT")
    assert [element.level for element in read_document(str(path), path.name).elements] == [None] * 3


def test_normalised() -> None:
    assert normalise("a\r\nb\rc\x0bd\x00e\x07\ud800f\u2028g\xa0h") == "a\nb\nc\nd" + "ef\ng h"
    assert normalise("page one\fpage two") == "page one\n\npage two"


@pytest.mark.parametrize("blank", [" ", "\n\n\t \r\n", "\ufeff", "\u200b\u200b\n", "\xa0"])
def test_nothing_but_white_space_is_empty(tmp_path: Path, blank: str) -> None:
    path = tmp_path / "blank.txt"
    path.write_bytes(blank.encode())
    with pytest.raises(Unprocessable) as caught:
        read_document(str(path), path.name)
    assert caught.value.reason is Reason.EMPTY


def test_a_huge_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "huge.txt"
    with path.open("wb") as file:
        file.write(b"some words ")
        file.truncate(MAX_BYTES + 1)  # sparse
    with pytest.raises(Unprocessable) as caught:
        TextExtractor().extract(str(path), "text/plain")
    assert caught.value.reason is Reason.TOO_LARGE
