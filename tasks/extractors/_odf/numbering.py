"""The numbers in front of OpenDocument's list items and headings, which are not stored (part 3, 5.3 and 16.31)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tasks.extractors._numerals import formatted
from tasks.extractors._odf.package import STYLE, TEXT
from tasks.extractors._xml.parts import integer

_LEVELS = 10
_FORMATS = {"": "none", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_ID = "{http://www.w3.org/XML/1998/namespace}id"


@dataclass(frozen=True, slots=True)
class _Level:
    format: str = "none"
    before: str = ""
    after: str = ""
    shown: int = 1
    """How many levels, this one the last, are shown."""
    start: int = 1


_BULLET = _Level()


@dataclass(frozen=True, slots=True)
class OpenList:
    """A list that is being read."""

    style: str
    level: int
    """From 0; lists in items of lists are deeper."""
    counts: list[int | None]


class OdfNumbering:
    """How far the lists and headings of a document have been counted."""

    def __init__(self, styles: Mapping[str, Any], outline: Any | None) -> None:
        """By the nodes of list styles, and that of the outline."""
        self._nodes = styles
        self._levels: dict[str, list[_Level]] = {}
        self._outline = [] if outline is None else _levels(outline)
        self._headings: list[int | None] = [None] * _LEVELS
        self._by_id: dict[str, list[int | None]] = {}
        self._by_style: dict[str, list[int | None]] = {}

    def begin(self, node: Any, outer: OpenList | None) -> OpenList:
        """A list, in `outer` or by itself."""
        style = node.get(TEXT + "style-name") or (outer.style if outer else "")
        if outer is not None:
            return OpenList(style, min(outer.level + 1, _LEVELS - 1), outer.counts)
        continued = node.get(TEXT + "continue-list")
        counts = self._by_id.get(continued) if continued else None
        if counts is None and node.get(TEXT + "continue-numbering") == "true":
            counts = self._by_style.get(style)
        counts = [None] * _LEVELS if counts is None else counts
        self._by_style[style] = counts
        if node.get(_ID):
            self._by_id[node.get(_ID)] = counts
        return OpenList(style, 0, counts)

    def label(self, found: OpenList, item: Any) -> str:
        """Count an item of the list: what is shown in front of it; "" for bullets."""
        if found.style not in self._levels:
            node = self._nodes.get(found.style)
            self._levels[found.style] = [] if node is None else _levels(node)
        return _counted(self._levels[found.style], found.counts, found.level, item.get(TEXT + "start-value"))

    def heading(self, node: Any, level: int) -> str:
        """The same of a heading (text:h) that is in no list, by its level from 1."""
        if not self._outline or node.get(TEXT + "is-list-header") == "true":
            return ""
        start = node.get(TEXT + "start-value") if node.get(TEXT + "restart-numbering") == "true" else None
        return _counted(self._outline, self._headings, min(max(level, 1), _LEVELS) - 1, start)


def _counted(levels: list[_Level], counts: list[int | None], level: int, start: str | None) -> str:
    def at(place: int) -> _Level:
        return levels[place] if place < len(levels) else _BULLET

    for place in range(level):
        if counts[place] is None:
            counts[place] = at(place).start
    before = counts[level]
    counts[level] = integer(start, 1) if start else at(level).start if before is None else before + 1
    counts[level + 1 :] = [None] * (_LEVELS - level - 1)
    form = at(level)
    if form.format == "none":
        return ""
    numbers = (formatted(counts[place] or 0, at(place).format) for place in range(max(level + 1 - form.shown, 0), level + 1))
    return f"{form.before}{'.'.join(filter(None, numbers))}{form.after}".strip()


def _levels(style: Any) -> list[_Level]:
    found = [_BULLET] * _LEVELS
    for node in style.iterchildren(TEXT + "list-level-style-number", TEXT + "outline-level-style"):
        place = integer(node.get(TEXT + "level"), 1) - 1
        if 0 <= place < _LEVELS:
            form = node.get(STYLE + "num-format") or ""
            found[place] = _Level(
                _FORMATS.get(form, "decimal"),
                node.get(STYLE + "num-prefix") or "",
                node.get(STYLE + "num-suffix") or "",
                integer(node.get(TEXT + "display-levels"), 1),
                integer(node.get(TEXT + "start-value"), 1),
            )
    return found
