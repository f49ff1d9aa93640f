"""What stands between two horizontal lines, cut into the rows of a table."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.extractors._pdf.pieces import TextLine

_CLOSE = 0.6
"""In type sizes: lines of one cell are not farther apart."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a table."""

    lines: list[TextLine]
    top: float
    bottom: float
    band: int
    """Number of the space between two horizontal lines that it stands in."""

    @property
    def is_record(self) -> bool:
        return any(line.is_record for line in self.lines)


def cut_band(lines: list[TextLine], head: bool, bands: int, columns: int, walled: bool) -> list[list[TextLine]]:
    """The lines of a band as rows.

    `head` if only headings stood above, `bands` is how many bands the region has, `walled` if vertical lines divide it.
    """
    if len(lines) == 1:
        return [lines]
    if not _has_records(lines, columns, walled):
        if head and bands > 1:
            return _header(lines)
        return [lines] if walled or bands > 3 else _entries(lines)
    first = next(place for place, line in enumerate(lines) if line.is_record)
    if not head:
        first = 0
    while first > 0 and lines[first - 1].label_only and any(not line.label_only for line in lines[: first - 1]):
        first -= 1
    return (_header(lines[:first]) if first else []) + _records(lines[first:])


def _has_records(lines: list[TextLine], columns: int, walled: bool) -> bool:
    """True if these lines are rows of their own: values stand below each other in them."""
    counts: dict[int, int] = {}
    for line in lines:
        if line.is_record:
            for column in line.values - {0}:
                counts[column] = counts.get(column, 0) + 1
    several = [count for count in counts.values() if count > 1]
    return len(several) > 1 or (bool(several) and (columns == 2 or max(several) > 2 or not walled))


def _header(lines: list[TextLine]) -> list[list[TextLine]]:
    """Lines of a header as rows: a line that spans columns stands above those that it spans."""
    rows = [[lines[0]]]
    for line in lines[1:]:
        spans = [piece for piece in rows[-1][-1].pieces if piece.last > piece.first]
        under = [
            sum(s.first <= p.first and p.last <= s.last and p.last - p.first < s.last - s.first for p in line.pieces)
            for s in spans
        ]
        if max(under, default=0) > 1:
            rows.append([line])
        else:
            rows[-1].append(line)
    return rows


def _records(lines: list[TextLine]) -> list[list[TextLine]]:
    """Each line as a row; but a label that goes on in small letters, or stands beside the middle of two lines, is one cell."""
    rows: list[list[TextLine]] = []
    for line in lines:
        if rows and _goes_on(rows[-1][-1], line):
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def _goes_on(before: TextLine, line: TextLine) -> bool:
    apart = (line.row.top - before.row.bottom) / line.row.size
    if not line.pieces or not (line.label_only or before.label_only):
        return False
    if line.pieces[0].first > 0:
        return before.label_only and apart < -0.2
    return apart < -0.2 or (apart < _CLOSE and line.pieces[0].text[:1].islower())


def _entries(lines: list[TextLine]) -> list[list[TextLine]]:
    """Lines of text as rows: a row begins where the first column has text."""
    rows: list[list[TextLine]] = []
    for line in lines:
        if rows and line.pieces and line.pieces[0].first > 0:
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows
