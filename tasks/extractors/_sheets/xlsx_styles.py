"""What the styles of a workbook say of its cells: how a number is shown, and whether anything is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tasks.extractors._sheets.number_format import LONGEST, Shown, duration, formatter, general, iso_date
from tasks.extractors._xml.parts import integer, is_on

S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LOCAL_DATES = frozenset({*range(27, 37), *range(50, 59)})
"""Built-in formats that are dates in East Asian editions."""
_WHITE = frozenset({"FFFFFFFF", "00FFFFFF", "FFFFFF"})
_WHITE_THEME = "0"
"""The theme's first colour is the window's own."""
_WHITE_INDEXES = frozenset({"1", "9"})


@dataclass(frozen=True, slots=True)
class CellStyle:
    """How a cell is shown."""

    shown: Shown = general
    bold: bool = False
    white: bool = False
    """White letters on no background, or letters in the very colour of their background."""
    tiny: bool = False
    blank: bool = False
    """A number format that shows nothing at all."""

    doubtful: bool = False
    """Any of the last three: whether the cell is seen needs a closer look."""


PLAIN = CellStyle()


def read_styles(root: Any | None, *, from_1904: bool) -> list[CellStyle]:
    """The styles that cells refer to by number."""
    if root is None:
        return []
    codes = {integer(node.get("numFmtId"), -1): node.get("formatCode") or "" for node in root.iter(S + "numFmt")}
    fonts = list(root.iterfind(f"{S}fonts/{S}font"))
    fills = list(root.iterfind(f"{S}fills/{S}fill"))
    empty = [_is_empty(fill) for fill in fills]
    found = []
    for node in root.iterfind(f"{S}cellXfs/{S}xf"):
        place, fill = integer(node.get("fontId"), -1), integer(node.get("fillId"), -1)
        font = fonts[place] if 0 <= place < len(fonts) else None
        code = _code(integer(node.get("numFmtId")), codes)
        white = font is not None and _is_white(font) and (not 0 <= fill < len(empty) or empty[fill])
        if font is not None and 0 <= fill < len(fills) and (ink := _colour(font.find(S + "color"))):
            white = white or ink == _ground(fills[fill])
        tiny = font is not None and _size(font) <= 1
        blank = code is not None and code.startswith(";;")
        bold = font is not None and is_on(font.find(S + "b"), "val")
        found.append(CellStyle(shown_by(code, from_1904=from_1904), bold, white, tiny, blank, white or tiny or blank))
    return found


def _code(id: int, codes: dict[int, str]) -> str | None:
    """The format's code; None for dates of East Asian editions, whose codes are not written down."""
    from openpyxl.styles.numbers import BUILTIN_FORMATS

    if id in codes:
        return codes[id]
    return None if id in _LOCAL_DATES else BUILTIN_FORMATS.get(id, "")


def shown_by(code: str | None, *, from_1904: bool) -> Shown:
    """What shows a number in the format of this code; None is a date of an East Asian edition."""
    from openpyxl.styles.numbers import is_date_format, is_timedelta_format

    if code is not None and len(code) > LONGEST:
        return general
    if code is not None and is_timedelta_format(code):
        return duration
    if code is not None and not is_date_format(code):
        return formatter(code)
    bare = (code or "d").lower()
    time_only = "h" in bare and not any(letter in bare for letter in "dy")

    def shown(value: float) -> str:
        return iso_date(value, from_1904=from_1904, time_only=time_only) or general(value)

    return shown


def _is_empty(fill: Any) -> bool:
    pattern = fill.find(S + "patternFill")
    if pattern is None:
        return len(fill) == 0
    kind = pattern.get("patternType") or "none"
    return kind == "none" or (kind == "solid" and _is_white_colour(pattern.find(S + "fgColor")))


def _ground(fill: Any) -> tuple[str, ...] | None:
    """The colour that a fill is all of."""
    pattern = fill.find(S + "patternFill")
    return _colour(pattern.find(S + "fgColor")) if pattern is not None and pattern.get("patternType") == "solid" else None


def _colour(node: Any | None) -> tuple[str, ...] | None:
    """The colour as it is written, the alpha that programs write in either way left out; None if it is left to the program."""
    if node is None or node.get("auto"):
        return None
    return ((node.get("rgb") or "").upper()[-6:], *(node.get(name) or "" for name in ("theme", "indexed", "tint")))


def _is_white(font: Any) -> bool:
    return _is_white_colour(font.find(S + "color"))


def _is_white_colour(colour: Any | None) -> bool:
    if colour is None or float(colour.get("tint") or 0) != 0:
        return False
    named = (colour.get("rgb") or "").upper() in _WHITE
    return named or colour.get("theme") == _WHITE_THEME or colour.get("indexed") in _WHITE_INDEXES


def _size(font: Any) -> int:
    size = font.find(S + "sz")
    return 11 if size is None else integer(size.get("val"), 11)
