"""Older office formats, made by LibreOffice itself, and what it must not do while it reads."""

from __future__ import annotations

import http.server
import os
import shutil
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from core.documents import ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._office import soffice
from tasks.extractors.libreoffice import LibreOfficeExtractor
from tasks.extractors.read import read_document
from tests.contracts.extractors import ExtractorContract
from tests.tasks.extractors import make
from tests.tasks.extractors.reading import refusal

needs_libreoffice = pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")


@pytest.fixture(scope="module")
def doc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make.old_office(make.docx(tmp_path_factory.mktemp("doc") / "a.docx"), "doc")


@pytest.fixture(scope="module")
def ppt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make.old_office(make.pptx(tmp_path_factory.mktemp("ppt") / "a.pptx"), "ppt")


@needs_libreoffice
class TestLibreOfficeContract(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> LibreOfficeExtractor:
        return LibreOfficeExtractor()

    @pytest.fixture
    def sample(self, doc: Path) -> Path:
        return doc


@needs_libreoffice
def test_a_word_document(doc: Path) -> None:
    document = read_document(str(doc), doc.name)
    assert document.media_type == "application/msword"
    assert document.extractor == LibreOfficeExtractor().key
    found = [(element.kind, element.text) for element in document.elements]
    assert found[:2] == [(ElementKind.HEADING, "Maintenance"), (ElementKind.PARAGRAPH, "Clean the channel twice a year.")]
    table = next(element for element in document.elements if element.kind is ElementKind.TABLE)
    assert table.cells[1] == ["March", "12", "four"]
    assert "Running header" not in document.text


@needs_libreoffice
def test_a_presentation(ppt: Path) -> None:
    document = read_document(str(ppt), ppt.name)
    assert document.media_type == "application/vnd.ms-powerpoint"
    assert [(e.page, e.text) for e in document.elements if e.kind is ElementKind.HEADING] == [
        (1, "Levadas"),
        (2, "Why they matter"),
    ]


@needs_libreoffice
def test_the_same_file_gives_the_same_document(ppt: Path) -> None:
    assert read_document(str(ppt), ppt.name) == read_document(str(ppt), ppt.name)


@needs_libreoffice
def test_without_libreoffice_it_is_asked_for(doc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert refusal(doc).reason is Reason.NEEDS_LIBREOFFICE


@needs_libreoffice
def test_a_password_is_found_without_libreoffice(doc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    data = doc.read_bytes()
    start = data.index(struct.pack("<H", 0xA5EC), 512)  # wIdent of the FIB, at the head of a sector
    assert start % 512 == 0
    flags = struct.unpack_from("<H", data, start + 10)[0] | 0x0100
    path = tmp_path / "a.doc"
    path.write_bytes(data[: start + 10] + struct.pack("<H", flags) + data[start + 12 :])
    assert refusal(path).reason is Reason.ENCRYPTED


@needs_libreoffice
def test_what_libreoffice_cannot_open_is_corrupt(tmp_path: Path) -> None:
    path = tmp_path / "a.wpd"
    path.write_bytes(b"\xffWPC" + bytes(range(256)) * 20)
    refused = refusal(path)
    assert refused.reason is Reason.CORRUPT
    assert refused.detail.startswith("LibreOffice cannot open it as .wpd: ")
    assert refused.detail.endswith("Error: source file could not be loaded")


@needs_libreoffice
def test_nothing_is_left_behind(doc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    read_document(str(doc), doc.name)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def web() -> Iterator[tuple[str, list[str]]]:
    """The address of a server, and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_OPTIONS = do_PROPFIND = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


@needs_libreoffice
def test_nothing_is_fetched(tmp_path: Path, web: tuple[str, list[str]]) -> None:
    address, asked = web
    page = tmp_path / "a.html"
    page.write_text(f'<link rel="stylesheet" href="{address}/style.css"><p>Here<img src="{address}/picture.png">')
    saved = make.old_office(page, "odt")
    assert asked, "as it comes, LibreOffice fetches what a page names"
    asked.clear()
    for source, suffix, target in ((page, "html", "odt"), (page, "html", "pdf"), (saved, "odt", "docx"), (saved, "odt", "pdf")):
        with soffice.converted(str(source), suffix, target) as made:
            assert Path(made).stat().st_size > 0
    assert asked == []


@needs_libreoffice
def test_a_local_file_that_a_document_names_is_not_taken_in(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("The password is swordfish.")
    path = tmp_path / "a.rtf"
    field = rf'{{\field{{\*\fldinst INCLUDETEXT "{secret.as_uri()}"}}{{\fldrslt }}}}'
    path.write_text(rf"{{\rtf1\ansi Before {field} after.\par}}")
    with soffice.converted(str(path), "rtf", "txt") as made:
        text = Path(made).read_text()
    assert "after" in text
    assert "swordfish" not in text


MACRO = """<?xml version="1.0"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:script="urn:oasis:names:tc:opendocument:xmlns:script:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:ooo="http://openoffice.org/2004/office" xmlns:xlink="http://www.w3.org/1999/xlink"
 office:version="1.2" office:mimetype="application/vnd.oasis.opendocument.text">
 <office:scripts><office:script script:language="ooo:Basic"><ooo:libraries><ooo:library-embedded ooo:name="Standard">
 <ooo:module ooo:name="M"><ooo:source-code>Sub Go
 Open "{mark}" For Output As #1
 Close #1
 End Sub</ooo:source-code></ooo:module></ooo:library-embedded></ooo:libraries></office:script>
 <office:event-listeners><script:event-listener script:language="ooo:script" script:event-name="dom:load"
 xlink:href="vnd.sun.star.script:Standard.M.Go?language=Basic&amp;location=document"/></office:event-listeners></office:scripts>
 <office:body><office:text><text:p>Here</text:p></office:text></office:body></office:document>"""


@needs_libreoffice
def test_no_macro_runs(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    path = tmp_path / "a.fodt"
    path.write_text(MACRO.format(mark=mark))
    with soffice.converted(str(path), "fodt", "txt") as made:
        assert "Here" in Path(made).read_text("utf-8-sig")
    assert not mark.exists()


READ = "import sys; from tasks.extractors.read import read_document; read_document(sys.argv[1], sys.argv[1])"


@needs_libreoffice
def test_it_stays_in_its_callers_group_so_that_a_kill_reaches_it(doc: Path, tmp_path: Path) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path)}  # what is killed leaves its files
    reader = subprocess.Popen([sys.executable, "-c", READ, str(doc)], process_group=0, env=environment)
    deadline = time.monotonic() + 60
    started: list[psutil.Process] = []
    while reader.poll() is None and time.monotonic() < deadline:
        started = psutil.Process(reader.pid).children(recursive=True)
        if any("soffice.bin" in process.name() for process in started):
            break
        time.sleep(0.01)
    assert started
    os.killpg(reader.pid, 9)
    reader.wait()
    assert psutil.wait_procs(started, timeout=10)[1] == []


@needs_libreoffice
def test_a_document_that_is_a_picture_is_read_in_print(tmp_path: Path) -> None:
    if shutil.which("tesseract") is None:
        pytest.skip("tesseract is not installed")
    import docx
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("L", (1200, 300), 255)
    ImageDraw.Draw(picture).text((60, 100), "The channel follows the hill", fill=0, font=ImageFont.load_default(60))
    picture.save(tmp_path / "a.png")
    scan = docx.Document()
    scan.add_picture(str(tmp_path / "a.png"), width=docx.shared.Inches(6))
    scan.save(str(tmp_path / "a.docx"))
    path = make.old_office(tmp_path / "a.docx", "doc")
    document = read_document(str(path), path.name)
    assert document.text == "The channel follows the hill"
    assert document.media_type == "application/msword"
    assert "date" not in document.metadata, "that of the conversion is not the document's"


def test_what_libreoffice_prints_is_quoted_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "soffice"
    program.write_text(
        "#!/bin/sh\nexec >&2; echo first $TMPDIR/document.doc; yes middle | head -c 700000; echo last; exit 255\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(Unprocessable) as caught, soffice.converted(__file__, "doc", "docx"):
        pass
    assert caught.value.reason is Reason.CRASHED
    assert caught.value.detail.startswith("LibreOffice ended with 255: first /document.doc middle")
    assert caught.value.detail.endswith("middle last")
    assert len(caught.value.detail) < 2_200
