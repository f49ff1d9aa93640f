"""Text that a reader of the page would not see. Only what is cheap to know and certain."""

from __future__ import annotations

from core.documents import Box
from tasks.extractors._pdf.page import Page, Word

_SMALLEST = 1.0
"""Points; smaller type is not seen."""
_INVISIBLE_MODES = (3, 7)
_SCANNED = 0.5
"""A page with pictures over this part of it is a scan, and invisible text on it what OCR read."""
_WHITE = 0xFFFFFF
_CLOSE = 8
"""Levels of a colour's parts, of 255, that nobody tells apart."""


def mark_hidden(page: Page) -> None:
    """Mark hidden words: of no size, off the page, invisible where there is no scan, in the colour of what is behind them."""
    scan = is_scan(page)
    grounds = {fill.colour for fill in page.fills} | {_WHITE}
    risky: dict[int, bool] = {}
    for word in page.words:
        style = word.style
        word.hidden = (
            0 < style.size < _SMALLEST
            or style.alpha == 0
            or (style.mode in _INVISIBLE_MODES and not scan)
            or _is_off(word, page)
        )
        if not word.hidden and style.mode == 0 and not scan:
            if style.colour not in risky:
                risky[style.colour] = any(_same(style.colour, ground) for ground in grounds)
            word.hidden = risky[style.colour] and _is_drowned(word, page)


def is_scan(page: Page) -> bool:
    """True if one picture, or several together, make up the page."""
    area = sum(
        max(0.0, min(right, page.width) - max(left, 0.0)) * max(0.0, min(bottom, page.height) - max(top, 0.0))
        for left, top, right, bottom in page.images
    )
    return area >= _SCANNED * page.width * page.height


def _is_off(word: Word, page: Page) -> bool:
    across, down = (word.left + word.right) / 2, (word.top + word.bottom) / 2
    return not (0 <= across <= page.width and 0 <= down <= page.height)


def _is_drowned(word: Word, page: Page) -> bool:
    """True if it has the colour of the topmost area behind it, or of the paper where nothing else may be behind it."""
    colour = word.style.colour
    white = _same(colour, _WHITE)
    behind = [fill.colour for fill in page.fills if _holds(fill.box, word)]
    if white:
        return all(_same(ground, _WHITE) for ground in behind) and not _may_be_on(word, page)
    return bool(behind) and _same(colour, behind[-1]) and not _may_be_on(word, page)


def _may_be_on(word: Word, page: Page) -> bool:
    return any(_holds(box, word) for box in page.images) or any(_holds(box, word) for box in page.painted)


def _holds(box: Box, word: Word) -> bool:
    left, top, right, bottom = box
    return left <= (word.left + word.right) / 2 <= right and top <= (word.top + word.bottom) / 2 <= bottom


def _same(one: int, other: int) -> bool:
    return all(abs((one >> shift & 255) - (other >> shift & 255)) <= _CLOSE for shift in (0, 8, 16))
