"""A JSON value as text: "key: value" lines under the trail of keys that leads to them, and tables of like objects.

The trail stands in the text as well: keys are often the only words that say what a value is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from core.documents import ElementKind
from tasks.extractors._tables import HEADER_LINES, markdown_table

MAX_DEPTH = 60
"""What is nested deeper stands as JSON."""
_LONG = 300
"""Characters from which a text is a paragraph of its own."""
_MOST_COLUMNS = 40
_ROWS = 2_000
"""Of a table; more are another table."""
_LINES = 40


class Piece(NamedTuple):
    """An element in the making."""

    kind: ElementKind
    text: str
    trail: str
    """Keys joined by " > "."""
    header_lines: int = 0


class Number(str):
    """A number as it is written: no digit of it is lost."""

    __slots__ = ()


def loads(text: str) -> Any:
    """The value, its numbers as they are written. Raises ValueError, RecursionError."""
    return json.loads(text, parse_float=Number, parse_int=Number, parse_constant=Number, strict=False)


def pieces(value: Any, trail: tuple[str, ...] = ()) -> Iterator[Piece]:
    """The value in order."""
    if len(trail) > MAX_DEPTH:
        yield Piece(ElementKind.CODE, json.dumps(value, ensure_ascii=False), _shown(trail))
    elif isinstance(value, dict):
        yield from _object(value, trail)
    elif isinstance(value, list):
        yield from _list(value, trail)
    else:
        yield Piece(ElementKind.PARAGRAPH, (f"{trail[-1]}: " if trail else "") + scalar(value), _shown(trail))


def scalar(value: Any) -> str:
    """A text, number, truth value or null."""
    return value if isinstance(value, str) else json.dumps(value)


def _object(value: dict[str, Any], trail: tuple[str, ...]) -> Iterator[Piece]:
    lines: list[str] = []
    for key, inner in value.items():
        line = _line(inner)
        if line is None or len(line) > _LONG or "\n" in line:
            yield from _block(lines, trail)
            lines = []
            yield from pieces(inner, (*trail, key))
        elif line:
            lines.append(f"{key}: {line}")
            if len(lines) >= _LINES:
                yield from _block(lines, trail)
                lines = []
    yield from _block(lines, trail)


def _block(lines: list[str], trail: tuple[str, ...]) -> Iterator[Piece]:
    if lines:
        yield Piece(ElementKind.PARAGRAPH, "\n".join([f"{_shown(trail)}:", *lines] if trail else lines), _shown(trail))


def _list(value: list[Any], trail: tuple[str, ...]) -> Iterator[Piece]:
    if trail and value:
        yield Piece(ElementKind.CAPTION, _shown(trail), _shown(trail))
    if _is_table(value):
        for start in range(0, len(value), _ROWS):
            part = value[start : start + _ROWS]
            columns = list(dict.fromkeys(key for row in part for key in row))
            rows = [columns, *([_line(row.get(column, "")) or "" for column in columns] for row in part)]
            yield Piece(ElementKind.TABLE, markdown_table(rows), _shown(trail), HEADER_LINES)
    elif (
        value
        and all(isinstance(row, list) and row and all(_is_plain(cell) for cell in row) for row in value)
        and len(value) > 1
    ):
        for start in range(0, len(value), _ROWS):
            rows = [[_line(cell) or "" for cell in row] for row in value[start : start + _ROWS]]
            yield Piece(ElementKind.TABLE, markdown_table(rows), _shown(trail), HEADER_LINES)
    else:
        for number, inner in enumerate(value, 1):
            line = _line(inner)
            if line is not None:
                yield Piece(ElementKind.LIST_ITEM, line, _shown(trail))
            else:
                yield from pieces(inner, (*trail[:-1], f"{trail[-1]} {number}") if trail else (str(number),))


def _is_table(value: list[Any]) -> bool:
    """True for objects of much the same keys and plain values: two at least, and half of the cells filled."""
    if len(value) < 2 or not all(isinstance(row, dict) and row for row in value):
        return False
    columns: dict[str, None] = {}
    filled = 0
    for row in value:
        filled += len(row)
        columns.update(dict.fromkeys(row))
        if len(columns) > _MOST_COLUMNS or not all(map(_is_plain, row.values())):
            return False
    return len(columns) > 1 and filled * 2 >= len(columns) * len(value)


def _is_plain(value: Any) -> bool:
    line = _line(value)
    return line is not None and len(line) <= _LONG and "\n" not in line


def _line(value: Any) -> str | None:
    """A value in a line; None of one that needs more: an object, or a list of more than plain values."""
    if value is None or value in ({}, []):
        return ""
    if isinstance(value, list):
        if len(value) > 20 or any(isinstance(inner, dict | list) for inner in value):
            return None
        line = ", ".join(map(scalar, value))
        return line if len(line) <= _LONG else None
    return None if isinstance(value, dict) else scalar(value)


def _shown(trail: tuple[str, ...]) -> str:
    return " > ".join(trail)[:500]
