"""PDF through PDFium: text in the file's reading order, paragraphs merged from lines, headings by outline or type size;
pypdf for files so damaged that PDFium does not open them.

The geometry costs about 1.5 ms a page beyond PDFium's own 1 to 8.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from contextlib import closing
from itertools import zip_longest
from typing import Any

from core.documents import Document, ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._builder import Builder
from tasks.extractors._lines import Line, Paragraph, body_size, bullet_free, paragraphs, size_levels
from tasks.extractors.base import DEFAULT, Extractor, Reading

_PASSWORD_ERROR = 4
_SECURITY_ERROR = 5
_BOLD = re.compile(rb"bold|black|heavy|demi|[bB][xX]\d|CMBX|SFBX", re.IGNORECASE)
_LINE = re.compile(r"[^\r\n]+")
_BLANK_LINES = re.compile(r"\n\s*\n")
_NOT_ALNUM = re.compile(r"[\W_]+")
_SECTION_NUMBER = re.compile(
    r"^(?:chapter|section|part|appendix|cap[ií]tulo|se[cç][aã]o)?\s*[\dIVXA-Z]{1,4}(?:\.\d+)*[.:)]?\s+", re.IGNORECASE
)
_NO_TITLE = re.compile(
    r"untitled|^\s*$|^microsoft \w+ - |\.(?:docx?|pptx?|xlsx?|pdf|indd|qxd|dvi|tex|rtf|txt|p65|fm|cdr|ai)$", re.IGNORECASE
)
_DATE = re.compile(r"D:(\d{4})(\d\d)?(\d\d)?")
_MAX_HEADING = 200
_MAX_OUTLINE = 5_000


class PdfExtractor(Extractor):
    """Paragraphs, list items and headings with their page."""

    name = "pdf"
    version = 1
    media_types = frozenset({"application/pdf"})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements in order; pages from 1. A page that cannot be read is left out and named in the warnings.

        Raises Unprocessable(ENCRYPTED, CORRUPT, EMPTY, TOO_LARGE).
        """
        import pypdfium2

        builder = Builder()
        try:
            opened = _open(path)
        except Unprocessable as refusal:
            if refusal.reason is not Reason.CORRUPT:
                raise
            _salvage(path, builder, refusal)
            return builder.document(media_type, self.key)
        with closing(opened) as pdf:
            _note_metadata(pdf, builder)
            outline = _outline(pdf)
            pages: list[list[Paragraph]] = []
            for number in range(len(pdf)):
                try:
                    lines = _page_lines(pdf, number)
                except pypdfium2.PdfiumError as exc:
                    builder.warnings.append(f"page {number + 1} could not be read: {exc}")
                    lines = []
                _mark_headings(lines, outline.get(number, {}))
                pages.append(paragraphs(lines))
        if len(builder.warnings) == len(pages):
            raise Unprocessable(Reason.CORRUPT, builder.warnings[0])
        _add_elements(builder, pages, trust_outline=_is_matched(outline, pages))
        if not builder.elements:
            raise Unprocessable(Reason.EMPTY, f"{len(pages)} pages without a text layer; scans need OCR")
        return builder.document(media_type, self.key)


def _open(path: str) -> Any:
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as exc:
        if exc.err_code in (_PASSWORD_ERROR, _SECURITY_ERROR):
            raise Unprocessable(Reason.ENCRYPTED, str(exc)) from exc
        raise Unprocessable(Reason.CORRUPT, str(exc)) from exc


def _salvage(path: str, builder: Builder, refusal: Unprocessable) -> None:
    """Read what PDFium does not open: pypdf rebuilds a lost header or trailer. Raises the refusal if that gives no text."""
    from pypdf import PdfReader

    try:
        for number, page in enumerate(PdfReader(path).pages, 1):
            for paragraph in _BLANK_LINES.split(page.extract_text()):
                builder.add(ElementKind.PARAGRAPH, paragraph, page=number)
    # The file is damaged anyway: whatever pypdf stumbles over, the refusal says it better.
    except Exception as exc:
        if not builder.elements:
            raise refusal from exc
        builder.warnings.append(f"read in part: {type(exc).__name__}")
    if not builder.elements:
        raise refusal
    builder.warnings.append(f"damaged, read by pypdf: {refusal.detail}")


def _page_lines(pdf: Any, number: int) -> list[Line]:
    with closing(pdf[number]) as page, closing(page.get_textpage()) as text_page:
        return list(_lines(text_page))


def _lines(page: Any) -> Iterator[Line]:
    """Lines with text. Only three characters of each are measured: asking for all would cost more than the text itself."""
    from pypdfium2 import raw

    text = _units(page)
    box, flags, name = raw.FS_RECTF(), ctypes.c_int(), ctypes.create_string_buffer(128)
    for match in _LINE.finditer(text):
        line = match[0].strip()
        if not line:
            continue
        first = match.start() + len(match[0]) - len(match[0].lstrip())
        last = first + len(line) - 1
        middle = first + len(line) // 2
        if text[middle].isspace():
            middle -= 1
        edges = []
        for at in (first, middle, last):
            index = raw.FPDFText_GetCharIndexFromTextIndex(page, at)
            if index < 0 or not raw.FPDFText_GetLooseCharBox(page, index, box):
                break
            edges.append((box.left, box.right, box.bottom, box.top - box.bottom, index))
        if len(edges) == 3:
            bold = True
            for index in (edges[0][4], edges[1][4]):
                raw.FPDFText_GetFontInfo(page, index, name, 128, flags)
                bold = bold and bool(_BOLD.search(name.value))
            yield Line(_joined(line), edges[1][3], bold, edges[0][0], edges[2][1], edges[1][2])
        else:
            yield Line(_joined(line), 0.0, False, 0.0, 0.0, 0.0)


def _units(page: Any) -> str:
    """The page's text, one Python character for each UTF-16 unit, so that positions are PDFium's own."""
    from pypdfium2 import raw

    count = raw.FPDFText_CountChars(page)
    if count <= 0:
        return ""
    buffer = (ctypes.c_ushort * (count * 2 + 1))()
    written = raw.FPDFText_GetText(page, 0, count, buffer)
    length = max(0, written - 1)
    text = bytes(buffer)[: length * 2].decode("utf-16-le", "surrogatepass")
    return text if len(text) == length else "".join(map(chr, buffer[:length]))


def _joined(text: str) -> str:
    """Surrogate halves put together again."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


def _outline(pdf: Any) -> dict[int, dict[str, int]]:
    """Bookmarks: by page index, heading level by simplified title."""
    import pypdfium2

    found: dict[int, dict[str, int]] = {}
    try:
        for count, bookmark in enumerate(pdf.get_toc()):
            if count >= _MAX_OUTLINE:
                break
            target = bookmark.get_dest()
            index = target.get_index() if target else None
            title = _simple(bookmark.get_title())
            if index is not None and title:
                found.setdefault(index, {}).setdefault(title, min(bookmark.level + 1, 9))
    except pypdfium2.PdfiumError:
        return {}  # a damaged outline costs the headings it would have named, nothing else
    return found


def _simple(text: str) -> str:
    return _NOT_ALNUM.sub("", _SECTION_NUMBER.sub("", text)).lower() or _NOT_ALNUM.sub("", text).lower()


def _mark_headings(lines: list[Line], titles: dict[str, int]) -> None:
    """Give each line that is a bookmark's title its level; a title may run over two lines."""
    if not titles:
        return
    left = dict(titles)
    for line, following in zip_longest(lines, lines[1:]):
        if len(line.text) > _MAX_HEADING:
            continue
        level = left.pop(_simple(line.text), None)
        if level is None and following is not None and line.level is None:
            level = left.pop(_simple(f"{line.text} {following.text}"), None)
            if level is not None:
                following.level = level
        if level is not None:
            line.level = level


def _is_matched(outline: dict[int, dict[str, int]], pages: list[list[Paragraph]]) -> bool:
    """True if most bookmarks were found on their pages: then they are the headings, and no other."""
    wanted = sum(len(titles) for titles in outline.values())
    matched = sum(1 for page in pages for paragraph in page if paragraph.level is not None)
    return wanted >= 3 and matched * 2 >= wanted


def _add_elements(builder: Builder, pages: list[list[Paragraph]], trust_outline: bool) -> None:
    body = body_size((p.size, len(p.text)) for page in pages for p in page)
    bold_body = sum(len(p.text) for page in pages for p in page if p.bold) * 2 > sum(
        len(p.text) for page in pages for p in page
    )
    levels = size_levels((p.size for page in pages for p in page if _may_head(p)), body)
    deepest = min(max(levels.values(), default=0) + 1, 6)
    for number, page in enumerate(pages, 1):
        for paragraph in page:
            level = paragraph.level
            if level is None and not trust_outline and _may_head(paragraph):
                level = levels.get(round(paragraph.size * 4) / 4)
                if level is None and paragraph.bold and not bold_body and _stands_out(paragraph, body):
                    level = deepest
            if level is not None:
                builder.add(ElementKind.HEADING, paragraph.text, page=number, level=level)
            elif paragraph.item:
                builder.add(ElementKind.LIST_ITEM, bullet_free(paragraph.text), page=number)
            else:
                builder.add(ElementKind.PARAGRAPH, paragraph.text, page=number)
    if builder.title is None:
        builder.title = next((e.text for e in builder.elements if e.level == 1 and e.page == 1), None)


def _may_head(paragraph: Paragraph) -> bool:
    text = paragraph.text
    if len(paragraph.lines) > 3 or not 2 < len(text) <= _MAX_HEADING or bullet_free(text) != text:
        return False
    sentence = len(text) > 60 and text[-1] in ".,;:"
    return not sentence and sum(map(str.isalpha, text)) * 2 >= len(text.replace(" ", ""))


def _stands_out(paragraph: Paragraph, body: float) -> bool:
    """True for a short bold paragraph that is no sentence and no label."""
    text = paragraph.text
    return (
        paragraph.size >= 0.95 * body
        and len(text) <= 100
        and len(paragraph.lines) <= 2
        and text[-1] not in ".,;:"
        and text[0].isupper()
    )


def _note_metadata(pdf: Any, builder: Builder) -> None:
    facts = pdf.get_metadata_dict(skip_empty=True)
    title = facts.get("Title", "").strip()
    if not _NO_TITLE.search(title):
        builder.title = title
    for key in ("Author", "Subject", "Keywords"):
        builder.note(key.lower(), facts.get(key))
    if date := _DATE.match(facts.get("CreationDate", "")):
        builder.note("date", "-".join(part for part in date.groups() if part))
