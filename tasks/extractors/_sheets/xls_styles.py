"""What an old workbook says of its cells: how a number is shown, and whether anything is."""

from __future__ import annotations

from typing import Any

from tasks.extractors._sheets.xlsx_styles import PLAIN, CellStyle, shown_by

_SOLID = 1
_NEARLY_WHITE = 250
_BOLD = 600
_TINY = 20
"""Heights are in twentieths of a point."""


class Styles:
    """By the numbers that cells have."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._found: dict[int | None, CellStyle] = {None: PLAIN}

    def of(self, number: int | None) -> CellStyle:
        """The style of that number; the plain one for a number that is none."""
        if number not in self._found:
            try:
                self._found[number] = self._read(self._book.xf_list[number])
            except (IndexError, KeyError, TypeError, AttributeError):  # a damaged table of styles
                self._found[number] = PLAIN
        return self._found[number]

    def _read(self, style: Any) -> CellStyle:
        code = self._book.format_map[style.format_key].format_str
        font = self._book.font_list[style.font_index]
        fill = style.background
        bare = fill.fill_pattern == 0 or (fill.fill_pattern == _SOLID and self._is_white(fill.pattern_colour_index))
        return CellStyle(
            shown_by(code, from_1904=self._book.datemode == 1),
            bool(font.bold) or font.weight >= _BOLD,
            bare and self._is_white(font.colour_index),
            0 < font.height <= _TINY,
            code.startswith(";;"),
        )

    def _is_white(self, colour: int) -> bool:
        shade = self._book.colour_map.get(colour)
        return shade is not None and min(shade) >= _NEARLY_WHITE
