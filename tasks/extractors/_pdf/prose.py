"""Lines of a page cut into chunks, without the lines of running text."""

from __future__ import annotations

from tasks.extractors._pdf.page import Word
from tasks.extractors._pdf.rows import Chunk, Row, chunk, is_value, is_year, rows_of

_WIDE = 0.9
"""In type sizes: a gap between two chunks of a table that no line marks."""
_OPENS = frozenset("0123456789$\u20ac\u00a3(-\u2013\u2014\u2212+.*<")
_FEWEST_VALUES = 3
_WORDY = 32
"""Characters of at least five words, mostly letters: a line of running text is no shorter."""


def text_rows(words: list[Word]) -> list[Row]:
    """Lines of the page, cut into chunks, without the running text."""
    rows = rows_of(words)
    for row in rows:
        row.chunks = chunk(row, _WIDE)
    _drop_prose(rows)
    return rows


def may_hold_columns(words: list[Word]) -> bool:
    """False if there are too few numbers that begin a line or stand behind a gap: a quick look before a thorough one."""
    found = 0
    right, run = 0.0, -1
    for word in words:
        if word.text[0] in _OPENS and (word.run != run or word.left - right > _WIDE * word.style.size or word.left < right):
            found += 1
            if found >= _FEWEST_VALUES:
                return True
        right, run = word.right, word.run
    return False


def is_wordy(text: str) -> bool:
    """True for text as long and as full of words as a line of running text."""
    return len(text) > _WORDY and text.count(" ") >= 4 and sum(map(str.isalpha, text)) > 0.7 * len(text.replace(" ", ""))


def _drop_prose(rows: list[Row]) -> None:
    """Take chunks that are lines of running text out: wordy, close below one another, going on in small letters."""
    wordy: list[tuple[Row, Chunk, bool]] = []
    for number, row in enumerate(rows):
        long = [c for c in row.chunks if is_wordy(c.text)]
        if not long:
            continue
        beside = [other for other in rows[max(number - 1, 0) : number + 2] if other.top < row.bottom and other.bottom > row.top]
        values = [c.left for other in beside for c in other.chunks if is_value(c.text) and not is_year(c.text)]
        wordy += [(row, c, any(left > c.right for left in values)) for c in long]
    stacks: list[list[tuple[Row, Chunk, bool]]] = []
    open_: list[list[tuple[Row, Chunk, bool]]] = []
    for item in wordy:
        row, c, _ = item
        open_ = [stack for stack in open_ if row.top - stack[-1][0].bottom < 1.0 * row.size]
        for stack in open_:
            before = stack[-1]
            if before[0] is not row and abs(before[1].left - c.left) < 0.15 * (c.right - c.left):
                stack.append(item)
                break
        else:
            open_.append([item])
            stacks.append(open_[-1])
    for stack in stacks:
        labels = sum(values for *_, values in stack)
        flowing = sum(c.text[0].islower() for _, c, _ in stack[1:])
        if len(stack) > 1 and (labels < 0.3 * len(stack) or (len(stack) > 3 and flowing >= 0.6 * len(stack))):
            for row, c, _ in stack:
                row.chunks = [other for other in row.chunks if other is not c]
                row.prose.append((c.left, c.right))
