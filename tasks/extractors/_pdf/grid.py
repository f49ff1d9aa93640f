"""A region of the page to a grid of cells."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

from tasks.extractors._pdf.bands import TableRow, cut_band
from tasks.extractors._pdf.cells import Cells, Place
from tasks.extractors._pdf.columns import gutters
from tasks.extractors._pdf.lattice import Region
from tasks.extractors._pdf.page import Word
from tasks.extractors._pdf.pieces import Columns, Piece, TextLine, cut, join_signs, merge_signs, split_headings, spread
from tasks.extractors._pdf.rows import GAP, Chunk, Row, chunk, is_value, rows_of
from tasks.extractors._pdf.rulings import Line

_MOST_PLACES = 20_000
_MOST_CHARACTERS = 1_000_000
"""Of a table, spans repeated: pages are drawn to have more, so that readers run out of memory."""
_PADDING = 14.0
"""Points: an empty column narrower than this is none."""
_MOST_HEADINGS = 4
"""Rows; more of them above the first values are no headings."""
_SAME = 4.0
"""Points: lines of a table closer than this are one."""


@dataclass(slots=True)
class Grid:
    """Texts in rows and columns."""

    texts: list[list[str]]
    """At the first place of each cell, "" elsewhere."""
    owner: list[list[Place]]
    """For each place the first one of its cell."""
    inside: list[Word]
    xs: list[float]
    """Where columns begin, and where the last one ends."""
    ys: list[float]
    """Where rows begin, and where the last one ends."""
    headings: int
    """Rows of column headings at its top; 0 if it begins with a row of values or the title of such rows."""

    def rows(self) -> list[list[str]]:
        """Texts with spans repeated."""
        return [[self.texts[r][c] for r, c in owners] for owners in self.owner]

    def filled(self) -> list[str]:
        """The texts of the cells that have any."""
        return [text for row in self.texts for text in row if text]

    def add(self, word: Word) -> None:
        """Put a word that stands upright or aslant at the end of the cell that it is in."""
        row = bisect_right(self.ys, (word.top + word.bottom) / 2) - 1
        column = bisect_right(self.xs, (word.left + word.right) / 2) - 1
        r, c = self.owner[min(max(row, 0), len(self.owner) - 1)][min(max(column, 0), len(self.xs) - 2)]
        self.texts[r][c] = f"{self.texts[r][c]} {word.text}".strip()

    def cells(self) -> int:
        return len({place for row in self.owner for place in row})


def build(region: Region, words: list[Word], turned: list[Word]) -> Grid | None:
    """The grid of the words whose middles are inside the region; None if it has no columns or no rows.

    Words that run upwards or downwards are not in it, but the rows are that they stand in.
    """
    left, top, right, bottom = region.box
    inside = [
        w for w in words if left - 2 <= (w.left + w.right) / 2 <= right + 2 and top - 1 <= (w.top + w.bottom) / 2 <= bottom + 1
    ]
    if len(inside) < 3:
        return None
    uprights = _used(_clusters(region.down, left, right), left, right, inside)
    rows = rows_of(inside)
    xs = _edges(rows, [left, *uprights, right])
    if len(xs) < 3:
        return None
    columns = Columns(xs, uprights)
    lines = [cut(row, columns) for row in rows]
    split_headings(lines, columns)
    merge_signs(lines, columns)
    join_signs(lines)
    spread(lines, columns)
    bars = _clusters(region.across, top, bottom)
    upright = [(w.top + w.bottom) / 2 for w in turned if left <= (w.left + w.right) / 2 <= right] if uprights else []
    table = _rows(lines, [top, *bars, bottom], columns, upright)
    if not 1 < len(table) <= _MOST_PLACES // len(columns):
        return None
    grid = _grid(table, columns, [top, *bars, bottom], bars, inside)
    return grid if sum(len(grid.texts[r][c]) for owners in grid.owner for r, c in owners) <= _MOST_CHARACTERS else None


def _clusters(lines: list[Line], low: float, high: float) -> dict[float, list[Line]]:
    """Lines by their place, those at the region's edges left out."""
    found: dict[float, list[Line]] = {}
    last = low
    for line in sorted(lines, key=lambda line: line.at):
        if low + _SAME < line.at < high - _SAME:
            if not found or line.at - last > _SAME:
                found[line.at] = [line]
                last = line.at
            else:
                found[last].append(line)
    return found


def _used(clusters: dict[float, list[Line]], left: float, right: float, words: list[Word]) -> dict[float, list[Line]]:
    """Lines between which is nothing, too narrow for a column, taken for one: double lines, padding of shaded cells."""

    def is_padding(start: float, end: float) -> bool:
        return end - start < _PADDING and not any(start - 1 <= w.left and w.right <= end + 1 for w in words)

    found: list[tuple[float, list[Line]]] = []
    for at, lines in clusters.items():
        if not is_padding(found[-1][0] if found else left, at):
            found.append((at, lines))
        elif found:
            found[-1] = (at, found[-1][1] + lines)
    while found and is_padding(found[-1][0], right):
        found.pop()
    return dict(found)


def _edges(rows: list[Row], ruled: list[float]) -> list[float]:
    """The places of lines, and of gutters between them."""
    xs = ruled[:1]
    for left, right in pairwise(ruled):
        parts: list[list[Chunk]] = []
        for row in rows:
            words = [w for w in row.words if left <= (w.left + w.right) / 2 < right]
            if words:
                parts.append(chunk(Row(words, row.top, row.bottom, row.size), GAP))
        found = gutters(parts, left, right)
        if len(ruled) > 2:
            found = [x for x in found if _parts_values(parts, x)]
        xs += [*found, right]
    return xs


def _parts_values(parts: list[list[Chunk]], x: float) -> bool:
    """True if this gutter within ruled columns has values to its right in most of at least three rows."""
    rows = [row for row in parts if row[0].right < x < row[-1].left]
    values = sum(is_value(next(c for c in row if c.left >= x).text) for row in rows)
    return len(rows) >= 3 and values >= 0.6 * len(rows)


def _rows(lines: list[TextLine], ys: list[float], columns: Columns, upright: list[float]) -> list[TableRow]:
    bands: list[list[TextLine]] = [[] for _ in ys[1:]]
    for line in lines:
        bands[min(max(bisect_right(ys, line.row.middle) - 1, 0), len(bands) - 1)].append(line)
    rows: list[TableRow] = []
    head = True
    for band, inside in enumerate(bands):
        if not inside:
            if any(ys[band] < y < ys[band + 1] for y in upright):
                rows.append(TableRow([], ys[band], ys[band + 1], band))
            continue
        parts = cut_band(inside, head, len(bands), len(columns), bool(columns.uprights))
        head = head and not any(line.is_record for line in inside)
        tops = [ys[band], *(part[0].row.top for part in parts[1:])]
        bottoms = [*tops[1:], ys[band + 1]]
        rows += [TableRow(part, a, b, band) for part, a, b in zip(parts, tops, bottoms, strict=True)]
    return rows


def _grid(rows: list[TableRow], columns: Columns, ys: list[float], bars: dict[float, list[Line]], inside: list[Word]) -> Grid:
    height, width = len(rows), len(columns)
    cells = Cells(height, width)
    pieces: dict[Place, list[Piece]] = {}
    for r, row in enumerate(rows):
        under = bars.get(ys[row.band + 1], [])
        for line in row.lines:
            for piece in line.pieces:
                first, last = _over(piece, row, under, columns)
                pieces.setdefault((r, first), []).append(piece)
                for c in range(first, last):
                    cells.join((r, c), (r, c + 1))
    _join_across(rows, columns, cells, set(pieces))
    _join_down(rows, columns, ys, bars, cells, set(pieces))
    parts: dict[Place, list[Piece]] = {}
    for place in sorted(pieces):
        parts.setdefault(cells.owner(place), []).extend(pieces[place])
    texts = [["" for _ in range(width)] for _ in range(height)]
    for (r, c), some in parts.items():
        some.sort(key=lambda piece: (round(piece.words[0].bottom), piece.left))
        texts[r][c] = " ".join(piece.text for piece in some).strip()
    owner = [[cells.owner((r, c)) for c in range(width)] for r in range(height)]
    return Grid(texts, owner, inside, columns.xs, [rows[0].top, *(row.bottom for row in rows)], _headings(rows))


def _headings(rows: list[TableRow]) -> int:
    """How many rows stand above the first values and the titles of rows right above them; 1 if nothing tells."""
    first = next((place for place, row in enumerate(rows) if row.is_record), None)
    if first is None:
        return 1
    while first > 0 and rows[first - 1].lines and all(line.label_only for line in rows[first - 1].lines):
        first -= 1
    return first if first <= _MOST_HEADINGS else 1


def _over(piece: Piece, row: TableRow, under: list[Line], columns: Columns) -> tuple[int, int]:
    """The columns of a piece: a heading over a short line spans those that the line runs along."""
    if piece.first == 0:  # a long label that runs into a column in which the row's next line has a value
        values = [
            c for line in row.lines for c in line.values if 0 < c <= piece.last and row.is_record and not columns.uprights
        ]
        return 0, min([piece.last, *(c - 1 for c in values)])
    middle = (piece.left + piece.right) / 2
    for line in under:
        if not line.start <= middle <= line.end or line.length >= 0.9 * (columns.xs[-1] - columns.xs[0]):
            continue
        along = [c for c in range(len(columns)) if line.covers(columns.xs[c], columns.xs[c + 1]) > 0.5]
        if not along or along[0] == 0:
            continue
        first, last = min(piece.first, along[0]), max(piece.last, along[-1])
        if any(columns.ruled(edge, row.lines[0].row.middle) for edge in range(first + 1, last + 1)):
            continue
        beside = [p for other in row.lines for p in other.pieces if p.last >= first and p.first <= last]
        if all(p.first <= piece.last and p.last >= piece.first for p in beside):
            return first, last
    return piece.first, piece.last


def _join_across(rows: list[TableRow], columns: Columns, cells: Cells, filled: set[Place]) -> None:
    """Where a vertical line is missing in a row that has its band for itself, one text has the room of two places."""
    for r, row in enumerate(rows):
        if sum(other.band == row.band for other in rows) > 1:
            continue
        for c in range(len(columns) - 1):
            if columns.xs[c + 1] not in columns.uprights or columns.covered(c + 1, row.top, row.bottom):
                continue
            if len(filled & (cells.members((r, c)) | cells.members((r, c + 1)))) < 2:
                cells.join((r, c), (r, c + 1))


def _join_down(
    rows: list[TableRow], columns: Columns, ys: list[float], bars: dict[float, list[Line]], cells: Cells, filled: set[Place]
) -> None:
    """Where a horizontal line is missing: between walls, and where a heading goes on."""
    for r, (row, below) in enumerate(pairwise(rows)):
        if row.band == below.band:
            continue
        between = [line for y in ys[row.band + 1 : below.band + 1] for line in bars[y]]
        header = not any(other.is_record for other in rows[: r + 2])
        for c in range(len(columns)):
            if sum(line.covers(columns.xs[c], columns.xs[c + 1]) for line in between) >= 0.5:
                continue
            both = (r, c) in filled and (r + 1, c) in filled
            if both and any(c in line.values for line in (*row.lines, *below.lines)):
                continue
            if (header and both) or _walled(c, row.top, below.bottom, columns):
                cells.join((r, c), (r + 1, c))


def _walled(column: int, top: float, bottom: float, columns: Columns) -> bool:
    """True if vertical lines stand on both sides of the column, or the region's edge does."""
    edges = (column, column + 1)
    return bool(columns.uprights) and all(edge in (0, len(columns)) or columns.covered(edge, top, bottom) for edge in edges)
