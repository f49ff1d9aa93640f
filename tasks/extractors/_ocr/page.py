"""Text in the picture of a page: what Tesseract sees, on a page that is made ready for it and looked at again where needed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._boxes import around
from tasks.extractors._ocr.ink import cleaned, ink, is_blank, noise, without, without_rules
from tasks.extractors._ocr.skew import skew, turned, turned_back
from tasks.extractors._ocr.sound import certain, is_good, sound
from tasks.extractors._ocr.tesseract import SPARSE, UPRIGHT, OcrLine, OcrWord, Tesseract

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["OcrLine", "OcrWord", "around", "paragraphs", "recognise", "running"]

_SMALL = 1500
"""Pixels of the longer side; type in a smaller picture is read better at twice its size."""
_ENOUGH = 2350
"""Pixels of the longer side of A4 at 200 dpi; a clean picture is made as large, if it is smaller."""
_LARGE = 5000
"""Pixels of the longer side; a larger picture is made smaller: A4 at 400 dpi has 4,700."""
_GRAIN = 6.0
"""Noise in shades; a grainy picture is read better a little blurred, and not enlarged."""
_BLUR = 0.7
"""Pixels."""
_UNTURNED = "Don't rotate"
"""Tesseract's remark when it holds the page for turned, but has seen too few letters to turn it."""
_SOME_WORDS = 5
"""So many words without one that is sound: it may have turned the page upside down."""
_INK_LEFT = 250
"""Coarse pixels (see `ink`); a word or two in type of ordinary size have as many, stray full stops and bullets have fewer."""

_SECOND_LOOK = 15.0
"""Seconds, when words are looked for here and there: some 0.4 s mostly, without end where thousands of specks are."""


def recognise(image: Image.Image, dpi: int, languages: str, until: float = math.inf) -> list[OcrLine]:
    """Lines in reading order; [] if there is no text. `dpi` is 0 if unknown. Upright, on its side or upside down; if only
    a turn by less than 20 degrees gives text, turned.

    What is recognised in noise and photos, words of low confidence, is left out.
    Raises Unprocessable(NEEDS_TESSERACT) without the program or the data of a language, TIMEOUT at the monotonic time `until`,
    or CRASHED.
    """
    grey = image.convert("L")
    if is_blank(grey):
        return []
    return _Page(grey, dpi, Tesseract(languages, until)).lines()


def paragraphs(lines: Iterable[OcrLine]) -> list[list[OcrLine]]:
    """The lines by paragraph, in order."""
    return [list(group) for _, group in groupby(lines, key=lambda line: line.paragraph)]


def running(lines: Iterable[OcrLine]) -> str:
    """The text of a paragraph's lines; words that were broken at a line's end are whole again."""
    text = ""
    for line in lines:
        following = line.text
        if text.endswith("-") and text[-2:-1].isalpha() and following[:1].islower():
            text = text[:-1] + following
        else:
            text = f"{text} {following}" if text else following
    return text


class _Page:
    """One picture, and the ways to look at it."""

    def __init__(self, grey: Image.Image, dpi: int, tesseract: Tesseract) -> None:
        self._size = grey.size
        self._dpi = dpi
        self._tesseract = tesseract
        self._grey, self._scale = _ready(grey)

    def lines(self) -> list[OcrLine]:
        seen, _ = self._tesseract.look(self._grey, self._dpi, self._scale, UPRIGHT)
        if is_good(seen) and (lines := sound(seen)):
            return _merged(lines, self._missed(lines))
        seen, remarks = self._tesseract.look(self._grey, self._dpi, self._scale)
        if lines := sound(seen):
            return lines
        if _UNTURNED in remarks or sum(len(line.words) for line in seen) >= _SOME_WORDS:
            lines = self._turned(180.0)
        if not lines and (angle := skew(self._grey)):
            lines = self._turned(angle)
        return lines or self._here_and_there(self._grey)

    def _turned(self, angle: float) -> list[OcrLine]:
        level = turned(self._grey, angle)
        seen, _ = self._tesseract.look(level, self._dpi, self._scale)
        within = (round(level.width / self._scale), round(level.height / self._scale))

        def back(word: OcrWord) -> OcrWord:
            return replace(word, box=turned_back(word.box, angle, self._size, within))

        return [replace(line, words=tuple(map(back, line.words))) for line in sound(seen)]

    def _missed(self, lines: list[OcrLine]) -> list[OcrLine]:
        """Words in frames, pictures and coloured areas, which are no part of the page's text for Tesseract."""
        rest = without(self._grey, (line.box for line in lines), self._scale)
        return self._here_and_there(cleaned(rest), _INK_LEFT) if ink(rest) >= _INK_LEFT else []

    def _here_and_there(self, grey: Image.Image, least: int = 1) -> list[OcrLine]:
        """Words that hardly can be noise, as rows from the top; none if there is less ink than `least` but for rules."""
        bare = without_rules(grey)
        if ink(bare) < least:
            return []
        try:
            seen, _ = self._tesseract.look(bare, self._dpi, self._scale, SPARSE, _SECOND_LOOK)
        except Unprocessable as refusal:
            if refusal.reason is not Reason.TIMEOUT:
                raise
            return []
        return _by_rows(certain(seen))


def _ready(grey: Image.Image) -> tuple[Image.Image, float]:
    """The picture in a size, and as smooth, as Tesseract reads best; and how much larger it is."""
    from PIL import Image, ImageFilter

    longer = max(grey.size)
    is_grainy = noise(grey) > _GRAIN
    if is_grainy:
        grey = grey.filter(ImageFilter.GaussianBlur(_BLUR))
    scale = 2.0 if longer <= _SMALL else min(1.0 if is_grainy else max(1.0, _ENOUGH / longer), _LARGE / longer)
    if scale == 1.0:
        return grey, scale
    size = (max(1, round(grey.width * scale)), max(1, round(grey.height * scale)))
    return grey.resize(size, Image.Resampling.LANCZOS), scale


@dataclass(slots=True)
class _Row:
    middle: float
    lines: list[OcrLine]


def _by_rows(lines: list[OcrLine]) -> list[OcrLine]:
    """From top to bottom, what stands side by side from left to right; each a paragraph of its own."""
    rows: list[_Row] = []
    for line in sorted(lines, key=lambda line: line.box[1]):
        if rows and line.box[1] < rows[-1].middle:
            rows[-1].lines.append(line)
        else:
            rows.append(_Row((line.box[1] + line.box[3]) / 2, [line]))
    ordered = [line for row in rows for line in sorted(row.lines, key=lambda line: line.box[0])]
    return [replace(line, paragraph=(-1, number)) for number, line in enumerate(ordered)]


def _merged(lines: list[OcrLine], missed: list[OcrLine]) -> list[OcrLine]:
    """Each missed line before the first one below it in its column; without one, before the first that is lower; else last."""
    merged = list(lines)
    for line in missed:
        left, top, right, _ = line.box
        below = [place for place, other in enumerate(merged) if other.box[1] > top and other.paragraph[0] >= 0]
        column = [place for place in below if merged[place].box[0] < right and merged[place].box[2] > left]
        merged.insert(next(iter(column or below), len(merged)), line)
    return merged
