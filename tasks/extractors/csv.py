"""Delimited text as one Markdown table, its first row the header."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator

from core.documents import Document, ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._builder import Builder
from tasks.extractors._encodings.decode import read_text
from tasks.extractors._tables import HEADER_LINES, markdown_table
from tasks.extractors.base import DEFAULT, Extractor, Reading

_DELIMITERS = "\t;|,"
"""In order of preference: a comma stands in numbers, addresses and names as well."""
_SAMPLE = 64_000
_SAMPLE_LINES = 100
_MAX_FIELD = 16 * 1024 * 1024


class CsvExtractor(Extractor):
    """Comma, semicolon, tab or bar separated values."""

    name = "csv"
    version = 5
    media_types = frozenset({"text/csv", "text/tab-separated-values"})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """One table of all rows, without page. Raises Unprocessable(TOO_LARGE, CORRUPT)."""
        text = read_text(path)
        delimiter = "\t" if media_type == "text/tab-separated-values" else None
        first, _, rest = text.partition("\n")
        if first.lower().startswith("sep=") and len(first.strip()) == 5:  # Excel's own hint
            delimiter, text = first[4], rest
        csv.field_size_limit(_MAX_FIELD)
        try:
            # Row by row: millions of short ones, as lists, take fifty times the file's size.
            table = markdown_table(csv.reader(_lines(text), delimiter=delimiter or sniff(text)))
        except csv.Error as exc:
            raise Unprocessable(Reason.CORRUPT, str(exc)) from exc
        builder = Builder(reading.policy.keep_hidden)
        builder.add(ElementKind.TABLE, table, header_lines=HEADER_LINES)
        return builder.document(media_type, self.key)


def _lines(text: str) -> Iterator[str]:
    """The lines, without the copy of four bytes a character that io.StringIO makes."""
    start = 0
    while end := text.find("\n", start) + 1:
        yield text[start:end]
        start = end
    yield text[start:]


def sniff(text: str) -> str:
    """The delimiter that splits the header and most of the first rows into the same number of fields, above one.

    Without one, that which splits most of them alike; "," if none does.
    """
    sample = text[:_SAMPLE]
    if len(text) > _SAMPLE:
        sample = sample.rpartition("\n")[0] or sample  # half a row would seem to be of another width
    lines = [line for line in sample.split("\n", _SAMPLE_LINES)[:_SAMPLE_LINES] if line.strip()]
    best = max(_DELIMITERS, key=lambda delimiter: _score(lines, delimiter))
    return best if any(_score(lines, best)) else ","


def _score(lines: list[str], delimiter: str) -> tuple[int, float]:
    """How well header and rows agree, from 3 for nearly all rows to 0 for none; and how to tell equals apart."""
    try:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return 0, 0.0
    width, rows = Counter(widths).most_common(1)[0] if widths else (1, 0)
    if width == 1:
        return 0, 0.0
    share = rows / len(widths)
    if widths[0] == width and share >= 0.9:
        return 3, float(not _is_punctuation(lines, delimiter))
    return 2 if widths[0] == width and share >= 0.5 else 1, share + min(width, 20) / 100


def _is_punctuation(lines: list[str], delimiter: str) -> bool:
    """True if it is mostly followed by a space, as commas and semicolons of prose are."""
    return 2 * sum(line.count(delimiter + " ") for line in lines) > sum(line.count(delimiter) for line in lines)
