"""Pages without a text layer: their picture, and what Tesseract reads in it."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from core.documents import ElementKind
from tasks.extractors._builder import Builder
from tasks.extractors._ocr import OcrLine, around, paragraphs, recognise

_DPI = 300
_MOST_PIXELS = 5_000
"""Of the longer side: a poster is rendered at fewer dots an inch."""


def add_scanned(builder: Builder, pdf: Any, index: int, languages: str) -> None:
    """Add a page's paragraphs as Tesseract sees them. Raises what `recognise` raises, and pypdfium2.PdfiumError."""
    with closing(pdf[index]) as page:
        longer = max(page.get_size())
        dpi = max(1, min(_DPI, int(_MOST_PIXELS * 72 / longer))) if longer > 0 else _DPI
        image = page.render(scale=dpi / 72, grayscale=True).to_pil()
    for paragraph in paragraphs(recognise(image, dpi, languages)):
        left, top, right, bottom = (round(edge * 72 / dpi, 1) for edge in around(line.box for line in paragraph))
        builder.add(ElementKind.PARAGRAPH, _text(paragraph), page=index + 1, box=(left, top, right, bottom))


def _text(lines: list[OcrLine]) -> str:
    text = ""
    for line in lines:
        broken = text.endswith("-") and text[-2:-1].isalpha() and line.text[:1].islower()
        text = text[:-1] + line.text if broken else f"{text} {line.text}".lstrip()
    return text
