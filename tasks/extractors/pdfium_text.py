"""PDF by PDFium's plain text alone, as pypdfium2's users read it. To compare the usual engine with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._pdf.plain_text import PlainTextExtractor

_PASSWORD_ERROR = 4


class PdfiumExtractor(PlainTextExtractor):
    """`textpage.get_text_bounded()`, page by page."""

    name = "pypdfium2"
    version = 1

    def pages(self, path: str) -> Iterator[str]:
        """The texts of all pages, with line feeds at the ends of lines. Raises Unprocessable(CORRUPT, ENCRYPTED)."""
        import pypdfium2

        try:
            with closing(pypdfium2.PdfDocument(path)) as pdf:
                for page in pdf:
                    with closing(page), closing(page.get_textpage()) as text:
                        yield text.get_text_bounded().replace("\r\n", "\n")
        except pypdfium2.PdfiumError as exc:
            encrypted = getattr(exc, "err_code", None) == _PASSWORD_ERROR
            raise Unprocessable(Reason.ENCRYPTED if encrypted else Reason.CORRUPT, str(exc)) from exc
