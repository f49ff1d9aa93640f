"""Files that are built of XML, each with the same short text, and with whatever a trick wants before, or in, it."""

from __future__ import annotations

import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

from tests.tasks.extractors import make

WORDS = "Words that a reader sees."

_OFFICE = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        ("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"), ("svg", "svg-compatible"),
    )
) + ' xmlns:xlink="http://www.w3.org/1999/xlink"'  # fmt: skip
_WORD = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
_SHEET = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_EPUB = {
    "mimetype": "application/epub+zip",
    "META-INF/container.xml": '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
    "book.opf": '<package xmlns="http://www.idpf.org/2007/opf" version="2.0" unique-identifier="id"><metadata '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Book</dc:title><dc:identifier id="id">1</dc:identifier>'
    '<dc:language>en</dc:language></metadata><manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>'
    '</manifest><spine><itemref idref="a"/></spine></package>',
}

KINDS = ("docx", "pptx", "xlsx", "odt", "ods", "epub", "svg", "html", "xhtml", "xml", "fodt")


def package(path: Path, parts: dict[str, str | bytes]) -> Path:
    """A zip of these parts."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def replaced(path: Path, parts: dict[str, str | bytes]) -> Path:
    """The package with these parts in place of its own, or besides them."""
    with zipfile.ZipFile(path) as archive:
        own: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    return package(path, own | parts)


def build(directory: Path, kind: str, doctype: str = "", words: str = WORDS, more: str = "") -> Path:
    """A file of the kind. `doctype`: a document type declaration for its main XML; `words`: XML of its text; `more`:
    further XML in its body.
    """
    path = directory / f"trick.{kind}"
    if kind == "docx":
        body = f"<w:document {_WORD}><w:body><w:p><w:r><w:t>{words}</w:t></w:r></w:p>{more}</w:body></w:document>"
        return replaced(make.docx(path), {"word/document.xml": doctype + body})
    if kind == "pptx":
        return _in_place(make.pptx(path), "ppt/slides/slide1.xml", "Channels and paths", doctype, words)
    if kind == "xlsx":
        cell = f'<c r="A1" t="inlineStr"><is><t>{words}</t></is></c>'
        body = f'<worksheet {_SHEET}><sheetData><row r="1">{cell}</row></sheetData>{more}</worksheet>'
        return replaced(make.xlsx(path), {"xl/worksheets/sheet1.xml": doctype + body})
    if kind in ("odt", "fodt"):
        inner = f"<office:body><office:text><text:p>{words}</text:p>{more}</office:text></office:body>"
    if kind == "odt":
        content = f'{doctype}<office:document-content {_OFFICE} office:version="1.2">{inner}</office:document-content>'
        return package(path, {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content})
    if kind == "fodt":
        mark = 'office:mimetype="application/vnd.oasis.opendocument.text" office:version="1.2"'
        path.write_text(f'<?xml version="1.0"?>{doctype}<office:document {_OFFICE} {mark}>{inner}</office:document>')
        return path
    if kind == "ods":
        cell = f'<table:table-cell office:value-type="string"><text:p>{words}</text:p></table:table-cell>'
        sheet = f'<table:table table:name="S"><table:table-row>{cell}</table:table-row></table:table>{more}'
        inner = f"<office:body><office:spreadsheet>{sheet}</office:spreadsheet></office:body>"
        content = f'{doctype}<office:document-content {_OFFICE} office:version="1.2">{inner}</office:document-content>'
        return package(path, {"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content})
    page = f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>T</title></head><body><p>{words}</p>{more}</body></html>'
    if kind == "epub":
        return package(path, {**_EPUB, "a.xhtml": doctype + page})
    texts = {
        "svg": f'<?xml version="1.0"?>{doctype}<svg xmlns="http://www.w3.org/2000/svg" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink"><text>{words}</text>{more}</svg>',
        "html": f"{doctype}{page}",
        "xhtml": f'<?xml version="1.0"?>{doctype}{page}',
        "xml": f'<?xml version="1.0"?>{doctype}<article><para>{words}</para>{more}</article>',
    }
    path.write_text(texts[kind])
    return path


def relations(*targets: tuple[str, str]) -> str:
    """A relationships part: (type's last word, external target) each."""
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    rows = "".join(
        f'<Relationship Id="x{number}" Type="{base}/{kind}" Target="{escape(target)}" TargetMode="External"/>'
        for number, (kind, target) in enumerate(targets)
    )
    return f'<Relationships xmlns="{_RELATIONS}">{rows}</Relationships>'


def _in_place(path: Path, name: str, old: str, doctype: str, words: str) -> Path:
    with zipfile.ZipFile(path) as archive:
        text = archive.read(name).decode()
    declaration, _, rest = text.partition("?>")
    assert old in rest
    return replaced(path, {name: f"{declaration}?>{doctype}{rest.replace(old, words)}"})
