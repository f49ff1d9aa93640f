"""PDF: PDFium's characters and shapes to reading order, paragraphs, headings and tables (_pdf/); pypdf mends what PDFium cannot
open or read; Tesseract for pages without a text layer."""

from __future__ import annotations

from core.documents import Document
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._builder import Builder
from tasks.extractors.base import DEFAULT, Extractor, Reading


class PdfExtractor(Extractor):
    """Headings, paragraphs, list items, captions, code and tables with page and box; running lines and hidden text left out."""

    name = "pdf"
    version = 5
    media_types = frozenset({"application/pdf"})
    programs = frozenset({"tesseract"})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements in order; pages from 1. A page that cannot be read is left out and named in the warnings.

        Raises Unprocessable: ENCRYPTED, CORRUPT, EMPTY, TOO_LARGE; BOMB for what is attached; NEEDS_TESSERACT if all text is in
        pictures and it is missing; TIMEOUT or CRASHED if it fails at all of them.
        """
        from tasks.extractors._pdf.document import Reader
        from tasks.extractors._pdf.facts import hand_over_attachments, note_metadata
        from tasks.extractors._pdf.file import PdfFile

        builder = Builder(reading.policy.keep_hidden)
        file = PdfFile(path)
        try:
            note_metadata(file.pdf, builder)
            reader = Reader(file, builder, reading)
            reader.read()
            if builder.title is None:
                builder.title = next((e.text for e in builder.elements if e.level == 1 and e.page == 1), None)
            pages = len(file)
            hand_over_attachments(file.pdf, path, builder, reading)
        finally:
            file.close()
        if not builder.elements and not builder.members:
            raise Unprocessable(Reason.EMPTY, f"{pages} pages without any text")
        return builder.document(media_type, self.key_without("tesseract") if reader.lacks_tesseract else self.key)
