"""Pages without a text layer: their picture, and what Tesseract reads in it."""

from __future__ import annotations

import math
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, Any

from core.documents import ElementKind
from tasks.extractors._boxes import around
from tasks.extractors._builder import Builder
from tasks.extractors._ocr.page import paragraphs, running
from tasks.extractors._ocr.pages import OcrPages
from tasks.extractors._pdf.pdfium import IMAGE

if TYPE_CHECKING:
    from PIL import Image

_DPI = 300
_LEAST_DPI = 200
"""Type in coarser scans is read better when it is enlarged so far."""
_MOST_PIXELS = 5_000
"""Of the longer side: a poster is rendered at fewer dots an inch."""
_PART = 0.5
"""Of the page's area: pictures that cover less don't tell how it was scanned."""
_MOST_PICTURES = 1_000


def add_scanned(builder: Builder, pdf: Any, index: int, pages: OcrPages) -> None:
    """Add a page's paragraphs as Tesseract sees them. Raises pypdfium2.PdfiumError if PDFium cannot render it."""
    dpi = 0

    def picture() -> tuple[Image.Image, int]:
        nonlocal dpi
        with closing(pdf[index]) as page:
            dpi = resolution(page)
            return page.render(scale=dpi / 72, grayscale=True).to_pil(), dpi

    for lines in paragraphs(pages.lines(index + 1, picture)):
        left, top, right, bottom = (round(edge * 72 / dpi, 1) for edge in around(line.box for line in lines))
        builder.add(ElementKind.PARAGRAPH, running(lines), page=index + 1, box=(left, top, right, bottom))


def resolution(page: Any) -> int:
    """Dots an inch to render at: as many as its pictures have, if it is a scan, within limits."""
    width, height = page.get_size()
    found = list(islice(page.get_objects((IMAGE,)), _MOST_PICTURES))
    areas = [max(0.0, (right - left) * (top - bottom)) for left, bottom, right, top in (it.get_bounds() for it in found)]
    own = _DPI
    if sum(areas) >= _PART * width * height:
        pixels = [math.prod(picture.get_px_size()) for picture in found]
        own = round(72 * max(math.sqrt(count / area) for count, area in zip(pixels, areas, strict=True) if area))
    most = int(_MOST_PIXELS * 72 / max(width, height, 1.0))
    return max(1, min(_DPI, max(_LEAST_DPI, own), most))
