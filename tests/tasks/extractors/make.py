"""Real files for the tests, made when they are needed."""

from __future__ import annotations

import struct
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Text:
    """A line of a PDF page: where it begins, in points from the lower left corner, and how it is set."""

    text: str
    x: float
    y: float
    size: float = 10
    bold: bool = False


def pdf(path: Path, pages: list[list[Text]], title: str = "") -> Path:
    """A PDF of lines set in Helvetica, written by hand (PDF 32000-1:2008), with a cross-reference table."""
    kids = " ".join(f"{5 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
    ]
    for number, lines in enumerate(pages):
        resources = "/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >>"
        contents = f"{6 + 2 * number} 0 R"
        page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] {resources} /Contents {contents} >>"
        stream = b"\n".join(_show(line) for line in lines)
        objects += [page.encode(), b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream)]
    objects.append(b"<< /Title (%s) /Author (A. Author) /CreationDate (D:20240229120000Z) >>" % title.encode("cp1252"))
    path.write_bytes(_file(objects))
    return path


def pdf_of_streams(
    path: Path, streams: list[bytes], page: str = "/MediaBox [0 0 595 842]", fonts: str = "", resources: str = ""
) -> Path:
    """A PDF with a page for each content stream (objects 7, 9, ...); fonts F1 (Helvetica), F2 (bold), F3 (Courier) and more.

    `page`: what each page says, `resources`: what else its resources hold.
    """
    kids = " ".join(f"{6 + 2 * number} 0 R" for number in range(len(streams)))
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count {len(streams)} >>".encode()]
    for font in ("Helvetica", "Helvetica-Bold", "Courier"):
        objects.append(f"<< /Type /Font /Subtype /Type1 /BaseFont /{font} /Encoding /WinAnsiEncoding >>".encode())
    for number, stream in enumerate(streams):
        held = f"/Resources << /Font << /F1 3 0 R /F2 4 0 R /F3 5 0 R {fonts} >> {resources} >>"
        objects.append(f"<< /Type /Page /Parent 2 0 R {page} {held} /Contents {7 + 2 * number} 0 R >>".encode())
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    objects.append(b"<< /Producer (by hand) >>")
    path.write_bytes(_file(objects))
    return path


def _show(line: Text) -> bytes:
    text = line.text.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    return b"BT /F%d %g Tf %g %g Td (%s) Tj ET" % (2 if line.bold else 1, line.size, line.x, line.y, text)


def _file(objects: list[bytes]) -> bytes:
    data = b"%PDF-1.7\n"
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    return data + trailer % (len(objects) + 1, len(objects), start)


REPORT_PAGES = [
    [
        Text("Water in the Hills", 72, 780, size=22, bold=True),
        Text("How channels are built", 72, 740, size=14, bold=True),
        Text("A channel follows the contour of the hill, so that water flows by its", 72, 715),
        Text("weight alone. The first ones were cut by hand into the rock, and many of", 72, 703),
        Text("them are still in use.", 72, 691),
        Text("A second paragraph stands apart from the first one.", 72, 660),
        Text("• gates divide the water", 90, 636),
        Text("• basins hold it overnight", 90, 622),
    ],
    [
        Text("How water is shared", 72, 780, size=14, bold=True),
        Text("Every field has its hours, written down in a book that the keeper of the", 72, 755),
        Text("channel carries with him.", 72, 743),
    ],
    [Text("The last page holds one line.", 72, 780)],
]


def report_pdf(path: Path) -> Path:
    """Three pages: two levels of headings, wrapped paragraphs, a list."""
    return pdf(path, REPORT_PAGES, title="Annual Water Report")


def docx(path: Path) -> Path:
    """Headings of two levels, a list, a table with merged cells, a page break, a running header."""
    import docx as python_docx

    document = python_docx.Document()
    document.core_properties.title = "Channel handbook"
    document.core_properties.author = "M. Keeper"
    document.sections[0].header.paragraphs[0].text = "Running header"
    document.add_heading("Maintenance", level=1)
    document.add_paragraph("Clean the channel twice a year.")
    document.add_heading("Tools", level=2)
    document.add_paragraph("a spade", style="List Bullet")
    document.add_paragraph("a broom", style="List Bullet")
    document.add_page_break()  # type: ignore[no-untyped-call]
    table = document.add_table(rows=3, cols=3)
    for row, texts in enumerate([("Month", "Hours", "Crew"), ("March", "12", "four"), ("March", "8", "two")]):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    table.cell(1, 0).merge(table.cell(2, 0)).text = "March"
    document.add_paragraph("Água é vida | no pipes.")
    document.save(str(path))
    return path


def pptx(path: Path) -> Path:
    """Three slides: a title slide, a list with notes, a table without a title."""
    import pptx as python_pptx
    from pptx.util import Inches

    presentation = python_pptx.Presentation()
    presentation.core_properties.title = "Levadas of Madeira"
    first = presentation.slides.add_slide(presentation.slide_layouts[0])
    first.shapes.title.text = "Levadas"
    first.placeholders[1].text = "Channels and paths"
    second = presentation.slides.add_slide(presentation.slide_layouts[1])
    second.shapes.title.text = "Why they matter"
    second.placeholders[1].text = "They carry water from the wet north to the dry south of the island."
    second.notes_slide.notes_text_frame.text = "Mention the tunnels here."
    third = presentation.slides.add_slide(presentation.slide_layouts[6])
    table = third.shapes.add_table(2, 2, Inches(1), Inches(1), Inches(4), Inches(1)).table
    for (row, column), text in {(0, 0): "Name", (0, 1): "Length", (1, 0): "Norte", (1, 1): "21 km"}.items():
        table.cell(row, column).text = text
    presentation.save(str(path))
    return path


def old_office(source: Path, kind: str) -> Path:
    """The file as LibreOffice saves it in another format, e.g. kind "doc"."""
    room = source.parent
    profile = (room / "profile").as_uri()
    command = ["soffice", "--headless", f"-env:UserInstallation={profile}", "--convert-to", kind, "--outdir", str(room)]
    subprocess.run([*command, str(source)], capture_output=True, check=True)
    return source.with_suffix(f".{kind}")


def retyped(path: Path, old: str, new: str) -> Path:
    """The Office file with another type for its main part, as templates and files with macros have it."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    types = parts["[Content_Types].xml"]
    assert old.encode() in types
    parts["[Content_Types].xml"] = types.replace(old.encode(), new.encode())
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def xlsx(path: Path) -> Path:
    """Two sheets: flows with dates, a formula and a blank column; a sheet of notes. A third is empty."""
    import datetime as dt

    from openpyxl import Workbook

    book = Workbook()
    flows = book.active
    assert flows is not None
    flows.title = "Flows"
    flows.append(["Day", None, "Litres", "Open"])
    flows.append([dt.date(2024, 2, 29), None, 1234.5, True])
    flows.append([dt.datetime(2024, 3, 1, 6, 30), None, 3.0, False])
    flows["C4"] = "=SUM(C2:C3)"
    notes = book.create_sheet("Notes")
    notes.append(["Key", "Value"])
    notes.append(["a|b", "line one\nline two"])
    book.create_sheet("Blank")
    book.save(str(path))
    return path


EML = """\
Return-Path: <anna@example.org>
From: Anna Lima <anna@example.org>
To: Rui <rui@example.org>, keeper@example.org
Subject: =?utf-8?q?Reparo_da_levada_=E2=80=94_urgente?=
Date: Thu, 29 Feb 2024 10:15:00 +0000
Message-ID: <1@example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Ol=E1 Rui,

the wall near the second basin is broken. Water runs down the road since mon=
day morning.

Anna
--b
Content-Type: application/pdf
Content-Disposition: attachment; filename="wall.pdf"
Content-Transfer-Encoding: base64

JVBERi0xLjcK
--b--
"""


def ole(path: Path, root: dict[str, Any]) -> Path:
    """An OLE compound file ([MS-CFB]) of streams (bytes) and storages (dictionaries)."""
    entries: list[tuple[str, int, int, int, int, int]] = []  # name, type, sibling, child, first sector, size
    large, small = _Sectors(512), _Sectors(64)

    def add(names: list[str], inside: dict[str, Any]) -> int:
        if not names:
            return _NONE
        place = len(entries)
        entries.append(("", 0, 0, 0, 0, 0))
        value = inside[names[0]]
        is_storage = isinstance(value, dict)
        sibling = add(names[1:], inside)
        child = add(list(value), value) if is_storage else _NONE
        first, size = (0, 0) if is_storage else ((small if len(value) < 4096 else large).add(value), len(value))
        entries[place] = (names[0], 1 if is_storage else 2, sibling, child, first, size)
        return place

    entries.append(("", 0, 0, 0, 0, 0))
    child = add(list(root), root)
    entries[0] = ("Root Entry", 5, _NONE, child, large.add(b"".join(small.data)), 64 * len(small.data))
    small_table = large.add(struct.pack(f"<{len(small.chain)}L", *small.chain))
    directory = large.add(b"".join(_ole_entry(*entry) for entry in entries))
    tables = 1
    while tables * 128 < len(large.data) + tables:
        tables += 1
    places = [*range(len(large.data), len(large.data) + tables), *[_NONE] * (109 - tables)]
    rest = [_NONE] * (tables * 127 - len(large.chain))
    table = struct.pack(f"<{tables * 128}L", *large.chain, *[_TABLE] * tables, *rest)
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH6xLL", 0x3E, 3, 0xFFFE, 9, 6, 0, tables)
    head += struct.pack("<LLLLLLL", directory, 0, 4096, small_table, -(-len(small.chain) // 128), _END, 0)
    path.write_bytes(head + struct.pack("<109L", *places) + b"".join(large.data) + table)
    return path


class _Sectors:
    """Sectors of one size, and for each of them the next one of its stream."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.data: list[bytes] = []
        self.chain: list[int] = []

    def add(self, data: bytes) -> int:
        """Its first sector."""
        first = len(self.data)
        self.data += [data[at : at + self._size].ljust(self._size, b"\0") for at in range(0, len(data), self._size)]
        self.chain += [*range(first + 1, len(self.data)), _END] if data else []
        return first if data else _END


_NONE, _END, _TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def _ole_entry(name: str, kind: int, sibling: int, child: int, first: int, size: int) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    return text.ljust(64, b"\0") + struct.pack("<HBBLLL36xLQ", len(text), kind, 1, _NONE, sibling, child, first, size)


def outlook(head: int, **values: Any) -> dict[str, Any]:
    """An object of an Outlook message: properties by tag ("t0037"); text as Unicode, bytes as binary, numbers, and
    strings of another type as (type, bytes). `head` is the size of the property stream's header. Other names are kept.
    """
    fixed = bytes(head)
    found: dict[str, Any] = {}
    for key, value in values.items():
        if not key.startswith("t"):
            found[key] = value
        elif isinstance(value, int):
            fixed += struct.pack("<HHLQ", 0x0040 if value > 1 << 32 else 0x0003, int(key[1:], 16), 6, value)
        else:
            kind, data = value if isinstance(value, tuple) else (0x0102, value)
            if isinstance(value, str):
                kind, data = 0x001F, value.encode("utf-16-le")
            found[f"__substg1.0_{key[1:].upper()}{kind:04X}"] = data
    return found | {"__properties_version1.0": fixed}


_ODF_NAMES = 'xmlns:xlink="http://www.w3.org/1999/xlink" ' + " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{full}:1.0"'
    for name, full in {
        **{name: name for name in ("office", "text", "table", "style", "meta", "presentation")},
        "draw": "drawing",
        "fo": "xsl-fo-compatible",
        "svg": "svg-compatible",
    }.items()
)


def odf(
    path: Path,
    kind: str,
    body: str,
    styles: str = "",
    manifest: str = "",
    masters: str = "",
    parts: dict[str, bytes] | None = None,
) -> Path:
    """An OpenDocument file whose body ("text", "spreadsheet" or "presentation") is this XML, with these automatic styles and
    master pages, and other parts by their names.
    """
    content = (
        f"<office:document-content {_ODF_NAMES}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    )
    meta = (
        f'<office:document-meta {_ODF_NAMES} xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta>'
        "<dc:title>Channel book</dc:title><meta:initial-creator>M. Keeper</meta:initial-creator>"
        "</office:meta></office:document-meta>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}", zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
        archive.writestr("meta.xml", meta)
        if manifest:
            archive.writestr("META-INF/manifest.xml", manifest)
        if masters:
            styled = f"<office:master-styles>{masters}</office:master-styles>"
            archive.writestr("styles.xml", f"<office:document-styles {_ODF_NAMES}>{styled}</office:document-styles>")
        for name, data in (parts or {}).items():
            archive.writestr(name, data)
    return path


def odf_flat(path: Path, kind: str, body: str) -> Path:
    """The same in one XML file."""
    path.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document {_ODF_NAMES} office:version="1.3" '
        f'office:mimetype="application/vnd.oasis.opendocument.{kind}"><office:body><office:{kind}>{body}</office:{kind}>'
        "</office:body></office:document>"
    )
    return path


def edited(path: Path, part: str, old: str, new: str) -> Path:
    """The Office file with a text in one of its parts replaced, which must be there once."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert parts[part].count(old.encode()) == 1
    parts[part] = parts[part].replace(old.encode(), new.encode())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path
