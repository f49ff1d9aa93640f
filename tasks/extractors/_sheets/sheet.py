"""The rows of a spreadsheet as elements: where its tables begin and end, and what stands around them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from core.documents import ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._builder import MAX_CHARACTERS, Builder
from tasks.extractors._tables import HEADER_LINES, PackedRows

_SEARCHED = 30
"""Rows among which the header is looked for."""
_SAMPLED = 200
"""Rows that say how wide a table is."""
_SPLIT = 5_000
"""Rows; longer runs are one table, whatever their columns."""
_DEEPEST = 3
_MOST_HEADINGS = 4
"""Rows of column headings in a table."""
_PROSE = 40
"""Mean characters of cells below each other that are paragraphs rather than a table of one column."""


class _Run:
    """Rows without a blank one between them."""

    def __init__(self) -> None:
        self.rows = PackedRows()
        self.numbers: list[int] = []
        """Of each row: how many of its cells are numbers, dates or truth values."""
        self.bold: list[bool] = []

    def add(self, cells: Sequence[tuple[int, str]], numbers: int, bold: bool) -> None:
        self.rows.add(cells)
        self.numbers.append(numbers)
        self.bold.append(bold)

    def extend(self, other: _Run) -> None:
        self.rows.extend(other.rows)
        self.numbers += other.numbers
        self.bold += other.bold

    def count(self, row: int) -> int:
        return len(self.rows.columns(row))

    @property
    def width(self) -> int:
        """Cells in its fullest row."""
        return max(self.count(row) for row in range(min(len(self.rows), _SAMPLED)))


class Sheet:
    """Takes the rows of one sheet in order, with text only; `end` adds what is left."""

    def __init__(self, builder: Builder, page: int, label: str) -> None:
        self._builder = builder
        self._page = page
        self._label = label
        self._run: _Run | None = None
        self._owed: _Run | None = None
        """What may go on after the blank rows."""
        self._last = 0
        self._characters = 0

    def add(self, number: int, cells: Sequence[tuple[int, str]], numbers: int = 0, *, bold: bool = False) -> None:
        """A row by its number: columns and texts of the cells that are not blank, and how many are numbers or dates.

        Raises Unprocessable(TOO_LARGE) beyond MAX_CHARACTERS.
        """
        if not cells:
            return
        self._characters += sum([len(text) for _, text in cells]) + len(cells)
        if self._characters > MAX_CHARACTERS:
            raise Unprocessable(Reason.TOO_LARGE, f"a sheet has more than {MAX_CHARACTERS:,} characters")
        if self._run is not None and number > self._last + 1:
            self._close()
        if self._run is None:
            self._run = _Run()
        self._run.add(cells, numbers, bold)
        self._last = number

    def skip(self, number: int) -> None:
        """A row that is not blank, but hidden: those around it still belong together."""
        if number == self._last + 1:
            self._last = number

    def end(self) -> None:
        """Add all that is not added yet."""
        self._close()
        if self._owed is not None:
            self._emit(self._owed)
            self._owed = None

    def _close(self) -> None:
        run, self._run = self._run, None
        if run is None:
            return
        if self._owed is not None and _goes_on(self._owed, run):
            self._owed.extend(run)
            return
        if self._owed is not None:
            self._emit(self._owed)
        self._owed = run

    def _emit(self, run: _Run, depth: int = 0) -> None:
        parts = _side_by_side(run) if depth < _DEEPEST and len(run.rows) <= _SPLIT else []
        if parts:
            for part in parts:
                self._emit(part, depth + 1)
            return
        start, end = _table_in(run)
        for row in range(start):
            self._paragraph(run, row)
        if start < end:
            table = run.rows.markdown(start, end)
            lines = HEADER_LINES + _headings(run, start, end) - 1
            self._builder.add(ElementKind.TABLE, table, page=self._page, label=self._label, header_lines=lines)
        for row in range(end, len(run.rows)):
            self._paragraph(run, row)

    def _paragraph(self, run: _Run, row: int) -> None:
        text = " ".join(text for _, text in run.rows.cells(row)).replace("\\|", "|")
        self._builder.add(ElementKind.PARAGRAPH, text, page=self._page, label=self._label)


def _goes_on(table: _Run, run: _Run) -> bool:
    """True if the rows after a blank one belong to the table before it: they stand in its columns and have no header."""
    if table.width < 2 or run.width < 2 or _has_header(run):
        return False
    columns, before = run.rows.used(0, _SAMPLED), table.rows.used(0, _SAMPLED)
    if columns[0] < before[0] or columns[-1] > before[-1]:
        return False
    return run.numbers[0] > 0 and table.numbers[len(table.rows) - 1] > 0


def _has_header(run: _Run) -> bool:
    """True if its first row names what stands below: words over numbers, or bold above plain."""
    if len(run.rows) < 2 or run.numbers[0]:
        return False
    return run.numbers[1] > 0 or (run.bold[0] and not run.bold[1])


def _table_in(run: _Run) -> tuple[int, int]:
    """Where the table's header is, and the row after its last. Titles and notes stand above, single texts below are notes."""
    total, width = len(run.rows), run.width
    if width < 2:
        return (0, total) if total > 2 and not _is_prose(run) else (total, total)
    least = max(2, width // 2 + 1)
    header = 0
    for row in range(min(total, _SEARCHED)):
        if run.count(row) >= least and (row + 1 == total or _is_body(run, row + 1, least)):
            header = row
            break
    else:
        header = next((row for row in range(min(total, _SEARCHED)) if run.count(row) > 1), 0)
    end = total
    while width > 2 and end - 1 > header + 1 and run.count(end - 1) == 1 and not run.numbers[end - 1]:
        end -= 1
    return header, end


def _is_body(run: _Run, row: int, least: int) -> bool:
    """True if it can follow a header: it is full enough, or its first cell is blank, as no title's is."""
    return run.count(row) >= least or run.rows.columns(row)[0] > run.rows.columns(row - 1)[0]


def _headings(run: _Run, start: int, end: int) -> int:
    """How many rows are the header: more than one if a cell of the first is merged over several columns, or rows, of words."""
    found = 1
    while found < _MOST_HEADINGS and start + found + 1 < end:
        above, row = run.rows.cells(start + found - 1), run.rows.cells(start + found)
        is_merged = any(first[1] == second[1] and first[0] + 1 == second[0] for first, second in pairwise(above))
        if not is_merged or run.numbers[start + found - 1] or run.numbers[start + found] or above == row:
            break
        found += 1
    return found if found == 1 or run.numbers[start + found] else 1


def _is_prose(run: _Run) -> bool:
    rows = range(min(len(run.rows), _SAMPLED))
    return sum(len(text) for row in rows for _, text in run.rows.cells(row)) > _PROSE * len(rows)


def _side_by_side(run: _Run) -> list[_Run]:
    """The tables that stand beside each other in a run: two columns or more each, and blank columns between them.

    A single blank column parts them only if they begin or end in different rows; otherwise it may be a mere spacer.
    """
    used = run.rows.used()
    groups = [[used[0]]]
    for before, column in pairwise(used):
        if column > before + 1:
            groups.append([])
        groups[-1].append(column)
    if len(groups) < 2 or any(len(group) < 2 for group in groups):
        return []
    extents = [_extent(run, group) for group in groups]
    wide = all(after[0] - before[-1] > 2 for before, after in pairwise(groups))
    if not wide and any(first == second for first, second in pairwise(extents)):
        return []
    found: list[_Run] = []
    for group, (start, end) in zip(groups, extents, strict=True):
        found += _part(run, frozenset(group), start, end)
    return found


def _extent(run: _Run, group: list[int]) -> tuple[int, int]:
    rows = [row for row in range(len(run.rows)) if not set(group).isdisjoint(run.rows.columns(row))]
    return rows[0], rows[-1]


def _part(run: _Run, columns: frozenset[int], start: int, end: int) -> list[_Run]:
    """The rows of some columns, parted again where they are blank."""
    found = [_Run()]
    for row in range(start, end + 1):
        cells = [cell for cell in run.rows.cells(row) if cell[0] in columns]
        if not cells:
            if len(found[-1].rows):
                found.append(_Run())
            continue
        whole = len(cells) == run.count(row)
        numbers = run.numbers[row] if whole else sum(text[:1].isdigit() for _, text in cells)
        found[-1].add(cells, numbers, run.bold[row])
    return [part for part in found if len(part.rows)]
