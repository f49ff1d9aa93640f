"""Boxes over pages: each stands where it should, in its kind's colour, whatever the page's own size and rotation."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from core.documents import ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors import drawing
from tasks.extractors.drawing import Mark
from tests.tasks.extractors import make

RED, BLUE, WHITE = (214, 39, 40), (31, 119, 180), (255, 255, 255)


def drawn(tmp_path: Path, file: Path, media_type: str, marks: list[Mark], page: int = 1) -> tuple[Image.Image, str]:
    order, target = tmp_path / "order.json", tmp_path / "out.png"
    drawing.write_order(order, str(file), media_type, page, marks, target)
    document = drawing.draw(str(order), order.name)
    assert [member.path for member in document.members] == [str(target)]
    return Image.open(target).convert("RGB"), document.metadata[drawing.PAGES]


def test_boxes_of_a_pdf_page(tmp_path: Path) -> None:
    file = make.pdf(tmp_path / "a.pdf", [[make.Text("Water", 100, 700)]])
    marks = [Mark(1, ElementKind.HEADING, (100, 130, 300, 150)), Mark(12, ElementKind.PARAGRAPH, (100, 400, 500, 600))]
    picture, pages = drawn(tmp_path, file, "application/pdf", marks)
    assert pages == "1"
    assert picture.size == (1190, 1684 + 24), "the page at two pixels to a point, and the legend"
    for (left, top, right, bottom), colour in ((marks[0].box, RED), (marks[1].box, BLUE)):
        for x, y in ((left, (top + bottom) / 2), (right, (top + bottom) / 2), ((left + right) / 2, bottom)):
            assert picture.getpixel((round(x * 2), round(y * 2))) == colour
        inside = picture.getpixel((round(left + right), round(top + bottom)))
        assert isinstance(inside, tuple)
        assert inside != WHITE
        assert min(inside) > 200, "the text can be read through it"
    assert picture.getpixel((1000, 100)) == WHITE
    legend = picture.crop((0, 1684, *picture.size))
    assert {RED, BLUE} <= {colour for _count, colour in legend.getcolors(10_000) or []}


def test_a_rotated_page_is_drawn_as_it_is_shown(tmp_path: Path) -> None:
    from pypdf import PdfReader, PdfWriter

    file = make.pdf(tmp_path / "a.pdf", [[make.Text("Water", 100, 700)]])
    writer = PdfWriter(clone_from=PdfReader(file))
    writer.pages[0].rotate(90)
    writer.write(file)
    picture, _pages = drawn(tmp_path, file, "application/pdf", [Mark(1, ElementKind.HEADING, (600, 100, 800, 200))])
    scale = picture.width / 842
    assert picture.getpixel((round(800 * scale), round(150 * scale))) == RED


def test_a_page_as_large_as_a_field_is_made_smaller(tmp_path: Path) -> None:
    file = make.pdf(tmp_path / "a.pdf", [[make.Text("Water", 100, 700)]])
    file.write_bytes(file.read_bytes().replace(b"[0 0 595 842]", b"[0 0 9e5 842]"))
    picture, _pages = drawn(tmp_path, file, "application/pdf", [])
    assert max(picture.size) <= 1800


def test_boxes_of_a_picture_are_in_its_pixels(tmp_path: Path) -> None:
    file = tmp_path / "a.tiff"
    first, second = (Image.new("RGB", (3600, 1000), "white") for _ in range(2))
    first.save(file, save_all=True, append_images=[second])
    picture, pages = drawn(tmp_path, file, "image/tiff", [Mark(7, ElementKind.PARAGRAPH, (400, 200, 2000, 800))], page=2)
    assert pages == "2"
    assert picture.getpixel((200, 250)) == BLUE
    assert picture.getpixel((1000, 250)) == BLUE
    assert picture.getpixel((1500, 250)) == WHITE


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [("a.pdf", b"%PDF-1.7 and nothing more", "application/pdf"), ("a.png", b"\x89PNG\r\n\x1a\n", "image/png")],
)
def test_what_cannot_be_shown_is_refused(tmp_path: Path, name: str, data: bytes, media_type: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(Unprocessable) as refusal:
        drawn(tmp_path, tmp_path / name, media_type, [])
    assert refusal.value.reason is Reason.CORRUPT


def test_a_page_that_is_not_there(tmp_path: Path) -> None:
    file = make.report_pdf(tmp_path / "a.pdf")
    with pytest.raises(Unprocessable, match="no page 4: it has 3"):
        drawn(tmp_path, file, "application/pdf", [], page=4)
