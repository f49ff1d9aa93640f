"""Footnotes at the foot of one of several columns: read after the text of all of them, which they would cut in the middle.

Found by place and size: smaller lines right below a column's text, the last before the file goes on at the top of the next
column. They begin with a mark, or stand where a sentence goes on in the next column.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tasks.extractors._pdf.captions import is_caption
from tasks.extractors._pdf.lines import Line
from tasks.extractors._pdf.paragraphs import goes_over
from tasks.extractors._pdf.tables import Table

_SMALLER = 0.905
"""Of the size of the text: notes are no larger. Ten points take notes of eight or nine, twelve of ten."""
_ALIKE = 1.08
"""Of a note's size: lines up to so large are part of the same notes."""
_FOOT = 5.0
"""In the text's size: how much higher than the lowest column notes may end, and how much lower than the next they begin."""
_LEAST = 12
"""Letters of notes, and twice those of the line above: less is part of a formula or of a chart."""
_TEXT = 0.25
"""Of the characters in the size of notes: so many at least in that of the text must follow."""
_MOST = 500
"""Items that are looked at for the end of the columns."""
_MARK = re.compile(r"[\[(]?(?:\d{1,3}(?![\d%])(?![.,]\d)|[*∗†‡§¶#‖]{1,4}|[a-z](?=[\s.)\]]))[\])]?[.\s]*\S")

_Items = list[Line | Table]


def notes_last(items: _Items) -> _Items:
    """The items of a page in reading order, footnotes after the columns that they belong to."""
    moved: set[int] = set()
    put: dict[int, list[int]] = {}
    for end in range(1, len(items)):
        if _is_next_column(items[end - 1], items[end]):
            start = _notes(items, end)
            place = _end_of_columns(items, start, end) if start is not None else None
            if start is not None and place is not None:
                moved.update(range(start, end))
                put.setdefault(place, []).extend(range(start, end))
    if not moved:
        return items
    found: _Items = []
    for place in range(len(items) + 1):
        found += [items[note] for note in put.get(place, ())]
        if place < len(items) and place not in moved:
            found.append(items[place])
    return found


def _is_next_column(last: Line | Table, first: Line | Table) -> bool:
    """True if the second begins higher up, and beside the first."""
    one, other = last.box, first.box
    return isinstance(last, Line) and other[1] < one[1] - 2 * last.size and not _overlap(last, first)


def _notes(items: _Items, end: int, is_last: bool = False) -> int | None:
    """Where the notes begin that end before this place; None if no notes do. `is_last`: they end the last column."""
    last = items[end - 1]
    if not isinstance(last, Line):
        return None
    start, size = end, last.size
    while start and _is_small(above := items[start - 1], size) and (start == end or above.box[1] < items[start].box[1]):
        start -= 1
    if start in (0, end):
        return None
    text, first = items[start - 1], items[start]
    if not (isinstance(text, Line) and isinstance(first, Line)) or text.drawn or text.style.angle:
        return None
    if not (max(one.size for one in items[start:end] if isinstance(one, Line)) <= _SMALLER * text.size):
        return None
    if text.top >= first.top or not _overlap(text, first) or is_caption(first.text):
        return None
    if _letters([text]) < _LEAST / 2 or _letters(items[start:end]) < _LEAST:
        return None
    if is_last:
        return start if _MARK.match(first.text) else None
    following = items[end]
    if _overlap(text, following) or following.box[1] > first.top - _FOOT * text.size:
        return None
    return start if _MARK.match(first.text) or (isinstance(following, Line) and goes_over(text, following)) else None


def _letters(lines: Sequence[Line | Table]) -> int:
    return sum(character.isalpha() for line in lines if isinstance(line, Line) for character in line.text)


def _is_small(item: Line | Table, size: float) -> bool:
    return isinstance(item, Line) and not item.drawn and not item.style.angle and item.size <= _ALIKE * size


def _end_of_columns(items: _Items, start: int, end: int) -> int | None:
    """Where the columns beside the notes from `start` to `end` are at an end, before the notes of the last one.

    None if these notes stand too high, or if what follows is not set as the text above them but as they are: a list of
    references that begins under a heading and goes on in the next column.
    """
    text, notes = items[start - 1], items[start:end]
    assert isinstance(text, Line)
    left, bottom, right = min(n.box[0] for n in notes), max(n.box[3] for n in notes), max(n.box[2] for n in notes)
    lowest, as_text, as_notes, place = bottom, 0, 0, end
    for place in range(end, min(end + _MOST, len(items) + 1)):
        if place == len(items):
            break
        item = items[place]
        is_below = item.box[0] < right and item.box[2] > left
        if item.box[1] >= bottom - 1 and (is_below or not _overlap(item, items[place - 1])):
            break  # it stands below the notes, or below another column than the last one
        lowest = max(lowest, item.box[3])
        if isinstance(item, Line) and item.size > _SMALLER * text.size:
            as_text += len(item.text) if item.size < text.size / _SMALLER else 0
        elif isinstance(item, Line):
            as_notes += len(item.text)
    else:
        return None
    if lowest - bottom > _FOOT * text.size or as_text < _TEXT * as_notes or _goes_on(items[end:place], notes):
        return None
    return _notes(items, place, is_last=True) or place


def _goes_on(column: _Items, notes: _Items) -> bool:
    """True if the next column begins in the size of the notes, below tables and figures at its top."""
    largest = max(note.size for note in notes if isinstance(note, Line))
    lines = (one for one in column if isinstance(one, Line) and not one.drawn and not is_caption(one.text))
    first = next(lines, None)
    return first is not None and first.size <= _ALIKE * largest


def _overlap(one: Line | Table, other: Line | Table) -> bool:
    """True if one stands above the other, at least in part."""
    return min(one.box[2], other.box[2]) - max(one.box[0], other.box[0]) > 1
