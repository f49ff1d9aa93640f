"""Old Excel workbooks: one of Excel 2 written here byte by byte, later ones as LibreOffice saves them."""

from __future__ import annotations

import shutil
import struct
import zipfile
from pathlib import Path

import pytest

from core.documents import ElementKind
from core.errors import Unprocessable
from core.reading import ReadingPolicy
from core.reasons import Reason
from tasks.extractors.base import Reading
from tasks.extractors.read import read_document
from tasks.extractors.xls import XlsExtractor
from tests.contracts.extractors import ExtractorContract
from tests.tasks.extractors import make

needs_libreoffice = pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")


def biff2(cells: dict[tuple[int, int], str | float]) -> bytes:
    """A worksheet of Excel 2: records of BOF, LABEL and NUMBER, EOF, without a container."""

    def record(kind: int, body: bytes) -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    found = record(0x0009, struct.pack("<HH", 2, 0x10))
    for (row, column), value in cells.items():
        place = struct.pack("<HH3s", row, column, b"\x00\x00\x00")
        if isinstance(value, str):
            found += record(0x0004, place + bytes([len(value)]) + value.encode("cp1252"))
        else:
            found += record(0x0003, place + struct.pack("<d", value))
    return found + record(0x000A, b"")


class TestXlsContract(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> XlsExtractor:
        return XlsExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        path = tmp_path / "a.xls"
        path.write_bytes(biff2({(0, 0): "Month", (0, 1): "Hours", (1, 0): "Março", (1, 1): 12.5, (2, 0): "April", (2, 1): 8}))
        return path

    def test_its_cells(self, sample: Path) -> None:
        document = read_document(str(sample), sample.name)
        assert document.media_type == "application/vnd.ms-excel"
        assert document.elements[0].cells == [["Month", "Hours"], ["Março", "12.5"], ["April", "8"]]
        assert document.elements[0].page == 1


@pytest.mark.parametrize(("height", "shown"), [(0x8000, True), (0x0000, False), (300, True)])
def test_a_row_without_height_is_hidden_unless_its_height_is_the_default(tmp_path: Path, height: int, shown: bool) -> None:
    """Excel 3: records of BOF, ROW, LABEL and EOF. The highest bit of a row's height says that it is the default."""
    records = [
        (0x0209, struct.pack("<HHH", 3, 0x10, 0)),
        (0x0208, struct.pack("<HHHHHHi", 0, 0, 1, height, 0, 0, 0)),
        (0x0204, struct.pack("<HHHH", 0, 0, 0, 5) + b"Water"),
        (0x0204, struct.pack("<HHHH", 1, 0, 0, 5) + b"flows"),
        (0x000A, b""),
    ]
    path = tmp_path / "a.xls"
    path.write_bytes(b"".join(struct.pack("<HH", kind, len(body)) + body for kind, body in records))
    assert ("Water" in read_document(str(path), path.name).text) is shown


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dates, a formula, formats; merged cells; a hidden row, column and sheet; white letters; a comment."""
    import datetime as dt

    from openpyxl import Workbook
    from openpyxl.comments import Comment
    from openpyxl.styles import Font

    made = Workbook()
    first = made.active
    assert first is not None
    first.title = "Flows"
    for row in (["Day", "Litres", "Share", "Note"], [dt.date(2024, 2, 29), 1234.5, 0.5, "dry"], [dt.date(2024, 3, 1), 3, 0.25]):
        first.append(row)
    first["B4"] = "=SUM(B2:B3)"
    for cell in ("C2", "C3"):
        first[cell].number_format = "0%"
    first["D3"], first["E1"], first["E2"], first["A5"] = "see", "Secret column", "hidden", "hidden row"
    first["D3"].comment = Comment("A remark", "M. Keeper")
    first["A4"], first["A4"].font = "white", Font(color="FFFFFFFF")
    first.column_dimensions["E"].hidden = True
    first.row_dimensions[5].hidden = True
    merged = made.create_sheet("Crews")
    for row in (["Crew", "Hours"], ["north", 3], [None, 4]):
        merged.append(row)
    merged.merge_cells("A2:A3")
    secret = made.create_sheet("Secret")
    secret.sheet_state = "hidden"
    secret.append(["Nobody", "sees this"])
    path = tmp_path_factory.mktemp("xls") / "a.xlsx"
    made.save(path)
    return make.old_office(with_text_box(path, "A box, água"), "xls")


TYPE = "application/vnd.openxmlformats-officedocument.drawing+xml"


def with_text_box(path: Path, text: str) -> Path:
    """The workbook (xlsx) with a text box on its second sheet."""
    base = "http://schemas.openxmlformats.org"
    corner = (
        "<xdr:{0}><xdr:col>{1}</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>{1}</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:{0}>"
    )
    drawing = (
        f'<xdr:wsDr xmlns:xdr="{base}/drawingml/2006/spreadsheetDrawing" xmlns:a="{base}/drawingml/2006/main">'
        f'<xdr:twoCellAnchor>{corner.format("from", 4)}{corner.format("to", 8)}<xdr:sp><xdr:nvSpPr><xdr:cNvPr id="2" name="b"/>'
        '<xdr:cNvSpPr txBox="1"/></xdr:nvSpPr><xdr:spPr><a:prstGeom prst="rect"/></xdr:spPr><xdr:txBody><a:bodyPr/><a:p><a:r>'
        f"<a:t>{text}</a:t></a:r></a:p></xdr:txBody></xdr:sp><xdr:clientData/></xdr:twoCellAnchor></xdr:wsDr>"
    )
    kind = f"{base}/officeDocument/2006/relationships"
    rels = (
        f'<Relationships xmlns="{base}/package/2006/relationships"><Relationship Id="d" Type="{kind}/drawing" '
        'Target="/xl/drawings/box.xml"/></Relationships>'
    )
    make.edited(path, "xl/worksheets/sheet2.xml", "</worksheet>", f'<drawing xmlns:r="{kind}" r:id="d"/></worksheet>')
    override = f'<Override PartName="/xl/drawings/box.xml" ContentType="{TYPE}"/></Types>'
    make.edited(path, "[Content_Types].xml", "</Types>", override)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/drawings/box.xml", drawing)
        archive.writestr("xl/worksheets/_rels/sheet2.xml.rels", rels)
    return path


@needs_libreoffice
def test_a_workbook(book: Path) -> None:
    document = read_document(str(book), book.name)
    flows, crews = (element for element in document.elements if element.kind is ElementKind.TABLE)
    assert (flows.page, flows.label, crews.page, crews.label) == (1, "Flows", 2, "Crews")
    assert flows.cells[:3] == [
        ["Day", "Litres", "Share", "Note"],
        ["2024-02-29", "1234.5", "50%", "dry"],
        ["2024-03-01", "3", "25%", "see"],
    ]
    assert "1237.5" in document.text
    assert crews.cells == [["Crew", "Hours"], ["north", "3"], ["north", "4"]]
    assert document.elements[-1].text == "A box, água"
    assert document.elements[-1].page == 2


@needs_libreoffice
def test_what_a_reader_would_not_see_is_counted(book: Path) -> None:
    document = read_document(str(book), book.name)
    kept = read_document(str(book), book.name, Reading(ReadingPolicy(keep_hidden=True)))
    for text in ("Secret column", "hidden row", "white", "Nobody", "A remark"):
        assert text not in document.text
        assert text in kept.text
    assert document.metadata["hidden_text"] == kept.metadata["hidden_text"]


@needs_libreoffice
def test_a_password_is_said(book: Path, tmp_path: Path) -> None:
    data = book.read_bytes()
    start = data.index(struct.pack("<HHHH", 0x0809, 16, 0x0600, 0x0005), 512)  # BOF of the workbook
    after = start + 20
    path = tmp_path / "a.xls"
    path.write_bytes(data[:after] + struct.pack("<HHH", 0x002F, 2, 0) + data[after + 6 :])  # FILEPASS
    with pytest.raises(Unprocessable) as caught:
        read_document(str(path), path.name)
    assert caught.value.reason is Reason.ENCRYPTED
