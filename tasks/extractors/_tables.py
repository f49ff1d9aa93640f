"""Rows to Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import compress, islice, repeat, zip_longest

from core.documents import Box, ElementKind
from tasks.extractors._builder import Builder

HEADER_LINES = 2
"""Leading lines of a Markdown table that are its header: the first row and the rule under it."""
_LONGEST_RULE = 16
"""Columns; under a wider header the rule ends there, or it would fill chunks of its own."""
_WIDEST_GAP = 16
"""Blank cells between two others; more of them are shown as one "…", for the same reason."""
_BLOCK = 1_000
_FEW_ROWS = 1_000
_SEPARATOR = "\x1f"
"""Between packed cells: white space to str.split, so no cell holds one."""


def add_table(
    builder: Builder,
    rows: list[list[str]],
    *,
    page: int | None = None,
    label: str | None = None,
    box: Box | None = None,
    headings: int = 1,
) -> None:
    """Add the rows as a table, of which the first `headings` (none of them blank) are its header.

    A table of one column only frames its text and becomes paragraphs.
    """
    if max((sum(map(bool, row)) for row in rows), default=0) > 1:
        builder.add(
            ElementKind.TABLE, markdown_table(rows), page=page, label=label, header_lines=HEADER_LINES + headings - 1, box=box
        )
    else:
        for row in rows:
            builder.add(ElementKind.PARAGRAPH, " ".join(row), page=page, label=label, box=box)


def markdown_table(rows: Iterable[Sequence[str]]) -> str:
    """Rows of cells, the first being the header, as a Markdown table, one row a line; "" if all cells are blank.

    Blank rows, columns that are blank throughout and, below the header, blank cells at a row's end are left out.
    """
    if isinstance(rows, list) and len(rows) <= _FEW_ROWS and max(map(len, rows), default=0) <= _WIDEST_GAP:
        return _small_table([[cell_text(cell) if "|" in cell else " ".join(cell.split()) for cell in row] for row in rows])
    packed = PackedRows()
    for row in rows:
        packed.add([(column, text) for column, text in enumerate(map(cell_text, row)) if text])
    return packed.markdown()


def _small_table(rows: list[list[str]]) -> str:
    """The same of cells' texts that are few: no gap can be too wide."""
    rows = [row for row in rows if any(row)]
    used = [any(column) for column in zip_longest(*rows, fillvalue="")]
    width = used.count(True)
    lines: list[str] = []
    for row in rows:
        cells = row if width == len(used) else list(compress(row, used))
        while not cells[-1]:
            cells.pop()
        lines.append(f"| {' | '.join(cells)} |")
        if len(lines) == 1:
            lines[0] += "  |" * (width - len(cells))  # a reader of Markdown drops what has no header
            lines.append("|" + " --- |" * width)
    return "\n".join(lines)


class PackedRows:
    """Rows of cells in little memory: a million of them are kept in about 100 bytes each."""

    def __init__(self) -> None:
        self._columns: list[tuple[int, ...]] = []
        self._texts: list[str] = []
        self._known: dict[tuple[int, ...], tuple[int, ...]] = {}

    def __len__(self) -> int:
        return len(self._texts)

    def add(self, cells: Sequence[tuple[int, str]]) -> None:
        """Append a row: the columns and texts (see cell_text) of its cells that are not blank, in order."""
        if cells:
            columns = tuple([column for column, _ in cells])
            self._columns.append(self._known.setdefault(columns, columns))
            self._texts.append(_SEPARATOR.join([text for _, text in cells]))

    def extend(self, other: PackedRows) -> None:
        """Append the other's rows."""
        for columns in other._columns:
            self._columns.append(self._known.setdefault(columns, columns))
        self._texts += other._texts

    def columns(self, row: int) -> tuple[int, ...]:
        """The columns of a row that are not blank."""
        return self._columns[row]

    def cells(self, row: int) -> list[tuple[int, str]]:
        """A row as it was added."""
        return list(zip(self._columns[row], self._texts[row].split(_SEPARATOR), strict=True))

    def used(self, start: int = 0, end: int | None = None) -> list[int]:
        """The columns that are not blank throughout these rows, in order."""
        return sorted(set().union(*set(self._columns[start:end])))

    def markdown(self, start: int = 0, end: int | None = None) -> str:
        """These rows as a Markdown table (see markdown_table)."""
        if not self._texts[start:end]:
            return ""
        places = {column: place for place, column in enumerate(self.used(start, end))}
        lines = map(_line, self._columns[start:end], self._texts[start:end], repeat(places))
        width = min(len(places), _LONGEST_RULE)
        # A reader of Markdown drops what has no header.
        head = next(lines) + "  |" * (width - places[self._columns[start][-1]] - 1)
        parts = [head, "|" + " --- |" * width]
        while block := "\n".join(islice(lines, _BLOCK)):  # short strings take three times their length
            parts.append(block)
        return "\n".join(parts)


def _line(columns: tuple[int, ...], texts: str, places: Mapping[int, int]) -> str:
    if places[columns[-1]] + 1 == len(columns):  # most rows have no gaps
        return f"| {texts.replace(_SEPARATOR, ' | ')} |"
    cells: list[str] = []
    after = 0
    for column, cell in zip(columns, texts.split(_SEPARATOR), strict=True):
        gap = places[column] - after
        if gap:
            cells += [""] * gap if gap <= _WIDEST_GAP else ["…"]
        cells.append(cell)
        after = places[column] + 1
    return "| " + " | ".join(cells) + " |"


def cell_text(text: str) -> str:
    """A cell's text on one line, without what would end the cell."""
    if "|" in text:
        text = text.replace("\\|", "|").replace("|", "\\|")
    return " ".join(text.split())
