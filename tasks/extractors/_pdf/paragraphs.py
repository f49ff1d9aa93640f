"""Lines to paragraphs, list items, captions and code. Pure geometry: knows no PDF library."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from core.documents import Box
from tasks.extractors._boxes import around
from tasks.extractors._bullets import BULLET
from tasks.extractors._pdf.captions import is_caption
from tasks.extractors._pdf.hyphens import Vocabulary
from tasks.extractors._pdf.lines import Line

_NUMBER = re.compile(r"(?:\(?\d{1,2}[.)]|\(?[a-zA-Z][.)]|\([ivx]{1,4}\))\s+(?=\S)")
_SENTENCE_END = re.compile(r"[.!?:;…]['\"”’»)\]]*$")
_CONTINUATION = 800
"""Characters: what goes on for longer stays a paragraph of its own page, or nobody would find it there."""
_QUANTITY = re.compile(r"[$€£]?\d[\d.,]*%? [a-z]")
"""A number within a sentence; before a heading or an item stands one that a capital follows."""
_HYPHENS = ("-", "\u2010", "\u00ad")
_LEADER = re.compile(r" ?(?:[.…·] ?){5,}(?=[^\s.…·])")
"""Dots that lead the eye to what follows them."""
_ENTRY = re.compile(r"(?:[.…·] ?){4,}(?:\d{1,4}|[ivxlc]{1,7}|[A-Z]{1,2}-?\d{1,3})$")
"""The end of a line of a table of contents."""


@dataclass(slots=True)
class Paragraph:
    """Lines that belong together."""

    lines: list[Line]
    page: int
    item: bool = False
    code: bool = False
    text: str = field(default="")
    caption: bool = False
    """It names a figure or a table; set with its text."""

    @property
    def size(self) -> float:
        return self.lines[0].size

    @property
    def bold(self) -> bool:
        return self.lines[0].bold

    @property
    def level(self) -> int | None:
        return self.lines[0].level

    @property
    def entry(self) -> bool:
        """True for a line of a table of contents, whole or its end."""
        return is_entry(self.lines[-1])

    @property
    def box(self) -> Box:
        """Around its lines."""
        return around(line.box for line in self.lines)


def paragraphs(lines: list[Line], page: int, code: bool = True) -> list[Paragraph]:
    """Lines in reading order, without anything between them, as paragraphs. `code`: type of one width means code."""
    leading = _leading(lines)
    found: list[Paragraph] = []
    for line in lines:
        if found and _continues(found[-1], line, leading):
            found[-1].lines.append(line)
        else:
            item = not line.drawn and bool(BULLET.match(line.text) or _NUMBER.match(line.text))
            found.append(Paragraph([line], page, item and not (code and line.mono), code and line.mono and not line.drawn))
    return found


def set_texts(found: Iterable[Paragraph], vocabulary: Vocabulary) -> None:
    """Give each paragraph its text, broken words mended; code keeps its lines and their indents."""
    for paragraph in found:
        if paragraph.code:
            paragraph.text = "\n".join(_indented(paragraph.lines))
            continue
        text = paragraph.lines[0].text
        for line in paragraph.lines[1:]:
            text = vocabulary.joined(text, line.text)
        paragraph.text = _LEADER.sub(" ", text)
        paragraph.caption = not paragraph.lines[0].drawn and is_caption(paragraph.text)


def is_entry(line: Line) -> bool:
    """True for the last line of an entry of a table of contents."""
    return line.tabbed or _ENTRY.search(line.text) is not None


def runs_on(one: Paragraph, other: Paragraph) -> bool:
    """True if the second, first on its page, goes on with the first, last on the page before."""
    if (
        len(other.text) > _CONTINUATION
        or one.code
        or other.code
        or other.item
        or one.level is not None
        or other.level is not None
        or one.caption
        or one.entry
        or one.lines[-1].drawn
        or other.lines[0].drawn
    ):
        return False
    if abs(one.lines[-1].size - other.size) > 0.06 * other.size or one.lines[-1].bold != other.bold:
        return False
    last, first = one.lines[-1].text, other.lines[0].text
    if last.endswith(_HYPHENS) and last[-2:-1].isalpha():
        return first[:1].isalpha()
    return not _SENTENCE_END.search(last) and first[:1].islower() and len(one.text) > 40


def goes_over(last: Line, first: Line) -> bool:
    """True if a sentence that the one line leaves open goes on in the other, at the top of the next column."""
    if _SENTENCE_END.search(last.text) or BULLET.match(first.text) or _NUMBER.match(first.text):
        return False
    return first.text[:1].islower() or (last.text[-1:].islower() and _QUANTITY.match(first.text) is not None)


def _indented(lines: list[Line]) -> Iterator[str]:
    width = 0.6 * lines[0].size
    left = min(line.left for line in lines)
    for line in lines:
        yield " " * min(40, round((line.left - left) / width) if width else 0) + line.text


def _leading(lines: list[Line]) -> float:
    """Usual distance of two lines in units of their size."""
    steps = [
        (line.bottom - above.bottom) / line.size
        for above, line in pairwise(lines)
        if line.size > 0 and abs(above.size - line.size) < 0.1 * line.size and 0 < line.bottom - above.bottom < 3 * line.size
    ]
    return statistics.median_low(steps) if steps else 1.2


def _continues(paragraph: Paragraph, line: Line, leading: float) -> bool:
    last = paragraph.lines[-1]
    step = line.bottom - last.bottom
    size = max(line.size, 1.0)
    if last.style.angle != line.style.angle or last.drawn or line.drawn:
        return False
    if line.style.angle:
        return abs(line.left - last.left) < 2 * size and abs(line.top - last.top) < 40 * size
    if line.level is not None or paragraph.level is not None:
        return line.level == paragraph.level and line.level is not None and 0 < step < 2.2 * size
    if paragraph.code and line.mono:
        return -0.5 * size < step < 3 * leading * size
    if abs(last.size - line.size) > 0.12 * max(last.size, line.size) or last.bold != line.bold or is_entry(last):
        return False
    if paragraph.code != (line.mono and paragraph.code) or BULLET.match(line.text) or _NUMBER.match(line.text):
        return False
    ended = bool(_SENTENCE_END.search(last.text))
    if step <= -0.2 * size:  # the next column
        return last.bottom > line.bottom and goes_over(last, line)
    if step > 1.25 * leading * size:
        return False
    if line.left > last.right or line.right < min(one.left for one in paragraph.lines):
        return not ended and step < 0.6 * size
    if paragraph.item and _leaves_item(paragraph, line, ended):
        return False
    if ended:
        left = min(one.left for one in paragraph.lines)
        right = max(one.right for one in paragraph.lines)
        indented = line.left - last.left > 0.8 * size and not paragraph.item
        several = len(paragraph.lines) > 1 or (paragraph.item and line.left < last.left + 0.5 * size)
        short = several and last.right < max(right, line.right) - 0.2 * (right - left)
        return not (indented or short)
    return True


def _leaves_item(item: Paragraph, line: Line, ended: bool) -> bool:
    """True if the line stands too far to the left or right to go on with the list item above it."""
    first = item.lines[0]
    after = [one.left for one in item.lines[1:] if one.top > first.top + 0.5 * first.size]
    slack = 0.8 * max(line.size, 1.0)
    if not after:
        return ended and line.left < first.left - slack and first.right < line.right - 0.2 * (line.right - line.left)
    hang = min(after)
    if hang > first.left + 0.5 * slack and line.left < hang - slack and not line.text[:1].islower():
        return True
    return ended and abs(line.left - hang) > slack
