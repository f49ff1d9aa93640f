"""Lines of text cut into pieces along the columns of a table."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from tasks.extractors._pdf.page import Word
from tasks.extractors._pdf.rows import GAP, Row, chunk, is_value, is_year, joined
from tasks.extractors._pdf.rulings import Line

_ALIGNED = 3.0
"""Points by which a heading may stand beside the values of its column."""
_BEFORE = frozenset({"$", "€", "£", "¥", "US$", "R$", "("})
_AFTER = frozenset({"%", ")", "*", "**", ")%"})
"""Signs that belong to the number after and before them."""


@dataclass(slots=True)
class Columns:
    """Where columns begin and end, and the vertical lines that stand there."""

    xs: list[float]
    uprights: dict[float, list[Line]]

    def __len__(self) -> int:
        return len(self.xs) - 1

    def at(self, x: float) -> int:
        return min(max(bisect_right(self.xs, x) - 1, 0), len(self.xs) - 2)

    def ruled(self, edge: int, y: float) -> bool:
        """True if a line stands at this edge at this height."""
        return any(line.start <= y <= line.end for line in self.uprights.get(self.xs[edge], ()))

    def covered(self, edge: int, top: float, bottom: float) -> bool:
        """True if lines run along most of this edge between the two heights."""
        return sum(line.covers(top, bottom) for line in self.uprights.get(self.xs[edge], ())) >= 0.5


@dataclass(slots=True)
class Piece:
    """Words of a line in the columns first to last."""

    first: int
    last: int
    words: list[Word]
    _known: tuple[int, str] = (0, "")
    """How many words there were when the text was read last, and the text."""

    @property
    def text(self) -> str:
        if self._known[0] != len(self.words):
            self._known = (len(self.words), joined(self.words))
        return self._known[1]

    @property
    def left(self) -> float:
        return self.words[0].left

    @property
    def right(self) -> float:
        return max(word.right for word in self.words)


@dataclass(slots=True)
class TextLine:
    """A line of text of a table."""

    row: Row
    pieces: list[Piece] = field(default_factory=list)

    @property
    def label_only(self) -> bool:
        return all(piece.first == 0 == piece.last for piece in self.pieces)

    @property
    def values(self) -> set[int]:
        """Columns in which it has a number."""
        return {p.first for p in self.pieces if p.first == p.last and is_value(p.text)}

    @property
    def is_record(self) -> bool:
        """True if most of what stands beside its first column are values, and not only years."""
        beside = [p.text for p in self.pieces if p.first > 0]
        values = [text for text in beside if is_value(text)]
        return 2 * len(values) >= len(beside) > 0 and not all(map(is_year, values))


def cut(row: Row, columns: Columns) -> TextLine:
    """The row with a piece for each cell."""
    line = TextLine(row)
    for part in chunk(row, 0.6):
        piece: Piece | None = None
        for word in part.words:
            column = columns.at((word.left + word.right) / 2)
            if piece is None or _parts(piece, word, column, row, columns):
                piece = Piece(column, column, [word])
                line.pieces.append(piece)
            else:
                piece.words.append(word)
                piece.last = max(piece.last, column)
    for piece in line.pieces:
        _overhang(piece, row, columns)
    return line


def _parts(piece: Piece, word: Word, column: int, row: Row, columns: Columns) -> bool:
    """True if the word begins a cell of its own."""
    if column <= piece.last:
        return False
    before = piece.words[-1]
    if any(columns.ruled(edge, row.middle) for edge in range(piece.last + 1, column + 1)):
        return True
    if word.left - before.right >= _space(row):
        return True
    return is_value(before.text) and is_value(word.text)


def _space(row: Row) -> float:
    """A gap wider than this is more than a space between two words of the row."""
    between = [right.left - left.right for left, right in pairwise(row.words)]
    gaps = sorted(gap for gap in between if 0 < gap < GAP * row.size)
    usual = gaps[0] if len(gaps) > 1 else 0.25 * row.size
    return min(max(1.25 * usual, 0.38 * row.size), GAP * row.size)


def split_headings(lines: list[TextLine], columns: Columns) -> None:
    """Headings of neighbouring columns that stand close together are told from one heading over both: each stands as the
    values of its column do."""
    extents = _extents(lines)
    for line in lines:
        if not line.is_record and any(piece.last > piece.first for piece in line.pieces):
            line.pieces = [part for piece in line.pieces for part in _split(piece, extents, line.row.size, columns)]


def _extents(lines: list[TextLine]) -> dict[int, tuple[float, float]]:
    """By column, the median left and right of what stands in it alone."""
    sides: dict[int, tuple[list[float], list[float]]] = {}
    for line in lines:
        for piece in line.pieces if line.is_record else []:
            if piece.first == piece.last:
                left, right = sides.setdefault(piece.first, ([], []))
                left.append(piece.left)
                right.append(piece.right)
    return {column: (median(left), median(right)) for column, (left, right) in sides.items()}


def _split(piece: Piece, extents: dict[int, tuple[float, float]], size: float, columns: Columns) -> list[Piece]:
    parts: list[Piece] = []
    for word in piece.words:
        column = columns.at((word.left + word.right) / 2)
        if parts and (column == parts[-1].last or word.left - parts[-1].right < 0.28 * size):
            parts[-1].words.append(word)
            parts[-1].last = max(column, parts[-1].last)
        else:
            parts.append(Piece(column, column, [word]))
    aligned = all(part.first == part.last and _stands(part, extents.get(part.first)) for part in parts)
    return parts if len(parts) > 1 and aligned else [piece]


def _stands(piece: Piece, extent: tuple[float, float] | None) -> bool:
    if extent is None:
        return False
    left, right = piece.left - extent[0], piece.right - extent[1]
    return min(abs(left), abs(right), abs(left + right) / 2) < _ALIGNED


def join_signs(lines: list[TextLine]) -> None:
    """A currency sign at the end of one column belongs to the number in the next."""
    for line in lines:
        for piece, after in pairwise(line.pieces):
            if piece.words[-1].text in _BEFORE and _opens_number(after.words[0].text) and after.first == after.last:
                after.words.insert(0, piece.words.pop())
        line.pieces = [piece for piece in line.pieces if piece.words]


def _opens_number(text: str) -> bool:
    return text.lstrip("(-\u2212").startswith(tuple("0123456789"))


def _overhang(piece: Piece, row: Row, columns: Columns) -> None:
    """A text that reaches far into free columns beside its own spans them; a title at the left spans none."""
    if piece.first == 0 == piece.last:
        return
    xs = columns.xs
    while piece.first > 0 and not columns.ruled(piece.first, row.middle):
        start, end = xs[piece.first - 1], xs[piece.first]
        if piece.left > start + 0.6 * (end - start) or _taken(row, start, end, piece):
            break
        piece.first -= 1
    while piece.last < len(columns) - 1 and not columns.ruled(piece.last + 1, row.middle):
        start, end = xs[piece.last + 1], xs[piece.last + 2]
        if piece.right < end - 0.6 * (end - start) or _taken(row, start, end, piece):
            break
        piece.last += 1


def _taken(row: Row, start: float, end: float, piece: Piece) -> bool:
    return any(start <= (w.left + w.right) / 2 <= end and all(w is not own for own in piece.words) for w in row.words)


def merge_signs(lines: list[TextLine], columns: Columns) -> None:
    """Columns that hold nothing but currency signs go with the next, those of percent signs with the one before."""
    column = 0
    while column < len(columns) and len(columns) > 1:
        texts = {piece.text for line in lines for piece in line.pieces if piece.first == column == piece.last}
        edge = column + 1 if texts <= _BEFORE else column if texts <= _AFTER else 0
        if texts and 0 < edge < len(columns) and columns.xs[edge] not in columns.uprights:
            del columns.xs[edge]
            for line in lines:
                line.pieces = _shifted(line.pieces, edge)
            column = max(column - 1, 0)
        else:
            column += 1


def _shifted(pieces: list[Piece], edge: int) -> list[Piece]:
    """The pieces after the edge at this place has gone."""
    found: list[Piece] = []
    for piece in pieces:
        piece.first -= piece.first >= edge
        piece.last -= piece.last >= edge
        if found and found[-1].last == piece.first:
            found[-1].words += piece.words
            found[-1].last = piece.last
        else:
            found.append(piece)
    return found


def spread(lines: list[TextLine], columns: Columns) -> None:
    """A heading that stands over the middle of several columns spans them, if each has a heading of its own below."""
    for line, below in pairwise(lines):
        if line.is_record:
            break
        if below.row.top - line.row.bottom > line.row.size:
            continue
        single = {piece.first: piece for piece in below.pieces if piece.first == piece.last}
        ends = [-1, *(piece.last for piece in line.pieces)]
        starts = [*(piece.first for piece in line.pieces), len(columns)]
        for number, piece in enumerate(line.pieces):
            if piece.first > 0 and set(range(piece.first, piece.last + 1)) <= single.keys():
                limits = max(ends[number] + 1, 1), starts[number + 1] - 1
                piece.first, piece.last = _centred(piece, single, limits, columns, line.row.middle)


def _centred(piece: Piece, single: dict[int, Piece], limits: tuple[int, int], columns: Columns, y: float) -> tuple[int, int]:
    """The most columns within the limits that the piece stands over the middle of."""
    low, high = piece.first, piece.last
    while low - 1 >= limits[0] and low - 1 in single and not columns.ruled(low, y):
        low -= 1
    while high + 1 <= limits[1] and high + 1 in single and not columns.ruled(high + 1, y):
        high += 1
    best = (piece.first, piece.last)
    for first in range(low, piece.first + 1):
        for last in range(piece.last, high + 1):
            left, right = single[first].left, single[last].right
            if last - first > best[1] - best[0] and abs(left + right - piece.left - piece.right) < 0.1 * (right - left):
                best = (first, last)
    return best
