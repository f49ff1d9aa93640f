"""Colours as style sheets write them (CSS Color 4)."""

from __future__ import annotations

import re
from functools import lru_cache

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)
_NEAR = 24
"""Sum of the differences of red, green and blue, up to which nobody tells text from what is behind it."""
_LONGEST = 60
_FAINT = 0.05
_NUMBERS = re.compile(r"\d{1,3}")
_ALPHA = re.compile(r"[,/]\s*(\d?\.?\d{0,9})(%?)\s*\)")


def near(one: Colour, other: Colour) -> bool:
    """True if nobody tells them apart."""
    return abs(one[0] - other[0]) + abs(one[1] - other[1]) + abs(one[2] - other[2]) <= _NEAR


def is_clear(value: str) -> bool:
    """True if nothing is seen in this colour."""
    if value == "transparent":
        return True
    if not value.startswith(("rgb", "hsl")) or len(value) > _LONGEST or not ("/" in value or value.count(",") == 3):
        return False
    alpha = _ALPHA.search(value, value.rfind("/") if "/" in value else value.rfind(","))
    if alpha is None or not alpha[1].strip("."):
        return False
    return float(alpha[1]) / (100 if alpha[2] else 1) < _FAINT


@lru_cache(maxsize=1_000)
def colour_of(value: str) -> Colour | None:
    """A colour; None of what is none that is known, such as a picture."""
    value = value.strip().lower()
    if not value or len(value) > _LONGEST:
        return None
    if value.startswith(("rgb(", "rgba(")) and "%" not in value and "." not in value:
        numbers = _NUMBERS.findall(value)[:3]
        return (int(numbers[0]), int(numbers[1]), int(numbers[2])) if len(numbers) == 3 else None
    if not (value[0] == "#" or value.isalpha() or value.startswith(("rgb(", "hsl("))):
        return None
    from PIL import ImageColor

    try:
        red, green, blue, *_ = ImageColor.getrgb(value)
    except ValueError:
        return None
    return red, green, blue
