"""Older office formats through LibreOffice: it converts the file, and the engine of the new format reads the result."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from core.documents import Document
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._office.soffice import converted
from tasks.extractors._ole import container
from tasks.extractors.base import DEFAULT, Extractor, Reading
from tasks.extractors.docx import DocxExtractor
from tasks.extractors.media_type import OLE_ENCRYPTED
from tasks.extractors.pdf import PdfExtractor
from tasks.extractors.pptx import PptxExtractor
from tasks.extractors.xlsx import XlsxExtractor

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True, slots=True)
class _Way:
    """How a format is read."""

    suffix: str
    target: str
    engine: type[Extractor]
    filter: str = ""
    """LibreOffice's filter, where it would otherwise take what is damaged for plain text."""


_TEXT = ("docx", DocxExtractor)
_SLIDES = ("pptx", PptxExtractor)
_SHEETS = ("xlsx", XlsxExtractor)
_DRAWING = ("pdf", PdfExtractor)
_WAYS = {
    "application/msword": _Way("doc", *_TEXT),
    "application/vnd.ms-powerpoint": _Way("ppt", *_SLIDES),
    "application/x-mspowerpoint-95": _Way("ppt", *_SLIDES),
    OLE_ENCRYPTED: _Way("xlsx", *_SHEETS),
    "application/vnd.ms-excel.sheet.binary.macroenabled.12": _Way("xlsb", *_SHEETS),
    "application/vnd.ms-works": _Way("wps", *_TEXT, filter="MS_Works"),
    "application/x-mswrite": _Way("wri", *_TEXT, filter="MS_Write"),
    "application/x-mspublisher": _Way("pub", *_DRAWING),
    "application/vnd.visio": _Way("vsd", *_DRAWING),
    "application/vnd.ms-visio.drawing": _Way("vsdx", *_DRAWING),
    "application/vnd.wordperfect": _Way("wpd", *_TEXT, filter="WordPerfect"),
    "application/vnd.lotus-1-2-3": _Way("wk1", *_SHEETS, filter="Lotus"),
    "application/vnd.sun.xml.writer": _Way("sxw", *_TEXT),
    "application/vnd.sun.xml.calc": _Way("sxc", *_SHEETS),
    "application/vnd.sun.xml.impress": _Way("sxi", *_SLIDES),
}


class LibreOfficeExtractor(Extractor):
    """Elements as the engine of docx, pptx, xlsx or pdf gives them; drawings and leaflets page by page."""

    name = "libreoffice"
    # What those engines read otherwise, this one reads otherwise as well.
    version = 1 + sum(engine.version for engine in (DocxExtractor, PptxExtractor, XlsxExtractor, PdfExtractor))
    media_types = frozenset(_WAYS)

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """As the other engine does, a second or two later.

        Raises Unprocessable(NEEDS_LIBREOFFICE, ENCRYPTED, CORRUPT, TIMEOUT, CRASHED) and what the other one raises.
        """
        way = _WAYS[media_type]
        if media_type == OLE_ENCRYPTED:
            return self._without_password(path, media_type, way, reading)
        with Path(path).open("rb") as file:
            contained = file.read(len(_OLE)) == _OLE
        if contained:
            container.refuse_encrypted(path)
        document = self._read(path, media_type, way, reading)
        if not document.elements and way.engine is not PdfExtractor:
            # What stands in pictures and symbols, or is a picture, shows in print only.
            try:
                printed = self._read(path, media_type, replace(way, target="pdf", engine=PdfExtractor), reading)
            except Unprocessable:
                if not document.members:
                    raise
            else:
                document = replace(printed, members=document.members)
        return document

    def _without_password(self, path: str, media_type: str, way: _Way, reading: Reading) -> Document:
        """Excel protects workbooks by a password that everybody has, and LibreOffice as well. Another: ENCRYPTED."""
        try:
            return self._read(path, media_type, way, reading)
        except Unprocessable as exc:
            if exc.reason in (Reason.CORRUPT, Reason.NEEDS_LIBREOFFICE):
                raise Unprocessable(Reason.ENCRYPTED, "the document needs a password") from exc
            raise

    def _read(self, path: str, media_type: str, way: _Way, reading: Reading) -> Document:
        with converted(path, way.suffix, way.target, way.filter) as made:
            document = way.engine().extract(made, media_type, reading)
        metadata = dict(document.metadata)
        if way.engine is PdfExtractor:
            metadata.pop("date", None)  # that of the conversion
        return replace(document, media_type=media_type, extractor=self.key, metadata=metadata)
