"""Bombs: small files that want to become huge. Each is refused, or read, within 512 MiB and 30 s."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from core.documents import Document
from core.errors import Unprocessable
from core.reasons import Reason
from tests.tasks.extractors import make
from tests.tasks.extractors.tricks.packages import KINDS, WORDS, build, package, replaced

Read = Callable[[Path], Document | Unprocessable]
HUGE = 300 << 20
"""More than any part of a package may take."""


def reason(outcome: Document | Unprocessable) -> Reason | None:
    return outcome.reason if isinstance(outcome, Unprocessable) else None


def deflated(size: int, byte: bytes = b" ") -> bytes:
    """That many equal bytes, a whole number of MiB, zlib-compressed: a thousandth. Each MiB by itself, so it is packed once."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = byte * (1 << 20)
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = 1
    for _ in range(size >> 20):
        checksum = zlib.adler32(block, checksum)
    return b"\x78\xda" + packed * (size >> 20) + packer.flush() + struct.pack(">I", checksum)


def test_the_bomb_is_no_dud() -> None:
    assert zlib.decompress(deflated(3 << 20)) == b" " * (3 << 20)


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        ("docx", "word/document.xml"),
        ("docx", "docProps/core.xml"),
        ("docx", "[Content_Types].xml"),
        ("pptx", "ppt/slides/slide1.xml"),
        ("xlsx", "xl/worksheets/sheet1.xml"),
        ("xlsx", "xl/sharedStrings.xml"),
        ("odt", "content.xml"),
        ("odt", "meta.xml"),
        ("odt", "styles.xml"),
        ("ods", "content.xml"),
        ("epub", "a.xhtml"),
        ("epub", "book.opf"),
        ("epub", "META-INF/container.xml"),
    ],
)
def test_a_part_that_unpacks_to_too_much(tmp_path: Path, read: Read, kind: str, part: str) -> None:
    path = build(tmp_path, kind)
    with zipfile.ZipFile(path) as archive:
        own = {name: archive.read(name) for name in archive.namelist() if name != part}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in own.items():
            archive.writestr(name, data)
        with archive.open(part, "w", force_zip64=True) as huge:
            for _ in range(HUGE >> 22):
                huge.write(b" " * (1 << 22))
    assert path.stat().st_size < HUGE // 100
    assert reason(read(path)) in (Reason.BOMB, Reason.TOO_LARGE, Reason.CORRUPT)


def test_a_zip_by_ratio(tmp_path: Path, read: Read) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b" " * (100 << 20))
    assert reason(read(path)) is Reason.BOMB


def test_a_zip_by_count(tmp_path: Path, read: Read) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(10_001):
            archive.writestr(f"{number}.txt", b"")
    assert reason(read(path)) is Reason.TOO_LARGE


def test_a_zip_by_nesting(tmp_path: Path, read: Read) -> None:
    """Only one level is opened at a time: what lies in it is handed over as it is."""
    data = b"the innermost text"
    for level in range(50):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("inner.zip" if level else "inner.txt", data)
            archive.writestr("twin.zip" if level else "twin.txt", data)
        data = buffer.getvalue() if level < 20 else data
    path = tmp_path / "a.zip"
    path.write_bytes(buffer.getvalue())
    outcome = read(path)
    assert isinstance(outcome, Document) and [member.name for member in outcome.members] == ["inner.zip", "twin.zip"]


def test_a_zip_that_holds_itself_in_overlapping_entries(tmp_path: Path, read: Read) -> None:
    """Two directory entries share one body, as in David Fifield's "A better zip bomb" (2019)."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", b"one body for many" * 100)
    data = path.read_bytes()
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry = data[start:end]
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2, 2, 2 * len(entry), start, 0)
    path.write_bytes(data[:start] + entry + entry.replace(b"a.txt", b"b.txt") + tail)
    assert reason(read(path)) is Reason.BOMB


@pytest.mark.parametrize("filters", [1, 2, 3])
def test_a_stream_in_a_pdf(tmp_path: Path, read: Read, filters: int) -> None:
    """A page whose content unpacks to a gigabyte; with each further filter a thousandth of the file is enough."""
    data = deflated(1 << 30)
    for _ in range(filters - 1):
        data = zlib.compress(data, 9)
    names = b" ".join([b"/FlateDecode"] * filters)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
        b"<< /Length %d /Filter [%s] >>\nstream\n%s\nendstream" % (len(data), names, data),
    ]
    path = tmp_path / "a.pdf"
    path.write_bytes(make._file(objects))
    outcome = read(path)
    assert reason(outcome) in (Reason.EMPTY, Reason.TOO_LARGE, Reason.BOMB, Reason.CORRUPT)


@pytest.mark.parametrize("kind", ["png", "gif", "bmp", "jpeg", "tiff"])
def test_a_picture_that_claims_to_be_huge(tmp_path: Path, read: Read, kind: str) -> None:
    """A small picture whose header says 60,000 by 60,000 pixels: 10 GB."""
    from PIL import Image

    path = tmp_path / f"a.{kind}"
    Image.new("RGB", (64, 64), "white").save(path)
    data = bytearray(path.read_bytes())
    side = 60_000
    if kind == "png":
        data[16:24] = struct.pack(">2L", side, side)
        data[29:33] = struct.pack(">L", zlib.crc32(data[12:29]))
    elif kind == "gif":
        at = data.index(b",", 13 + 3 * 2)
        data[6:10] = struct.pack("<2H", side, side)
        data[at + 5 : at + 9] = struct.pack("<2H", side, side)
    elif kind == "bmp":
        data[18:26] = struct.pack("<2L", side, side)
    elif kind == "jpeg":
        at = data.index(b"\xff\xc0")
        data[at + 5 : at + 9] = struct.pack(">2H", side, side)
    else:
        at = struct.unpack_from("<L", data, 4)[0] + 2
        for tag in range(struct.unpack_from("<H", data, at - 2)[0]):
            place = at + 12 * tag
            if struct.unpack_from("<H", data, place)[0] in (256, 257):
                data[place + 2 : place + 12] = struct.pack("<HLL", 4, 1, side)
    path.write_bytes(data)
    assert reason(read(path)) in (Reason.BOMB, Reason.TOO_LARGE, Reason.CORRUPT)


@pytest.mark.parametrize("kind", KINDS)
def test_elements_within_elements_without_end(tmp_path: Path, read: Read, kind: str) -> None:
    depth = 200_000
    outcome = read(build(tmp_path, kind, words=WORDS, more="<a>" * depth + "</a>" * depth))
    assert isinstance(outcome, Document) or outcome.reason in (Reason.CORRUPT, Reason.TOO_LARGE, Reason.BOMB)


@pytest.mark.parametrize("name", ["a.json", "a.md", "a.html", "a.eml", "a.csv", "a.py"])
def test_nesting_in_plain_text(tmp_path: Path, read: Read, name: str) -> None:
    heads = {"a.html": "<html><body>" + "<div>" * 100_000 + "words", "a.json": "[" * 100_000 + "]" * 100_000}
    heads |= {"a.md": ">" * 100_000 + " words\n" + "[" * 50_000 + "](" * 50_000, "a.csv": '"' * 100_001 + "\n" + "," * 100_000}
    heads |= {"a.py": "(" * 100_000 + ")" * 100_000}
    message = "From: a@example.org\nTo: b@example.org\nSubject: nested\nMIME-Version: 1.0\n"
    parts = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(2_000))
    heads["a.eml"] = f"{message}{parts}\nwords"
    path = tmp_path / name
    path.write_text(heads[name])
    outcome = read(path)
    assert isinstance(outcome, Document) or not outcome.reason.transient


def test_a_sheet_that_claims_a_million_columns(tmp_path: Path, read: Read) -> None:
    cell = '<c r="XFD1048576"><v>1</v></c>'
    path = build(tmp_path, "xlsx", more=f'<sheetData><row r="1048576">{cell}</row></sheetData>')
    assert isinstance(read(path), Document)


@pytest.mark.parametrize(
    "repeat",
    ['table:number-columns-repeated="2000000000"', 'table:number-rows-repeated="2000000000"', 'text:c="2000000000"'],
)
def test_repeats_in_open_document(tmp_path: Path, read: Read, repeat: str) -> None:
    cell = '<table:table-cell office:value-type="string" {}><text:p>again</text:p></table:table-cell>'
    if "text:c" in repeat:
        path = build(tmp_path, "odt", words=f"{WORDS} <text:s {repeat}/> end")
    elif "columns" in repeat:
        row = f"<table:table-row>{cell.format(repeat)}</table:table-row>"
        path = build(tmp_path, "ods", more=f'<table:table table:name="T">{row}</table:table>')
    else:
        row = f"<table:table-row {repeat}>{cell.format('')}</table:table-row>"
        path = build(tmp_path, "ods", more=f'<table:table table:name="T">{row}</table:table>')
    outcome = read(path)
    assert isinstance(outcome, Document) or outcome.reason in (Reason.TOO_LARGE, Reason.BOMB)


def test_an_office_package_in_itself(tmp_path: Path, read: Read) -> None:
    inner = build(tmp_path, "docx").read_bytes()
    path = replaced(make.docx(tmp_path / "outer.docx"), {"word/embeddings/a.docx": inner})
    assert isinstance(read(path), Document)


def test_an_empty_package_of_each_kind(tmp_path: Path, read: Read) -> None:
    for name, parts in {
        "a.docx": {"[Content_Types].xml": "<Types/>", "word/document.xml": ""},
        "a.odt": {"mimetype": "application/vnd.oasis.opendocument.text"},
        "a.epub": {"mimetype": "application/epub+zip"},
    }.items():
        assert reason(read(package(tmp_path / name, dict(parts)))) in (Reason.CORRUPT, Reason.EMPTY)
