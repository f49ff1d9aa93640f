"""A workbook of one million rows against one of a tenth, each through a parser process with the default limits."""

from __future__ import annotations

import tempfile
import time
import zipfile
from pathlib import Path

from benchmarks.hostile import Sampler
from benchmarks.results import Row, report
from core.documents import Document
from core.settings import Settings
from tasks.parsers import parser_pool

ROWS = (100_000, 1_000_000)
SECONDS = 60
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def workbook(path: Path, rows: int) -> None:
    """Four columns: a number, a text of its own, an amount, a date."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        package.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET_TYPE}.sheet.main+xml"/></Types>',
        )
        relation = f'<Relationship Id="a" Type="{_OFFICE}/%s" Target="%s"/>'
        relation = f'<Relationships xmlns="{_PACKAGE}/relationships">{relation}</Relationships>'
        package.writestr("_rels/.rels", relation % ("officeDocument", "xl/workbook.xml"))
        package.writestr("xl/_rels/workbook.xml.rels", relation % ("worksheet", "sheet1.xml"))
        sheet = '<sheets><sheet name="Orders" sheetId="1" r:id="a"/></sheets>'
        package.writestr("xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">{sheet}</workbook>')
        with package.open("xl/sheet1.xml", "w", force_zip64=True) as part:
            part.write(f'<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
            for number in range(1, rows + 1):
                name = f'<c t="inlineStr"><is><t>customer {number * 7919 % 999_983}</t></is></c>'
                part.write(
                    f"<row><c><v>{number}</v></c>{name}<c><v>{number * 1.25}</v></c><c><v>{number % 99}</v></c></row>".encode()
                )
            part.write(b"</sheetData></worksheet>")


def measure(path: Path) -> tuple[float, float, int]:
    """Seconds, the parser's peak in MiB, and the rows that came out."""
    with parser_pool(Settings.from_env(), workers=1) as pool:
        sampler = Sampler(pool)
        sampler.start()
        started = time.perf_counter()
        outcomes = [outcome for _, outcome in pool.read_many([(path, str(path), path.name)])]
        seconds = time.perf_counter() - started
        sampler.stop()
    document = outcomes[0]
    if not isinstance(document, Document):
        raise SystemExit(f"not read: {document}")
    rows = sum(element.text.count("\n") + 1 - bool(element.header_lines) for element in document.elements)
    return seconds, sampler.highest / 2**20, rows


def main() -> None:
    """Both sizes."""
    table = []
    with tempfile.TemporaryDirectory() as folder:
        for rows in ROWS:
            path = Path(folder) / f"{rows}.xlsx"
            workbook(path, rows)
            seconds, peak, read = measure(path)
            if read != rows:
                raise SystemExit(f"{read} rows of {rows}")
            bar = f"<= {SECONDS} s" if rows == ROWS[-1] else ""
            table.append(
                Row(f"workbook of {rows:,} rows, seconds", f"{seconds:.1f} s", bar, seconds <= SECONDS if bar else None)
            )
            table.append(Row(f"peak memory of its parser, {path.stat().st_size / 2**20:.0f} MiB file", f"{peak:.0f} MiB"))
    report(table)


if __name__ == "__main__":
    main()
