"""Delimited text as one Markdown table, its first row the header."""

from __future__ import annotations

import csv
import io
from collections import Counter

from core.documents import Document, ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._builder import Builder
from tasks.extractors._decode import read_text
from tasks.extractors._tables import HEADER_LINES, markdown_table
from tasks.extractors.base import Extractor

_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 100
_MAX_FIELD = 16 * 1024 * 1024


class CsvExtractor(Extractor):
    """Comma, semicolon, tab or bar separated values."""

    name = "csv"
    version = 1
    media_types = frozenset({"text/csv", "text/tab-separated-values"})

    def extract(self, path: str, media_type: str) -> Document:
        """One table of all rows, without page. Raises Unprocessable(TOO_LARGE, CORRUPT)."""
        text = read_text(path)
        delimiter = "\t" if media_type == "text/tab-separated-values" else None
        first, _, rest = text.partition("\n")
        if first.lower().startswith("sep=") and len(first.strip()) == 5:  # Excel's own hint
            delimiter, text = first[4], rest
        csv.field_size_limit(_MAX_FIELD)
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or sniff(text)))
        except csv.Error as exc:
            raise Unprocessable(Reason.CORRUPT, str(exc)) from exc
        builder = Builder()
        builder.add(ElementKind.TABLE, markdown_table(rows), header_lines=HEADER_LINES)
        return builder.document(media_type, self.key)


def sniff(text: str) -> str:
    """The delimiter that splits most of the first rows into the same number of fields, above one; "," if none does."""
    lines = [line for line in text[:64_000].split("\n", _SAMPLE_LINES)[:_SAMPLE_LINES] if line.strip()]
    best, best_score = ",", 0.0
    for delimiter in _DELIMITERS:
        try:
            widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if row)
        except csv.Error:
            continue
        width, rows = widths.most_common(1)[0] if widths else (1, 0)
        score = rows / sum(widths.values()) + min(width, 20) / 100 if width > 1 else 0.0
        if score > best_score:
            best, best_score = delimiter, score
    return best
