"""Seconds a page of born-digital PDFs, one core, everything included: text, order, tables, cleaning, elements.

`python -m benchmarks.pdf_speed [--files]`. CPU seconds of this process, so that other work on the machine counts less; beside
them, in the same run, PDFium's plain text. The files: annual reports (financebench), a book (GeoTopo), tables (camelot,
icdar2013). What needs OCR or a password is left out.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.results import Row, report
from core.errors import Unprocessable
from tasks.extractors.base import DEFAULT
from tasks.extractors.pdf import PdfExtractor

DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"
SETS = {
    "financebench": "financebench/pdfs/*.pdf",
    "GeoTopo": "pdf-truth/py-pdf-sample-files/009-pdflatex-geotopo/*.pdf",
    "camelot": "pdf-truth/camelot/files/**/*.pdf",
    "icdar2013": "pdf-truth/icdar2013-tables/*/*.pdf",
}
BAR = 0.02


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", action="store_true", help="also the time of every file")
    options = parser.parse_args()
    logging.disable(logging.ERROR)
    engine = PdfExtractor()
    found: list[Row] = []
    pages_of_all = 0
    seconds_of_all = plain_of_all = 0.0
    for name, pattern in SETS.items():
        pages, seconds, plain = 0, 0.0, 0.0
        for path in sorted(DATA.glob(pattern)):
            number = digital_pages(path)
            if not number:
                continue
            try:
                taken = cpu(lambda path=path: engine.extract(str(path), "application/pdf", DEFAULT))  # type: ignore[misc]
            except Unprocessable:
                continue
            pages, seconds, plain = pages + number, seconds + taken, plain + cpu(lambda path=path: pdfium(path))  # type: ignore[misc]
            if options.files:
                print(f"{taken / number:.4f} s a page, {number:4} pages: {path.name}")
        if pages:
            found.append(Row(f"{name}, {pages} pages: s a page", f"{seconds / pages:.4f}"))
        pages_of_all, seconds_of_all, plain_of_all = pages_of_all + pages, seconds_of_all + seconds, plain_of_all + plain
    each = seconds_of_all / pages_of_all
    found.append(Row(f"all {pages_of_all} pages: s a page", f"{each:.4f}", f"<= {BAR}", each <= BAR))
    found.append(Row("PDFium's plain text, same run: s a page", f"{plain_of_all / pages_of_all:.4f}"))
    found.append(Row("ours against PDFium's plain text", f"{seconds_of_all / plain_of_all:.1f} x"))
    report(found)


def digital_pages(path: Path) -> int:
    """How many pages it has; 0 if it needs a password or any page lacks a text layer."""
    from pypdfium2 import PdfDocument, PdfiumError

    try:
        with PdfDocument(path) as pdf:
            return len(pdf) if all(page.get_textpage().count_chars() for page in pdf) else 0
    except PdfiumError:
        return 0


def pdfium(path: Path) -> None:
    from pypdfium2 import PdfDocument

    with PdfDocument(path) as pdf:
        for page in pdf:
            page.get_textpage().get_text_range()


def cpu(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    main()
