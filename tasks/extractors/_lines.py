"""Lines of a page, with their boxes, to paragraphs. Pure geometry: knows no PDF library."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

_BULLET = re.compile(r"[•‣◦▪▫■□●○–—*·\uf0b7\uf0a7-]\s+(?=\S)")
_NUMBER = re.compile(r"(?:\(?\d{1,2}[.)]|\(?[a-zA-Z][.)]|\([ivx]{1,4}\))\s+(?=\S)")
_SENTENCE_END = re.compile(r"[.!?:;…]['\"”’»)\]]*$")
_HYPHENS = "\x02\ufffe\u00ad"
"""How PDFium writes a hyphen that only breaks a word at the end of a line."""


@dataclass(slots=True)
class Line:
    """One line as the engine reports it; lengths in points, y upwards."""

    text: str
    size: float
    """Height of the font's box."""
    bold: bool
    left: float
    right: float
    bottom: float
    level: int | None = None
    """Heading level, if the document's outline names this line."""


@dataclass(slots=True)
class Paragraph:
    """Lines that belong together."""

    text: str
    size: float
    bold: bool
    level: int | None = None
    item: bool = False
    lines: list[Line] = field(default_factory=list)


def paragraphs(lines: list[Line]) -> list[Paragraph]:
    """Merge a page's lines, in the engine's order, into paragraphs."""
    lines = _rows(lines)
    leading = _leading(lines)
    found: list[Paragraph] = []
    for line in lines:
        if found and _continues(found[-1], line, leading):
            _append(found[-1], line)
        else:
            item = bool(_BULLET.match(line.text) or _NUMBER.match(line.text))
            found.append(Paragraph(line.text, line.size, line.bold, line.level, item, [line]))
    return found


def bullet_free(text: str) -> str:
    """A list item's text without its bullet; a number stays."""
    return _BULLET.sub("", text, count=1)


def _rows(lines: list[Line]) -> list[Line]:
    """Join what stands in one row: superscripts, table cells, text set in pieces."""
    rows: list[Line] = []
    for line in lines:
        last = rows[-1] if rows else None
        if last is not None and line.left >= last.right - 0.5 * line.size and _overlap(last, line) > 0.4:
            gap = line.left - last.right
            last.text += (" " if gap > 0.12 * max(last.size, line.size) else "") + line.text
            last.right = line.right
            if line.size > last.size:
                last.size, last.bottom = line.size, line.bottom
            last.bold = last.bold and line.bold
        else:
            rows.append(line)
    return rows


def _overlap(one: Line, other: Line) -> float:
    top = min(one.bottom + one.size, other.bottom + other.size)
    height = min(one.size, other.size)
    return (top - max(one.bottom, other.bottom)) / height if height > 0 else 0.0


def _leading(lines: list[Line]) -> float:
    """Usual distance of two lines in units of their size."""
    steps = [
        (above.bottom - line.bottom) / line.size
        for above, line in pairwise(lines)
        if line.size > 0 and abs(above.size - line.size) < 0.1 * line.size and 0 < above.bottom - line.bottom < 3 * line.size
    ]
    return statistics.median_low(steps) if steps else 1.2


def _continues(paragraph: Paragraph, line: Line, leading: float) -> bool:
    last = paragraph.lines[-1]
    if line.level is not None or paragraph.level is not None:
        return line.level == paragraph.level and line.level is not None and 0 < last.bottom - line.bottom < 2 * line.size
    if abs(last.size - line.size) > 0.12 * max(last.size, line.size) or last.bold != line.bold:
        return False
    if _BULLET.match(line.text) or _NUMBER.match(line.text):
        return False
    step = last.bottom - line.bottom
    ended = bool(_SENTENCE_END.search(last.text))
    if step <= 0:  # the next column
        return not ended and line.text[:1].islower()
    if step > 1.25 * leading * line.size:
        return False
    if ended:
        width = max(one.right for one in paragraph.lines) - min(one.left for one in paragraph.lines)
        indented = line.left - last.left > 0.8 * line.size and not paragraph.item
        short = len(paragraph.lines) > 1 and last.right < max(one.right for one in paragraph.lines) - 0.2 * width
        return not (indented or short)
    return True


def _append(paragraph: Paragraph, line: Line) -> None:
    paragraph.lines.append(line)
    text = paragraph.text
    if text[-1:] in _HYPHENS and text:
        paragraph.text = text[:-1] + line.text
    elif text.endswith("-") and text[-2:-1].isalpha() and line.text[:1].islower():
        paragraph.text = text + line.text  # a hyphen of the text's own: kept, without a space
    else:
        paragraph.text = f"{text} {line.text}"


def body_size(sizes: Iterable[tuple[float, int]]) -> float:
    """The size, to a quarter point, in which most characters are set; 0 without any."""
    weights: dict[float, int] = {}
    for size, characters in sizes:
        key = round(size * 4) / 4
        weights[key] = weights.get(key, 0) + characters
    return max(weights, key=lambda key: weights[key]) if weights else 0.0


def size_levels(sizes: Iterable[float], body: float, limit: int = 6) -> dict[float, int]:
    """Heading level by size (to a quarter point): the largest is 1; sizes within 6 % share a level; all above 1.1 × body."""
    levels: dict[float, int] = {}
    level, anchor = 0, 0.0
    for size in sorted({round(size * 4) / 4 for size in sizes if size > 1.1 * body}, reverse=True):
        if not anchor or size < anchor * 0.94:
            level, anchor = level + 1, size
        levels[size] = min(level, limit)
    return levels
