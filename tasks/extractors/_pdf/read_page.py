"""From a page of an open PDF to what stands on it."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from tasks.extractors._pdf.characters import read_words
from tasks.extractors._pdf.fields import made_part
from tasks.extractors._pdf.frame import frame_of
from tasks.extractors._pdf.ink import Ink
from tasks.extractors._pdf.page import Page
from tasks.extractors._pdf.pdfium import address
from tasks.extractors._pdf.shapes import read_shapes


def read_page(pdf: Any, index: int) -> Page:
    """The page at this 0-based index of a pypdfium2 document. Raises pypdfium2.PdfiumError if PDFium cannot load it."""
    from pypdfium2 import raw

    with closing(_loaded(pdf, index)) as page, closing(page.get_textpage()) as text_page:
        frame = frame_of(page)
        ink = Ink(address(pdf.raw), address(page.raw))
        words = read_words(address(text_page.raw), raw.FPDFText_CountChars(text_page.raw), frame, ink)
        found = Page(index + 1, frame.width, frame.height, words)
        read_shapes(address(page.raw), raw.FPDFPage_CountObjects(page.raw), frame, found)
    return found


def _loaded(pdf: Any, index: int) -> Any:
    page = pdf[index]
    if not made_part(page):
        return page
    page.close()
    return pdf[index]
