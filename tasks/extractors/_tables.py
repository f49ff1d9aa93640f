"""Rows to Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from core.documents import ElementKind
from tasks.extractors._builder import Builder

HEADER_LINES = 2
"""Leading lines of a Markdown table that are its header: the first row and the rule under it."""
_LONGEST_RULE = 16
"""Columns; under a wider header the rule ends there, or it would fill chunks of its own."""
_WIDEST_GAP = 16
"""Blank cells between two others; more of them are shown as one "…", for the same reason."""


def add_table(builder: Builder, rows: list[list[str]], *, page: int | None = None, label: str | None = None) -> None:
    """Add the rows as a table; a table of one column only frames its text and becomes paragraphs."""
    if max((sum(map(bool, row)) for row in rows), default=0) > 1:
        builder.add(ElementKind.TABLE, markdown_table(rows), page=page, label=label, header_lines=HEADER_LINES)
    else:
        for row in rows:
            builder.add(ElementKind.PARAGRAPH, " ".join(row), page=page, label=label)


def markdown_table(rows: Iterable[Sequence[str]]) -> str:
    """Rows of cells, the first being the header, as a Markdown table, one row a line; "" if all cells are blank.

    Blank rows, columns that are blank throughout and, below the header, blank cells at a row's end are left out.
    """
    filled = [row for row in map(_filled, rows) if row]
    if not filled:
        return ""
    places = {column: place for place, column in enumerate(sorted(set().union(*filled)))}
    lines = [_line(row, places) for row in filled]
    width = min(len(places), _LONGEST_RULE)
    lines[0] += "  |" * (width - places[next(reversed(filled[0]))] - 1)  # a reader of Markdown drops what has no header
    lines.insert(1, "|" + " --- |" * width)
    return "\n".join(lines)


def _filled(row: Sequence[str]) -> dict[int, str]:
    """The cells that are not blank by their columns: one value far out must not cost a cell for each column before it."""
    return {column: cell for column, cell in enumerate(map(_cell, row)) if cell}


def _line(row: dict[int, str], places: Mapping[int, int]) -> str:
    if places[next(reversed(row))] + 1 == len(row):  # most rows have no gaps
        return "| " + " | ".join(row.values()) + " |"
    cells: list[str] = []
    after = 0
    for column, cell in row.items():
        gap = places[column] - after
        if gap:
            cells += [""] * gap if gap <= _WIDEST_GAP else ["…"]
        cells.append(cell)
        after = places[column] + 1
    return "| " + " | ".join(cells) + " |"


def _cell(text: str) -> str:
    if "|" in text:
        text = text.replace("\\|", "|").replace("|", "\\|")
    return " ".join(text.split())
