"""The numbers that Word puts in front of headings and list items: they are computed when it shows them, not stored."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from tasks.extractors._numerals import formatted
from tasks.extractors._ooxml.docx_styles import VAL, W
from tasks.extractors._xml.parts import integer, is_on

_PLACE = re.compile(r"%([1-9])")
_LEVELS = 9


@dataclass(frozen=True, slots=True)
class _Level:
    start: int = 0
    format: str = "decimal"
    text: str = ""
    style: str | None = None
    legal: bool = False
    """All numbers in it are shown in Arabic digits."""
    restart: int | None = None
    """It begins anew after a paragraph of this level (1 is the highest) or a higher one; 0: never; None: of any higher one."""


@dataclass
class _List:
    """A list as its paragraphs use it."""

    abstract: str
    levels: dict[int, _Level]
    restarts: dict[int, int] = field(default_factory=dict)
    """Levels that begin anew, with this number, where this list is used first."""


class Numbering:
    """The numbering part, and how far its lists have been counted."""

    def __init__(self, root: Any | None) -> None:
        nodes = [] if root is None else list(root.iterchildren(W + "abstractNum"))
        abstract = {node.get(W + "abstractNumId") or "": node for node in nodes}
        linked = {link.get(VAL): node for node in nodes if (link := node.find(W + "styleLink")) is not None}
        self._lists: dict[str, _List] = {}
        for node in () if root is None else root.iterchildren(W + "num"):
            reference = node.find(W + "abstractNumId")
            id = "" if reference is None else reference.get(VAL) or ""
            definition = abstract.get(id)
            link = None if definition is None else definition.find(W + "numStyleLink")
            if link is not None:
                definition = linked.get(link.get(VAL), definition)
            levels = {} if definition is None else _levels(definition)
            self._lists[node.get(W + "numId") or ""] = _overridden(_List(id, levels), node)
        self._counts: dict[str, list[int | None]] = {}

    def level_of(self, number: str, style: str | None) -> int:
        """The level of a list that a style is bound to; 0 if none is."""
        found = self._lists.get(number)
        levels = found.levels.items() if found and style else ()
        return next((place for place, level in levels if level.style == style), 0)

    def label(self, number: str, level: int) -> str:
        """Count one paragraph of this list at this level: what is shown in front of it; "" for bullets."""
        found = self._lists.get(number)
        level = min(max(level, 0), _LEVELS - 1)
        if found is None:
            return ""
        counts = self._counts.setdefault(found.abstract, [None] * _LEVELS)
        for place in range(level + 1):
            begun = counts[place]
            anew = found.restarts.pop(place, None) if place == level else None
            if anew is not None or begun is None:
                counts[place] = anew if anew is not None else found.levels.get(place, _Level()).start
            elif place == level:
                counts[place] = begun + 1
        for place in range(level + 1, _LEVELS):
            restart = found.levels.get(place, _Level()).restart
            if restart is None or level < restart:
                counts[place] = None
        shown = found.levels.get(level)
        if shown is None or shown.format in ("bullet", "none"):
            return ""

        def number_at(match: re.Match[str]) -> str:
            place = int(match[1]) - 1
            form = "decimal" if shown.legal else found.levels.get(place, _Level()).format
            return formatted(counts[place] or 0, form) if place <= level else ""

        return _PLACE.sub(number_at, shown.text).strip()


def _levels(definition: Any) -> dict[int, _Level]:
    return {integer(node.get(W + "ilvl")): _level(node) for node in definition.iterchildren(W + "lvl")}


def _level(node: Any) -> _Level:
    values = {
        name: child.get(VAL)
        for name in ("start", "numFmt", "lvlText", "pStyle", "lvlRestart")
        if (child := node.find(W + name)) is not None
    }
    return _Level(
        integer(values.get("start")),
        values.get("numFmt") or "decimal",
        values.get("lvlText") or "",
        values.get("pStyle"),
        is_on(node.find(W + "isLgl"), VAL),
        integer(values["lvlRestart"]) if "lvlRestart" in values else None,
    )


def _overridden(found: _List, node: Any) -> _List:
    for override in node.iterchildren(W + "lvlOverride"):
        place = integer(override.get(W + "ilvl"))
        level, start = override.find(W + "lvl"), override.find(W + "startOverride")
        if level is not None:
            found.levels[place] = _level(level)
        if start is not None:
            found.restarts[place] = integer(start.get(VAL), 1)
            found.levels[place] = replace(found.levels.get(place, _Level()), start=found.restarts[place])
    return found
