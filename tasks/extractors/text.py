"""Plain text: paragraphs between blank lines, their line breaks kept; headings where nothing else is meant."""

from __future__ import annotations

import re

from core.documents import Document, ElementKind
from tasks.extractors._builder import Builder
from tasks.extractors._encodings.decode import read_text
from tasks.extractors.base import DEFAULT, Extractor, Reading

_BLANK_LINES = re.compile(r"\n{2,}")
_LINE_ENDS = re.compile(r"(?<![ \t])[ \t]+\n")


_UNDERLINE = re.compile(r"(=+|-+|~+|\*+|#+)$")
_CHAPTER = re.compile(
    r"(?:(part|book|volume|parte|livro|libro|partie|teil)|chapter|section|appendix|cap[ií]tulo|chapitre|kapitel|capitolo|annex|anexo)"
    r"\s{1,4}(?:\d{1,3}|[ivxlc]{1,7}|[a-z]|one|two|three|four|five|six|seven|eight|nine|ten)(?:[.:—–-]|\s|$)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2}){1,4})\.?\s{1,4}[^\W\d_]")
_LONGEST_HEADING = 80
_MOST_CAPITALS = 0.3
"""Of the paragraphs; where more are in capitals, they mean nothing."""


class TextExtractor(Extractor):
    """Text without markup that we read."""

    name = "text"
    version = 3
    media_types = frozenset({"text/plain"})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Paragraphs in order. Raises Unprocessable(TOO_LARGE)."""
        builder = Builder(reading.policy.keep_hidden)
        add_paragraphs(builder, read_text(path))
        return builder.document(media_type, self.key)


def add_paragraphs(builder: Builder, text: str) -> None:
    """Split normalised text at blank lines. Lines of their own that can only be headings become headings."""
    paragraphs = [paragraph.strip("\n") for paragraph in _BLANK_LINES.split(_LINE_ENDS.sub("\n", text))]
    paragraphs = [paragraph for paragraph in paragraphs if paragraph.strip()]
    capitals = sum(map(_is_capitals, paragraphs)) <= _MOST_CAPITALS * len(paragraphs)
    for number, paragraph in enumerate(paragraphs):
        title, rest = _underlined(paragraph)
        if title:
            level = 1 if paragraph.split("\n", 2)[1].lstrip()[0] in "=#*" else 2
            builder.add(ElementKind.HEADING, title, level=level)
            paragraph = rest or ""
        elif number + 1 < len(paragraphs) and (found := _level(paragraph, capitals)):
            builder.add(ElementKind.HEADING, paragraph, level=found)
            continue
        builder.add(ElementKind.PARAGRAPH, paragraph)


def _underlined(paragraph: str) -> tuple[str, str | None]:
    """The first line, if the second one underlines it, and what follows; ("", None) otherwise."""
    lines = paragraph.split("\n", 2)
    if len(lines) < 2:
        return "", None
    title, line = lines[0].strip(), lines[1].strip()
    drawn = len(line) >= 3 and abs(len(line) - len(title)) <= 3 and _UNDERLINE.match(line) is not None
    if not drawn or not any(map(str.isalnum, title)):
        return "", None
    return title, lines[2] if len(lines) > 2 else ""


def _level(paragraph: str, capitals: bool) -> int | None:
    """Of a paragraph that is a heading without a line under it."""
    if "\n" in paragraph or len(paragraph) > _LONGEST_HEADING or paragraph.rstrip()[-1] in ".,;":
        return None
    line = paragraph.strip()
    if chapter := _CHAPTER.match(line):
        return 1 if chapter[1] else 2
    if numbered := _NUMBERED.match(line):
        return min(numbered[1].count(".") + 1, 9)
    return 2 if capitals and _is_capitals(paragraph) else None


def _is_capitals(paragraph: str) -> bool:
    """True of a line of words in capitals."""
    line = paragraph.strip()
    if "\n" in line or not 4 <= len(line) <= _LONGEST_HEADING or not line.isupper() or line[-1] in ".,;:":
        return False
    letters = sum(map(str.isalpha, line))
    return letters * 10 >= len(line) * 7 and any(len(word) > 2 and word.isalpha() for word in line.split())
