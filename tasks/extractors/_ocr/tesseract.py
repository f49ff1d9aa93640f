"""The program Tesseract: a picture in, words with their places out.

A page of running text at 300 dpi costs some 2 s of one core and 150 MB in a process of its own, a photo without text 0.3 s.
"""

from __future__ import annotations

import io
import math
import os
import re
import subprocess
import time
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from core.documents import Box
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._boxes import around
from tasks.extractors._programs import needed

if TYPE_CHECKING:
    from PIL import Image

UPRIGHT, PAGE, SPARSE = "3", "1", "11"
"""Ways to look for text (--psm): as upright pages are set; as pages that may be turned by quarters, which takes 0.3 s and the
data "osd" to find out; or here and there."""
_WORD_LEVEL = "5"
_LANGUAGES = re.compile(r"[A-Za-z]\w*(?:/\w+)?(?:\+[A-Za-z]\w*(?:/\w+)?)*")
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


class Tesseract:
    """The program with its languages, to be done by a monotonic time."""

    def __init__(self, languages: str, until: float) -> None:
        """Raises Unprocessable(NEEDS_TESSERACT) without the program or for what cannot be languages."""
        self._program = needed("tesseract")
        if not _LANGUAGES.fullmatch(languages):
            raise Unprocessable(Reason.NEEDS_TESSERACT, f"no languages that tesseract could have: {languages!r}")
        self._languages = languages
        self._until = until

    def look(
        self, grey: Image.Image, dpi: int, scale: float, how: str = PAGE, seconds: float = math.inf
    ) -> tuple[list[OcrLine], str]:
        """All that it takes for text, with places in the picture before it was enlarged by `scale`; and its remarks. `dpi`:
        of that, 0 if unknown. It may take these seconds, and no longer than all.

        Raises Unprocessable(NEEDS_TESSERACT) without the data of a language, TIMEOUT, or CRASHED.
        """
        picture = io.BytesIO()
        grey.save(picture, "PPM")
        resolution = round(dpi * scale)
        options = ("--psm", how, *(("--dpi", str(resolution)) if resolution >= 70 else ()))
        command = [self._program, "stdin", "stdout", "-l", self._languages, *options, "tsv"]
        # One thread: results do not depend on the machine, and several pages at a time are faster than several threads.
        environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
        seconds = max(0.0, min(seconds, self._until - time.monotonic()))
        try:
            done = subprocess.run(
                command,
                input=picture.getvalue(),
                capture_output=True,
                timeout=None if seconds == math.inf else seconds,
                env=environment,
                check=False,
            )
        except subprocess.TimeoutExpired as exc:
            raise Unprocessable(Reason.TIMEOUT, "tesseract takes too long for a page") from exc
        remarks = done.stderr.decode("utf-8", "replace")
        if missing := sorted({name.rpartition("/")[2] for name in _MISSING.findall(remarks)} & set(self._languages.split("+"))):
            raise Unprocessable(Reason.NEEDS_TESSERACT, f"tesseract lacks the language data: {', '.join(missing)}")
        if done.returncode:
            words = " ".join(remarks.split())[-200:]
            raise Unprocessable(Reason.CRASHED, f"tesseract ended with {done.returncode}: {words}")
        return _lines(done.stdout.decode("utf-8", "replace"), scale), remarks


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
