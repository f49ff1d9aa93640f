"""Text in the picture of a page, through the program Tesseract.

A page of running text at 300 dpi costs some 4 s of one core and 150 MB in a process of its own, a photo without text 0.3 s.
"""

from __future__ import annotations

import io
import math
import os
import re
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from core.documents import Box
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._programs import needed
from tasks.extractors._skew import skew, turned, turned_back

if TYPE_CHECKING:
    from PIL import Image

_SMALL = 1500
"""Pixels of the longer side; type in a smaller picture is read better at twice its size."""
_LARGE = 5000
"""Pixels of the longer side; a larger picture is made smaller: A4 at 400 dpi has 4,700."""
_SOUND_WORD = 60.0
_SOUND_PAGE = 0.5
_POOR_WORD = 25.0
_RULES = frozenset("|[]_~")
"""What the rules of a table are taken for."""
_WORD_LEVEL = "5"
_LANGUAGES = re.compile(r"[A-Za-z]\w*(?:/\w+)?(?:\+[A-Za-z]\w*(?:/\w+)?)*")
_UNTURNED = "Don't rotate"
"""Tesseract's remark when it holds the page for turned, but has seen too few letters to turn it."""
_MISSING = re.compile(r"(?:Failed loading language '|Error opening data file \S*?)([\w/]+)(?:'|\.traineddata)")


@dataclass(frozen=True, slots=True)
class OcrWord:
    """A word as it was recognised."""

    text: str
    box: Box
    """Pixels of the picture that was given."""
    confidence: float
    """0 to 100, by Tesseract."""


@dataclass(frozen=True, slots=True)
class OcrLine:
    """A line of words."""

    words: tuple[OcrWord, ...]
    paragraph: tuple[int, int]
    """The same for all lines of one paragraph: Tesseract's numbers of block and paragraph."""

    @property
    def text(self) -> str:
        """Its words, one space between two."""
        return " ".join(word.text for word in self.words)

    @property
    def box(self) -> Box:
        """Around all its words, in pixels."""
        return around(word.box for word in self.words)


def recognise(image: Image.Image, dpi: int, languages: str, until: float = math.inf) -> list[OcrLine]:
    """Lines in reading order; [] if there is no text. `dpi` is 0 if unknown. Upright, on its side or upside down; if only
    a turn by less than 20 degrees gives text, turned.

    What is recognised in noise and photos, words of low confidence, is left out.
    Raises Unprocessable(NEEDS_TESSERACT) without the program or the data of a language, TIMEOUT at the monotonic time `until`,
    or CRASHED.
    """
    program = needed("tesseract")
    if not _LANGUAGES.fullmatch(languages):
        raise Unprocessable(Reason.NEEDS_TESSERACT, f"no languages that tesseract could have: {languages!r}")
    scale = _scale(max(image.size))
    grey = _grey(image, scale)
    table, remarks = _run(program, grey, round(dpi * scale), languages, until)
    lines = _sound(_lines(table, scale))
    if not lines and _UNTURNED in remarks:
        return _recognised_turned(program, image.size, grey, 180.0, scale, dpi, languages, until)
    if not lines and (angle := skew(grey)):
        return _recognised_turned(program, image.size, grey, angle, scale, dpi, languages, until)
    return lines


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


def around(boxes: Iterable[Box]) -> Box:
    """The smallest box that holds all of these; there must be one."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _scale(longer: int) -> float:
    if longer <= _SMALL:
        return 2.0
    return min(1.0, _LARGE / longer)


def _grey(image: Image.Image, scale: float) -> Image.Image:
    from PIL import Image

    grey = image.convert("L")
    if scale == 1.0:
        return grey
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return grey.resize(size, Image.Resampling.LANCZOS)


def _recognised_turned(
    program: str, size: tuple[int, int], grey: Image.Image, angle: float, scale: float, dpi: int, languages: str, until: float
) -> list[OcrLine]:
    level = turned(grey, angle)
    table, _ = _run(program, level, round(dpi * scale), languages, until)
    within = (round(level.width / scale), round(level.height / scale))
    return [
        replace(line, words=tuple(replace(word, box=turned_back(word.box, angle, size, within)) for word in line.words))
        for line in _sound(_lines(table, scale))
    ]


def _run(program: str, grey: Image.Image, dpi: int, languages: str, until: float) -> tuple[str, str]:
    """Tesseract's table of words, and its remarks."""
    # Segmentation 1 is automatic with orientation, and without it if the data for that is not installed.
    picture = io.BytesIO()
    grey.save(picture, "PPM")
    command = [program, "stdin", "stdout", "-l", languages, "--psm", "1", *(("--dpi", str(dpi)) if dpi >= 70 else ()), "tsv"]
    try:
        # One thread: results do not depend on the machine, and several pages at a time are faster than several threads.
        environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
        seconds = None if until == math.inf else max(0.0, until - time.monotonic())
        done = subprocess.run(
            command, input=picture.getvalue(), capture_output=True, timeout=seconds, env=environment, check=False
        )
    except subprocess.TimeoutExpired as exc:
        raise Unprocessable(Reason.TIMEOUT, "tesseract takes too long for a page") from exc
    remarks = done.stderr.decode("utf-8", "replace")
    if missing := sorted({name.rpartition("/")[2] for name in _MISSING.findall(remarks)} & set(languages.split("+"))):
        raise Unprocessable(Reason.NEEDS_TESSERACT, f"tesseract lacks the language data: {', '.join(missing)}")
    if done.returncode:
        raise Unprocessable(Reason.CRASHED, f"tesseract ended with {done.returncode}: {' '.join(remarks.split())[-200:]}")
    return done.stdout.decode("utf-8", "replace"), remarks


def _lines(table: str, scale: float) -> list[OcrLine]:
    """Columns: level, page, block, paragraph, line, word, left, top, width, height, confidence, text."""
    rows = [row for row in (line.split("\t", 11) for line in table.split("\n")) if row[0] == _WORD_LEVEL and len(row) == 12]
    lines = []
    for (block, paragraph, _line), group in groupby(rows, key=lambda row: (row[2], row[3], row[4])):
        words = tuple(_word(row, scale) for row in group if row[11].strip())
        if words:
            lines.append(OcrLine(words, (int(block), int(paragraph))))
    return lines


def _word(row: list[str], scale: float) -> OcrWord:
    left, top, width, height = (int(field) / scale for field in row[6:10])
    box = (left, top, left + width, top + height)
    return OcrWord(row[11].strip(), (*(round(edge, 1) for edge in box),), float(row[10]))  # type: ignore[arg-type]


def _sound(lines: list[OcrLine]) -> list[OcrLine]:
    """Without what is no text: lines that are doubtful for the most part; all of a page that is."""
    everything = [word for line in lines for word in line.words]
    if _share(everything) < _SOUND_PAGE and not any(_is_certain(line) for line in lines):
        return []
    kept = []
    for line in lines:
        words = tuple(filter(_is_kept, line.words))
        if _share(line.words) >= _SOUND_PAGE and any(map(_is_wordlike, words)):
            kept.append(OcrLine(words, line.paragraph))
    return kept if sum(len(word.text) for line in kept for word in line.words if _is_wordlike(word)) > 2 else []


def _is_kept(word: OcrWord) -> bool:
    return word.confidence >= (_POOR_WORD if _is_wordlike(word) else _SOUND_WORD) and not _RULES.issuperset(word.text)


def _share(words: Iterable[OcrWord]) -> float:
    """Which part of the characters stands in words that are words and sure."""
    sizes = [(len(word.text), _is_wordlike(word) and word.confidence >= _SOUND_WORD) for word in words]
    return sum(size for size, sound in sizes if sound) / max(1, sum(size for size, _ in sizes))


def _is_certain(line: OcrLine) -> bool:
    """True for a line of three words or more that hardly can be noise."""
    return sum(word.confidence >= 80 and len(word.text) > 2 and _is_wordlike(word) for word in line.words) >= 3


def _is_wordlike(word: OcrWord) -> bool:
    return sum(map(str.isalnum, word.text)) * 2 >= len(word.text)
