"""Calendars (iCalendar, RFC 5545): their events as a reader sees them."""

from __future__ import annotations

import re

from core.documents import Document, ElementKind
from tasks.extractors._builder import Builder
from tasks.extractors._encodings.decode import read_text
from tasks.extractors._mail.calendar import events
from tasks.extractors._types.suffixes import CALENDAR
from tasks.extractors.base import DEFAULT, Extractor, Reading

_MOST = 100_000
"""Events of one calendar."""
_NAME = re.compile(r"^X-WR-CALNAME(?:;[^:\n]{0,200})?:(.{1,300})$", re.MULTILINE)


class CalendarExtractor(Extractor):
    """A paragraph for each event or task, one fact a line, and those of its description."""

    name = "calendar"
    version = 1
    media_types = frozenset({CALENDAR})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements in the file's order, without pages. Raises Unprocessable(TOO_LARGE)."""
        builder = Builder(reading.policy.keep_hidden)
        text = read_text(path)
        if name := _NAME.search(text):
            builder.title = name[1]
        for summary, description in events(text, _MOST):
            builder.add(ElementKind.PARAGRAPH, summary)
            for paragraph in description.split("\n\n"):
                builder.add(ElementKind.PARAGRAPH, paragraph)
        return builder.document(media_type, self.key)
