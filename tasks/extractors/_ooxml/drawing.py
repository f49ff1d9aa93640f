"""What charts and diagrams of Office files say: DrawingML (ECMA-376 part 1, chapters 21.2 and 21.4)."""

from __future__ import annotations

from typing import Any

from tasks.extractors._ooxml.package import Package
from tasks.extractors._xml.parts import integer

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
    if chart is None:
        return []
    title = chart.find(C + "title")
    corner = "" if title is None else " ".join(plain_text(title).split())
    series = list(chart.iter(C + "ser"))
    names = [_texts(each.find(C + "tx")) for each in series]
    header = [corner, *(" ".join(found.values()) for found in names)]
    categories: dict[int, str] = {}
    columns = []
    for each in series:
        for place, text in (_texts(each.find(C + "cat")) or _texts(each.find(C + "xVal"))).items():
            categories.setdefault(place, text)
        columns.append(_texts(each.find(C + "val")) or _texts(each.find(C + "yVal")))
    places = sorted(set(categories).union(*columns))[:_MAX_POINTS]
    rows = [[categories.get(place, ""), *(column.get(place, "") for column in columns)] for place in places]
    return [row for row in [header, *rows] if any(row)]


def _texts(node: Any | None) -> dict[int, str]:
    """The cached points of a reference by their index; several levels of categories in one."""
    found: dict[int, str] = {}
    if node is None:
        return found
    literal = node.find(C + "v")
    if literal is not None:
        return {0: literal.text or ""}
    for point in node.iter(C + "pt"):
        place, text = integer(point.get("idx")), _number(point.findtext(C + "v") or "")
        found[place] = f"{text} {found[place]}" if place in found else text
    return found


def _number(text: str) -> str:
    """A value without the digits that binary fractions add."""
    try:
        return f"{float(text):.15g}" if "." in text and text.isascii() else text
    except ValueError:
        return text


def diagram_texts(package: Package, name: str | None) -> list[str]:
    """The texts of a diagram's (SmartArt's) points, in order; [] if there is no such diagram."""
    root = package.optional(name)
    points = () if root is None else root.iter(_DGM + "pt")
    texts = (plain_text(point.find(_DGM + "t")) for point in points if point.find(_DGM + "t") is not None)
    return [text for text in texts if text]
