"""Running headers, footers and page numbers: what stands at the edge of page after page.

From each edge inwards, lines count as running as long as each is known for it: the same text at the same height on several
pages, where numbers may differ if they count the pages; or a line that carries the page's number where other pages carry
theirs. The first line that is none ends it, so that nothing inside the text is taken.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from tasks.extractors._pdf.lines import Line
from tasks.extractors._pdf.sheet import Sheet
from tasks.extractors._pdf.tables import Table

_ROWS = 6
"""Rows at each edge that are looked at."""
_ZONE = 0.25
"""Of the page's height."""
_HEIGHT = 8.0
"""Points by which a line may stand higher or lower than on other pages."""
_LONGEST = 200
_MARGIN = 72.0
"""Points: a number by itself, so near to the edge and apart from the text, is the page's."""
_NUMBER = re.compile(r"\d+")
_FIRST = re.compile(r"\W*(\d{1,5}|[ivxlc]{1,8}|[IVXLC]{1,8})(?![\w.,%]\w)(?!\))\W*")
_LAST = re.compile(r"(?:^|(?<![\d.,$€£])\b)(?:page\s*|[A-Z]{1,3}-)?(\d{1,5}|[ivxlc]{1,8}|[IVXLC]{1,8})\W*$")
_ALONE = re.compile(
    r"\W*(?:(?:page|pág(?:ina)?\.?|seite|p\.)\s*)?(?:[A-Z]{1,2}-)?(?:\d{1,4}|[ivxlc]{1,7})"
    r"(?:\s*(?:/|of|de|von|sur)\s*\d{1,4})?\W*",
    re.IGNORECASE,
)
_LETTER = re.compile(r"[^\W\d_]")
_LABEL = re.compile(
    r"(?:table|tab\.|figure|fig\.|exhibit|appendix|annex|note|schedule|chart|box|equation|tabelle|abbildung|abb\.|tabela|tableau|"
    r"figura|anexo|quadro|gr[aá]fico)\s*\d+\W*",
    re.IGNORECASE,
)
"""A number after one of these counts other things than pages."""
_RUN = 2
"""Pages: what comes back after at most this many runs on; odd and even pages may differ."""
_WORDED = 12
"""Letters that make a line, at one height on page after page, a running one whatever its numbers are."""
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


@dataclass(slots=True)
class _Edge:
    """A line near the top or the bottom of its page."""

    line: Line
    page: int
    foot: bool
    height: float
    """Its distance from that edge."""
    outline: str
    """Its text with a mark for each number."""
    ahead: frozenset[int]
    """By how much its numbers are ahead of the page's own."""
    counted: frozenset[tuple[str, int]]
    """The same of a number, arabic or roman, that begins or ends the line, as a page's own number does."""
    row: int
    """0 is nearest to the edge."""


def running_lines(sheets: list[Sheet]) -> set[int]:
    """The ids (`id`) of the lines that are running headers, footers or page numbers; none if they are most of the text."""
    edges = [edge for sheet in sheets for edge in _edges(sheet)]
    pages = sum(1 for sheet in sheets if sheet.items)
    known = _repeated(edges, pages)
    _add_numbered(edges, pages, known)
    _add_neighbours(edges, pages, known)
    found = _from_the_edge(edges, known) | _repeated_aslant(sheets)
    items = [item for sheet in sheets for item in sheet.items]
    dropped = sum(_length(item) for item in items if id(item) in found)
    return found if dropped * 2 <= sum(map(_length, items)) else set()


def _length(item: Line | Table) -> int:
    return len(item.text) if isinstance(item, Line) else sum(len(cell) for row in item.rows for cell in row)


def _edges(sheet: Sheet) -> Iterator[_Edge]:
    if sheet.turn is None:
        return
    lines = [item for item in sheet.items if isinstance(item, Line) and item.style.angle == 0 and not item.drawn]
    lines += [row.line for row in sheet.edge_rows]
    tables = [item for item in sheet.items if isinstance(item, Table)]
    for foot in (False, True):
        ordered = sorted(lines, key=lambda line: -line.bottom if foot else line.top)
        row, last = -1, None
        for line in ordered:
            height = sheet.height - line.bottom if foot else line.top
            if last is None or min(line.bottom, last.bottom) - max(line.top, last.top) < 0.4 * (line.bottom - line.top):
                row += 1
            last = line
            beyond = any(t.box[3] > line.bottom + 1 if foot else t.box[1] < line.top - 1 for t in tables)
            if row >= _ROWS or (row and height > _ZONE * sheet.height) or beyond:
                break
            if len(line.text) <= _LONGEST:
                yield _edge(line, sheet.number, foot, height, row)


def _edge(line: Line, page: int, foot: bool, height: float, row: int) -> _Edge:
    text = line.text
    outline = " ".join(_NUMBER.sub("#", text).lower().split())
    ahead = frozenset(int(digits[:9]) - page for digits in _NUMBER.findall(text)[:8])
    counted = set()
    if not _LABEL.match(text):
        for match in (_FIRST.match(text), _LAST.search(text)):
            if match and match[1].isdigit():
                counted.add(("arabic", int(match[1]) - page))
            elif match and match[0].strip() == text.strip():
                counted.add(("roman", _roman(match[1]) - page))
    return _Edge(line, page, foot, height, outline, ahead, frozenset(counted), row)


def _roman(text: str) -> int:
    values = [_ROMAN_VALUES[letter] for letter in text.lower()]
    return sum(-value if value < max(values[at:]) else value for at, value in enumerate(values))


def _repeated(edges: list[_Edge], pages: int) -> set[int]:
    """Lines whose text stands at the same height on page after page, its numbers aside."""
    by_text: dict[tuple[bool, str], list[_Edge]] = defaultdict(list)
    for edge in edges:
        by_text[edge.foot, edge.outline].append(edge)
    known: set[int] = set()
    needed = 2 if pages <= 5 else 3
    for group in by_text.values():
        for near in _by_height(group):
            same = Counter(edge.line.text for edge in near)
            offsets = Counter(offset for edge in near for offset in edge.ahead)
            for run in _runs(near, needed):
                for edge in run:
                    letters = len(_LETTER.findall(edge.outline))
                    label = _LABEL.match(edge.line.text)
                    counts = not label and any(offsets[offset] >= max(needed, len(run) / 2) for offset in edge.ahead)
                    stays = same[edge.line.text] >= needed and (letters >= 3 or not edge.ahead)
                    if counts or stays or (letters >= _WORDED and not label):
                        known.add(id(edge.line))
    return known


def _by_height(group: list[_Edge]) -> Iterator[list[_Edge]]:
    """Those that stand about as high."""
    near: list[_Edge] = []
    for edge in sorted(group, key=lambda edge: edge.height):
        if near and edge.height - near[-1].height > _HEIGHT:
            yield near
            near = []
        near.append(edge)
    if near:
        yield near


def _runs(near: list[_Edge], needed: int) -> Iterator[list[_Edge]]:
    """Those on page after page."""
    run: list[_Edge] = []
    for edge in sorted(near, key=lambda edge: edge.page):
        if run and edge.page - run[-1].page > _RUN:
            if len({one.page for one in run}) >= needed:
                yield run
            run = []
        run.append(edge)
    if len({one.page for one in run}) >= needed:
        yield run


def _add_numbered(edges: list[_Edge], pages: int, known: set[int]) -> None:
    """Add lines that carry their page's number where enough others do, whatever else they say."""
    needed = max(3, pages // 4) if pages > 5 else max(2, math.ceil(0.75 * pages))
    places: dict[tuple[bool, tuple[str, int]], list[_Edge]] = defaultdict(list)
    for edge in edges:
        for offset in edge.counted:
            places[edge.foot, offset].append(edge)
    for group in places.values():
        for near in _by_height(group):
            if len({edge.page for edge in near}) >= needed:
                known.update(id(edge.line) for edge in near)
        # The outermost line may float, right below a text that does not fill its page.
        by_text: dict[str, list[_Edge]] = defaultdict(list)
        for edge in group:
            if edge.row == 0:
                by_text[edge.outline].append(edge)
        for same in by_text.values():
            if len({edge.page for edge in same}) >= (3 if pages > 5 else needed):
                known.update(id(edge.line) for edge in same)
    for edge in edges:
        if edge.row == 0 and edge.height < _MARGIN and _is_number(edge) and _is_apart(edge, edges):
            known.add(id(edge.line))


def _is_number(edge: _Edge) -> bool:
    return _ALONE.fullmatch(edge.line.text) is not None


def _is_apart(edge: _Edge, edges: list[_Edge]) -> bool:
    """True if the next row inwards is not close, as it would be within a text."""
    gaps = [
        (edge.line.top - other.line.bottom) if edge.foot else (other.line.top - edge.line.bottom)
        for other in edges
        if other.page == edge.page and other.foot == edge.foot and other.row == edge.row + 1
    ]
    return all(gap > edge.line.bottom - edge.line.top for gap in gaps)


def _add_neighbours(edges: list[_Edge], pages: int, known: set[int]) -> None:
    """Add lines that stand exactly where most running ones do, in their type: titles of chapters change."""
    places: dict[tuple[bool, int, float], list[_Edge]] = defaultdict(list)
    for edge in edges:
        places[edge.foot, round(edge.height / 2), round(edge.line.size, 1)].append(edge)
    for group in places.values():
        running = [edge for edge in group if id(edge.line) in known]
        if len(running) >= max(3, pages // 5) and len(running) >= 0.6 * len(group):
            known.update(id(edge.line) for edge in group if len(edge.line.text) <= 120 and not _LABEL.match(edge.line.text))


def _from_the_edge(edges: list[_Edge], known: set[int]) -> set[int]:
    by_page: dict[tuple[int, bool], list[_Edge]] = defaultdict(list)
    for edge in edges:
        by_page[edge.page, edge.foot].append(edge)
    found: set[int] = set()
    for group in by_page.values():
        rows: dict[int, list[_Edge]] = defaultdict(list)
        for edge in group:
            rows[edge.row].append(edge)
        for row in range(_ROWS):
            here = rows.get(row, [])
            if not here or not any(id(edge.line) in known for edge in here):
                break
            found.update(id(edge.line) for edge in here if id(edge.line) in known)
            if not all(id(edge.line) in known for edge in here):
                break
    return found


def _repeated_aslant(sheets: list[Sheet]) -> set[int]:
    """Watermarks and stamps along an edge: the same text, not upright, on three pages or more."""
    aslant = [(line, sheet.number) for sheet in sheets for line in sheet.items if isinstance(line, Line) and line.style.angle]
    pages: dict[str, set[int]] = defaultdict(set)
    for line, number in aslant:
        pages[_NUMBER.sub("#", line.text)].add(number)
    return {id(line) for line, _number in aslant if len(pages[_NUMBER.sub("#", line.text)]) >= 3}
