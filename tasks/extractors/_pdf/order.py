"""Lines to reading order.

Files mostly hold their text in the order in which it is read, so that order is kept, columns included; what it puts after
something that stands below (a title or a caption painted last, a footer painted first) is moved before it.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.documents import Box
from tasks.extractors._boxes import around
from tasks.extractors._pdf.frame import Frame
from tasks.extractors._pdf.lines import Line
from tasks.extractors._pdf.page import Area

_MAX_BLOCKS = 600
"""A page in more pieces than this is a map or a plot: it keeps the order of its file."""
_TINY = 12
"""Characters: shorter blocks on a page that is not itself short, as in formulas and figures, stay where the file has them."""
_FAR = 2.5
"""In line heights: a wider gap separates blocks."""


@dataclass(slots=True)
class _Block(Area):
    lines: list[Line]
    movable: bool = True


def in_reading_order(lines: list[Line]) -> list[Line]:
    """The lines of an upright page as they are read."""
    blocks = _blocks(lines)
    if not 1 < len(blocks) <= _MAX_BLOCKS:
        return lines
    before = [[other for other, block in enumerate(blocks) if _precedes(block, blocks[at])] for at in range(len(blocks))]
    done: set[int] = set()
    ordered: list[Line] = []
    for start in range(len(blocks)):
        stack = [start]
        while stack:
            at = stack[-1]
            missing = [other for other in before[at] if other not in done]
            if at in done or not missing:
                stack.pop()
                if at not in done:
                    done.add(at)
                    ordered += blocks[at].lines
            else:
                stack.append(missing[0])
    return ordered


def by_beads(lines: list[Line], beads: list[Box], frame: Frame) -> list[Line]:
    """The lines in the order of the beads (left, bottom, right, top in the page's own coordinates) that they stand in.

    What stands in none comes before the first bead that is below it, or last.
    """
    boxes = []
    for left, bottom, right, top in beads:
        xs = sorted((frame.x(left, bottom), frame.x(right, top)))
        ys = sorted((frame.y(left, bottom), frame.y(right, top)))
        boxes.append((xs[0], ys[0], xs[1], ys[1]))
    return sorted(in_reading_order(lines), key=lambda line: _bead_of(line, boxes))


def _bead_of(line: Line, boxes: list[Box]) -> float:
    across, down = (line.left + line.right) / 2, (line.top + line.bottom) / 2
    for number, (left, top, right, bottom) in enumerate(boxes):
        if left <= across <= right and top <= down <= bottom:
            return number
    for number, (left, top, right, _bottom) in enumerate(boxes):
        if line.bottom <= top + 1 and line.left < right and line.right > left:
            return number - 0.5
    return len(boxes)


def _blocks(lines: list[Line]) -> list[_Block]:
    """Stretches of lines that follow each other downwards."""
    blocks: list[_Block] = []
    for line in lines:
        if blocks and _follows(blocks[-1], line):
            block = blocks[-1]
            block.lines.append(line)
            block.left, block.top, block.right, block.bottom = around((block.box, line.box))
        else:
            blocks.append(_Block(*line.box, [line]))
    tiny = min(_TINY, sum(len(line.text) for line in lines) / 10)
    for block in blocks:
        block.movable = block.lines[0].style.angle == 0 and sum(len(line.text) for line in block.lines) >= tiny
    return blocks


def _follows(block: _Block, line: Line) -> bool:
    last = block.lines[-1]
    if last.style.angle or line.style.angle:
        return False
    height = max(last.bottom - last.top, line.bottom - line.top)
    step = line.top - last.bottom
    return -0.6 * height < step < _FAR * height and line.left < block.right and line.right > block.left


def _precedes(one: _Block, other: _Block) -> bool:
    """True if the first stands above the second, so that a reader comes to it first."""
    if one is other or not (one.movable and other.movable):
        return False
    shared = min(one.right, other.right) - max(one.left, other.left)
    narrow = min(one.right - one.left, other.right - other.left)
    low = min(one.bottom - one.top, other.bottom - other.top)
    return shared > 0.25 * narrow and one.bottom <= other.top + 0.25 * low and one.top < other.top
