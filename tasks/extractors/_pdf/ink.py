"""The colour that white text really has: PDFium calls patterns and gradients white too, so the text is painted to see."""

from __future__ import annotations

import ctypes
import math

import numpy as np

from tasks.extractors._pdf.pdfium import functions

_MOST = 200
"""Text objects of a page that are painted; each takes 0.1 ms."""
_LARGEST = 1_000_000.0
"""Square points; larger text is not painted, its picture would fill the memory."""
_SCALE = 0.5
_OPAQUE = 128
_WHITE = 255


class Ink:
    """Paints the text objects of one page, given as addresses; not more than _MOST of them."""

    def __init__(self, document: int, page: int) -> None:
        self._document, self._page = document, page
        self._left = _MOST

    def colour(self, item: int) -> tuple[int, int, int] | None:
        """Red, green and blue of a text object, on average; None if it is white, or not to be found out."""
        if self._left <= 0 or not _is_small(item):
            return None
        self._left -= 1
        call = functions()
        bitmap = call.text_bitmap(self._document, self._page, item, _SCALE)
        if not bitmap:
            return None
        try:
            width, height, stride = call.bitmap_width(bitmap), call.bitmap_height(bitmap), call.bitmap_stride(bitmap)
            buffer = call.bitmap_buffer(bitmap)
            if not buffer or stride < 4 * width:
                return None
            pixels = np.frombuffer(ctypes.string_at(buffer, stride * height), np.uint8).reshape(height, stride)
            pixels = pixels[:, : 4 * width].reshape(-1, 4)
            pixels = pixels[pixels[:, 3] >= _OPAQUE]
        finally:
            call.bitmap_destroy(bitmap)
        if not len(pixels) or pixels[:, :3].min() == _WHITE:
            return None
        blue, green, red = (round(part) for part in pixels[:, :3].mean(axis=0).tolist())
        return red, green, blue


def _is_small(item: int) -> bool:
    edges = (ctypes.c_float * 4)()
    start = ctypes.addressof(edges)
    if not functions().bounds(item, start, start + 4, start + 8, start + 12):
        return False
    left, bottom, right, top = edges
    area = (right - left) * (top - bottom)
    return math.isfinite(area) and 0 < area <= _LARGEST and max(right - left, top - bottom) <= 10_000
