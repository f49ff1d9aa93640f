"""Plain text, and the decoding that all text formats share."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.documents import ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._decode import MAX_BYTES, decode, normalise
from tasks.extractors.read import read_document
from tasks.extractors.text import TextExtractor
from tests.contracts.extractors import ExtractorContract

PORTUGUESE = "A levada desce pela encosta, e a água não se perde: é conduzida até às courelas do sul, onde há menos chuva. "


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
