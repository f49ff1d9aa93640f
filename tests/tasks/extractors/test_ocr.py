"""Pictures of text, drawn here, through the real Tesseract."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._ocr import paragraphs, recognise

needs_tesseract = pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")

LINES = ("The channel follows the hill", "Nobody knows who cut it first")


def page(lines: tuple[str, ...] = LINES, size: int = 40, place: tuple[int, int] = (100, 150)) -> Image.Image:
    """A page of 1240 by 1754 pixels, A4 at 150 dpi."""
    image = Image.new("L", (1240, 1754), 255)
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        draw.text((place[0], place[1] + number * size * 3 // 2), line, fill=0, font=ImageFont.load_default(size))
    return image


def texts(image: Image.Image, languages: str = "eng") -> list[str]:
    return [line.text for line in recognise(image, 150, languages)]


@needs_tesseract
def test_lines_with_their_places_in_pixels() -> None:
    lines = recognise(page(), 150, "eng")
    assert [line.text for line in lines] == list(LINES)
    left, top, right, bottom = lines[1].box
    assert left == pytest.approx(100, abs=8)
    assert top == pytest.approx(220, abs=15)
    assert right == pytest.approx(100 + ImageFont.load_default(40).getlength(LINES[1]), abs=8)
    assert bottom == pytest.approx(250, abs=15)
    assert min(word.confidence for line in lines for word in line.words) > 60
    assert len(paragraphs(lines)) == 1


@needs_tesseract
@pytest.mark.parametrize("turn", [Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270])
def test_a_page_that_lies_on_its_side_is_read(turn: Image.Transpose) -> None:
    lines = (
        *LINES,
        "The first ones were cut by hand into the rock, and many",
        "of them are still in use, far above the villages.",
    )
    assert texts(page(lines, 36).transpose(turn)) == list(lines)


@needs_tesseract
def test_a_page_that_was_scanned_askew_is_read() -> None:
    text = "Every field has its hours, written down in a book"
    straight = page((text,) * 12, 36)
    lines = recognise(straight.rotate(-9, Image.Resampling.BICUBIC, fillcolor=255), 150, "eng")
    assert [line.text for line in lines] == [text] * 12
    left, top, _, bottom = lines[0].box
    assert (left, top) == pytest.approx((219, 87), abs=12)  # (100, 160) turned clockwise about the middle
    assert bottom > top + 100


@needs_tesseract
def test_small_type_is_read() -> None:
    image = page(size=24).resize((620, 877), Image.Resampling.LANCZOS)
    assert "".join(texts(image)).replace(" ", "") == "".join(LINES).replace(" ", "")


@needs_tesseract
def test_the_same_picture_gives_the_same_words() -> None:
    image = page(("Água é vida", *LINES))
    assert recognise(image, 0, "eng") == recognise(image, 0, "eng")


@needs_tesseract
def test_noise_and_an_empty_page_have_no_text() -> None:
    noise = Image.frombytes("L", (800, 600), random.Random(1).randbytes(800 * 600))
    assert recognise(noise, 0, "eng") == []
    assert recognise(Image.new("L", (800, 600), 255), 0, "eng") == []
    assert recognise(Image.new("L", (1, 1), 255), 0, "eng") == []


@needs_tesseract
@pytest.mark.parametrize("languages", ["xyz", "eng+xyz", "eng+xyz+eng"])
def test_a_language_without_data_is_named(languages: str) -> None:
    with pytest.raises(Unprocessable) as caught:
        recognise(page(), 0, languages)
    assert caught.value.reason is Reason.NEEDS_TESSERACT
    assert caught.value.detail == "tesseract lacks the language data: xyz"


@needs_tesseract
@pytest.mark.parametrize("languages", ["", "-c", "eng;rm", "../eng"])
def test_only_names_of_languages_reach_the_command(languages: str) -> None:
    with pytest.raises(Unprocessable) as caught:
        recognise(page(), 0, languages)
    assert caught.value.reason is Reason.NEEDS_TESSERACT


def test_without_the_program_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unprocessable) as caught:
        recognise(page(), 0, "eng")
    assert caught.value.reason is Reason.NEEDS_TESSERACT
