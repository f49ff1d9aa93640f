"""PDF: the labels of a chart are one element and no headings; text in shaded boxes and forms stays as it is."""

from __future__ import annotations

from pathlib import Path

from core.documents import Document
from tasks.extractors._pdf.sheet import raw_text
from tasks.extractors.read import read_document
from tests.contracts.extractors import check
from tests.tasks.extractors import make


def show(x: float, y: float, text: str, size: float = 9) -> bytes:
    return b"BT /F1 %g Tf %g %g Td (%s) Tj ET" % (size, x, y, text.encode())


def prose(top: float, left: float = 72, lines: int = 4) -> list[bytes]:
    words = "The keeper of the channel writes the hours of every field into a book"
    return [show(left, top - 12 * n, f"{words}, {n} times a day and more.", 10) for n in range(lines)]


def chart(bottom: float) -> list[bytes]:
    """Five bars on an axis, with ticks to the left and names below; painted without its labels."""
    bars = [b"0.2 0.4 0.8 rg %g %g 30 %g re f" % (120 + 50 * n, bottom, 20 + 25 * n) for n in range(5)]
    return [*bars, b"0 g 0 G 1 w 110 %g m 370 %g l S 110 %g m 110 %g l S" % (bottom, bottom, bottom, bottom + 150)]


def labels(bottom: float) -> list[bytes]:
    names = [show(122 + 50 * n, bottom - 12, str(2018 + n)) for n in range(5)]
    ticks = [show(92, bottom + 25 * n, str(50 * n)) for n in range(6)]
    return [*names, *ticks, show(200, bottom + 125, "Litres a second", 16)]


def read(path: Path) -> Document:
    document = read_document(str(path), path.name)
    check(document)
    return document


def test_the_labels_of_a_chart_are_one_element_in_its_place(tmp_path: Path) -> None:
    parts = [*prose(780), *chart(500), show(110, 470, "Figure 1: Water by year", 9), *prose(440), *labels(500)]
    path = make.pdf_of_streams(tmp_path / "a.pdf", [b"\n".join(parts)])
    elements = read(path).elements
    assert [e.kind.value for e in elements] == ["paragraph", "paragraph", "caption", "paragraph"]
    wanted = [*map(str, range(0, 300, 50)), *map(str, range(2018, 2023)), "Litres", "a", "second"]
    assert sorted(elements[1].text.split()) == sorted(wanted)
    assert elements[1].box is not None
    assert elements[1].box[1] > 842 - 660
    assert "200" in raw_text(str(path)).split("\n")


def test_text_in_a_shaded_box_with_pictures_stays_text(tmp_path: Path) -> None:
    signs = [b"1 0 0 rg %g 640 m %g 640 l %g 655 l f" % (80 + 20 * n, 95 + 20 * n, 87 + 20 * n) for n in range(4)]
    box = [b"0.9 g 70 560 300 120 re f", *signs, b"0 g", show(80, 620, "A box", 14)]
    text = [show(80, 600 - 12 * n, f"words in a narrow box {n}", 10) for n in range(3)]
    path = make.pdf_of_streams(tmp_path / "a.pdf", [b"\n".join([*prose(780), *box, *text, *prose(500)])])
    assert ("heading", "A box") in [(e.kind.value, e.text) for e in read(path).elements]


def test_the_labels_of_a_form_stay_apart(tmp_path: Path) -> None:
    rows = [
        show(80, 700 - 30 * n, f"Field {n}", 10) + b"\n0.5 w 72 %g m 400 %g l S" % (690 - 30 * n, 690 - 30 * n)
        for n in range(6)
    ]
    path = make.pdf_of_streams(tmp_path / "a.pdf", [b"\n".join(rows)])
    assert [e.text for e in read(path).elements] == [f"Field {n}" for n in range(6)]


def test_a_large_title_in_the_frame_of_a_chart_is_its_caption_with_the_label_above(tmp_path: Path) -> None:
    frame = b"0.5 w 80 480 320 190 re S"
    title = b"2 Tr " + show(160, 650, "Water by year and village", 14) + b" 0 Tr"
    parts = [*prose(780), frame, *chart(500), *labels(500)[:7], title, *prose(440), show(72, 682, "Figure 2", 10)]
    elements = read(make.pdf_of_streams(tmp_path / "a.pdf", [b"\n".join(parts)])).elements
    assert [(e.kind.value, e.text) for e in elements if e.kind.value != "paragraph"] == [
        ("caption", "Figure 2 Water by year and village")
    ]
