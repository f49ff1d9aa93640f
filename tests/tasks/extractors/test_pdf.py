"""PDF: pages, headings and paragraphs of files made here, and of a real book where it is at hand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter

from core.documents import ElementKind
from core.reasons import Reason
from tasks.extractors.pdf import PdfExtractor
from tasks.extractors.read import read_document
from tests.contracts.extractors import ExtractorContract, check
from tests.tasks.extractors import make
from tests.tasks.extractors.make import Text
from tests.tasks.extractors.reading import read, refusal

SHARED = Path(__file__).resolve().parents[3] / ".." / "shared" / "data"
GEOTOPO = SHARED / "pdf-truth" / "py-pdf-sample-files" / "009-pdflatex-geotopo" / "GeoTopo-komprimiert.pdf"
FILING = SHARED / "financebench" / "pdfs" / "AMAZON_2017_10K.pdf"


class TestPdfExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> PdfExtractor:
        return PdfExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        return make.report_pdf(tmp_path / "report.pdf")

    def test_elements(self, sample: Path) -> None:
        document = read_document(str(sample), sample.name)
        assert document.title == "Annual Water Report"
        assert document.metadata == {"author": "A. Author", "date": "2024-02-29"}
        assert [(e.page, e.kind.value, e.level, e.text) for e in document.elements] == [
            (1, "heading", 1, "Water in the Hills"),
            (1, "heading", 2, "How channels are built"),
            (
                1,
                "paragraph",
                None,
                "A channel follows the contour of the hill, so that water flows by its weight alone. "
                "The first ones were cut by hand into the rock, and many of them are still in use.",
            ),
            (1, "paragraph", None, "A second paragraph stands apart from the first one."),
            (1, "list_item", None, "gates divide the water"),
            (1, "list_item", None, "basins hold it overnight"),
            (2, "heading", 2, "How water is shared"),
            (
                2,
                "paragraph",
                None,
                "Every field has its hours, written down in a book that the keeper of the channel carries with him.",
            ),
            (3, "paragraph", None, "The last page holds one line."),
        ]


def rewritten(source: Path, target: Path, user: str | None = None, outline: bool = False) -> Path:
    writer = PdfWriter(clone_from=PdfReader(source))
    if outline:
        top = writer.add_outline_item(title="The last page", page_number=2)
        writer.add_outline_item(title="How water is shared", page_number=1)
        writer.add_outline_item(
            title="2.1 Every field has its hours, written down in a book that the keeper of the", page_number=1, parent=top
        )
    if user is not None:
        writer.encrypt(user_password=user, owner_password="owner", algorithm="AES-256")
    writer.write(target)
    return target


def test_an_empty_user_password_opens(tmp_path: Path) -> None:
    source = make.report_pdf(tmp_path / "a.pdf")
    locked = rewritten(source, tmp_path / "b.pdf", user="")
    assert read(locked).elements == read(source).elements


def test_a_password_is_asked_for(tmp_path: Path) -> None:
    locked = rewritten(make.report_pdf(tmp_path / "a.pdf"), tmp_path / "b.pdf", user="secret")
    assert refusal(locked).reason is Reason.ENCRYPTED


def test_bookmarks_that_match_are_the_headings_below_the_title(tmp_path: Path) -> None:
    document = read(rewritten(make.report_pdf(tmp_path / "a.pdf"), tmp_path / "b.pdf", outline=True))
    assert [(e.page, e.level, e.text[:20]) for e in document.elements if e.kind is ElementKind.HEADING] == [
        (1, 1, "Water in the Hills"),
        (2, 1, "How water is shared"),
        (2, 2, "Every field has its "),
    ]


def test_bold_lines_of_body_size_are_the_lowest_headings(tmp_path: Path) -> None:
    lines = [Text("Large heading", 72, 800, size=20), Text("Small heading", 72, 760, bold=True)]
    body = [Text(f"Body text of line {n} which runs on and on and does not end", 72, 740 - 12 * n) for n in range(9)]
    headings = [e for e in read(make.pdf(tmp_path / "a.pdf", [lines + body])).elements if e.kind is ElementKind.HEADING]
    assert [(e.level, e.text) for e in headings] == [(1, "Large heading"), (2, "Small heading")]


def test_columns_and_rows(tmp_path: Path) -> None:
    left = [Text("The left column begins here and its", 50, 800), Text("sentence goes on in the next", 50, 788)]
    right = [Text("column, where it ends.", 320, 800), Text("Another one follows it.", 320, 776)]
    row = [Text("Litres", 50, 600), Text("12", 200, 600), Text("14", 300, 600)]
    document = read(make.pdf(tmp_path / "a.pdf", [left + right + row]))
    assert [e.text for e in document.elements] == [
        "The left column begins here and its sentence goes on in the next column, where it ends.",
        "Another one follows it.",
        "Litres 12 14",
    ]


def test_blank_pages_are_counted_and_nothing_else_is_empty(tmp_path: Path) -> None:
    line = [Text("words on page two", 72, 700)]
    assert [e.page for e in read(make.pdf(tmp_path / "a.pdf", [[], line, []])).elements] == [2]
    blank = refusal(make.pdf(tmp_path / "b.pdf", [[], []]))
    assert blank.reason is Reason.EMPTY
    assert blank.detail == "2 pages without any text"


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited by RLIMIT_AS")
def test_a_damaged_file_that_does_not_fit_into_memory_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.7\nnothing of what should follow")
    os.truncate(path, 60 << 20)
    # A process of its own: this one may have room enough that it only gave back to itself.
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from core.errors import Unprocessable\n"
        "from tasks.extractors.read import read_document\n"
        "read_document(sys.argv[1], 'sound.pdf')  # the libraries are loaded before memory is short\n"
        "taken = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (taken + (50 << 20), resource.RLIM_INFINITY))\n"
        "try:\n"
        "    read_document(sys.argv[2], 'damaged.pdf')\n"
        "except Unprocessable as exc:\n"
        "    print(exc.reason.value)\n"
    )
    command = [sys.executable, "-c", code, str(make.report_pdf(tmp_path / "b.pdf")), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [Reason.TOO_LARGE.value]


def test_a_lost_header_is_mended(tmp_path: Path) -> None:
    path = make.report_pdf(tmp_path / "a.pdf")
    path.write_bytes(path.read_bytes().replace(b"%PDF-1.7", b"%XYZ-1.7", 1))
    document = read(path)
    check(document)
    assert "Water in the Hills" in document.text
    assert document.warnings


def test_random_bytes_after_a_header_are_corrupt(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 20)
    assert refusal(path).reason is Reason.CORRUPT


def test_titles_that_are_file_names_are_no_titles(tmp_path: Path) -> None:
    heading = [[Text("Real title", 72, 800, size=20), Text("and some words of the body below it", 72, 700)]]
    for title in ("Microsoft Word - draft.doc", "scan0001.pdf", "untitled", ""):
        assert read(make.pdf(tmp_path / "a.pdf", heading, title=title)).title == "Real title"


def test_the_geotopo_book() -> None:
    if not GEOTOPO.exists():
        pytest.skip(f"real documents are not here: {GEOTOPO}")
    document = read(GEOTOPO)
    check(document)
    headings = {e.text: (e.page, e.level) for e in document.elements if e.kind is ElementKind.HEADING}
    assert headings["1.3 Stetigkeit"] == (13, 2)
    assert headings["3 Fundamentalgruppe und Überlagerungen"] == (48, 1)
    assert headings["4.2.1 Flächeninhalt"] == (78, 3)
    assert any(e.page == 13 and e.text.startswith("Seien X, Y metrische Räume") for e in document.elements)


def test_a_real_filing() -> None:
    if not FILING.exists():
        pytest.skip(f"real documents are not here: {FILING}")
    document = read(FILING)
    check(document)
    assert max(e.page or 0 for e in document.elements) == 85
    headings = [(e.page, e.text) for e in document.elements if e.kind is ElementKind.HEADING]
    assert (6, "Item 1A. Risk Factors") in headings
    paragraph = next(e for e in document.elements if e.text.startswith("The preparation of financial statements in conformity"))
    assert paragraph.page == 21
    assert paragraph.text.endswith("under different assumptions, judgments, or conditions.")
