"""From a file to a document or a refusal."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors.base import Reading
from tasks.extractors.read import read_document
from tasks.extractors.read import refusal as refusal_for
from tests.tasks.extractors.reading import refusal

HOSTILE = Path(__file__).resolve().parents[3] / ".." / "shared" / "data" / "hostile"


@pytest.mark.parametrize("name", ["a.md", "a.pdf", "a.docx", "a", "a.csv"])
def test_zero_bytes_are_empty(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch()
    assert refusal(path).reason is Reason.EMPTY


def test_nothing_but_nul_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(bytes(5000))
    assert refusal(path).reason is Reason.EMPTY


def test_a_type_that_nobody_reads_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"7z\xbc\xaf\x27\x1c\0\4" + bytes(24))
    found = refusal(path)
    assert (found.reason, found.detail) == (Reason.UNSUPPORTED_TYPE, "application/x-7z-compressed")


def test_a_file_that_is_gone_is_unreadable(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone.md").reason is Reason.UNREADABLE


def test_a_full_disk_is_no_fault_of_the_file() -> None:
    found = refusal_for(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert found.reason.transient
    assert "no room left on the disk" in found.detail


def test_a_directory_is_a_refusal(tmp_path: Path) -> None:
    assert refusal(tmp_path).reason is Reason.FAILED


def test_content_wins_over_the_name(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_text("<html><body><p>Not a PDF.</p></body></html>")
    document = read_document(str(path), path.name)
    assert (document.media_type, document.extractor.split("/")[0]) == ("text/html", "html")
    assert document.metadata["declared_type"] == "application/pdf"
    for name in ("a.html", "a.XHTML", "a", "a.unknown"):
        assert "declared_type" not in read_document(str(path), name).metadata


def test_an_engine_asked_by_name_refuses_what_it_does_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("<html><body><p>Not a PDF.</p></body></html>")
    with pytest.raises(Unprocessable) as caught:
        read_document(str(path), path.name, Reading(engine="pypdf"))
    assert caught.value.reason is Reason.UNSUPPORTED_TYPE
    assert caught.value.detail == "text/html, which pypdf does not read"


def test_an_office_file_under_a_password(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"))
    assert refusal(path).reason is Reason.ENCRYPTED


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("govdocs-error-pdfs/pdfCabinetOfHorrors/encryption_openpassword.pdf", Reason.ENCRYPTED),
        ("archives/Bombs/zbsm.zip", Reason.BOMB),
        ("archives/TestDataArchives/TestData.7z", Reason.UNSUPPORTED_TYPE),
    ],
)
def test_real_hostile_files(file: str, reason: Reason) -> None:
    if not HOSTILE.exists():
        pytest.skip(f"hostile files are not here: {HOSTILE}")
    assert refusal(HOSTILE / file).reason is reason


def test_the_words_of_a_library_are_made_one_line(tmp_path: Path) -> None:
    """lxml's message about this character holds a line break."""
    from tests.tasks.extractors.tricks.packages import build

    found = refusal(build(tmp_path, "docx", words="a\0b"))
    assert found.reason is Reason.CORRUPT
    assert "\n" not in str(found)
    assert found.detail
