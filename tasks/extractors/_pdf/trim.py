"""Which ruled regions are tables, and what belongs to them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from tasks.extractors._pdf.grid import Grid
from tasks.extractors._pdf.lattice import Region
from tasks.extractors._pdf.page import Word
from tasks.extractors._pdf.rows import rows_of
from tasks.extractors._pdf.rulings import Line
from tasks.extractors._pdf.stream import is_caption

_FRAME = 12.0
"""Points from a side within which vertical lines are part of a frame."""
_MESH = 0.28
"""The share of the region's height (width) that its vertical (horizontal) lines run along on average; drawings have less."""
_FILLED = 0.3
"""The share of a table's cells that hold text; charts with a grid have less."""
_LONGEST = 45
"""Words of a cell that no vertical line bounds."""
_BESIDE = 40.0
"""Points from a line's start within which the label of an axis stands."""
_STRADDLED = 0.15
"""The share of words that a line may run through."""


def is_walled(region: Region) -> bool:
    """True if a vertical line stands between the region's sides."""
    left, _, right, _ = region.box
    return any(left + _FRAME < line.at < right - _FRAME for line in region.down)


def is_mesh(region: Region, grid: Grid) -> bool:
    """True if the lines divide cells that hold text, rather than being those of a chart or a drawing."""
    left, top, right, bottom = region.box
    if _along(region.down) < _MESH * (bottom - top) or _along(region.across) < _MESH * (right - left):
        return False
    filled = len(grid.filled())
    if filled < 4 or filled < _FILLED * grid.cells():
        return False
    if _on_lines(grid.inside, region.across) > _STRADDLED * len(grid.inside):
        return False
    cut = sum(any(_cuts(line, word) for line in region.down) for word in grid.inside)
    return cut <= _STRADDLED * len(grid.inside)


def _along(lines: list[Line]) -> float:
    """Mean length of lines, those at one place taken together."""
    places: dict[int, float] = {}
    for line in lines:
        place = round(line.at / 4)
        places[place] = places.get(place, 0.0) + line.length
    return sum(places.values()) / max(len(places), 1)


def _cuts(line: Line, word: Word) -> bool:
    return word.left + 1.5 < line.at < word.right - 1.5 and line.start < (word.top + word.bottom) / 2 < line.end


def _on_lines(words: list[Word], across: list[Line]) -> int:
    """How many words a horizontal line runs through the middle of, or would if it went on to the left."""
    lines = sorted(across, key=lambda line: line.at)
    places = [line.at for line in lines]
    found = 0
    for word in words:
        middle, near = (word.top + word.bottom) / 2, 0.25 * (word.bottom - word.top)
        between = lines[bisect_right(places, middle - near) : bisect_left(places, middle + near)]
        found += any(line.start - _BESIDE < word.right for line in between)
    return found


def is_filled(grid: Grid, across: list[Line]) -> bool:
    """True if a grid without vertical lines is a table: text in several rows and columns, few blanks, no paragraphs."""
    rows = grid.rows()
    if sum(len({text for text in row if text}) > 1 for row in rows) < 2:
        return False
    texts = grid.filled()
    if len(texts) < _FILLED * grid.cells() or max(text.count(" ") for text in texts) > _LONGEST:
        return False
    return _on_lines(grid.inside, across) <= _STRADDLED * len(grid.inside)


def with_labels(region: Region, words: list[Word]) -> Region:
    """The region with a column of labels that stands to the left of its lines, if there is one."""
    left, top, right, bottom = region.box
    steps = sorted(line.at for line in region.across)
    bands = len({round(step / 4) for step in steps}) - 1
    if bands < 3:
        return region
    near = [w for w in words if left - 0.7 * (right - left) < w.left < right and top <= (w.top + w.bottom) / 2 <= bottom]
    labels: dict[int, list[Word]] = {}
    for row in rows_of(near):
        beside = [word for word in row.words if word.right <= left + 2]
        if not beside:
            continue
        band = bisect_right(steps, row.middle)
        if len(beside) == len(row.words) or band in labels or left - beside[-1].right > 0.5 * (right - left):
            return region
        labels[band] = beside
    if len(labels) < 0.7 * bands or min(left - row[-1].right for row in labels.values()) > 40:
        return region
    edge = min(word.left for row in labels.values() for word in row) - 2
    across = [Line(line.at, edge if line.start < left + 5 else line.start, line.end) for line in region.across]
    return Region((edge, top, right, bottom), across, [*region.down, Line(left, top, bottom)])


def without_captions(grid: Grid) -> Grid:
    """The grid without rows of one cell above it that name it, and without notes below."""
    rows = grid.rows()
    first, last = 0, len(rows)
    while (
        first < last - 2
        and _is_single(rows[first])
        and (is_caption(_only(rows[first])) or (len(rows[first]) > 2 and _is_title(grid, first)))
    ):
        first += 1
    while (
        last > first + 2
        and _is_single(rows[last - 1])
        and (is_caption(_only(rows[last - 1])) or len(_only(rows[last - 1])) > 80)
    ):
        last -= 1
    if first == 0 and last == len(rows):
        return grid
    top, bottom = grid.ys[first], grid.ys[last]
    inside = [w for w in grid.inside if top <= (w.top + w.bottom) / 2 <= bottom]
    owner = [[(max(r - first, 0), c) for r, c in row] for row in grid.owner[first:last]]
    return Grid(grid.texts[first:last], owner, inside, grid.xs, grid.ys[first : last + 1], max(grid.headings - first, 0))


def _is_single(row: list[str]) -> bool:
    return len({text for text in row if text}) == 1


def _only(row: list[str]) -> str:
    return next(text for text in row if text)


def _is_title(grid: Grid, row: int) -> bool:
    """True if the row is one cell from side to side with much text."""
    return len({*grid.owner[row]}) == 1 and len(_only(grid.rows()[row])) > 60
