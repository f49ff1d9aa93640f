"""PDF by pypdf alone, as its users read it: a paragraph for each block of its plain text. To compare the usual engine with."""

from __future__ import annotations

import re

from core.documents import Document, ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._builder import Builder
from tasks.extractors.base import DEFAULT, Extractor, Reading
from tasks.extractors.media_type import PDF

BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*")


class PypdfExtractor(Extractor):
    """`page.extract_text()`, page by page."""

    name = "pypdf"
    version = 1
    media_types = frozenset({PDF})
    alternative = True

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Paragraphs with their page. Raises Unprocessable(CORRUPT, ENCRYPTED, TOO_LARGE)."""
        from pypdf import PdfReader
        from pypdf.errors import FileNotDecryptedError, PyPdfError

        builder = Builder()
        try:
            for number, page in enumerate(PdfReader(path).pages, 1):
                for block in BLANK_LINES.split(page.extract_text()):
                    builder.add(ElementKind.PARAGRAPH, block, page=number)
        except FileNotDecryptedError as exc:
            raise Unprocessable(Reason.ENCRYPTED, str(exc)) from exc
        except PyPdfError as exc:
            raise Unprocessable(Reason.CORRUPT, f"{type(exc).__name__}: {exc}") from exc
        return builder.document(media_type, self.key)
