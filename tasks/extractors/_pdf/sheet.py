"""A page as its lines and tables in reading order: the one way in which pages are read, for elements and for raw text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from core.documents import Box
from tasks.extractors._pdf.figures import with_figures
from tasks.extractors._pdf.file import PdfFile
from tasks.extractors._pdf.frame import frame_of
from tasks.extractors._pdf.gutter import apart
from tasks.extractors._pdf.hidden import mark_hidden
from tasks.extractors._pdf.lines import Line, lines_of
from tasks.extractors._pdf.order import by_beads, in_reading_order
from tasks.extractors._pdf.page import PLAIN, Page, Word
from tasks.extractors._pdf.quality import UNREADABLE, unreadable
from tasks.extractors._pdf.read_page import read_page
from tasks.extractors._pdf.tables import Table, tables
from tasks.extractors._pdf.upright import Turn, turned_upright

_LINE_HEIGHT = 12.0


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """The first or the last row of a table, which may be a running line that stands close to it."""

    table: Table
    last: bool
    line: Line
    """Its text, over the height of one line."""


@dataclass(slots=True)
class Sheet:
    """What is read on one page, upright."""

    number: int
    width: float
    height: float
    items: list[Line | Table] = field(default_factory=list)
    """In reading order."""
    edge_rows: list[EdgeRow] = field(default_factory=list)
    turn: Turn | None = None
    """How it was turned to be upright; None if nothing on it has a known place."""
    hidden: str = ""
    """What a reader would not see."""
    needs_ocr: bool = False
    """Something is shown, and it has no text layer, or none that can be read."""
    lost: bool = False
    """There should be something, and nothing could be read."""

    def shown(self, box: Box) -> Box | None:
        """The box on the page as it is shown; None if unknown."""
        if self.turn is None:
            return None
        left, top, right, bottom = self.turn.back(box)
        return (round(left, 1), round(top, 1), round(right, 1), round(bottom, 1))


def read_sheet(file: PdfFile, index: int, keep_hidden: bool = False, structured: bool = True) -> Sheet:
    """The page at a 0-based index, its tables and figures told from its lines if `structured`.

    Raises pypdfium2.PdfiumError if PDFium cannot load it.
    """
    page = read_page(file.pdf, index)
    mark_hidden(page)
    sheet = Sheet(index + 1, page.width, page.height)
    sheet.hidden = " ".join(word.text for word in page.words if word.hidden)
    if not keep_hidden:
        page.words = [word for word in page.words if not word.hidden]
    page.words = _once(page.words)
    text = "".join(word.text for word in page.words)
    garbage = unreadable(text)
    if not text or garbage > UNREADABLE:
        _read_otherwise(file, index, sheet, page, text, garbage)
        return sheet
    sheet.turn = turned_upright(page)
    sheet.width, sheet.height = page.width, page.height
    found = tables(page) if structured else []
    lines = apart(lines_of([word for word in page.words if word.hidden or not any(_is_in(word, table.box) for table in found)]))
    beads = file.beads(index) if sheet.turn.degrees == 0 else []
    lines = by_beads(lines, beads, frame_of(file.pdf[index])) if beads else in_reading_order(lines)
    sheet.items = list(with_figures(lines, page, [table.box for table in found]) if structured else lines)
    for table in found:
        _insert(sheet.items, table, page.words)
        sheet.edge_rows += _edge_rows(table)
    for item in sheet.items:
        if isinstance(item, Line):
            item.words = []
    return sheet


def _edge_rows(table: Table) -> Iterator[EdgeRow]:
    left, top, right, bottom = table.box
    for last in (False, True):
        text = " ".join(dict.fromkeys(filter(None, table.rows[-1 if last else 0])))
        edge = (bottom - _LINE_HEIGHT, bottom) if last else (top, top + _LINE_HEIGHT)
        yield EdgeRow(table, last, Line([], left, edge[0], right, edge[1], PLAIN, text))


def _read_otherwise(file: PdfFile, index: int, sheet: Sheet, page: Page, text: str, garbage: float) -> None:
    """A page without a text layer, or with garbage for one."""
    shows = bool(text) or page.shapes > 0
    if not shows and not sheet.hidden:
        shows = file.shows_something(index)
        sheet.lost = shows
    if not shows:
        return
    second = file.second_text(index) if text or sheet.lost else ""
    if second.strip() and unreadable(second) <= min(UNREADABLE, garbage / 2 if text else 1):
        sheet.items = list(plain_lines(second))
        sheet.lost = False
    else:
        sheet.needs_ocr = bool(text) or page.shapes > 0


def plain_lines(text: str) -> list[Line]:
    """Lines of a text whose places are not known, as if set one below the other; blank ones separate paragraphs."""
    found = []
    for number, row in enumerate(text.splitlines()):
        if row.strip():
            top = number * _LINE_HEIGHT
            content = " ".join(row.split())
            found.append(Line([], 0.0, top, len(content) * 5.0, top + 10.0, PLAIN, content))
    return found


def _once(words: list[Word]) -> list[Word]:
    """Without what is painted again on the same spot to look bold or shadowed."""
    seen: dict[tuple[str, int], list[Word]] = {}
    kept = []
    for word in words:
        text, shelf = word.text, int(word.top / 2)
        if len(text) > 1:
            near = 0.15 * word.style.size
            others = (other for at in (shelf, shelf - 1, shelf + 1) for other in seen.get((text, at), ()))
            if any(abs(other.left - word.left) < near and abs(other.top - word.top) < near for other in others):
                continue
            seen.setdefault((text, shelf), []).append(word)
        kept.append(word)
    return kept


def _is_in(word: Word, box: Box) -> bool:
    left, top, right, bottom = box
    across, down = (word.left + word.right) / 2, (word.top + word.bottom) / 2
    return left <= across <= right and top <= down <= bottom


def _insert(items: list[Line | Table], table: Table, words: list[Word]) -> None:
    """Put the table where the file has its first word; if nothing above it would then follow, else after that."""
    order = {id(word): place for place, word in enumerate(words)}
    start = next((place for place, word in enumerate(words) if _is_in(word, table.box)), len(words))
    at = 0
    for place, item in enumerate(items):
        if isinstance(item, Line):
            left, _top, right, bottom = item.box
            above = bottom <= table.box[1] + 2 and left < table.box[2] and right > table.box[0]
            below = item.top >= table.box[3] - 2 and left < table.box[2] and right > table.box[0]
            if above or (not below and item.words and order.get(id(item.words[0]), -1) < start):
                at = place + 1
        elif item.box[3] <= table.box[1] + 2:
            at = max(at, place + 1)
    items.insert(at, table)


def raw_text(path: str) -> str:
    """All text in reading order, nothing cleaned, tables as lines of text: what the engine's elements are made of.

    Raises Unprocessable(ENCRYPTED, CORRUPT).
    """
    file = PdfFile(path)
    try:
        sheets = [read_sheet(file, index, structured=False) for index in range(len(file))]
    finally:
        file.close()
    return "\n".join(item.text for sheet in sheets for item in sheet.items if isinstance(item, Line))
