"""Pictures of text in every format and mode, drawn here; the limits; what happens without Tesseract."""

from __future__ import annotations

import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from core.documents import ElementKind
from core.reasons import Reason
from tasks.extractors._ocr.picture import grey, opened
from tasks.extractors.image import ImageExtractor
from tests.contracts.extractors import ExtractorContract
from tests.tasks.extractors.reading import read, refusal

needs_tesseract = pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
WORDS = "The channel follows the hill"


def drawn(text: str = WORDS, ink: int = 0, paper: int = 255) -> Image.Image:
    image = Image.new("L", (800, 300), paper)
    ImageDraw.Draw(image).text((60, 100), text, fill=ink, font=ImageFont.load_default(44))
    return image


@needs_tesseract
class TestImageContract(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> ImageExtractor:
        return ImageExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        path = tmp_path / "scan.png"
        drawn().save(path)
        return path


@needs_tesseract
@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tiff", "a.bmp", "a.gif", "a.webp", "a.jp2", "a.avif"])
def test_every_format(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    drawn().save(path)
    document = read(path)
    assert document.text == WORDS
    assert document.media_type in ImageExtractor.media_types
    (element,) = document.elements
    assert (element.kind, element.page) == (ElementKind.PARAGRAPH, 1)
    assert element.box == pytest.approx((60, 108, 60 + ImageFont.load_default(44).getlength(WORDS), 140), abs=12)


@needs_tesseract
def test_the_pages_of_a_tiff_and_not_its_smaller_copies(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    first, second, third = drawn(), drawn("A copy of the first"), drawn("Nobody knows who cut it")
    second.encoderinfo = {"tiffinfo": {254: 1}}
    first.save(path, save_all=True, append_images=[second, third])
    assert [(e.page, e.text) for e in read(path).elements] == [(1, WORDS), (2, "Nobody knows who cut it")]


@needs_tesseract
def test_only_the_first_picture_of_an_animation(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    drawn().save(path, save_all=True, append_images=[drawn("Another frame of it")])
    assert read(path).text == WORDS


@needs_tesseract
def test_a_picture_is_turned_as_its_exif_data_says(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    exif = Image.Exif()
    exif[274], exif[270], exif[315], exif[306] = 6, "A sign at the basin", "M. Keeper", "2024:02:29 10:15:00"
    drawn().rotate(90, expand=True).save(path, exif=exif)
    document = read(path)
    assert document.text == WORDS
    assert document.elements[0].box is not None
    assert document.elements[0].box[2] > 400
    assert document.metadata == {"subject": "A sign at the basin", "author": "M. Keeper", "date": "2024-02-29"}


@needs_tesseract
def test_every_mode(tmp_path: Path) -> None:
    deep = np.asarray(drawn(), dtype=np.uint16) * 16  # 12 of 16 bits
    see_through = Image.merge("LA", (Image.new("L", (800, 300), 0), drawn(ink=255, paper=0)))
    white_letters = Image.merge("LA", (Image.new("L", (800, 300), 255), drawn(ink=255, paper=0)))
    pictures = {
        "deep.png": Image.fromarray(deep),
        "see through.png": see_through,
        "white letters.png": white_letters,
        "cmyk.jpg": drawn().convert("CMYK"),
        "bits.tif": drawn().convert("1"),
        "palette.png": drawn().convert("P"),
        "dark.png": drawn(ink=255, paper=0),
        "float.tif": drawn().convert("F"),
        "lab.tif": Image.merge("LAB", (drawn(), Image.new("L", (800, 300), 0), Image.new("L", (800, 300), 0))),
    }
    for name, picture in pictures.items():
        picture.save(tmp_path / name)
        assert read(tmp_path / name).text == WORDS, name


@needs_tesseract
def test_a_picture_without_text_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.radial_gradient("L").save(path)
    assert refusal(path).reason is Reason.EMPTY


def test_a_damaged_page_of_several_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    drawn().save(path, save_all=True, append_images=[drawn()], compression="tiff_deflate")
    data = path.read_bytes()
    with Image.open(path) as image:
        image.seek(1)
        start, size = image.tag_v2[273][0], image.tag_v2[279][0]
    path.write_bytes(data[:start] + bytes(size) + data[start + size :])
    if shutil.which("tesseract") is None:
        pytest.skip("tesseract is not installed")
    document = read(path)
    assert [e.page for e in document.elements] == [1]
    assert document.warnings[0].startswith("page 2 could not be read")


def png(width: int, height: int, filler: int = 0) -> bytes:
    """A PNG whose header claims a size that it does not hold, and a chunk that readers pass over."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"prVt", bytes(filler))
        + chunk(b"IDAT", b"")
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [12_000, 60_000])
def test_a_picture_that_is_too_large_is_never_unpacked(tmp_path: Path, side: int) -> None:
    bomb, big = tmp_path / "bomb.png", tmp_path / "big.png"
    bomb.write_bytes(png(side, side))
    big.write_bytes(png(side, side, filler=side * side // 900))
    assert refusal(bomb).reason is Reason.BOMB
    assert refusal(big).reason is Reason.TOO_LARGE


def test_without_tesseract_it_is_asked_for_unless_the_picture_is_corrupt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / "a.png"
    drawn().save(path)
    assert refusal(path).reason is Reason.NEEDS_TESSERACT
    path.write_bytes(path.read_bytes()[:400])
    assert refusal(path).reason is Reason.CORRUPT


def test_a_picture_of_a_single_tone_does_not_fail(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(np.full((9, 9), 777, dtype=np.uint16)).save(path)
    with opened(str(path)) as image:
        assert grey(image).getextrema() == (255, 255)
