"""The rows of one worksheet, streamed: what its cells show, merged cells filled, hidden rows and columns apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from tasks.extractors._sheets.merged import Area, Merged
from tasks.extractors._sheets.number_format import general
from tasks.extractors._sheets.xlsx_styles import PLAIN, CellStyle
from tasks.extractors._tables import cell_text
from tasks.extractors._xml.parts import integer, is_on, stream

_BLOCK = 1 << 20
_RANGE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})(?::\$?([A-Z]{1,3})\$?(\d{1,7}))?")
_MARKS = re.compile(rb'<(?:\w+:)?(mergeCell|conditionalFormatting)\s[^<>]*?(?:ref|sqref)="([^"<>]{1,20000})"')
_MOST_RANGES = 200_000
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass
class Row:
    """A row with text."""

    number: int
    cells: list[tuple[int, str]] = field(default_factory=list)
    numbers: int = 0
    bold: bool = False
    hidden: list[str] = field(default_factory=list)
    """Texts that are not shown; they are among the cells too if hidden text is kept."""


def areas(text: str) -> Iterator[Area]:
    """The areas of a list of references, e.g. "A1:B2 C3"."""
    for match in _RANGE.finditer(text):
        first_column, first_row, last_column, last_row = match.groups()
        left, top = column_of(first_column), int(first_row)
        yield top, left, int(last_row or top), column_of(last_column) if last_column else left


def column_of(letters: str) -> int:
    """A column's number from 0."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def marked_areas(file: IO[bytes]) -> tuple[list[Area], list[Area]]:
    """The merged cells of a sheet, and the areas whose look depends on conditions: both are written after the rows."""
    found: dict[bytes, list[Area]] = {b"mergeCell": [], b"conditionalFormatting": []}
    rest = b""
    for block in iter(lambda: file.read(_BLOCK), b""):
        window = rest + block
        end = window.rfind(b">") + 1
        if b"mergeCell" in window or b"conditionalFormatting" in window:
            for match in _MARKS.finditer(window, 0, end):
                if len(found[match[1]]) < _MOST_RANGES:
                    found[match[1]] += areas(match[2].decode("ascii", "ignore"))
        rest = window[end:][-_BLOCK:]
    return found[b"mergeCell"], found[b"conditionalFormatting"]


class Rows:
    """Iterates over the rows of a sheet that have text."""

    def __init__(
        self,
        file: IO[bytes],
        strings: Sequence[str],
        styles: Sequence[CellStyle],
        merged: list[Area],
        coloured: list[Area],
        *,
        keep_hidden: bool,
    ) -> None:
        self._file = file
        self._strings = strings
        self._styles = styles
        self._areas = sorted(merged)
        self._next_merge = 0
        self._merged = Merged()
        self._coloured = coloured
        """Where a cell's background is not in its style."""
        self._keep_hidden = keep_hidden
        self._hidden_columns: list[tuple[int, int]] = []
        self._columns: dict[str, int] = {}
        self.uncalculated = 0
        """Formulas so far without a value: the program that wrote them has not calculated them."""

    def __iter__(self) -> Iterator[Row]:
        number = 0
        for node in stream(self._file, ("{*}col", "{*}row")):
            namespace, _, name = node.tag.rpartition("}")
            if name == "col":
                if is_hidden(node, "width"):
                    self._hidden_columns.append((integer(node.get("min")) - 1, integer(node.get("max")) - 1))
                continue
            number = integer(node.get("r"), number + 1)
            row = self._row(node, number, namespace + "}")
            if row.cells or row.hidden:
                yield row

    def _row(self, node: Any, number: int, namespace: str) -> Row:
        row = Row(number)
        column = before = -1
        bold, ordered = 0, True
        hidden = is_hidden(node, "ht")
        value_tag, inline_tag, formula_tag = namespace + "v", namespace + "is", namespace + "f"
        for cell in node:
            reference = cell.get("r")
            column = column + 1 if reference is None else self._column(reference, column)
            if not len(cell):
                continue
            text, is_number, style = self._value(cell, value_tag, inline_tag)
            if not is_number:
                text = cell_text(text)
            if not text:
                self.uncalculated += cell[0].tag == formula_tag and cell.get("t") != "str"  # which may be a text of no length
                continue
            if hidden or (style.doubtful and self._is_unseen(number, column, style)) or self._is_hidden_column(column):
                row.hidden.append(text)
                if not self._keep_hidden:
                    continue
            row.cells.append((column, text))
            row.numbers += is_number
            bold += style.bold
            ordered &= column > before
            before = column
        row.bold = 0 < bold == len(row.cells)
        if not ordered:
            row.cells = sorted(dict(row.cells).items())
        if self._areas and not hidden:
            self._fill(row)
        return row

    def _column(self, reference: str, before: int) -> int:
        letters = reference.rstrip("0123456789")
        column = self._columns.get(letters)
        if column is None:
            column = (
                column_of(letters) if letters.isascii() and letters.isalpha() and letters.isupper() and len(letters) < 4 else -1
            )
            self._columns[letters] = column
        return column if column >= 0 else before + 1

    def _value(self, cell: Any, value_tag: str, inline_tag: str) -> tuple[str, bool, CellStyle]:
        """What the cell shows, whether that is a number, a date or a truth value, and its style."""
        style = PLAIN
        index = cell.get("s")
        if index is not None and self._styles:
            place = integer(index)
            style = self._styles[place] if 0 <= place < len(self._styles) else PLAIN
        kind = cell.get("t")
        text = ""
        for child in cell:
            tag = child.tag
            if tag == value_tag:
                text = child.text or ""
            elif tag == inline_tag:
                return string_of(child), False, style
        if kind == "s":
            place = integer(text, -1)
            return (self._strings[place] if 0 <= place < len(self._strings) else ""), False, style
        if kind == "b":
            return ("TRUE" if text.strip() in ("1", "true") else "FALSE") if text else "", True, style
        if kind == "str":
            return unescaped(text), False, style
        if kind in ("e", "d", "inlineStr"):
            return text.removesuffix("T00:00:00") if kind == "d" else text, kind == "d", style
        if style.shown is general and text.isdigit() and len(text) < 16:
            return text, True, style
        try:
            value = float(text)
        except ValueError:
            return text, False, style
        if value != value or value in (float("inf"), float("-inf")):
            return text, False, style
        return style.shown(value) or (general(value) if style.blank else ""), True, style

    def _is_unseen(self, number: int, column: int, style: CellStyle) -> bool:
        if style.tiny or style.blank:
            return True
        return not any(top <= number <= bottom and left <= column <= right for top, left, bottom, right in self._coloured)

    def _fill(self, row: Row) -> None:
        """Repeat the text of merged cells that reach this row, except in hidden columns."""
        texts = dict(row.cells)
        while self._next_merge < len(self._areas) and self._areas[self._next_merge][0] <= row.number:
            area = self._areas[self._next_merge]
            self._next_merge += 1
            if area[0] == row.number:
                self._merged.add(area, texts.get(area[1], ""))
        filled = self._merged.fill(row.number, row.cells)
        if filled is not row.cells:
            row.cells = [each for each in filled if each[0] in texts or not self._is_hidden_column(each[0])]

    def _is_hidden_column(self, column: int) -> bool:
        return bool(self._hidden_columns) and any(first <= column <= last for first, last in self._hidden_columns)


def is_hidden(node: Any, size: str) -> bool:
    """True for a row or a column that is hidden or has no size."""
    if node.get("hidden") is not None and is_on(node, "hidden"):
        return True
    given = node.get(size)
    return given is not None and given.strip("0.") == "" and given != ""


def string_of(node: Any) -> str:
    """The text of a shared or inline string: its runs, without phonetic guides."""
    pieces = []
    for child in node:
        name = child.tag.rpartition("}")[2] if isinstance(child.tag, str) else ""
        if name == "t":
            pieces.append(child.text or "")
        elif name == "r":
            pieces += [text.text or "" for text in child.iterchildren("{*}t")]
    return unescaped("".join(pieces))


def unescaped(text: str) -> str:
    """The text with characters that XML cannot hold, written as _x000D_, in their places."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text
