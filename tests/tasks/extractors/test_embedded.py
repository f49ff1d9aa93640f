"""Files in office documents: packages, OLE objects, OpenDocument objects."""

from __future__ import annotations

import struct
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from core.documents import Document
from tasks.extractors._ole.objects import files_below
from tasks.extractors.base import Reading
from tasks.extractors.read import read_document
from tests.contracts.extractors import check
from tests.tasks.extractors import make
from tests.tasks.extractors.test_xls import biff2

PACKAGER = bytes.fromhex("0c0003000000 0000 c000000000000046")
"""The class of objects that hold a file, as [MS-CFB] writes it."""
RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def read(path: Path) -> Document:
    document = read_document(str(path), path.name, Reading(members=str(path.parent / "members")))
    check(document)
    return document


def contents(document: Document) -> dict[str, bytes]:
    return {member.name: Path(member.path).read_bytes() for member in document.members}


def native(label: str, content: bytes, unicode_label: str = "") -> bytes:
    """The stream that the Packager writes ([MS-OLEDS] does not; as Word 2016 does)."""
    names = struct.pack("<H", 2) + label.encode("cp1252") + b"\0C:\\Users\\anna\\letter.txt\0"
    data = names + struct.pack("<II", 0x30000, 8) + b"C:\\temp\0" + struct.pack("<I", len(content)) + content
    for name in ("C:\\temp", unicode_label) if unicode_label else ():
        data += struct.pack("<I", len(name)) + name.encode("utf-16-le")
    return struct.pack("<I", len(data)) + data


def ole(tmp_path: Path, streams: dict[str, bytes]) -> bytes:
    return make.ole(tmp_path / "object.bin", streams).read_bytes()


def with_relations(path: Path, part: str, parts: dict[str, tuple[str, bytes]]) -> Path:
    """The package with more parts, each referred to by `part` in a relation of the kind given."""
    rels = f"{part.rpartition('/')[0]}/_rels/{part.rpartition('/')[2]}.rels"
    with zipfile.ZipFile(path) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    lines = "".join(
        f'<Relationship Id="e{number}" Type="{REL}/{kind}" Target="/{name}"/>'
        for number, (name, (kind, _)) in enumerate(parts.items())
    )
    root = f'<Relationships xmlns="{RELATIONSHIPS}"></Relationships>'.encode()
    found[rels] = found.get(rels, root).replace(b"</Relationships>", lines.encode() + b"</Relationships>")
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in (found | {name: data for name, (_, data) in parts.items()}).items():
            archive.writestr(name, data)
    return path


def test_a_word_document(tmp_path: Path) -> None:
    book = make.xlsx(tmp_path / "b.xlsx").read_bytes()
    pdf = make.report_pdf(tmp_path / "r.pdf").read_bytes()
    parts = {
        "word/embeddings/Sheet1.xlsx": ("package", book),
        "word/embeddings/oleObject1.bin": ("oleObject", ole(tmp_path, {"\x01Ole10Native": native("Brief", b"Dear all")})),
        "word/embeddings/oleObject2.bin": ("oleObject", ole(tmp_path, {"CONTENTS": pdf})),
        "word/embeddings/oleObject3.bin": ("oleObject", ole(tmp_path, {"WordDocument": b"x" * 5000})),
        "word/embeddings/oleObject4.bin": ("oleObject", ole(tmp_path, {"Package": book})),
        "word/embeddings/oleObject5.bin": ("oleObject", ole(tmp_path, {"Equation Native": b"E=mc2"})),
        "word/embeddings/oleObject6.bin": ("oleObject", ole(tmp_path, {"CONTENTS": b"BM\x00\x01" + bytes(60)})),
        "word/embeddings/oleObject7.bin": ("oleObject", ole(tmp_path, {"CONTENTS": pdf})[:900]),
        "word/embeddings/oleObject8.bin": ("oleObject", ole(tmp_path, {"\x01Ole10Native": b"\x1e\0\0\0\x02\0" + bytes(30)})),
        "word/embeddings/oleObject9.bin": ("oleObject", ole(tmp_path, {"\x01Ole10Native": b"\x1e\0\0\0\x02\0control"})),
        "word/media/image1.png": ("image", b"\x89PNG\r\n\x1a\n"),
        "word/afchunk.html": ("aFChunk", b"<p>Taken in</p>"),
    }
    path = with_relations(make.docx(tmp_path / "a.docx"), "word/document.xml", parts)
    document = read(path)
    assert contents(document) == {
        "Sheet1.xlsx": book,
        "Brief.txt": b"Dear all",
        "oleObject2.pdf": pdf,
        "oleObject3.doc": parts["word/embeddings/oleObject3.bin"][1],
        "oleObject4.xlsx": book,
        "afchunk.html": b"<p>Taken in</p>",
    }
    assert document.warnings == ("an embedded file is damaged: word/embeddings/oleObject7.bin",)
    named = read_document(str(path), path.name)
    assert named.members == ()
    assert "files in it, not read: Sheet1.xlsx, Brief.txt" in named.warnings[-1]


def test_a_document_that_holds_nothing_but_a_file(tmp_path: Path) -> None:
    import docx

    docx.Document().save(str(tmp_path / "a.docx"))
    packed = ole(tmp_path, {"\x01Ole10Native": native("?.txt", b"Hello", "約翰.txt")})
    path = with_relations(tmp_path / "a.docx", "word/document.xml", {"word/embeddings/o.bin": ("oleObject", packed)})
    document = read(path)
    assert document.elements == ()
    assert contents(document) == {"約翰.txt": b"Hello"}


def test_a_presentation_and_the_workbook_behind_its_chart(tmp_path: Path) -> None:
    import pptx
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE
    from pptx.util import Inches

    book = make.xlsx(tmp_path / "b.xlsx")
    presentation = pptx.Presentation()
    for hidden in ("1", "0"):
        slide = presentation.slides.add_slide(presentation.slide_layouts[6])
        data: Any = CategoryChartData()  # type: ignore[no-untyped-call]
        data.categories = ["March"]
        data.add_series("Litres", (12.5,))
        slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(1), Inches(1), Inches(3), Inches(2), data)
        slide.shapes.add_ole_object(str(book), "Excel.Sheet.12", Inches(1), Inches(4), Inches(1), Inches(1))
        slide._element.set("show", hidden)
    presentation.save(str(tmp_path / "a.pptx"))
    assert list(contents(read(tmp_path / "a.pptx")).values()) == [book.read_bytes()]


def test_a_workbook(tmp_path: Path) -> None:
    letter = make.docx(tmp_path / "l.docx").read_bytes()
    parts = {"xl/embeddings/Letter.docx": ("package", letter)}
    path = with_relations(make.xlsx(tmp_path / "a.xlsx"), "xl/worksheets/sheet2.xml", parts)
    assert contents(read(path)) == {"Letter.docx": letter}


def test_objects_in_an_old_workbook(tmp_path: Path) -> None:
    letter = make.docx(tmp_path / "l.docx").read_bytes()
    objects = {
        "MBD001": {"\x01Ole10Native": native("Brief.txt", b"Dear all")},
        "MBD002": {"Package": letter},
        "MBD003": {"\x01Ole10Native": native("Brief.txt", b"Dear all")[:40]},
        "_VBA_PROJECT_CUR": {"Package": letter},
    }
    path = make.ole(tmp_path / "a.xls", {"Workbook": bytes(5000), **objects})
    files = [("Brief.txt", b"Dear all"), ("MBD002.docx", letter)]
    assert files_below(str(path), "MBD") == (files, [])  # a control may have such a stream as the third has
    data = path.read_bytes()
    at = data.index("MBD003".encode("utf-16-le")) + 80  # [MS-CFB] 2.6.1: the class
    path.write_bytes(data[:at] + PACKAGER + data[at + 16 :])
    assert files_below(str(path), "MBD") == (files, ["MBD003"])


def test_a_damaged_object_in_an_old_workbook_is_named(tmp_path: Path) -> None:
    cut = {"\x01Ole10Native": native("a.txt", b"Dear all")[:40]}
    path = make.ole(tmp_path / "a.xls", {"Workbook": biff2({(0, 0): "Month", (0, 1): "Hours"}), "MBD003": cut})
    data = path.read_bytes()
    at = data.index("MBD003".encode("utf-16-le")) + 80
    path.write_bytes(data[:at] + PACKAGER + data[at + 16 :])
    assert "an embedded file is damaged: MBD003" in read(path).warnings


def rtf_object(program: bytes, data: bytes, kind: int = 2) -> str:
    """As Word writes it in RTF: the header and the data, in lines of hexadecimal."""
    head = struct.pack("<III", 0x501, kind, len(program) + 1) + program + b"\0" + struct.pack("<III", 0, 0, len(data))
    digits = (head + data).hex()
    return "{\\object\\objemb{\\*\\objdata " + "\r\n".join(digits[at : at + 80] for at in range(0, len(digits), 80)) + "}}"


def test_rich_text(tmp_path: Path) -> None:
    pdf = make.report_pdf(tmp_path / "r.pdf").read_bytes()
    objects = [
        rtf_object(b"Package", native("Brief.txt", b"Dear all")[4:]),
        rtf_object(b"AcroExch.Document", ole(tmp_path, {"CONTENTS": pdf})),
        rtf_object(b"Equation.3", b"E=mc2"),
        rtf_object(b"Package", b"a link", kind=1),
        rtf_object(b"Package", native("Brief.txt", b"Dear all")[4:-4]),
    ]
    path = tmp_path / "a.rtf"
    path.write_text("{\\rtf1 Hello." + "".join(objects) + "}")
    document = read(path)
    assert [each.text for each in document.elements] == ["Hello."]
    assert contents(document) == {"Brief.txt": b"Dear all", "object 2.pdf": pdf}
    assert document.warnings == ("an embedded file is damaged: object 5",)


OBJECT = '<draw:frame><draw:object xlink:href="./{}"/></draw:frame>'
NAMES = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text"))
SHEET = (
    f"<office:document-content {NAMES}><office:body><office:spreadsheet><table:table><table:table-row>"
    "<table:table-cell><text:p>in a cell</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet>"
    "</office:body></office:document-content>"
)
EQUATION = (
    '<math xmlns="http://www.w3.org/1998/Math/MathML"><semantics><mrow><mi>sin</mi><mi>x</mi><mo>=</mo><mfrac>'
    "<msup><mi>a</mi><mn>2</mn></msup><msqrt><mi>b</mi></msqrt></mfrac></mrow><annotation>sin x = a^2 over sqrt b"
    "</annotation></semantics></math>"
)


@pytest.mark.parametrize("kind", ["text", "presentation"])
def test_an_opendocument_file(tmp_path: Path, kind: str) -> None:
    body = f"<text:p>Below{OBJECT.format('Formula')} is it.{OBJECT.format('Object 1')}{OBJECT.format('Object 1')}</text:p>"
    body += f'<text:p><draw:frame><draw:object-ole xlink:href="./Object 2"/></draw:frame>{OBJECT.format("../../etc")}</text:p>'
    if kind == "presentation":
        body = f'<draw:page draw:name="p"><draw:frame><draw:text-box>{body}</draw:text-box></draw:frame></draw:page>'
    parts = {
        "Object 1/content.xml": SHEET.encode(),
        "Object 1/Pictures/": b"",
        "Object 10/content.xml": b"of another",
        "Object 2": ole(tmp_path, {"\x01Ole10Native": native("Brief.txt", b"Dear all")}),
        "Formula/content.xml": EQUATION.encode(),
    }
    document = read(make.odf(tmp_path / "a.odt", kind, body, parts=parts))
    assert [each.text for each in document.elements] == ["Belowsin x=(a^2)/(√b) is it."]
    assert [member.name for member in document.members] == ["Object 1.ods", "Brief.txt"]
    with zipfile.ZipFile(BytesIO(contents(document)["Object 1.ods"])) as archive:
        assert archive.namelist() == ["mimetype", "content.xml"]
    member = read_document(document.members[0].path, "Object 1.ods")
    assert member.media_type == "application/vnd.oasis.opendocument.spreadsheet"
    assert [each.text for each in member.elements] == ["in a cell"]


def test_an_object_in_a_flat_file(tmp_path: Path) -> None:
    inner = SHEET.replace("document-content", "document").replace(
        NAMES, f'{NAMES} office:mimetype="application/vnd.oasis.opendocument.spreadsheet"'
    )
    body = f"<text:p>Here: <draw:frame><draw:object>{inner}</draw:object></draw:frame></text:p>"
    document = read(make.odf_flat(tmp_path / "a.fodt", "text", body))
    assert [each.text for each in document.elements] == ["Here:"]
    assert [member.name for member in document.members] == ["Object.fods"]
    member = read_document(document.members[0].path, "Object.fods")
    assert [each.text for each in member.elements] == ["in a cell"]
