"""JSON, also with comments, and JSON lines: keys and values as a reader would note them down, numbers digit for digit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from core.documents import Document
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._builder import Builder
from tasks.extractors._encodings.decode import read_text
from tasks.extractors._markup.json_text import loads, pieces
from tasks.extractors._types.suffixes import JSON, JSON_LINES
from tasks.extractors.base import DEFAULT, Extractor, Reading

# Strings are matched first, so that nothing in them is taken for a comment.
_COMMENT = re.compile(r"(\"(?:[^\"\\\n]|\\.)*+(?:\"|$))|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/|$)", re.MULTILINE)
_LAST_COMMA = re.compile(r"(\"(?:[^\"\\\n]|\\.)*+(?:\"|$))|,(?=\s*+[\]}])", re.MULTILINE)
_SOUND_LINES = 10
"""One of so many lines may be damaged, or one at all; more than that is no damage but another format."""
_NAMED = 20
_BATCH = 500
"""Lines of JSON that are one list, so that like ones become a table."""


class JsonExtractor(Extractor):
    """Paragraphs of "key: value" lines, list items and tables. The label is the trail of keys: "store > books 2"."""

    name = "json"
    version = 2
    media_types = frozenset({JSON, JSON_LINES})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements in order, without pages. Lines of JSON lines that are none are left out, if they are few, and named in the
        warnings. Raises Unprocessable(TOO_LARGE, CORRUPT).
        """
        builder = Builder(reading.policy.keep_hidden)
        text = read_text(path).strip("\ufeff \t\n\x1e")
        try:
            for value in values(text, builder.warnings):
                for piece in pieces(value):
                    builder.add(piece.kind, piece.text, label=piece.trail or None, header_lines=piece.header_lines)
        except RecursionError as exc:
            raise Unprocessable(Reason.CORRUPT, "nested deeper than anybody writes") from exc
        except ValueError as exc:
            raise Unprocessable(Reason.CORRUPT, " ".join(str(exc).split())) from exc
        return builder.document(media_type, self.key)


def values(text: str, warnings: list[str]) -> Iterator[Any]:
    """The values in the text: one, or those of its lines, in lists. Raises ValueError, RecursionError."""
    try:
        yield loads(text)
        return
    except ValueError as exc:
        error = exc
    lines = [line.strip("\x1e \t") for line in text.split("\n")]
    lines = [line for line in lines if line]
    if len(lines) > 1 and _is_value(lines[0]):
        yield from _of_lines(lines, warnings)
        return
    try:
        yield loads(_LAST_COMMA.sub(_kept, _COMMENT.sub(_kept, text)))
    except ValueError:
        raise error from None


def _of_lines(lines: list[str], warnings: list[str]) -> Iterator[list[Any]]:
    """Their values in lists. A line that was cut off, as the last of a log, costs no other. Raises ValueError."""
    broken: list[int] = []
    for start in range(0, len(lines), _BATCH):
        found = []
        for number, line in enumerate(lines[start : start + _BATCH], start + 1):
            try:
                found.append(loads(line))
            except ValueError:
                broken.append(number)
                if len(broken) > max(1, number // _SOUND_LINES):
                    raise
        yield found
    if broken:
        named = ", ".join(map(str, broken[:_NAMED])) + (", ..." if len(broken) > _NAMED else "")
        warnings.append(f"{len(broken)} of {len(lines)} values are damaged and left out: {named}")


def _is_value(line: str) -> bool:
    try:
        return isinstance(loads(line), dict | list)
    except ValueError:
        return False


def _kept(match: re.Match[str]) -> str:
    return match[1] or ""
