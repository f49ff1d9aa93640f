"""Pages of one file, through a program in Tesseract's place that does at each page what the test says."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from core.documents import Document
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors.base import Reading
from tasks.extractors.image import ImageExtractor
from tasks.extractors.read import read_document

READS = "printf '5\\t1\\t1\\t1\\t1\\t1\\t20\\t20\\t760\\t560\\t95\\tread\\n'"
HANGS = "exec sleep 600"
FAILS = "echo no more memory >&2; exit 3"


@pytest.fixture
def scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six pages with something on them; the program is in the PATH."""
    page = Image.new("L", (400, 300), 255)
    ImageDraw.Draw(page).text((40, 100), "Something", fill=0, font=ImageFont.load_default(44))
    path = tmp_path / "scan.tif"
    page.save(path, save_all=True, append_images=[page] * 5)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return path


def behaving(scan: Path, *pages: str) -> None:
    """Let the program do this at the first page, at the second, and so on."""
    cases = "".join(f"{number}) {action};;\n" for number, action in enumerate(pages, 1))
    program = scan.parent / "tesseract"
    calls = scan.parent / "calls"
    program.write_text(f"#!/bin/sh\ncat >/dev/null\necho x >>{calls}\ncase $(($(wc -l <{calls}))) in\n{cases}esac\n")
    program.chmod(0o755)


def read(scan: Path, seconds: float = 60, pages: int = 1_000) -> Document:
    return read_document(str(scan), scan.name, Reading(ocr_seconds=seconds, ocr_pages=pages))


def test_pages_that_fail_are_named_and_the_others_published(scan: Path) -> None:
    behaving(scan, READS, HANGS, READS, FAILS, READS, FAILS)
    document = read(scan, seconds=1)
    assert [(e.page, e.text) for e in document.elements] == [(1, "read"), (3, "read"), (5, "read")]
    assert document.warnings == (
        "page 2 left out: a page not recognised within 1 s (LEVADA_EXTRACT_OCR_TIMEOUT)",
        "pages 4, 6 left out: tesseract ended with 3: no more memory",
    )
    assert document.extractor == ImageExtractor().key


def test_after_three_pages_in_vain_the_rest_is_not_tried(scan: Path) -> None:
    behaving(scan, READS, HANGS, HANGS, HANGS, READS, READS)
    document = read(scan, seconds=0.2)
    assert [e.page for e in document.elements] == [1]
    assert document.warnings == (
        "pages 2, 3, 4 left out: a page not recognised within 0.2 s (LEVADA_EXTRACT_OCR_TIMEOUT)",
        "pages 5, 6 left out: not tried, as 3 pages before them took too long",
    )


def test_no_more_pages_than_allowed(scan: Path) -> None:
    behaving(scan, *[READS] * 6)
    document = read(scan, pages=4)
    assert [e.page for e in document.elements] == [1, 2, 3, 4]
    limit = "Tesseract reads no more than 4 pages of a file (LEVADA_EXTRACT_OCR_PAGES)"
    assert document.warnings == (f"pages 5, 6 left out: {limit}",)


@pytest.mark.parametrize(("action", "reason"), [(HANGS, Reason.TIMEOUT), (FAILS, Reason.CRASHED)])
def test_nothing_read_is_no_empty_document(scan: Path, action: str, reason: Reason) -> None:
    behaving(scan, *[action] * 6)
    with pytest.raises(Unprocessable) as caught:
        read(scan, seconds=0.2)
    assert caught.value.reason is reason
