"""PDF pages as they are read: hidden text, turned text, order, running lines, broken words, damage, scans."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    BooleanObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

from core.documents import HIDDEN_TEXT, Document, ElementKind
from core.errors import Unprocessable
from core.reading import ReadingPolicy
from core.reasons import Reason
from tasks.extractors._pdf.lines import joined
from tasks.extractors._pdf.page import PLAIN, Word
from tasks.extractors._pdf.rtl import in_reading_direction, with_ligatures_in_order
from tasks.extractors._pdf.scan import resolution
from tasks.extractors._pdf.sheet import raw_text
from tasks.extractors.base import Reading
from tasks.extractors.pdf import PdfExtractor
from tasks.extractors.read import read_document
from tests.contracts.extractors import check
from tests.tasks.extractors import make
from tests.tasks.extractors.make import Text

SEEN = b"BT /F1 12 Tf 72 700 Td (what everybody sees) Tj ET\n"
needs_tesseract = pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")


def read(path: Path, keep_hidden: bool = False) -> Document:
    document = read_document(str(path), path.name, Reading(ReadingPolicy(keep_hidden=keep_hidden)))
    check(document)
    return document


def texts(document: Document) -> list[str]:
    return [element.text for element in document.elements]


@pytest.mark.parametrize(
    "hidden",
    [
        b"1 1 1 rg BT /F1 12 Tf 72 600 Td (secret) Tj ET",
        b"BT /F1 0.4 Tf 72 600 Td (secret) Tj ET",
        b"BT /F1 12 Tf 0.01 0 0 0.01 72 600 Tm (secret) Tj ET",
        b"BT /F1 12 Tf 900 600 Td (secret) Tj ET",
        b"BT /F1 12 Tf 72 -50 Td (secret) Tj ET",
        b"BT 3 Tr /F1 12 Tf 72 600 Td (secret) Tj ET",
        b"0 0 1 rg 60 590 200 30 re f BT /F1 12 Tf 72 600 Td (secret) Tj ET",
    ],
    ids=["white", "tiny", "tiny by its matrix", "right of the page", "below the page", "invisible", "blue on blue"],
)
def test_what_a_reader_does_not_see_is_left_out_and_counted(tmp_path: Path, hidden: bytes) -> None:
    path = make.pdf_of_streams(tmp_path / "a.pdf", [SEEN + hidden])
    document = read(path)
    assert texts(document) == ["what everybody sees"]
    assert document.metadata[HIDDEN_TEXT] == "6"
    kept = read(path, keep_hidden=True)
    assert "secret" in kept.text
    assert kept.metadata[HIDDEN_TEXT] == "6"


@pytest.mark.parametrize(
    "shown",
    [
        b"0.1 0.2 0.4 rg 60 590 200 30 re f 1 1 1 rg BT /F1 12 Tf 72 600 Td (shown) Tj ET",
        b"0.1 0.2 0.4 rg 160 605 m 260 640 l 300 560 l 20 560 l f 1 1 1 rg BT /F1 12 Tf 72 600 Td (shown) Tj ET",
        b"0 0 0 RG 30 w 60 605 m 260 605 l S 1 1 1 rg BT /F1 12 Tf 72 600 Td (shown) Tj ET",
        b"0.9 g 60 590 200 30 re f 0 g BT /F1 12 Tf 72 600 Td (shown) Tj ET",
    ],
    ids=["white on dark", "white on a shape", "white on a thick line", "black on grey"],
)
def test_what_stands_out_from_its_ground_is_kept(tmp_path: Path, shown: bytes) -> None:
    document = read(make.pdf_of_streams(tmp_path / "a.pdf", [SEEN + shown]))
    assert texts(document) == ["what everybody sees", "shown"]
    assert HIDDEN_TEXT not in document.metadata


def test_text_in_a_gradient_is_seen(tmp_path: Path) -> None:
    """PDFium says of every pattern that it is white."""
    function = "/Function << /FunctionType 2 /Domain [0 1] /C0 [1 0 0] /C1 [0 1 1] /N 1 >>"
    shading = f"<< /ShadingType 2 /ColorSpace /DeviceRGB /Coords [72 0 300 0] /Extend [true true] {function} >>"
    gradient = f"/Pattern << /P1 << /PatternType 2 /Shading {shading} >> >>"
    shown = b"/Pattern cs /P1 scn BT /F1 24 Tf 72 600 Td (shown) Tj ET"
    white = b" /DeviceRGB cs 1 1 1 sc BT /F1 24 Tf 72 500 Td (secret) Tj ET"
    document = read(make.pdf_of_streams(tmp_path / "a.pdf", [SEEN + shown + white], resources=gradient))
    assert texts(document) == ["what everybody sees", "shown"]
    assert document.metadata[HIDDEN_TEXT] == "6"


def test_glyphs_that_are_drawings_have_the_size_in_which_they_are_drawn(tmp_path: Path) -> None:
    """A Type 3 font sets its own units, so that its nominal size may be 0.24 points."""
    font = (
        "/T3 << /Type /Font /Subtype /Type3 /FontBBox [0 0 40 40] /FontMatrix [1 0 0 1 0 0] /FirstChar 97 /LastChar 97 "
        "/Widths [40] /Encoding << /Differences [97 /a] >> /CharProcs << /a 9 0 R >> >>"
    )
    glyph = b"40 0 0 0 40 40 d1 0 0 40 40 re f"
    stream = SEEN + b"BT /T3 0.24 Tf 72 600 Td (aaa) Tj ET"
    document = read(make.pdf_of_streams(tmp_path / "a.pdf", [stream, glyph], fonts=font))
    assert texts(document) == ["what everybody sees", "aaa"]


def test_outside_the_crop_box_is_off_the_page(tmp_path: Path) -> None:
    page = "/MediaBox [0 0 595 842] /CropBox [0 650 595 842]"
    stream = SEEN + b"BT /F1 12 Tf 72 600 Td (printer's notes) Tj ET"
    document = read(make.pdf_of_streams(tmp_path / "a.pdf", [stream], page))
    assert texts(document) == ["what everybody sees"]
    assert document.elements[0].box == pytest.approx((72, 132, 185, 145), abs=4)


@pytest.mark.parametrize(("rotation", "box"), [(0, (72, 130)), (90, (700, 72)), (180, (410, 700)), (270, (130, 410))])
def test_boxes_are_those_of_the_page_as_shown(tmp_path: Path, rotation: int, box: tuple[int, int]) -> None:
    page = f"/MediaBox [0 0 595 842] /Rotate {rotation}"
    (element,) = read(make.pdf_of_streams(tmp_path / "a.pdf", [SEEN], page)).elements
    assert element.text == "what everybody sees"
    assert element.box is not None
    assert element.box[:2] == pytest.approx(box, abs=8)


def test_a_page_whose_text_runs_upwards_is_read_as_if_turned(tmp_path: Path) -> None:
    lines = [b"The landscape page was printed sideways, so that", b"all of its lines run upwards and follow one another."]
    stream = b"\n".join(b"BT /F1 12 Tf 0 1 -1 0 %d 80 Tm (%s) Tj ET" % (200 + 14 * n, line) for n, line in enumerate(lines))
    (element,) = read(make.pdf_of_streams(tmp_path / "a.pdf", [stream])).elements
    assert element.text == b" ".join(lines).decode()
    assert element.box is not None
    left, top, right, bottom = element.box
    assert bottom - top > 200 > right - left
    assert left == pytest.approx(190, abs=8)


@pytest.mark.parametrize("bare", [False, True], ids=["with the look of the value", "without it"])
def test_values_of_form_fields_are_read_where_they_stand(tmp_path: Path, bare: bool) -> None:
    writer = PdfWriter(clone_from=make.pdf_of_streams(tmp_path / "a.pdf", [SEEN + b"BT /F1 12 Tf 72 600 Td (Name:) Tj ET"]))
    font = DictionaryObject({NameObject("/F1"): writer.pages[0]["/Resources"]["/Font"].raw_get("/F1")})  # type: ignore[index]
    field = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject("/Widget"),
            NameObject("/FT"): NameObject("/Tx"),
            NameObject("/T"): TextStringObject("name"),
            NameObject("/Rect"): ArrayObject(map(FloatObject, (120, 595, 300, 615))),
            NameObject("/DA"): TextStringObject("/F1 12 Tf 0 g"),
            NameObject("/F"): NumberObject(4),
        }
    )
    added = writer._add_object(field)
    writer.pages[0][NameObject("/Annots")] = ArrayObject([added])
    form = {"/Fields": ArrayObject([added]), "/DA": TextStringObject("/F1 12 Tf 0 g"), "/NeedAppearances": BooleanObject(True)}
    form["/DR"] = DictionaryObject({NameObject("/Font"): font})
    writer._root_object[NameObject("/AcroForm")] = DictionaryObject({NameObject(k): v for k, v in form.items()})
    writer.update_page_form_field_values(writer.pages[0], {"name": "Maria Gomes"})
    if bare:
        del field["/AP"]
    writer.write(tmp_path / "b.pdf")
    assert texts(read(tmp_path / "b.pdf")) == ["what everybody sees", "Name: Maria Gomes"]


def test_text_painted_twice_to_look_bold_is_read_once(tmp_path: Path) -> None:
    stream = b"BT /F1 12 Tf 72 700 Td (Shadowed words) Tj ET BT /F1 12 Tf 72.6 699.6 Td (Shadowed words) Tj ET"
    assert texts(read(make.pdf_of_streams(tmp_path / "a.pdf", [stream]))) == ["Shadowed words"]


def test_a_title_painted_last_comes_first(tmp_path: Path) -> None:
    body = [Text(f"Line {n} of the body text, which goes on below", 72, 700 - 13 * n) for n in range(4)]
    path = make.pdf(tmp_path / "a.pdf", [[*body, Text("The title of the page", 72, 780, size=20)]])
    assert texts(read(path))[0] == "The title of the page"


def test_columns_that_were_written_across_are_taken_apart(tmp_path: Path) -> None:
    stream = b"".join(
        b"BT /F1 10 Tf 60 %d Td (the left column goes on, line %d,) Tj 250 0 Td (the right column has its line %d,) Tj ET\n"
        % (700 - 12 * n, n, n)
        for n in range(8)
    )
    text = " ".join(raw_text(str(make.pdf_of_streams(tmp_path / "a.pdf", [stream]))).split())
    assert text.index("left column goes on, line 7") < text.index("right column has its line 0")
    assert text.index("left column goes on, line 0") < text.index("left column goes on, line 1")


WORDS = "water flows channel hill stone wall field garden keeper night hours basin gate tunnel bridge path".split()  # noqa: SIM905


def body(page: int) -> Iterator[Text]:
    for n in range(12):
        words = [WORDS[(page * 7 + n * 5 + k * 3) % len(WORDS)] for k in range(9)]
        yield Text(" ".join(words) + ("." if n == 11 else ""), 72, 700 - 13 * n)


def test_running_lines_are_dropped_and_the_first_page_may_differ(tmp_path: Path) -> None:
    pages = [[Text("Annual Report of the Keepers", 200, 780, size=20), *body(0), Text("Front", 290, 40)]]
    for number in range(1, 9):
        head = Text(f"{number + 1}  Keepers' Report" if number % 2 else f"Chapter {number // 3}  {number + 1}", 72, 800)
        pages.append([head, *body(number), Text(f"Page {number + 1} of 9", 280, 40)])
    document = read(make.pdf(tmp_path / "a.pdf", pages))
    assert texts(document)[0] == "Annual Report of the Keepers"
    assert not [text for text in texts(document) if text.startswith(("Page", "Chapter")) or "Keepers' Report" in text]
    assert {element.page for element in document.elements} == set(range(1, 10))


def test_numbers_that_count_no_pages_stay(tmp_path: Path) -> None:
    pages = [[Text(f"{value} litres", 72, 780), *body(number)] for number, value in enumerate([17, 4, 93, 20, 61])]
    document = read(make.pdf(tmp_path / "a.pdf", pages))
    assert [text for text in texts(document) if "litres" in text] == [f"{n} litres" for n in (17, 4, 93, 20, 61)]


def test_roman_numbers_at_the_foot_are_dropped(tmp_path: Path) -> None:
    pages = [[*body(number), Text(roman, 290, 40)] for number, roman in enumerate(["i", "ii", "iii", "iv", "v", "vi"])]
    assert not {"i", "ii", "iii", "iv", "v", "vi"} & set(texts(read(make.pdf(tmp_path / "a.pdf", pages))))


def test_broken_words_are_mended_and_hyphens_of_their_own_stay(tmp_path: Path) -> None:
    rows = [
        "A levada is an irriga-",
        "tion channel of a well-",
        "known kind, and irrigation is what it is for; the non-",
        "GAAP figure, pre- and post-",
        "war, is in well-known books on post-war times.",
    ]
    lines = [Text(row, 72, 700 - 12 * n) for n, row in enumerate(rows)]
    (text,) = texts(read(make.pdf(tmp_path / "a.pdf", [lines])))
    assert text == (
        "A levada is an irrigation channel of a well-known kind, and irrigation is what it is for; "
        "the non-GAAP figure, pre- and post-war, is in well-known books on post-war times."
    )


def test_a_paragraph_runs_on_over_the_page(tmp_path: Path) -> None:
    first = [Text("A paragraph that does not end at the foot of its page, because the keeper", 72, 100)]
    second = [Text("had more to say about the water than one page holds.", 72, 780), Text("The next one begins.", 72, 740)]
    document = read(make.pdf(tmp_path / "a.pdf", [first, second]))
    assert [(e.page, e.text[-12:]) for e in document.elements] == [(1, " page holds."), (2, " one begins.")]


def test_captions_and_code_are_told_from_paragraphs(tmp_path: Path) -> None:
    stream = b"""BT /F1 11 Tf 72 700 Td (The following program opens the gate, as Figure 3 shows below.) Tj ET
        BT /F3 10 Tf 72 670 Td (def open\\(gate\\):) Tj 24 -12 Td (gate.lift\\(\\)) Tj ET
        BT /F1 9 Tf 72 600 Td (Figure 3: The gate.) Tj ET"""
    document = read(make.pdf_of_streams(tmp_path / "a.pdf", [stream]))
    assert [(e.kind, e.text) for e in document.elements] == [
        (ElementKind.PARAGRAPH, "The following program opens the gate, as Figure 3 shows below."),
        (ElementKind.CODE, "def open(gate):\n    gate.lift()"),
        (ElementKind.CAPTION, "Figure 3: The gate."),
    ]


HEBREW = "שלום עולם"


def test_words_of_both_directions_in_one_row_are_read_in_order() -> None:
    places = [("Hello", 0, 30), ("עולם", 35, 60), ("שלום", 65, 90), ("there", 95, 120)]
    row = [Word(text, left, 0, right, 10, PLAIN, 0, True) for text, left, right in places]
    assert joined(in_reading_direction(row)) == f"Hello {HEBREW} there"
    places = [("(.", 0, 4), ("סוף", 4, 20), ("12", 25, 35), (")עולם", 40, 60), ("שלום", 65, 90)]
    row = [Word(text, left, 0, right, 10, PLAIN, 0, left > 0) for text, left, right in places]
    assert joined(in_reading_direction(row[::-1])) == "שלום (עולם 12 סוף)."


def test_letters_of_one_glyph_from_right_to_left_are_in_order() -> None:
    boxes = np.array([[0, 0, 5, 5], [5, 0, 9, 5], [5, 0, 9, 5], [9, 0, 12, 5]], float)
    assert with_ligatures_in_order("אגבד", boxes) == "אבגד"
    assert with_ligatures_in_order("אלאד".replace("לא", "\u0644\u0627"), boxes)[1:3] == "\u0644\u0627"


def test_numbered_headings_have_the_depth_of_their_numbers(tmp_path: Path) -> None:
    titles = ["1 Water", "1.1 Sources", "1.1.1 Springs", "1.2 Rain", "2 Stone", "2.1 Walls"]
    lines = []
    for n, title in enumerate(titles):
        lines += [Text(title, 72, 780 - 90 * n, size=14, bold=True)]
        lines += [Text(" ".join(WORDS), 72, 760 - 90 * n), Text(" ".join(WORDS[::-1]) + ".", 72, 748 - 90 * n)]
    document = read(make.pdf(tmp_path / "a.pdf", [lines]))
    levels = [(e.text, e.level) for e in document.elements if e.kind is ElementKind.HEADING]
    assert levels == list(zip(titles, [1, 2, 3, 2, 1, 2], strict=True))


def test_the_good_pages_of_a_damaged_file_are_published_and_the_lost_one_is_named(tmp_path: Path) -> None:
    streams = [b"BT /F1 12 Tf 72 700 Td (This is page %d) Tj ET" % number for number in range(1, 101)]
    path = make.pdf_of_streams(tmp_path / "a.pdf", streams)
    data = path.read_bytes()
    at = data.index(b"<< /Length", data.index(streams[40]))
    path.write_bytes(data[:at] + b"\xff" * 40 + data[at + 40 :])
    document = read(path)
    assert len(document.elements) == 99
    assert 42 not in {element.page for element in document.elements}
    assert any("42" in warning for warning in document.warnings)


@needs_tesseract
def test_a_page_that_is_a_picture_is_recognised(tmp_path: Path) -> None:
    path = scan(tmp_path, with_text=True)
    document = read(path)
    assert [(e.page, e.text) for e in document.elements] == [(1, "what everybody sees"), (2, "The channel follows the hill")]
    assert document.extractor == PdfExtractor().key
    left, top, right, bottom = document.elements[1].box or (0, 0, 0, 0)
    assert 20 < left < right < 595
    assert 20 < top < bottom < 300


def test_without_tesseract_the_other_pages_are_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    document = read(scan(tmp_path, with_text=True))
    assert [(e.page, e.text) for e in document.elements] == [(1, "what everybody sees")]
    assert document.extractor == PdfExtractor().key_without("tesseract")
    assert any("page 2 left out" in warning for warning in document.warnings)
    with pytest.raises(Unprocessable) as refusal:
        read(scan(tmp_path, with_text=False))
    assert refusal.value.reason is Reason.NEEDS_TESSERACT


@pytest.mark.parametrize(("dpi", "rendered"), [(72, 200), (240, 240), (600, 300)])
def test_a_scan_is_rendered_as_it_was_scanned(tmp_path: Path, dpi: int, rendered: int) -> None:
    import pypdfium2
    from PIL import Image

    Image.new("1", (8 * dpi, 11 * dpi), 1).save(tmp_path / "a.pdf", resolution=dpi)
    pdf = pypdfium2.PdfDocument(str(tmp_path / "a.pdf"))
    assert resolution(pdf[0]) == rendered
    pdf.close()


def scan(folder: Path, with_text: bool) -> Path:
    """A PDF whose last page is a picture of a line of text."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("L", (1240, 1754), 255)
    ImageDraw.Draw(image).text((100, 150), "The channel follows the hill", fill=0, font=ImageFont.load_default(40))
    image.save(folder / "picture.pdf", resolution=150)
    writer = PdfWriter()
    if with_text:
        writer.append(make.pdf_of_streams(folder / "text.pdf", [SEEN]))
    writer.append(folder / "picture.pdf")
    target = folder / f"scan{with_text}.pdf"
    writer.write(target)
    return target
