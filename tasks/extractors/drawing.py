"""A page as a picture with its elements' boxes painted over it.

Made in a parser process (`DRAWER` is for ParserPool's `reader`), since rendering a hostile file is as dangerous as reading it.
The order is a file, as the pool hands over paths; the picture comes back as the member of a document without elements.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.documents import Box, Document, ElementKind, Member
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors.base import DEFAULT, Reading
from tasks.extractors.media_type import PDF

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

DRAWER = "tasks.extractors.drawing:draw"
PAGES = "pages"
"""Key in the answer's metadata: how many pages the file has."""

_LONGEST_SIDE = 1800
"""Pixels of a picture's longer side, at most: a page may claim to be as large as a field."""
_SHARPEST = 2.0
"""Pixels to a point, at most."""
_MAX_PIXELS = 100_000_000
_COLOURS = {
    ElementKind.HEADING: (214, 39, 40),
    ElementKind.PARAGRAPH: (31, 119, 180),
    ElementKind.LIST_ITEM: (44, 160, 44),
    ElementKind.TABLE: (230, 120, 0),
    ElementKind.CODE: (148, 80, 200),
    ElementKind.CAPTION: (140, 86, 75),
}
_FILL = 28
_TEXT_SIZE = 13
_LEGEND_HEIGHT = 24


@dataclass(frozen=True, slots=True)
class Mark:
    """What is painted of an element: its box, and its number in the document."""

    number: int
    kind: ElementKind
    box: Box


def can_draw(media_type: str) -> bool:
    """Whether files of this type have pages, or are pictures, that can be drawn here."""
    return media_type == PDF or media_type.startswith("image/")


def write_order(path: Path, file: str, media_type: str, page: int, marks: Sequence[Mark], target: Path) -> None:
    """Write the order to draw one page of `file`, counted from 1, with these marks, to `target`, a PNG."""
    rows = [[mark.number, mark.kind.value, mark.box] for mark in marks]
    path.write_text(json.dumps([file, media_type, page, rows, str(target)]), "utf-8")


def draw(path: str, name: str, reading: Reading = DEFAULT) -> Document:
    """Carry out the order at `path`; the answer has the picture as its member, and PAGES.

    Raises Unprocessable(CORRUPT, TOO_LARGE) for a page that is not there or cannot be shown.
    """
    file, media_type, page, rows, target = json.loads(Path(path).read_text("utf-8"))
    marks = [Mark(number, ElementKind(kind), tuple(box)) for number, kind, box in rows]
    shown, scale, count = _pdf_page(file, page) if media_type == PDF else _picture(file, page)
    painted = _painted(shown, scale, marks)
    painted.save(target, "PNG")
    picture = Member(Path(target).name, target, Path(target).stat().st_size)
    return Document((), "image/png", "drawing/1", metadata={PAGES: str(count)}, members=(picture,))


def _pdf_page(file: str, number: int) -> tuple[Image, float, int]:
    """The page as a picture, its pixels to a point, and how many pages there are."""
    import pypdfium2

    try:
        with closing(pypdfium2.PdfDocument(file)) as pdf:
            _check(number, len(pdf))
            with closing(pdf[number - 1]) as page:
                scale = min(_SHARPEST, _LONGEST_SIDE / max(1.0, *page.get_size()))
                return page.render(scale=scale).to_pil().convert("RGB"), scale, len(pdf)
    except pypdfium2.PdfiumError as exc:
        raise Unprocessable(Reason.CORRUPT, str(exc)) from exc


def _picture(file: str, number: int) -> tuple[Image, float, int]:
    """The picture, or a page of a TIFF, its pixels to one of the file, and how many pages there are."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file) as image:
            count = getattr(image, "n_frames", 1)
            _check(number, count)
            image.seek(number - 1)
            width, height = image.size
            if width * height > _MAX_PIXELS:
                raise Unprocessable(Reason.TOO_LARGE, f"{width:,} x {height:,} pixels")
            scale = min(1.0, _LONGEST_SIDE / max(width, height))
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            return image.convert("RGB").resize(size), scale, count
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError, EOFError) as exc:
        raise Unprocessable(Reason.CORRUPT, " ".join(f"{type(exc).__name__}: {exc}".split())) from exc


def _check(number: int, count: int) -> None:
    if not 1 <= number <= count:
        raise Unprocessable(Reason.CORRUPT, f"there is no page {number}: it has {count}")


def _painted(page: Image, scale: float, marks: Sequence[Mark]) -> Image:
    """The page with its marks, and below it a legend of the kinds that are on it."""
    from PIL import Image, ImageDraw

    veil = Image.new("RGBA", page.size, (0, 0, 0, 0))
    brush = ImageDraw.Draw(veil)
    for mark in marks:
        left, top, right, bottom = (round(edge * scale) for edge in mark.box)
        # One pixel wider, so that the line runs around the letters and not through them.
        box = (min(left, right) - 1, min(top, bottom) - 1, max(left, right) + 1, max(top, bottom) + 1)
        brush.rectangle(box, fill=(*_COLOURS[mark.kind], _FILL), outline=(*_COLOURS[mark.kind], 255), width=2)
    for mark in marks:  # above all boxes, so that none hides a number
        _number(brush, mark, scale)
    page.paste(veil, mask=veil)
    kinds = [kind for kind in ElementKind if any(mark.kind is kind for mark in marks)]
    if not kinds:
        return page
    whole = Image.new("RGB", (max(page.width, 110 * len(kinds)), page.height + _LEGEND_HEIGHT), "white")
    whole.paste(page)
    pen = ImageDraw.Draw(whole)
    for place, kind in enumerate(kinds):
        left, top = 8 + 110 * place, page.height + 6
        pen.rectangle((left, top, left + 12, top + 12), fill=_COLOURS[kind])
        pen.text((left + 17, top - 2), kind.value.replace("_", " "), fill="black", font=_font())
    return whole


def _number(brush: ImageDraw, mark: Mark, scale: float) -> None:
    """The element's number, on its colour, over the top left corner of its box."""
    left, top = round(min(mark.box[0], mark.box[2]) * scale), round(min(mark.box[1], mark.box[3]) * scale)
    text = str(mark.number)
    width, height = round(brush.textlength(text, font=_font())) + 4, _TEXT_SIZE + 2
    left, top = max(0, left - width if left >= width else left), max(0, top)
    brush.rectangle((left, top, left + width, top + height), fill=(*_COLOURS[mark.kind], 255))
    brush.text((left + 2, top), text, fill=(255, 255, 255, 255), font=_font())


def _font() -> FreeTypeFont | ImageFont:
    from PIL import ImageFont

    return ImageFont.load_default(_TEXT_SIZE)
