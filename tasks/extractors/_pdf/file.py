"""An open PDF: PDFium reads it; pypdf mends what PDFium does not open, and knows what PDFium does not tell."""

from __future__ import annotations

import io
import mmap
from pathlib import Path
from typing import Any

from core.documents import Box
from core.errors import Unprocessable
from core.reasons import Reason

_PASSWORD_ERROR, _SECURITY_ERROR = 4, 5
_MAX_MENDED = 300_000_000
"""Bytes of a damaged file that are held in memory to mend it."""
_SHOWING = (b"Tj", b"TJ", b"'", b'"', b" Do", b" sh", b" f", b" S")


class PdfFile:
    """Pages by PDFium, and pypdf's view of the same file, made when it is first needed."""

    def __init__(self, path: str) -> None:
        """Raises Unprocessable(ENCRYPTED) if it needs a password, CORRUPT if neither library makes sense of it; MemoryError."""
        self.path = path
        self.damage = ""
        """What had to be mended, "" if nothing."""
        self._reader: Any = None
        self._unreadable = False
        self.pdf = self._open()

    def __len__(self) -> int:
        return len(self.pdf)

    def close(self) -> None:
        self.pdf.close()

    def _open(self) -> Any:
        import pypdfium2

        try:
            pdf = pypdfium2.PdfDocument(self.path)
        except pypdfium2.PdfiumError as exc:
            if exc.err_code in (_PASSWORD_ERROR, _SECURITY_ERROR):
                raise Unprocessable(Reason.ENCRYPTED, str(exc)) from exc
            refusal = str(exc)
        else:
            if len(pdf):
                return pdf
            pdf.close()
            refusal = "it has no pages"
        return self._mended(refusal)

    def _mended(self, refusal: str) -> Any:
        """The file with a new header, or as pypdf rebuilds it."""
        import pypdfium2

        if Path(self.path).stat().st_size <= _MAX_MENDED:
            for mend in (_with_header, _rebuilt):
                try:
                    pdf = pypdfium2.PdfDocument(mend(self.path))
                    if len(pdf):
                        self.damage = refusal
                        return pdf
                    pdf.close()
                except MemoryError:  # which says nothing of the file but its size
                    raise
                # The file is damaged: whatever a library stumbles over, the refusal says it better.
                except Exception:
                    continue
        raise Unprocessable(Reason.CORRUPT, refusal)

    def second_text(self, index: int) -> str:
        """A page's text by pypdf, which knows other ways from glyphs to letters; "" if it fails."""
        page = self._second_page(index)
        if page is None:
            return ""
        try:
            return str(page.extract_text())
        except Exception:  # it is the second attempt anyway
            return ""

    def shows_something(self, index: int) -> bool:
        """False if a page is blank paper: there is nothing in its content that paints."""
        page = self._second_page(index)
        if page is None:
            return True
        try:
            contents = page.get_contents()
            if contents is None:
                return "/Contents" in page
            data = contents.get_data()
        except Exception:  # a damaged stream
            return True
        return any(operator in data for operator in _SHOWING)

    def beads(self, index: int) -> list[Box]:
        """A page's part of the articles that its author has laid out, in reading order: left, bottom, right, top.

        PDF 32000-1, 12.4.3. Few files have them; they are looked for only where the file names threads in the clear.
        """
        if not self._has_threads():
            return []
        page = self._second_page(index)
        try:
            beads = page.get("/B") if page is not None else None
            boxes = [tuple(float(edge) for edge in bead.get_object()["/R"]) for bead in beads or ()]
        except Exception:  # an aid to the order only
            return []
        return [(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in boxes]

    def _has_threads(self) -> bool:
        if not hasattr(self, "_threads"):
            with Path(self.path).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                self._threads = data.find(b"/Threads") >= 0
        return self._threads

    def _second_page(self, index: int) -> Any:
        if self._reader is None and not self._unreadable:
            from pypdf import PdfReader

            try:
                self._reader = PdfReader(self.path)
                len(self._reader.pages)
            except Exception:  # PDFium opened it, so it is only this second view that is missing
                self._reader, self._unreadable = None, True
        try:
            return self._reader.pages[index] if self._reader is not None else None
        except Exception:
            return None


def _with_header(path: str) -> bytes:
    return b"%PDF-1.7\n" + Path(path).read_bytes()


def _rebuilt(path: str) -> bytes:
    from pypdf import PdfReader, PdfWriter

    target = io.BytesIO()
    PdfWriter(clone_from=PdfReader(path)).write(target)
    return target.getvalue()
