"""Words to lines, in the order in which the page was written."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from core.documents import Box
from tasks.extractors._boxes import around
from tasks.extractors._pdf.cjk import without_tracking
from tasks.extractors._pdf.page import Area, Style, Word
from tasks.extractors._pdf.rtl import has_rtl, in_reading_direction

_SAME_ROW = 0.45
"""Of the lower one's height: pieces that share more of it stand in one row, as superscripts do."""
_NEAR = 0.8
"""In type sizes: a piece painted out of turn still belongs to the line that it touches or almost touches."""
_OUT_OF_TURN = 40
"""Characters painted in between, from which on a piece counts as out of turn: a formula's limits and indices are no reason."""
_TAB = 2.5
"""In type sizes: a number so far behind the text is a page's, in a table of contents."""
_OVERLAP = 0.5
"""In type sizes: how far a piece may reach back into the one before it."""


@dataclass(slots=True)
class Line:
    """Words in one row that are read together."""

    words: list[Word]
    left: float
    top: float
    right: float
    bottom: float
    style: Style
    """Of most of its characters."""
    text: str = ""
    level: int | None = None
    """Of a heading, if the document's outline names this line."""
    mono: bool = field(default=False)
    bold: bool = field(default=False)
    """True if all of it is bold."""
    tabbed: bool = False
    """A number stands at its end, far behind the text before it, as in tables of contents."""
    inset: bool = False
    """It stands within a figure."""
    drawn: bool = False
    """The labels of a figure, gathered."""

    @property
    def size(self) -> float:
        return self.style.size

    @property
    def box(self) -> Box:
        return (self.left, self.top, self.right, self.bottom)


def lines_of(words: list[Word]) -> list[Line]:
    """The words' lines. Words of one run stay in their order; runs side by side are joined to rows."""
    rows = _Rows()
    for piece in _pieces(words):
        turns = piece[0].style.angle == 0 and any(has_rtl(word.text) for word in piece)
        rows.add(in_reading_direction(piece) if turns else piece)
    return [line_of(_in_row(row.pieces), row.extent) for row in rows.rows]


@dataclass(slots=True)
class Extent(Area):
    """Where words stand, and the size of the type."""

    size: float
    upright: bool

    @classmethod
    def of(cls, words: list[Word]) -> Extent:
        size = max(word.style.size for word in words)
        return cls(*around(word.box for word in words), size, words[0].style.angle == 0)

    def with_other(self, other: Extent) -> Extent:
        larger = self if self.size >= other.size else other
        return Extent(
            min(self.left, other.left),
            larger.top,
            max(self.right, other.right),
            larger.bottom,
            larger.size,
            self.upright,
        )

    def shares_row(self, other: Extent) -> bool:
        height = min(self.bottom - self.top, other.bottom - other.top)
        return min(self.bottom, other.bottom) - max(self.top, other.top) > _SAME_ROW * height


def line_of(words: list[Word], extent: Extent | None = None) -> Line:
    """One line of these words, in this order."""
    extent = extent or Extent.of(words)
    weights: dict[int, int] = {}
    styles: dict[int, Style] = {}
    for word in words:
        key = id(word.style)  # a page has one object for each style
        styles[key] = word.style
        weights[key] = weights.get(key, 0) + len(word.text)
    style = styles[max(weights, key=lambda one: weights[one])]
    return Line(
        words,
        extent.left,
        extent.top,
        extent.right,
        extent.bottom,
        style,
        without_tracking(joined(words)),
        mono=all(one.mono for one in styles.values()),
        bold=all(one.bold for one in styles.values()),
        tabbed=_is_tabbed(words),
    )


def _is_tabbed(words: list[Word]) -> bool:
    last = words[-1]
    if len(words) < 2 or len(last.text) > 4 or not last.text.isdecimal():
        return False
    before = words[-2]
    return last.left - before.right > _TAB * last.style.size and any(map(str.isalpha, before.text))


def joined(words: Iterable[Word]) -> str:
    """The words with spaces where the page has them."""
    parts: list[str] = []
    for word in words:
        if word.space and parts:
            parts.append(" ")
        parts.append(word.text)
    return "".join(parts)


def is_rtl(text: str) -> bool:
    """True if most letters are written from right to left."""
    if text.isascii():
        return False
    kinds = [unicodedata.bidirectional(character) for character in text]
    return kinds.count("R") + kinds.count("AL") > kinds.count("L")


def _pieces(words: list[Word]) -> Iterator[list[Word]]:
    """Words of one run that stand in one row."""
    piece: list[Word] = []
    for word in words:
        if piece:
            last = piece[-1]
            height = min(last.bottom - last.top, word.bottom - word.top)
            apart = min(last.bottom, word.bottom) - max(last.top, word.top) < 0.25 * height
            if word.run != last.run or word.style.angle != last.style.angle or (apart and word.style.angle == 0):
                yield piece
                piece = []
        piece.append(word)
    if piece:
        yield piece


@dataclass(slots=True)
class _Row:
    pieces: list[list[Word]]
    extent: Extent
    end: int
    """How many characters were painted when it was last added to."""


class _Rows:
    def __init__(self) -> None:
        self.rows: list[_Row] = []
        self._shelves: dict[int, list[_Row]] = {}
        self._painted = 0

    def add(self, piece: list[Word]) -> None:
        extent = Extent.of(piece)
        row = self._row_for(piece, extent) if self.rows and extent.upright else None
        if row is None:
            row = _Row([piece], extent, 0)
            self.rows.append(row)
            self._shelves.setdefault(_shelf(extent), []).append(row)
        else:
            row.pieces.append(piece)
            row.extent = row.extent.with_other(extent)
        self._painted += sum(len(word.text) for word in piece)
        row.end = self._painted

    def _row_for(self, piece: list[Word], extent: Extent) -> _Row | None:
        """The row that the piece belongs to: the last one, if it stands beside it; or one that it touches."""
        last = self.rows[-1].extent
        if last.upright and last.shares_row(extent):
            beyond = extent.left - last.right
            if beyond >= -_OVERLAP * extent.size or (is_rtl(piece[0].text) and extent.right <= last.left + 1):
                return self.rows[-1]
        shelf = _shelf(extent)
        for at in (shelf, shelf - 1, shelf + 1):
            for row in self._shelves.get(at, ()):
                if self._painted - row.end >= _OUT_OF_TURN and _touches(row.extent, extent):
                    return row
        return None


def _touches(one: Extent, other: Extent) -> bool:
    if not (one.upright and one.shares_row(other)) or abs(one.size - other.size) > 0.2 * max(one.size, other.size):
        return False
    gap = max(other.left - one.right, one.left - other.right)
    return -0.1 * other.size <= gap < _NEAR * other.size


def _shelf(extent: Extent) -> int:
    return int((extent.top + extent.bottom) / 16)


def _in_row(pieces: list[list[Word]]) -> list[Word]:
    """Words of the pieces from left to right, or from right to left where that is how they are read."""
    if len(pieces) == 1:
        return pieces[0]
    rtl = is_rtl("".join(word.text for piece in pieces for word in piece))
    pieces = sorted(pieces, key=lambda piece: -max(w.right for w in piece) if rtl else min(w.left for w in piece))
    before: list[Word] | None = None
    for piece in pieces:
        if before is not None:
            gap = before[-1].left - piece[0].right if rtl else piece[0].left - before[-1].right
            piece[0].space = gap > 0.12 * max(before[-1].style.size, piece[0].style.size)
        before = piece
    return [word for piece in pieces for word in piece]
