"""Presentations made by python-pptx."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.extractors.pptx import PptxExtractor
from tasks.extractors.read import read_document
from tests.contracts.extractors import ExtractorContract
from tests.tasks.extractors import make


class TestPptxExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> PptxExtractor:
        return PptxExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        return make.pptx(tmp_path / "talk.pptx")

    def test_elements(self, sample: Path) -> None:
        document = read_document(str(sample), sample.name)
        assert document.title == "Levadas of Madeira"
        assert [(e.page, e.label, e.kind.value, e.level, e.text) for e in document.elements] == [
            (1, "Levadas", "heading", 1, "Levadas"),
            (1, "Levadas", "paragraph", None, "Channels and paths"),
            (2, "Why they matter", "heading", 1, "Why they matter"),
            (2, "Why they matter", "list_item", None, "They carry water from the wet north to the dry south of the island."),
            (2, "Why they matter", "paragraph", None, "Mention the tunnels here."),
            (3, None, "table", None, "| Name | Length |\n| --- | --- |\n| Norte | 21 km |"),
        ]


@pytest.mark.parametrize(
    ("suffix", "kind"),
    [
        ("pptm", "application/vnd.ms-powerpoint.presentation.macroEnabled"),
        ("ppsx", "application/vnd.openxmlformats-officedocument.presentationml.slideshow"),
        ("ppsm", "application/vnd.ms-powerpoint.slideshow.macroEnabled"),
        ("potx", "application/vnd.openxmlformats-officedocument.presentationml.template"),
        ("potm", "application/vnd.ms-powerpoint.template.macroEnabled"),
    ],
)
def test_shows_templates_and_files_with_macros_are_presentations(tmp_path: Path, suffix: str, kind: str) -> None:
    path = make.pptx(tmp_path / "a.pptx")
    before = read_document(str(path), path.name).elements
    make.retyped(path, "application/vnd.openxmlformats-officedocument.presentationml.presentation.main", f"{kind}.main")
    assert read_document(str(path), f"a.{suffix}").elements == before
