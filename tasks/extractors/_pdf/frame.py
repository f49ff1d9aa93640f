"""From a page's own coordinates to those of the page as it is shown: crop box and rotation applied, y downwards."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32] | NDArray[np.float64]


class Frame(NamedTuple):
    """The visible box of a page in its own coordinates (y upwards), and its clockwise rotation in degrees."""

    left: float
    bottom: float
    right: float
    top: float
    rotation: int

    @property
    def width(self) -> float:
        """Of the page as shown."""
        return self.right - self.left if self.rotation % 180 == 0 else self.top - self.bottom

    @property
    def height(self) -> float:
        """Of the page as shown."""
        return self.top - self.bottom if self.rotation % 180 == 0 else self.right - self.left

    def x(self, x: Any, y: Any) -> Any:
        """Of a point, or of arrays of them, from the left edge."""
        if self.rotation == 90:
            return y - self.bottom
        if self.rotation == 180:
            return self.right - x
        if self.rotation == 270:
            return self.top - y
        return x - self.left

    def y(self, x: Any, y: Any) -> Any:
        """Of a point, or of arrays of them, from the top edge."""
        if self.rotation == 90:
            return x - self.left
        if self.rotation == 180:
            return y - self.bottom
        if self.rotation == 270:
            return self.right - x
        return self.top - y

    def boxes(self, one: Floats, other: Floats) -> Floats:
        """Left, top, right, bottom as rows, from two opposite corners (x, y as columns)."""
        xs = self.x(one[:, 0], one[:, 1]), self.x(other[:, 0], other[:, 1])
        ys = self.y(one[:, 0], one[:, 1]), self.y(other[:, 0], other[:, 1])
        return np.stack([np.minimum(*xs), np.minimum(*ys), np.maximum(*xs), np.maximum(*ys)], axis=1)


def frame_of(page: Any) -> Frame:
    """Of a pypdfium2 page."""
    left, bottom, right, top = page.get_bbox()
    return Frame(left, bottom, right, top, page.get_rotation())
