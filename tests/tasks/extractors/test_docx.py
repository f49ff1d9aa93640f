"""Word documents made by python-docx."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors.docx import DocxExtractor
from tasks.extractors.read import read_document
from tests.contracts.extractors import ExtractorContract
from tests.tasks.extractors import make


class TestDocxExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> DocxExtractor:
        return DocxExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        return make.docx(tmp_path / "handbook.docx")

    def test_elements(self, sample: Path) -> None:
        document = read_document(str(sample), sample.name)
        assert document.title == "Channel handbook"
        assert document.metadata["author"] == "M. Keeper"
        assert [(e.kind.value, e.level, e.page, e.text) for e in document.elements] == [
            ("heading", 1, None, "Maintenance"),
            ("paragraph", None, None, "Clean the channel twice a year."),
            ("heading", 2, None, "Tools"),
            ("list_item", None, None, "a spade"),
            ("list_item", None, None, "a broom"),
            (
                "table",
                None,
                None,
                "| Month | Hours | Crew |\n| --- | --- | --- |\n| March | 12 | four |\n| March | 8 | two |",
            ),
            ("paragraph", None, None, "Água é vida | no pipes."),
        ]


def test_a_document_without_text_is_empty(tmp_path: Path) -> None:
    import docx

    path = tmp_path / "a.docx"
    docx.Document().save(str(path))
    with pytest.raises(Unprocessable) as caught:
        read_document(str(path), path.name)
    assert caught.value.reason is Reason.EMPTY


def test_a_file_cut_off_is_corrupt(tmp_path: Path) -> None:
    path = make.docx(tmp_path / "a.docx")
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(Unprocessable) as caught:
        read_document(str(path), path.name)
    assert caught.value.reason is Reason.CORRUPT
    assert str(tmp_path) not in caught.value.detail


OFFLINE = """
import socket, sys
def refuse(*args, **kwargs):
    raise SystemExit("tried to reach the network")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from tasks.extractors.read import read_document
for path in sys.argv[1:]:
    assert read_document(path, path).elements
heavy = {"torch", "spacy", "nltk", "prefect", "chromadb", "transformers"} & set(sys.modules)
assert not heavy, heavy
"""


def test_nothing_is_fetched_or_installed_and_no_model_is_loaded(tmp_path: Path) -> None:
    message = tmp_path / "m.eml"
    message.write_text(make.EML)
    files = [make.docx(tmp_path / "d.docx"), make.pptx(tmp_path / "p.pptx"), message]
    done = subprocess.run([sys.executable, "-c", OFFLINE, *map(str, files)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
