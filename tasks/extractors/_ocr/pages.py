"""The pages of one file that need Tesseract: each has its share of time, and one that fails costs only itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._builder import Builder
from tasks.extractors._ocr.clock import clock
from tasks.extractors._ocr.page import OcrLine, recognise
from tasks.extractors.base import Reading

if TYPE_CHECKING:
    from PIL import Image

_IN_VAIN = 3
"""Pages in a row that take too long: then the others are not tried, so that a hostile file costs no more than these."""
_NAMED = 20
"""Pages that one warning lists."""


class OcrPages:
    """Recognises page after page, and remembers which were left out and why."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._tried = 0
        self._in_vain = 0
        self._left_out: dict[str, list[int]] = {}
        """Pages by what is wrong with them."""
        self._refusal: Unprocessable | None = None
        """Of the first page that was left out."""
        self.lacking: Unprocessable | None = None
        """Set once Tesseract, or the data of a language, was missing: no page is tried again then."""

    def lines(self, number: int, picture: Callable[[], tuple[Image.Image, int]]) -> list[OcrLine]:
        """The lines of the page with this number; [] if there are none, or if it is left out. `picture` gives it with its dots
        an inch, 0 if unknown, and is called only if it is tried; what it raises is passed on.
        """
        if (hopeless := self._hopeless()) is not None:
            self._leave_out(number, hopeless)
            return []
        self._tried += 1
        with clock.page():
            until = time.monotonic() + self._reading.ocr_seconds
            image, dpi = picture()
            try:
                found = recognise(image, dpi, self._reading.policy.ocr_languages, until)
            except Unprocessable as refusal:
                if refusal.reason is Reason.NEEDS_TESSERACT:
                    self.lacking = refusal
                elif refusal.reason is Reason.TIMEOUT:
                    self._in_vain += 1
                    refusal = self._too_slow()
                self._leave_out(number, refusal)
                return []
        self._in_vain = 0
        return found

    def finish(self, builder: Builder) -> None:
        """Warn of the pages that were left out. Raises the reason of the first of them if the document holds nothing."""
        if self._refusal is not None and not builder.elements:
            raise self._refusal
        builder.warnings += [f"{listed(numbers)} left out: {why}" for why, numbers in self._left_out.items()]

    def _hopeless(self) -> Unprocessable | None:
        """Why no further page is tried."""
        if self.lacking is not None:
            return self.lacking
        if self._in_vain >= _IN_VAIN:
            return Unprocessable(Reason.TIMEOUT, f"not tried, as {_IN_VAIN} pages before them took too long")
        if self._tried >= self._reading.ocr_pages:
            most = f"{self._reading.ocr_pages:,} pages of a file (LEVADA_EXTRACT_OCR_PAGES)"
            return Unprocessable(Reason.TOO_LARGE, f"Tesseract reads no more than {most}")
        return None

    def _too_slow(self) -> Unprocessable:
        share = f"{self._reading.ocr_seconds:g} s (LEVADA_EXTRACT_OCR_TIMEOUT)"
        return Unprocessable(Reason.TIMEOUT, f"a page not recognised within {share}")

    def _leave_out(self, number: int, refusal: Unprocessable) -> None:
        self._refusal = self._refusal or refusal
        self._left_out.setdefault(refusal.detail, []).append(number)


def listed(numbers: list[int]) -> str:
    """As a warning says it: "page 3", "pages 3, 4 and 80 more"."""
    more = len(numbers) - _NAMED
    names = ", ".join(map(str, numbers[:_NAMED])) + (f" and {more} more" if more > 0 else "")
    return f"page {names}" if len(numbers) == 1 else f"pages {names}"
