"""Web archives: the saved page."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors.mhtml import MhtmlExtractor
from tasks.extractors.read import read_document
from tests.contracts.extractors import ExtractorContract

ARCHIVE = """From: <Saved by Blink>
Snapshot-Content-Location: https://example.org/
Subject: =?utf-8?Q?Canais_de_=C3=A1gua?=
Date: Fri, 1 Mar 2024 10:00:00 -0000
MIME-Version: 1.0
Content-Type: multipart/related; type="text/html"; boundary="----B"

------B
Content-Type: text/css
Content-Location: https://example.org/a.css

p { color: red }

------B
Content-Type: text/html; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable
Content-Location: https://example.org/

<html><body><h1>Canais</h1><p>A =E1gua desce.</p><p style=3D"display:none">unseen</p></body></html>

------B
Content-Type: text/html
Content-Location: https://example.org/frame

<html><body><p>An advertisement.</p></body></html>

------B
Content-Type: image/png
Content-Transfer-Encoding: base64

iVBORw0KGgo=

------B--
"""


class TestMhtmlExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> MhtmlExtractor:
        return MhtmlExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        path = tmp_path / "page.mhtml"
        path.write_bytes(ARCHIVE.replace("\n", "\r\n").encode())
        return path

    def test_the_page(self, sample: Path) -> None:
        document = read_document(str(sample), sample.name)
        assert document.title == "Canais de água"
        assert document.metadata == {"date": "2024-03-01T10:00:00", "hidden_text": "6"}
        assert [(e.level, e.text) for e in document.elements] == [(1, "Canais"), (None, "A água desce.")]


def test_the_part_that_is_named_as_the_start(tmp_path: Path) -> None:
    part = "------B\nContent-Type: text/html\nContent-ID: <{0}>\n\n<p>Page {0}</p>\n"
    head = 'MIME-Version: 1.0\nSubject: x\nContent-Type: multipart/related; start="<two>"; boundary="----B"\n\n'
    path = tmp_path / "a.mht"
    path.write_text(head + part.format("one") + part.format("two") + "------B--\n")
    assert read_document(str(path), path.name).text == "Page two"


@pytest.mark.parametrize("source", ["words", "MIME-Version: 1.0\nSubject: x\nContent-Type: image/png\n\nAAAA"])
def test_no_page(tmp_path: Path, source: str) -> None:
    path = tmp_path / "a.mht"
    path.write_text(source)
    with pytest.raises(Unprocessable) as caught:
        read_document(str(path), path.name)
    assert caught.value.reason is Reason.CORRUPT
