"""pypdf's and PDFium's plain text, engines that are only asked by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors.base import Extractor, Reading
from tasks.extractors.read import read_document
from tasks.extractors.registry import engine_named
from tests.contracts.extractors import ExtractorContract
from tests.tasks.extractors import make


@pytest.mark.parametrize("name", ["pypdf", "pypdfium2"])
class TestPlainTextExtractors(ExtractorContract):
    @pytest.fixture
    def extractor(self, name: str) -> Extractor:
        return engine_named(name)

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        return make.report_pdf(tmp_path / "report.pdf")

    def test_pages(self, sample: Path, name: str) -> None:
        document = read_document(str(sample), sample.name, Reading(engine=name))
        assert document.extractor == f"{name}/1"
        assert [e.text for e in document.elements if e.page == 3] == ["The last page holds one line."]

    def test_a_password(self, sample: Path, name: str) -> None:
        from pypdf import PdfWriter

        writer = PdfWriter(clone_from=sample)
        writer.encrypt("secret", algorithm="RC4-128")
        writer.write(sample)
        with pytest.raises(Unprocessable) as refusal:
            read_document(str(sample), sample.name, Reading(engine=name))
        assert refusal.value.reason is Reason.ENCRYPTED
