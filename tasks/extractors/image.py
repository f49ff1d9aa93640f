"""Pictures of text, as scanners and cameras make them: read by Tesseract, page by page."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from core.documents import Document, ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._boxes import around
from tasks.extractors._builder import Builder
from tasks.extractors._ocr import picture
from tasks.extractors._ocr.page import paragraphs, running
from tasks.extractors._ocr.pages import OcrPages
from tasks.extractors.base import DEFAULT, Extractor, Reading

if TYPE_CHECKING:
    from PIL import Image

_TRUSTED_DPI = range(150, 1201)
"""Cameras and painting programs write 72 or 96 whatever the picture shows."""
_DESCRIPTION, _ARTIST, _TAKEN = 270, 315, 306
"""EXIF tags (also those of TIFF): ImageDescription, Artist, DateTime."""
_DATE = re.compile(r"([12]\d{3})[:-](\d\d)[:-](\d\d)")


class ImageExtractor(Extractor):
    """Paragraphs with their page and their box in pixels."""

    name = "image"
    version = 2
    media_types = frozenset(
        {"image/png", "image/jpeg", "image/tiff", "image/bmp", "image/gif", "image/webp", "image/jp2", "image/avif"}
    )

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements in reading order, pages from 1. A page that cannot be unpacked or recognised is left out and named in the
        warnings.

        Some 2 to 4 s for a full page. Raises Unprocessable(CORRUPT, BOMB, TOO_LARGE, NEEDS_TESSERACT, TIMEOUT, CRASHED).
        """
        builder = Builder(reading.policy.keep_hidden)
        scanned = OcrPages(reading)
        damage: list[str] = []
        number = 0
        with picture.opened(path) as image:
            for number, page in enumerate(picture.pages(image, path), 1):
                try:
                    _add(builder, scanned, page, number)
                except (MemoryError, Unprocessable):
                    raise
                except Exception as exc:  # see picture.opened
                    damage.append(f"page {number} could not be read: {' '.join(str(exc).split())}"[:200])
                if number == 1:
                    _note(image, builder)
        if len(damage) == number:
            raise Unprocessable(Reason.CORRUPT, damage[0] if damage else "no picture in it")
        builder.warnings += damage
        scanned.finish(builder)
        return builder.document(media_type, self.key)


def _add(builder: Builder, scanned: OcrPages, page: Image.Image, number: int) -> None:
    """Raises what Pillow does when it unpacks a damaged page."""
    found = scanned.lines(number, lambda: (picture.grey(page), _dpi(page)))
    for lines in paragraphs(found):
        builder.add(ElementKind.PARAGRAPH, running(lines), page=number, box=around(line.box for line in lines))


def _dpi(image: Image.Image) -> int:
    """As the file says, 0 if that is no likely truth."""
    try:
        across, down = (round(float(value)) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, OverflowError, ZeroDivisionError):
        return 0
    return across if across == down and across in _TRUSTED_DPI else 0


def _note(image: Image.Image, builder: Builder) -> None:
    exif: dict[int, Any] = {}
    with suppress(Exception):  # damaged EXIF data says nothing about the picture
        exif = dict(image.getexif())
    info = image.info
    builder.title = next((text for key in ("Title", "title") if isinstance(text := info.get(key), str)), None)
    builder.note("author", _words(exif.get(_ARTIST)) or _words(info.get("Author")))
    builder.note("subject", _words(exif.get(_DESCRIPTION)) or _words(info.get("Description")))
    if date := _DATE.search(_words(exif.get(_TAKEN))):
        builder.note("date", "-".join(date.groups()))


def _words(value: object) -> str:
    return value.strip("\x00 ")[:1000] if isinstance(value, str) else ""
