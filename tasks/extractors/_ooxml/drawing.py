"""What charts and diagrams of Office files say: DrawingML (ECMA-376 part 1, chapters 21.2 and 21.4)."""

from __future__ import annotations

from typing import Any

from tasks.extractors._ooxml.package import Package
from tasks.extractors._sheets.number_format import LONGEST, Shown
from tasks.extractors._sheets.xlsx_styles import shown_by
from tasks.extractors._xml.parts import integer, is_on

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_DGM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_MAX_POINTS = 2_000
"""Points of a series that are shown: a chart of more is a picture of data that nobody reads as a table."""


def plain_text(node: Any) -> str:
    """All runs of text in a piece of DrawingML, its paragraphs on lines of their own."""
    lines = ("".join(_piece(piece) for piece in paragraph.iter(A + "t", A + "br")) for paragraph in node.iter(A + "p"))
    return "\n".join(filter(str.strip, lines))


def _piece(node: Any) -> str:
    return "\n" if node.tag == A + "br" else node.text or ""


def chart_rows(package: Package, name: str | None) -> list[list[str]]:
    """A chart as a table of the values that it was last drawn with: its categories down, its series across.

    The chart's title stands in the corner. [] if there is no such chart or it keeps no values.
    """
    root = package.optional(name)
    chart = None if root is None else root.find(C + "chart")
    if root is None or chart is None:
        return []
    from_1904 = is_on(root.find(C + "date1904"), "val")
    title = chart.find(C + "title")
    corner = "" if title is None else " ".join(plain_text(title).split())
    series = list(chart.iter(C + "ser"))
    names = [_texts(each.find(C + "tx")) for each in series]
    header = [corner, *(" ".join(found.values()) for found in names)]
    categories: dict[int, str] = {}
    columns = []
    for each in series:
        for place, text in _points(each, ("cat", "xVal"), from_1904).items():
            categories.setdefault(place, text)
        columns.append(_points(each, ("val", "yVal"), from_1904))
    places = sorted(set(categories).union(*columns))[:_MAX_POINTS]
    rows = [[categories.get(place, ""), *(column.get(place, "") for column in columns)] for place in places]
    return [row for row in [header, *rows] if any(row)]


def _points(series: Any, names: tuple[str, ...], from_1904: bool) -> dict[int, str]:
    """What the first of these parts of a series holds, if any."""
    return next((found for name in names if (found := _texts(series.find(C + name), from_1904))), {})


def _texts(node: Any | None, from_1904: bool = False) -> dict[int, str]:
    """The cached points of a reference by their index; several levels of categories in one."""
    found: dict[int, str] = {}
    if node is None:
        return found
    literal = node.find(C + "v")
    if literal is not None:
        return {0: literal.text or ""}
    code = next(node.iter(C + "formatCode"), None)
    shown = _dates("" if code is None else code.text or "", from_1904)
    for point in node.iter(C + "pt"):
        place, text = integer(point.get("idx")), _number(point.findtext(C + "v") or "", shown)
        found[place] = f"{text} {found[place]}" if place in found else text
    return found


def _dates(code: str, from_1904: bool) -> Shown | None:
    """What shows numbers in this format, if that is one of dates or times."""
    from openpyxl.styles.numbers import is_date_format

    return shown_by(code, from_1904=from_1904) if code and is_date_format(code[:LONGEST]) else None


def _number(text: str, shown: Shown | None) -> str:
    """A value without the digits that binary fractions add; a day as its date."""
    try:
        if shown is not None and text.isascii():
            return shown(float(text))
        return f"{float(text):.15g}" if "." in text and text.isascii() else text
    except (ValueError, OverflowError):
        return text


def diagram_texts(package: Package, name: str | None) -> list[str]:
    """The texts of a diagram's (SmartArt's) points, in order; [] if there is no such diagram."""
    root = package.optional(name)
    points = () if root is None else root.iter(_DGM + "pt")
    texts = (plain_text(point.find(_DGM + "t")) for point in points if point.find(_DGM + "t") is not None)
    return [text for text in texts if text]
