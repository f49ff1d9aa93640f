"""PDF by PDFium's plain text alone, as pypdfium2's users read it. To compare the usual engine with."""

from __future__ import annotations

from contextlib import closing

from core.documents import Document, ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._builder import Builder
from tasks.extractors.base import DEFAULT, Extractor, Reading
from tasks.extractors.media_type import PDF
from tasks.extractors.pypdf_text import BLANK_LINES

_PASSWORD_ERROR = 4


class PdfiumExtractor(Extractor):
    """`textpage.get_text_bounded()`, page by page."""

    name = "pypdfium2"
    version = 1
    media_types = frozenset({PDF})
    alternative = True

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Paragraphs with their page. Raises Unprocessable(CORRUPT, ENCRYPTED, TOO_LARGE)."""
        import pypdfium2

        builder = Builder()
        try:
            with closing(pypdfium2.PdfDocument(path)) as pdf:
                for number, page in enumerate(pdf, 1):
                    with closing(page), closing(page.get_textpage()) as text:
                        for block in BLANK_LINES.split(text.get_text_bounded().replace("\r\n", "\n")):
                            builder.add(ElementKind.PARAGRAPH, block, page=number)
        except pypdfium2.PdfiumError as exc:
            encrypted = getattr(exc, "err_code", None) == _PASSWORD_ERROR
            raise Unprocessable(Reason.ENCRYPTED if encrypted else Reason.CORRUPT, str(exc)) from exc
        return builder.document(media_type, self.key)
