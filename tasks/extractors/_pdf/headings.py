"""Which paragraphs are headings, and of what level: by the outline if it fits, else by type size, weight and numbering."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Any

from tasks.extractors._bullets import bullet_free
from tasks.extractors._pdf.captions import is_note
from tasks.extractors._pdf.lines import Line
from tasks.extractors._pdf.paragraphs import Paragraph, is_entry

_NOT_ALNUM = re.compile(r"[\W_]+")
_SECTION_NUMBER = re.compile(
    r"^(?:chapter|section|part|appendix|cap[ií]tulo|se[cç][aã]o)?\s*[\dIVXA-Z]{1,4}(?:\.\d+)*[.:)]?\s+", re.IGNORECASE
)
_NUMBERING = re.compile(r"^(\d{1,3}(?:\.\d{1,3})*)\.?\s+[^\W\d_]")
_LONGEST = 200
_MAX_OUTLINE = 5_000
_LEVELS = 6
_LARGER = 1.1
"""Times the size of most text: smaller type than this heads nothing by its size alone."""
_TITLE = 1.5
"""Times the size of most text: a document's title is larger."""
_RUNNING = 2.0
"""By how much the running text in a size may outweigh its headings."""

Outline = dict[int, dict[str, int]]
"""By page index, heading level by simplified title."""


def outline_of(pdf: Any) -> Outline:
    """The bookmarks of a pypdfium2 document."""
    import pypdfium2

    found: Outline = {}
    try:
        for count, bookmark in enumerate(pdf.get_toc()):
            if count >= _MAX_OUTLINE:
                break
            target = bookmark.get_dest()
            index = target.get_index() if target else None
            title = _simple(bookmark.get_title())
            if index is not None and title:
                found.setdefault(index, {}).setdefault(title, min(bookmark.level + 1, 9))
    except pypdfium2.PdfiumError:
        return {}  # a damaged outline costs the headings it would have named, nothing else
    return found


def mark_bookmarked(lines: list[Line], titles: dict[str, int]) -> int:
    """Give each line that is a bookmark's title its level; a title may run over two lines. How many were found."""
    left = dict(titles)
    if not left:
        return 0
    for line, following in zip_longest(lines, lines[1:]):
        if len(line.text) > _LONGEST or is_entry(line):
            continue
        level = left.pop(_simple(line.text), None)
        if level is None and following is not None and line.level is None:
            level = left.pop(_simple(f"{line.text} {following.text}"), None)
            if level is not None:
                following.level = level
        if level is not None:
            line.level = level
    return len(titles) - len(left)


def levels_by_outline(paragraphs: list[Paragraph]) -> list[int | None]:
    """The levels that the outline gives, and 1 for the title above them, which outlines often leave out."""
    levels = [paragraph.level for paragraph in paragraphs]
    front = paragraphs[: next((at for at, level in enumerate(levels) if level is not None), 0)]
    titles = [at for at, paragraph in enumerate(front) if paragraph.page == paragraphs[0].page and _may_head(paragraph)]
    if titles:
        at = max(titles, key=lambda at: front[at].size)
        if front[at].size > _TITLE * _body_size(paragraphs):
            levels[at] = 1
    return levels


def levels_of(paragraphs: list[Paragraph]) -> list[int | None]:
    """The level of each paragraph of a document that has no outline to be trusted; None if it is no heading."""
    body = _body_size(paragraphs)
    text = sum(len(p.text) for p in paragraphs)
    bold_body = sum(len(p.text) for p in paragraphs if p.bold) * 2 > text
    sizes = _size_levels(_heading_sizes(paragraphs), body)
    deepest = min(max(sizes.values(), default=0) + 1, _LEVELS)
    found: list[int | None] = []
    for paragraph in paragraphs:
        level = paragraph.level
        if level is None and _may_head(paragraph):
            level = sizes.get(_quarter(paragraph.size))
            weighty = (paragraph.bold and not bold_body) or (paragraph.size > _LARGER * body and paragraph.text.isupper())
            if level is None and weighty and _stands_out(paragraph, body):
                level = deepest
        found.append(level)
    return _by_numbers(paragraphs, found)


def _by_numbers(paragraphs: list[Paragraph], levels: list[int | None]) -> list[int | None]:
    """Where headings are numbered (1, 1.1, 1.1.1), the depth of the number orders them."""
    depths: dict[int, Counter[int]] = {}
    numbered: dict[int, int] = {}
    for at, (paragraph, level) in enumerate(zip(paragraphs, levels, strict=True)):
        match = _NUMBERING.match(paragraph.text)
        if level is not None and match:
            numbered[at] = match[1].count(".") + 1
            depths.setdefault(numbered[at], Counter())[level] += 1
    if len(depths) < 2 or 1 not in depths or len(numbered) < 4:
        return levels
    top = depths[1].most_common(1)[0][0]
    return [min(top + numbered[at] - 1, 9) if at in numbered else level for at, level in enumerate(levels)]


def _simple(text: str) -> str:
    return _NOT_ALNUM.sub("", _SECTION_NUMBER.sub("", text)).lower() or _NOT_ALNUM.sub("", text).lower()


def _quarter(size: float) -> float:
    return round(size * 4) / 4


def _body_size(paragraphs: Iterable[Paragraph]) -> float:
    """The size, to a quarter point, in which most characters are set; 0 without any."""
    weights: Counter[float] = Counter()
    for paragraph in paragraphs:
        weights[_quarter(paragraph.size)] += len(paragraph.text)
    return max(weights, key=lambda size: weights[size]) if weights else 0.0


def _heading_sizes(paragraphs: list[Paragraph]) -> Iterator[float]:
    """The sizes, to a quarter point, of what may be headings; not those in which more running text is set."""
    heads: Counter[float] = Counter()
    running: Counter[float] = Counter()
    for paragraph in paragraphs:
        if not (paragraph.caption or paragraph.entry or paragraph.lines[0].drawn or is_note(paragraph.text)):
            (heads if _may_head(paragraph) else running)[_quarter(paragraph.size)] += len(paragraph.text)
    return (size for size, length in heads.items() if running[size] <= _RUNNING * length)


def _size_levels(sizes: Iterable[float], body: float) -> dict[float, int]:
    """Level by size (to a quarter point): the largest is 1; sizes within 6 % share a level; all above _LARGER x body."""
    levels: dict[float, int] = {}
    level, anchor = 0, 0.0
    for size in sorted({_quarter(size) for size in sizes if size > _LARGER * body}, reverse=True):
        if not anchor or size < anchor * 0.94:
            level, anchor = level + 1, size
        levels[size] = min(level, _LEVELS)
    return levels


def _may_head(paragraph: Paragraph) -> bool:
    text = paragraph.text
    first = paragraph.lines[0]
    if (
        paragraph.code
        or paragraph.caption
        or paragraph.entry
        or first.style.angle
        or first.inset
        or first.drawn
        or is_note(text)
    ):
        return False
    if len(paragraph.lines) > 3 or not 2 < len(text) <= _LONGEST or bullet_free(text) != text:
        return False
    sentence = len(text) > 60 and text[-1] in ".,;:"
    return not sentence and sum(map(str.isalpha, text)) * 2 >= len(text.replace(" ", ""))


def _stands_out(paragraph: Paragraph, body: float) -> bool:
    """True for a short bold paragraph that is no sentence and no label."""
    text = paragraph.text
    return (
        paragraph.size >= 0.95 * body
        and len(text) <= 100
        and len(paragraph.lines) <= 2
        and text[-1] not in ".,;:"
        and (text[0].isupper() or text[0].isdigit())
    )
