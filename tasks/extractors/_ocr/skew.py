"""How far a page was turned when it was scanned, by the rows of ink and of paper that lines of text make."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from core.documents import Box

if TYPE_CHECKING:
    from PIL import Image

_SIDE = 600
"""Pixels of the picture that is measured."""
_STEPS = 2
"""Angles tried for each degree."""
_MOST = 20
"""Degrees."""
_CLEARER = 1.5
"""How much sharper the rows must be than those of the picture as it is."""


def skew(grey: Image.Image) -> float:
    """Degrees by which to turn the picture anticlockwise, so that its lines are level; 0 if that is not clear. Some 0.2 s."""
    small = grey.copy()
    small.thumbnail((_SIDE, _SIDE))
    low, high = (float(shade) for shade in small.getextrema())  # type: ignore[arg-type]
    ink = small.point(lambda shade: 255 if shade < (low + high) / 2 else 0)
    angles = [step / _STEPS for step in range(-_MOST * _STEPS, _MOST * _STEPS + 1)]
    sharpness = {angle: _sharpness(ink, angle) for angle in angles}
    best = max(angles, key=lambda angle: (sharpness[angle], -abs(angle)))
    return best if sharpness[best] > _CLEARER * sharpness[0.0] else 0.0


def turned(grey: Image.Image, angle: float) -> Image.Image:
    """The picture turned anticlockwise on white paper that is large enough."""
    from PIL import Image

    return grey.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=255)


def turned_back(box: Box, angle: float, size: tuple[int, int], within: tuple[int, int]) -> Box:
    """Around where a box of the turned picture, of size `within`, stood in the one of `size`."""
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    corners = [(x - within[0] / 2, y - within[1] / 2) for x in (box[0], box[2]) for y in (box[1], box[3])]
    across = [x * cosine - y * sine + size[0] / 2 for x, y in corners]
    down = [x * sine + y * cosine + size[1] / 2 for x, y in corners]
    return (
        round(max(0.0, min(across)), 1),
        round(max(0.0, min(down)), 1),
        round(min(float(size[0]), max(across)), 1),
        round(min(float(size[1]), max(down)), 1),
    )


def _sharpness(ink: Image.Image, angle: float) -> float:
    import numpy as np

    rows = np.asarray(ink.rotate(angle), dtype=np.float32).sum(axis=1)
    return float(np.square(np.diff(rows)).sum())
