"""Captions: what is said, and when."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.documents import Document
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors.captions import CaptionsExtractor
from tasks.extractors.read import read_document
from tests.contracts.extractors import ExtractorContract

SUBRIP = """1
00:00:01,000 --> 00:00:03,000
The <i>water</i> comes
from the north.

2
00:00:03,500 --> 00:00:05,000 X1:40 X2:600 Y1:20 Y2:50
{\\an8}- And where does it go?

3
01:02:05,000 --> 01:02:09,000
To the gardens &amp; fields, 42
4
01:02:10,000 --> 01:02:12,000
in the south.
"""

WEBVTT = """WEBVTT - On channels

NOTE not
shown

STYLE
::cue { color: red }

intro
00:01.000 --> 00:02.500 align:start position:0%
<v Maria da Luz>The gate is <c.loud>open</c>.</v>

00:02.500 --> 00:04.000
<v.first Ann>Since <00:03.000>when?

00:04.000 --> 00:05.000
one line

00:05.000 --> 00:06.000
one line
another line
"""


def extract(tmp_path: Path, source: str, name: str = "a.srt") -> Document:
    path = tmp_path / name
    path.write_text(source)
    return read_document(str(path), name)


class TestCaptionsExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> CaptionsExtractor:
        return CaptionsExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        path = tmp_path / "film.srt"
        path.write_text(SUBRIP)
        return path

    def test_paragraphs(self, sample: Path) -> None:
        assert [(e.label, e.text) for e in read_document(str(sample), sample.name).elements] == [
            ("00:00:01", "The water comes from the north.\n- And where does it go?"),
            ("01:02:05", "To the gardens & fields, 42 in the south."),
        ]


def test_web_captions(tmp_path: Path) -> None:
    document = extract(tmp_path, WEBVTT, "a.txt")
    assert document.title == "On channels"
    assert [(e.label, e.text) for e in document.elements] == [
        ("00:00:01", "Maria da Luz: The gate is open. Ann: Since when? one line another line"),
    ]


def test_long_speech_is_cut_at_sentences(tmp_path: Path) -> None:
    cues = (
        f"{n}\n00:{n // 60:02}:{n % 60:02},000 --> 00:59:59,000\nThis is sentence number {n} of it.\n" for n in range(1, 100)
    )
    document = extract(tmp_path, "\n".join(cues))
    assert len(document.elements) > 5
    assert all(element.text.endswith("of it.") and len(element.text) < 500 for element in document.elements)
    assert document.elements[1].label == f"00:00:{document.elements[0].text.count('sentence') + 1:02}"


def test_captions_without_times(tmp_path: Path) -> None:
    with pytest.raises(Unprocessable) as caught:
        extract(tmp_path, "1\nwords\n")
    assert caught.value.reason is Reason.CORRUPT
