"""What a style hides: boxes of which nothing is seen, and properties that a text inherits."""

from __future__ import annotations

import re

_FAR = -500.0
"""Pixels to the left or above from which nothing is seen."""
_TINY = 1.5
"""Pixels; smaller type is not seen."""
_FAINT = 0.05
"""Opacity below which nothing is seen."""

_NUMBER = re.compile(r"-?\d{0,9}\.?\d{0,9}")
_ZERO = re.compile(r"[+-]?0*\.?0*(?:px|pt|em|rem|%|ex|ch|vw|vh)?")
_CLIPPED = re.compile(r"rect\(\s{0,9}[01](?:px)?[\s,]{1,9}[01](?:px)?[\s,]{1,9}[01](?:px)?[\s,]{1,9}[01](?:px)?\s{0,9}\)")
_CUT = re.compile(r"inset\((?:50|100)%|(?:circle|ellipse)\(0")
_SHRUNK = re.compile(r"scale[xy]?\(\s{0,9}0*\.?0*\s{0,9}[,)]")
_SHIFTED = re.compile(r"translate[xy]?\(\s{0,9}(-\d{1,9}\.?\d{0,9}(?:px|r?em))")
_FADED = re.compile(r"opacity\(\s{0,9}0*\.?0*%?\s{0,9}\)")
_OF_BOXES = frozenset(
    {
        *("display", "content-visibility", "mso-hide", "opacity", "filter", "position", "clip-path", "text-indent"),
        *("margin-left", "margin-top", "transform", "overflow", "overflow-x", "overflow-y"),
    }
)
"""Without one of these no box is unseen."""
_DECIDING = _OF_BOXES | {"visibility", "font-size", "clip", "left", "top", "right", "bottom"}
"""Without one of these nothing hides but by its colour."""
_OVERFLOW = ("overflow", "overflow-x", "overflow-y")
_SIDES = ("left", "top", "right", "bottom")


def way_of(style: dict[str, str]) -> str:
    """How it hides, but for its colour: "box" with all that is in it, or a property that is inherited; "" if it does not."""
    if _is_unseen_box(style):
        return "box"
    if style.get("visibility") in ("hidden", "collapse") and not _moves(style):
        return "visibility"
    return "font-size" if _is_tiny(style) else ""


def may_hide(style: dict[str, str]) -> bool:
    """True if it hides, but for its colour, by itself or with what another style adds."""
    if style.keys().isdisjoint(_DECIDING):
        return False
    if _is_unseen_box(style) or style.get("visibility") in ("hidden", "collapse") or _is_tiny(style):
        return True
    if _CLIPPED.match(style.get("clip", "")) or not style.keys().isdisjoint(_OVERFLOW):
        return True
    return any(_pixels(style.get(side)) <= _FAR for side in _SIDES)


def _is_unseen_box(style: dict[str, str]) -> bool:
    """True if nothing in the element is seen, whatever it sets for itself."""
    if style.keys().isdisjoint(_OF_BOXES):
        return False
    if style.get("display") == "none" or style.get("content-visibility") == "hidden" or style.get("mso-hide") == "all":
        return True
    moves = _moves(style)
    if not moves and (_is_faint(style.get("opacity")) or _FADED.search(style.get("filter", ""))):
        return True
    if style.get("position") in ("absolute", "fixed") and (
        any(_pixels(style.get(side)) <= _FAR for side in _SIDES) or _CLIPPED.match(style.get("clip", ""))
    ):
        return True
    if _CUT.match(style.get("clip-path", "")) or any(
        _pixels(style.get(name)) <= _FAR for name in ("text-indent", "margin-left", "margin-top")
    ):
        return True
    if not moves and "transform" in style and _is_away(style["transform"]):
        return True
    if not any(style.get(name) in ("hidden", "clip") for name in _OVERFLOW):
        return False
    if all(name in style and _pixels(style[name]) <= 1 and not style[name].endswith("%") for name in ("width", "height")):
        return style["width"] != "auto" != style["height"]
    return any(style.get(side) and _ZERO.fullmatch(style[side]) for side in ("height", "width", "max-height", "max-width"))


def _moves(style: dict[str, str]) -> bool:
    """True if an animation may show it after all."""
    return any(style.get(name, "none") != "none" for name in ("animation", "animation-name"))


def _is_away(transform: str) -> bool:
    if _SHRUNK.search(transform):
        return True
    return any(_pixels(shift) <= _FAR for shift in _SHIFTED.findall(transform[:200]))


def _is_faint(value: str | None) -> bool:
    number = _NUMBER.match(value) if value else None
    if value is None or number is None or not number[0].strip("-."):
        return False
    return float(number[0]) / (100 if value.endswith("%") else 1) < _FAINT


def _is_tiny(style: dict[str, str]) -> bool:
    value = style.get("font-size")
    if value is None or value[:1] not in "0123456789.":
        return False
    if _ZERO.fullmatch(value):
        return True
    size = _pixels(value)
    if value.endswith("%"):
        size *= 0.16
    elif value.endswith("pt"):
        size *= 4 / 3
    elif not value.endswith(("px", "em")):
        return False
    return 0 < size < _TINY


def _pixels(value: str | None) -> float:
    """A length in pixels, an em counted as 16; 0 without one."""
    number = _NUMBER.match(value) if value else None
    if value is None or number is None or not number[0].strip("-."):
        return 0.0
    return float(number[0]) * (16 if value.endswith("em") else 1)
