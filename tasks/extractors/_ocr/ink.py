"""Ink and paper of a page in shades of grey: whether there is any, how noisy it is, and the page without rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from core.documents import Box

if TYPE_CHECKING:
    from PIL import Image

_COARSE = 800
"""Pixels of the longer side on which ink is looked for: specks of dust are gone there, letters are not."""
_CONTRAST = 24
"""Shades by which ink differs from paper there."""
_LEAST_INK = 5
"""Pixels there; a single digit in small type has more."""
_LONG, _THICK = 16, 200
"""Parts of the longer side: a rule is at least as long as the first, and no thicker than the second."""


def is_blank(grey: Image.Image) -> bool:
    """True for paper without ink, be it grey or a little dirty. Some 10 ms."""
    import numpy as np

    coarse = np.asarray(grey.reduce(max(1, max(grey.size) // _COARSE)), dtype=np.int16)
    paper = int(np.median(coarse))
    return int(np.count_nonzero(np.abs(coarse - paper) > _CONTRAST)) < _LEAST_INK


def ink(grey: Image.Image) -> int:
    """How many pixels are dark, on a coarse copy with a longer side of 800 to 1,600."""
    import numpy as np

    low, high = _extremes(grey)
    coarse = np.asarray(grey.reduce(max(1, max(grey.size) // _COARSE)))
    return int(np.count_nonzero(coarse < (low + high) / 2))


def noise(grey: Image.Image) -> float:
    """Shades by which neighbours differ, in the middle: 0 to 3 in clean pages, more in grainy ones."""
    import numpy as np

    rows = np.asarray(grey)[::8].astype(np.int16)
    return float(np.median(np.abs(np.diff(rows, axis=1)))) if rows.shape[1] > 1 else 0.0


def without(grey: Image.Image, boxes: Iterable[Box], scale: float) -> Image.Image:
    """A copy with paper in these places, given in the picture before it was enlarged by `scale`."""
    copy = grey.copy()
    paper = _extremes(grey)[1]
    for left, top, right, bottom in boxes:
        copy.paste(paper, (int(left * scale) - 2, int(top * scale) - 2, int(right * scale) + 3, int(bottom * scale) + 3))
    return copy


def cleaned(grey: Image.Image) -> Image.Image:
    """A copy without specks, and with even paper: where there is little ink, Tesseract takes grain for it."""
    from PIL import ImageFilter

    low, high = _extremes(grey)
    even = grey.point(lambda shade: high if shade > (low + high) / 2 else shade)
    return even.filter(ImageFilter.MedianFilter(3))


def without_rules(grey: Image.Image) -> Image.Image:
    """A copy without straight dark lines, level or upright: Tesseract takes a frame, with the words in it, for a picture."""
    import numpy as np
    from PIL import Image

    shades = np.asarray(grey)
    low, high = _extremes(grey)
    dark = shades < (low + high) / 2
    side = max(grey.size)
    long, thick = max(8, side // _LONG), max(3, side // _THICK)
    rules = _rules(dark, long, thick) | _rules(dark.T, long, thick).T
    if not rules.any():
        return grey
    wide = rules.copy()  # with the softer pixels along the edges
    wide[1:] |= rules[:-1]
    wide[:-1] |= rules[1:]
    wide[:, 1:] |= rules[:, :-1]
    wide[:, :-1] |= rules[:, 1:]
    return Image.fromarray(np.where(wide, np.uint8(high), shades))


def _rules(dark: Any, long: int, thick: int) -> Any:
    """What belongs to level lines."""
    found = _runs(dark, long)
    return found & ~_runs(found.T, thick + 1).T


def _runs(dark: Any, length: int) -> Any:
    """What belongs to level runs of at least this length, by running sums."""
    import numpy as np

    height, width = dark.shape
    found = np.zeros((height, width), dtype=bool)
    if width < length:
        return found
    for row in np.flatnonzero(dark.sum(axis=1) >= length):
        sums = np.concatenate(([0], np.cumsum(dark[row])))
        starts = np.flatnonzero(sums[length:] - sums[:-length] == length)
        if len(starts):
            edges = np.zeros(width + 1, dtype=np.int32)
            edges[starts] += 1
            edges[starts + length] -= 1
            found[row] = np.cumsum(edges)[:width] > 0
    return found


def _extremes(grey: Image.Image) -> tuple[int, int]:
    low, high = grey.getextrema()
    return int(low), int(high)  # type: ignore[arg-type]
