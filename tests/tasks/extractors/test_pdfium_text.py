"""PDFium's plain text, an engine that is only asked by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors.base import Reading
from tasks.extractors.pdfium_text import PdfiumExtractor
from tasks.extractors.read import read_document
from tests.contracts.extractors import ExtractorContract
from tests.tasks.extractors import make


class TestPdfiumExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> PdfiumExtractor:
        return PdfiumExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        return make.report_pdf(tmp_path / "report.pdf")

    def test_pages(self, sample: Path) -> None:
        document = read_document(str(sample), sample.name, Reading(engine="pypdfium2"))
        assert document.extractor == "pypdfium2/1"
        assert [e.text for e in document.elements if e.page == 3] == ["The last page holds one line."]

    def test_a_password(self, sample: Path) -> None:
        from pypdf import PdfWriter

        writer = PdfWriter(clone_from=sample)
        writer.encrypt("secret", algorithm="RC4-128")
        writer.write(sample)
        with pytest.raises(Unprocessable) as refusal:
            read_document(str(sample), sample.name, Reading(engine="pypdfium2"))
        assert refusal.value.reason is Reason.ENCRYPTED
