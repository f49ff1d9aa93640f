"""Rows of an RTF file, as it defines each for itself, to the cells of one table."""

from __future__ import annotations

from dataclasses import dataclass, field

_NEAR = 60
"""Twips (1/20 point): edges of columns that differ by less are one."""
_MAX_COLUMNS = 200


@dataclass(slots=True)
class Cell:
    """As \\trowd and what follows define it."""

    right: int
    """\\cellx: its right edge in twips."""
    joins_left: bool = False
    joins_above: bool = False
    shaded: bool = False


@dataclass(slots=True)
class Row:
    """One row: definitions and texts, which damaged files have in different number."""

    cells: list[Cell] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


def grid(rows: list[Row]) -> list[list[str]]:
    """Texts by row and column; what spans several columns or rows is repeated in each."""
    places = _places(sorted({cell.right for row in rows for cell in row.cells}))
    if not places or max(places.values()) > _MAX_COLUMNS:
        return [row.texts for row in rows]
    table: list[list[str]] = []
    for row in rows:
        line: list[str] = []
        for cell, text in zip(row.cells, row.texts, strict=False):
            width = max(1, places[cell.right] - len(line))
            if cell.joins_left and line:
                text = line[-1]
            elif cell.joins_above and table:
                text = table[-1][len(line)] if len(line) < len(table[-1]) else ""
            line += [text] * width
        line += row.texts[len(row.cells) :]
        table.append(line)
    return table


def _places(edges: list[int]) -> dict[int, int]:
    """By right edge: how many columns there are up to it."""
    places: dict[int, int] = {}
    last, place = None, 0
    for edge in edges:
        if last is None or edge - last >= _NEAR:
            place += 1
            last = edge
        places[edge] = place
    return places
