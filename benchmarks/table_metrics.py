"""How alike two tables are: adjacency relations of cells, and tree edit distance. Grids are rows of texts, spans repeated."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypeAlias

Grid: TypeAlias = Sequence[Sequence[str]]
Relation: TypeAlias = tuple[str, str, str]

_LEADER = re.compile(r"(?:[.\u2026]\s*){3,}")
_SPACE = re.compile(r"\s+")


def normalised(text: str) -> str:
    """The text as it is compared: NFKC, without case, white space and leader dots."""
    return _SPACE.sub("", _LEADER.sub("", unicodedata.normalize("NFKC", text))).casefold()


def relations(grid: Grid) -> Counter[Relation]:
    """Each pair of neighbouring cells that are not blank, with its direction (Göbel et al., ICDAR 2013).

    The neighbour is the next cell to the right or below that is not blank. A span is repeated in each place that it covers, so
    places side by side with the same text count as one cell: it has no relation to itself, and one to each neighbour,
    however many places they share. Both grids are treated so; what it costs is the relation of two true cells that are
    neighbours and read the same.
    """
    places = {
        (row, column): text for row, cells in enumerate(grid) for column, text in enumerate(map(normalised, cells)) if text
    }
    owner = _owners(places)
    found: set[tuple[tuple[int, int], tuple[int, int], str]] = set()
    for direction in ("right", "below"):
        before: tuple[int, int] | None = None
        for place in sorted(places, key=lambda place: place if direction == "right" else place[::-1]):
            same = before is not None and (before[0] == place[0] if direction == "right" else before[1] == place[1])
            if before is not None and same and owner[before] != owner[place]:
                found.add((owner[before], owner[place], direction))
            before = place
    return Counter((places[first], places[second], direction) for first, second, direction in found)


def _owners(places: dict[tuple[int, int], str]) -> dict[tuple[int, int], tuple[int, int]]:
    """The first place of the cell that each place belongs to."""
    owner: dict[tuple[int, int], tuple[int, int]] = {}
    for start in sorted(places):
        if start in owner:
            continue
        owner[start], todo = start, [start]
        while todo:
            row, column = todo.pop()
            for beside in ((row, column + 1), (row, column - 1), (row + 1, column), (row - 1, column)):
                if beside not in owner and places.get(beside) == places[start]:
                    owner[beside] = start
                    todo.append(beside)
    return owner


def shared(found: Iterable[Grid], true: Iterable[Grid]) -> tuple[int, int, int]:
    """Of the relations in all grids of a page: how many are right, found, and true."""
    mine, its = Counter[Relation](), Counter[Relation]()
    for grid in found:
        mine += relations(grid)
    for grid in true:
        its += relations(grid)
    return (mine & its).total(), mine.total(), its.total()


def f1(right: float, found: float, true: float) -> float:
    """Harmonic mean of precision and recall."""
    return 2 * right / (found + true) if found + true else 1.0


def teds(found: Grid, true: Grid) -> float:
    """Tree edit distance similarity (Zhong et al. 2020): 1 - distance / nodes of the larger tree.

    The tree is table, rows, cells. A span is a cell in each place that it covers, in both trees; rows and columns without any
    text are left out of both; renaming a cell costs the normalised edit distance of its texts.
    """
    from apted import APTED, Config

    class Costs(Config):  # type: ignore[misc]
        def rename(self, node1: _Node, node2: _Node) -> float:
            if len(node1.name) != len(node2.name):
                return 1.0
            return 0.0 if node1.text == node2.text else _unlike(node1.text, node2.text)

    grids = [_compact(found), _compact(true)]
    trees = [_Node("table", "", [_Node("tr", "", [_Node("td", c, []) for c in row]) for row in grid]) for grid in grids]
    size = max(1 + len(grid) + sum(map(len, grid)) for grid in grids)
    return max(0.0, 1.0 - float(APTED(*trees, Costs()).compute_edit_distance()) / size)


def _compact(grid: Grid) -> list[list[str]]:
    rows = [row for row in ([normalised(text) for text in row] for row in grid) if any(row)]
    columns = [column for column in zip(*rows, strict=True) if any(column)]
    return [list(row) for row in zip(*columns, strict=True)]


class _Node:
    __slots__ = ("children", "name", "text")

    def __init__(self, name: str, text: str, children: list[_Node]) -> None:
        self.name, self.text, self.children = name, text, children


@lru_cache(maxsize=1 << 16)
def _unlike(first: str, second: str) -> float:
    from rapidfuzz.distance import Levenshtein

    return float(Levenshtein.normalized_distance(first, second))
