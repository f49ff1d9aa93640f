"""Calendars: what, when and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.extractors.calendar import CalendarExtractor
from tasks.extractors.read import read_document
from tests.contracts.extractors import ExtractorContract

SAMPLE = """BEGIN:VCALENDAR\r
VERSION:2.0\r
X-WR-CALNAME:The keepers' year\r
BEGIN:VEVENT\r
UID:1@levada.example\r
DTSTART;TZID=Atlantic/Madeira:20240301T100000\r
SUMMARY:Cleaning\\, with all hands\r
LOCATION:The basin\r
DESCRIPTION:Bring boots.\\n\\nThere will be soup\r
  for everybody.\r
ORGANIZER;CN=Ana Reis:mailto:ana@levada.example\r
BEGIN:VALARM\r
DESCRIPTION:Reminder\r
END:VALARM\r
END:VEVENT\r
END:VCALENDAR\r
"""


class TestCalendarExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> CalendarExtractor:
        return CalendarExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        path = tmp_path / "year.ics"
        path.write_text(SAMPLE, newline="")
        return path

    @pytest.mark.parametrize("name", ["year.ics", "year.txt", "year"])
    def test_an_event(self, sample: Path, name: str) -> None:
        document = read_document(str(sample), name)
        assert (document.media_type, document.title) == ("text/calendar", "The keepers' year")
        assert [element.text for element in document.elements] == [
            "What: Cleaning, with all hands\nWhen: 2024-03-01 10:00 Atlantic/Madeira\nWhere: The basin\n"
            "By: Ana Reis <ana@levada.example>",
            "Bring boots.",
            "There will be soup for everybody.",
        ]
