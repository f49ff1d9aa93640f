"""Pictures of text, drawn here, through the real Tesseract."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._ocr.ink import without_rules
from tasks.extractors._ocr.page import OcrLine, OcrWord, paragraphs, recognise
from tasks.extractors._ocr.sound import sound

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
def test_words_in_frames_are_read() -> None:
    image = Image.new("L", (1200, 800), 255)
    draw = ImageDraw.Draw(image)
    words = ("START", "Load", "Check", "Retry", "Publish", "END")
    for number, word in enumerate(words):
        left, top = 40 + number % 3 * 380, 60 + number // 3 * 330
        draw.rectangle((left, top, left + 300, top + 200), outline=0, width=3)
        draw.text((left + 20, top + 70), word, fill=0, font=ImageFont.load_default(32))
    assert sorted(texts(image)) == sorted(words)
    draw.multiline_text((40, 600), "\n".join(LINES * 2), fill=0, font=ImageFont.load_default(32))
    found = texts(image)
    assert [line for line in found if line in LINES] == list(LINES * 2)
    assert set(words) <= set(found), "beside running text"


@needs_tesseract
def test_a_sign_in_a_photo_is_read_and_the_photo_is_not() -> None:
    shades = np.random.default_rng(1).normal(120, 30, (38, 50)).clip(0, 255).astype(np.uint8)
    image = Image.fromarray(shades).resize((400, 300), Image.Resampling.BICUBIC)
    assert texts(image) == []
    draw = ImageDraw.Draw(image)
    draw.rectangle((75, 90, 325, 210), fill=20)
    draw.text((105, 130), "MAIN GAME", fill=255, font=ImageFont.load_default(32))
    assert texts(image) == ["MAIN GAME"]


def test_sure_words_in_a_doubtful_line_are_kept() -> None:
    def line(*words: tuple[str, float]) -> OcrLine:
        return OcrLine(tuple(OcrWord(text, (0.0, 0.0, 9.0, 9.0), confidence) for text, confidence in words), (1, 1))

    page = [line(("The", 95), ("channel", 96), ("follows", 96)), line(("Email:", 96), ("aaommaralabity@seaa", 4), ("ee", 40))]
    assert [found.text for found in sound(page)] == ["The channel follows", "Email:"]
    assert sound([line(("aaommaralabity", 4), ("Email:", 96))]) == [], "on a page of noise it proves nothing"


def test_blank_paper_needs_no_tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    grain = np.random.default_rng(1).normal(225, 8, (3500, 300))
    grain[np.random.default_rng(2).random(grain.shape) < 0.0005] = 0  # dust
    assert recognise(Image.fromarray(grain.clip(0, 255).astype(np.uint8)), 300, "eng") == []
    with pytest.raises(Unprocessable):
        recognise(page(("7",), 24), 150, "eng")


def test_rules_are_taken_off_and_letters_stay() -> None:
    image = page(("TITLE",), 90)
    bare = np.asarray(image)
    draw = ImageDraw.Draw(image)
    draw.rectangle((60, 100, 700, 300), outline=0, width=4)
    assert (np.asarray(without_rules(image)) == bare).all()


@needs_tesseract
def test_the_same_picture_gives_the_same_words() -> None:
    image = page(("Água é vida", *LINES))
    assert recognise(image, 0, "eng") == recognise(image, 0, "eng")


@needs_tesseract
def test_noise_and_an_empty_page_have_no_text() -> None:
    noise = Image.frombytes("L", (320, 240), random.Random(1).randbytes(320 * 240))
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
