"""E-books: chapters in order, their titles, protection."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from core.documents import HIDDEN_TEXT
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors.epub import EpubExtractor
from tasks.extractors.read import read_document
from tests.contracts.extractors import ExtractorContract

CONTAINER = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="OEBPS/a.opf"/></rootfiles></container>"""
PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>
<dc:title>Águas</dc:title><dc:creator>Maria</dc:creator><dc:creator>João</dc:creator><dc:language>pt</dc:language></metadata>
<manifest>
<item id="nav" href="nav.xhtml" properties="nav"/><item id="two" href="text/b%20b.xhtml"/>
<item id="one" href="text/z.xhtml"/>
<item id="lost" href="lost.xhtml"/></manifest>
<spine><itemref idref="nav"/><itemref idref="one"/><itemref idref="two"/><itemref idref="lost"/></spine></package>"""
NAV = """<html xmlns="http://www.w3.org/1999/xhtml"><body><nav><ol><li><a href="text/z.xhtml#x">First</a></li></ol></nav>
</body></html>"""
PAGE = """<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/><script src="x"/></head>
<body><a id="p1"/>{}</body></html>"""
FONT = "http://www.idpf.org/2008/embedding"
LOCK = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"


def encryption(name: str, algorithm: str) -> str:
    method, data = f'<EncryptionMethod Algorithm="{algorithm}"/>', f'<CipherData><CipherReference URI="{name}"/></CipherData>'
    return f"<encryption><EncryptedData>{method}{data}</EncryptedData></encryption>"


def book(path: Path, **files: str | None) -> Path:
    parts: dict[str, str | None] = {
        "META-INF/container.xml": CONTAINER,
        "OEBPS/a.opf": PACKAGE,
        "OEBPS/nav.xhtml": NAV,
        "OEBPS/text/b b.xhtml": PAGE.format("<h1>Basins</h1><p>hold water.</p>"),
        "OEBPS/text/z.xhtml": PAGE.format("<h1>Gates</h1><p>They open.</p>"),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        for name, content in {**parts, **{name.replace("__", "/"): text for name, text in files.items()}}.items():
            if content is not None:
                archive.writestr(name, content)
    return path


class TestEpubExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> EpubExtractor:
        return EpubExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        return book(tmp_path / "a.epub")

    def test_chapters_in_the_order_of_the_spine(self, sample: Path) -> None:
        document = read_document(str(sample), sample.name)
        assert document.title == "Águas"
        assert document.metadata == {"author": "Maria, João", "language": "pt"}
        assert [(e.label, e.level, e.text) for e in document.elements] == [
            ("First", 1, "Gates"),
            ("First", None, "They open."),
            ("Basins", 1, "Basins"),
            ("Basins", None, "hold water."),
        ]
        assert document.warnings == ("chapter OEBPS/lost.xhtml could not be read: it is not in the book",)


def test_a_book_without_a_package(tmp_path: Path) -> None:
    path = book(tmp_path / "a.epub", **{"OEBPS/a.opf": None, "META-INF/container.xml": "<broken"})
    document = read_document(str(path), path.name)
    assert [e.text for e in document.elements if e.level] == ["Basins", "Gates"]


def test_protected_books_and_veiled_fonts(tmp_path: Path) -> None:
    path = book(tmp_path / "a.epub", **{"META-INF/encryption.xml": encryption("OEBPS/text/z.xhtml", LOCK)})
    with pytest.raises(Unprocessable) as caught:
        read_document(str(path), path.name)
    assert caught.value.reason is Reason.ENCRYPTED
    path = book(tmp_path / "b.epub", **{"META-INF/encryption.xml": encryption("OEBPS/fonts/x.otf", FONT)})
    assert len(read_document(str(path), path.name).elements) == 4


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    path = book(tmp_path / "a.epub", **{"OEBPS/text/z.xhtml": "<p>" + "a" * 200_000_000})
    with pytest.raises(Unprocessable) as caught:
        read_document(str(path), path.name)
    assert caught.value.reason is Reason.BOMB


def test_entities_of_the_package_are_not_expanded(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from another file")
    doctype = f'<!DOCTYPE package [<!ENTITY x SYSTEM "file://{secret}">]>'
    path = book(tmp_path / "a.epub", **{"OEBPS/a.opf": doctype + PACKAGE.replace("Águas", "&x;Gates")})
    assert read_document(str(path), path.name).title == "Gates"


def test_what_the_book_s_style_sheet_hides_is_hidden(tmp_path: Path) -> None:
    head = '<head><link href="../s.css" rel="stylesheet" type="text/css"/><link rel="stylesheet" href="lost.css"/></head>'
    page = f'<html xmlns="http://www.w3.org/1999/xhtml">{head}<body><p>They open.</p><p class="h">secret</p></body></html>'
    path = book(tmp_path / "a.epub", **{"OEBPS__text__z.xhtml": page, "OEBPS__s.css": "p { color: red } .h { display: none }"})
    document = read_document(str(path), path.name)
    assert "They open." in document.text
    assert "secret" not in document.text
    assert document.metadata[HIDDEN_TEXT] == "6"
