"""Word documents made by python-docx."""

from __future__ import annotations

import subprocess
import sys
import zipfile
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


def test_a_date_that_nobody_set_is_none(tmp_path: Path) -> None:
    import datetime as dt

    import docx as python_docx

    for year, dated in ((1601, False), (2024, True)):
        document = python_docx.Document()
        document.add_paragraph("Text.")
        document.core_properties.created = dt.datetime(year, 1, 1)
        document.save(str(tmp_path / "a.docx"))
        assert ("date" in read_document(str(tmp_path / "a.docx"), "a.docx").metadata) is dated


def test_a_document_without_text_is_empty(tmp_path: Path) -> None:
    import docx

    path = tmp_path / "a.docx"
    docx.Document().save(str(path))
    with pytest.raises(Unprocessable) as caught:
        read_document(str(path), path.name)
    assert caught.value.reason is Reason.EMPTY


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(*inner: str) -> str:
    return f"<w:p>{''.join(inner)}</w:p>"


def control(*inner: str) -> str:
    return f"<w:sdt><w:sdtPr><w:id w:val='1'/></w:sdtPr><w:sdtContent>{''.join(inner)}</w:sdtContent></w:sdt>"


def with_body(path: Path, body: str) -> Path:
    """A document whose body is this XML."""
    import docx

    docx.Document().save(str(path))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    head, _, _ = parts["word/document.xml"].partition(b"<w:body>")
    parts["word/document.xml"] = head + f"<w:body>{body}</w:body></w:document>".encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def texts(path: Path) -> list[str]:
    return [element.text for element in read_document(str(path), path.name).elements]


def test_tracked_changes_are_read_as_if_accepted(tmp_path: Path) -> None:
    body = paragraph(
        run("The gate "),
        f"<w:ins w:id='1' w:author='x'>{run('is new')}</w:ins>",
        f"<w:del w:id='2'><w:r><w:delText>was old</w:delText></w:r>{run('and grey')}</w:del>",
        f"<w:moveTo w:id='3'>{run(' and moved')}</w:moveTo>",
        f"<w:moveFrom w:id='4'>{run('gone')}</w:moveFrom>",
        run("."),
    )
    marked = (
        f"<w:p><w:pPr><w:rPr><w:ins w:id='5'/></w:rPr></w:pPr><w:ins w:id='6'>{run('A paragraph of its own.')}</w:ins></w:p>"
    )
    assert texts(with_body(tmp_path / "a.docx", body + marked)) == ["The gate is new and moved.", "A paragraph of its own."]


def test_content_controls_are_opened(tmp_path: Path) -> None:
    inline = paragraph(run("Signed by "), control(run("Ana "), control(run("Lima"))), run(" in Funchal."))
    block = control(paragraph(run("A block.")), control(paragraph(run("Another within."))))
    cells = [f"<w:tc><w:tcPr/>{control(paragraph(run(text)))}</w:tc>" for text in "ab"]
    rows = f"<w:tr>{''.join(cells)}</w:tr>" + control(f"<w:tr>{control(cells[1])}{cells[0]}</w:tr>")
    deleted = f"<w:tr><w:trPr><w:del w:id='9'/></w:trPr>{''.join(cells)}</w:tr>"
    table = f"<w:tbl><w:tblPr/><w:tblGrid><w:gridCol/><w:gridCol/></w:tblGrid>{rows}{deleted}</w:tbl>"
    assert texts(with_body(tmp_path / "a.docx", inline + block + table)) == [
        "Signed by Ana Lima in Funchal.",
        "A block.",
        "Another within.",
        "| a | b |\n| --- | --- |\n| b | a |",
    ]


@pytest.mark.parametrize("wrapper", ["smartTag", "customXml", "fldSimple", "dir", "bdo"])
def test_other_wrappers_are_opened(tmp_path: Path, wrapper: str) -> None:
    body = paragraph(run("From "), f"<w:{wrapper}>{run('Funchal')}</w:{wrapper}>", run(" to Monte."))
    assert texts(with_body(tmp_path / "a.docx", body)) == ["From Funchal to Monte."]


def test_a_table_deleted_as_a_whole(tmp_path: Path) -> None:
    row = f"<w:tr><w:trPr><w:del w:id='9'/></w:trPr><w:tc>{paragraph(run('x'))}</w:tc></w:tr>"
    table = f"<w:tbl><w:tblPr/><w:tblGrid><w:gridCol/></w:tblGrid>{row}</w:tbl>"
    assert texts(with_body(tmp_path / "a.docx", table + paragraph(run("Left.")))) == ["Left."]


def test_a_part_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    path = make.docx(tmp_path / "a.docx")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("word/document2.xml", "w") as part:
        for _ in range(257):
            part.write(bytes(1 << 20))
    with pytest.raises(Unprocessable) as caught:
        read_document(str(path), path.name)
    assert caught.value.reason is Reason.BOMB


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


@pytest.mark.parametrize(
    ("suffix", "kind"),
    [
        ("docm", "application/vnd.ms-word.document.macroEnabled"),
        ("dotx", "application/vnd.openxmlformats-officedocument.wordprocessingml.template"),
        ("dotm", "application/vnd.ms-word.template.macroEnabledTemplate"),
    ],
)
def test_templates_and_files_with_macros_are_documents(tmp_path: Path, suffix: str, kind: str) -> None:
    path = make.docx(tmp_path / "a.docx")
    before = read_document(str(path), path.name).elements
    make.retyped(path, "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main", f"{kind}.main")
    assert read_document(str(path), f"a.{suffix}").elements == before
