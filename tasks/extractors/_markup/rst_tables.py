"""reStructuredText's two kinds of drawn tables, as rows of cells."""

from __future__ import annotations

import itertools
import re

_GRID_LINE = re.compile(r"\+(?:[-=]+\+)+$")
_SIMPLE_LINE = re.compile(r"=+(?:[ ]+=+)+$")
_SPAN_LINE = re.compile(r"-+(?:[ ]+-+)*$")
_MAX_CELLS = 100_000


def is_grid(line: str) -> bool:
    """True of a line such as "+-----+---+"."""
    return line.startswith("+-") and _GRID_LINE.match(line.rstrip()) is not None


def is_simple(line: str) -> bool:
    """True of a line such as "===== ===="."""
    return line.startswith("=") and _SIMPLE_LINE.match(line.rstrip()) is not None


def grid_rows(lines: list[str]) -> list[list[str]]:
    """Cells of a grid table; one that spans several columns or rows has its text in each."""
    columns = sorted({at for line in lines if is_grid(line) for at, mark in enumerate(line) if mark == "+"})
    edges = list(itertools.pairwise(columns))
    rows: list[list[str]] = []
    if len(edges) * len(lines) > _MAX_CELLS:
        return [[line.strip("|+- ")] for line in lines]
    cells: list[list[str]] = [[] for _ in edges]
    above = [""] * len(edges)
    for line in lines[1:]:
        line = line.ljust(columns[-1] + 1)
        closed = [_is_border(line, left, right) for left, right in edges]
        if any(closed):
            row = [" ".join(" ".join(cell).split()) for cell in cells]
            if any(row):
                rows.append([text or above[place] for place, text in enumerate(row)])
            above = ["" if shut else text for text, shut in zip(rows[-1] if rows else above, closed, strict=True)]
            cells = [
                [] if shut else [line[left + 1 : right].strip()] for (left, right), shut in zip(edges, closed, strict=True)
            ]
            continue
        start = 0
        for place in range(len(edges)):
            # A cell reaches to the next edge that is drawn in this line.
            if line[edges[place][1]] in "|+" or place == len(edges) - 1:
                text = line[edges[start][0] + 1 : edges[place][1]].strip()
                for spanned in range(start, place + 1):
                    cells[spanned].append(text)
                start = place + 1
    return rows


def _is_border(line: str, left: int, right: int) -> bool:
    return "+" in (line[left], line[right]) and set(line[left + 1 : right]) <= set("-=+")


def simple_rows(lines: list[str]) -> list[list[str]]:
    """Cells of a simple table; a row whose first cell is blank goes on with the one before."""
    starts = [match.start() for match in re.finditer(r"=+", lines[0])]
    rows: list[list[str]] = []
    for line in lines[1:]:
        if is_simple(line) or _SPAN_LINE.fullmatch(line.strip()) or not line.strip():
            continue
        cells = [
            line[start : end if end is None else end - 1].strip()
            for start, end in zip(starts, [*starts[1:], None], strict=True)
        ]
        if rows and not cells[0] and any(cells):
            rows[-1] = [f"{one} {other}".strip() for one, other in zip(rows[-1], cells, strict=True)]
        else:
            rows.append(cells)
    return rows


def table_end(lines: list[str], start: int) -> int:
    """The line after the table that begins at `start`."""
    end = start + 1
    if is_grid(lines[start]):
        while end < len(lines) and lines[end][:1] in ("+", "|"):
            end += 1
        return end
    while end < len(lines):
        if is_simple(lines[end]):
            if end + 1 >= len(lines) or not lines[end + 1].strip():
                return end + 1
        elif not lines[end].strip() and (end + 1 >= len(lines) or not lines[end + 1].strip()):
            break
        end += 1
    return end
