"""Rows to Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.documents import ElementKind
from tasks.extractors._builder import Builder

HEADER_LINES = 2
"""Leading lines of a Markdown table that are its header: the first row and the rule under it."""


def add_table(builder: Builder, rows: list[list[str]], *, page: int | None = None, label: str | None = None) -> None:
    """Add the rows as a table; a table of one column only frames its text and becomes paragraphs."""
    if max((sum(map(bool, row)) for row in rows), default=0) > 1:
        builder.add(ElementKind.TABLE, markdown_table(rows), page=page, label=label, header_lines=HEADER_LINES)
    else:
        for row in rows:
            builder.add(ElementKind.PARAGRAPH, " ".join(row), page=page, label=label)


def markdown_table(rows: Iterable[Sequence[str]]) -> str:
    """Rows of cells, the first being the header, as a Markdown table, one row a line; "" if all cells are blank.

    Blank rows are dropped, short ones padded, columns that are blank throughout removed.
    """
    cells = [[_cell(text) for text in row] for row in rows]
    cells = [row for row in cells if any(row)]
    if not cells:
        return ""
    width = max(len(row) for row in cells)
    used = [False] * width
    for row in cells:
        for column, text in enumerate(row):
            if text:
                used[column] = True
    kept = [column for column in range(width) if used[column]]
    lines = [_line([row[column] if column < len(row) else "" for column in kept]) for row in cells]
    lines.insert(1, "|" + " --- |" * len(kept))
    return "\n".join(lines)


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(text: str) -> str:
    if "|" in text:
        text = text.replace("\\|", "|").replace("|", "\\|")
    return " ".join(text.split())
