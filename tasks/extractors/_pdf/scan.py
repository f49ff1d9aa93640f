"""Pages without a text layer: their picture, and what Tesseract reads in it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from core.documents import ElementKind
from tasks.extractors._builder import Builder
from tasks.extractors._ocr import around, paragraphs, running
from tasks.extractors._ocr_pages import OcrPages

if TYPE_CHECKING:
    from PIL import Image

_DPI = 300
_MOST_PIXELS = 5_000
"""Of the longer side: a poster is rendered at fewer dots an inch."""


def add_scanned(builder: Builder, pdf: Any, index: int, pages: OcrPages) -> None:
    """Add a page's paragraphs as Tesseract sees them. Raises pypdfium2.PdfiumError if PDFium cannot render it."""
    dpi = 0

    def picture() -> tuple[Image.Image, int]:
        nonlocal dpi
        with closing(pdf[index]) as page:
            longer = max(page.get_size())
            dpi = max(1, min(_DPI, int(_MOST_PIXELS * 72 / longer))) if longer > 0 else _DPI
            return page.render(scale=dpi / 72, grayscale=True).to_pil(), dpi

    for lines in paragraphs(pages.lines(index + 1, picture)):
        left, top, right, bottom = (round(edge * 72 / dpi, 1) for edge in around(line.box for line in lines))
        builder.add(ElementKind.PARAGRAPH, running(lines), page=index + 1, box=(left, top, right, bottom))
