"""PDF by pypdf alone, as its users read it. To compare the usual engine with."""

from __future__ import annotations

from collections.abc import Iterator

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._pdf.plain_text import PlainTextExtractor


class PypdfExtractor(PlainTextExtractor):
    """`page.extract_text()`, page by page."""

    name = "pypdf"
    version = 1

    def pages(self, path: str) -> Iterator[str]:
        """The texts of all pages. Raises Unprocessable(CORRUPT, ENCRYPTED)."""
        from pypdf import PdfReader
        from pypdf.errors import FileNotDecryptedError, PyPdfError

        try:
            for page in PdfReader(path).pages:
                yield page.extract_text()
        except FileNotDecryptedError as exc:
            raise Unprocessable(Reason.ENCRYPTED, str(exc)) from exc
        except PyPdfError as exc:
            raise Unprocessable(Reason.CORRUPT, f"{type(exc).__name__}: {exc}") from exc
