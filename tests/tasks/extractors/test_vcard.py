"""Address books: people and how to reach them, without their pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors.read import read_document
from tasks.extractors.vcard import VcardExtractor
from tests.contracts.extractors import ExtractorContract

SAMPLE = f"""BEGIN:VCARD
VERSION:3.0
N:Reis;Ana;;Dr.;
FN:Dr. Ana Reis
ORG:Levada Lda.;Water
item1.TEL;TYPE=WORK,VOICE:+351 291 000 000
EMAIL;TYPE="internet,pref":ana@levada.example
ADR;TYPE=WORK:;;Rua Nova 1;Funchal;;9000;Portugal
NOTE:Knows the channels\\, all
  of them.
PHOTO;ENCODING=b;TYPE=JPEG:{"/9j4" * 15}
 {"AAAA" * 15}
END:VCARD
BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Silva;Jo=C3=
=A3o
TEL;CELL:291 111
END:VCARD
BEGIN:VCARD
VERSION:4.0
FN:Rui Costa
TEL;VALUE=uri;TYPE=home:tel:+351-291-222
END:VCARD
"""


class TestVcardExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> VcardExtractor:
        return VcardExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        path = tmp_path / "people.vcf"
        path.write_text(SAMPLE)
        return path

    @pytest.mark.parametrize("name", ["people.vcf", "people.txt"])
    def test_people(self, sample: Path, name: str) -> None:
        document = read_document(str(sample), name)
        assert document.media_type == "text/vcard"
        assert [(element.label, element.text) for element in document.elements] == [
            (
                "Dr. Ana Reis",
                "Dr. Ana Reis\nOrganisation: Levada Lda., Water\nPhone (work): +351 291 000 000\nE-mail: ana@levada.example\n"
                "Address (work): Rua Nova 1, Funchal, 9000, Portugal\nNote: Knows the channels, all of them.",
            ),
            ("João Silva", "João Silva\nPhone (cell): 291 111"),
            ("Rui Costa", "Rui Costa\nPhone (home): +351-291-222"),
        ]

    def test_what_is_only_called_so_is_corrupt(self, tmp_path: Path) -> None:
        path = tmp_path / "a.vcf"
        path.write_text("nobody here\n")
        with pytest.raises(Unprocessable) as caught:
            read_document(str(path), path.name)
        assert caught.value.reason is Reason.CORRUPT
