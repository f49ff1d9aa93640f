"""A page's drawn lines, filled rectangles and images."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from itertools import islice, pairwise, repeat
from typing import NamedTuple

from core.documents import Box
from tasks.extractors._pdf.frame import Frame
from tasks.extractors._pdf.page import Fill, Page, Rule
from tasks.extractors._pdf.pdfium import FORM, IMAGE, PATH, SHADING, TEXT, Functions, functions

_THIN = 2.5
"""Points; a filled rectangle no thicker than this is a rule."""
_STRAIGHT = 0.75
"""Points that a line may lean and still count as horizontal or vertical."""
_MAX_OBJECTS = 20_000
_MAX_SEGMENTS = 60_000
"""Per page, over all paths: maps and plots draw more, and none of it is a table's."""
_MAX_DEPTH = 8
_MAX_CLIP = 6
_LARGE = 0.6
"""Of the page's width or height: what smaller areas are clipped to makes no difference here."""
_THICK = 6.0
"""Points; a thicker stroke may be the ground of text."""
_MOVE_TO, _CURVE_TO = 2, 1
_WHITE = 0xFFFFFF
_OPAQUE = 255

Matrix = tuple[float, float, float, float, float, float]
_IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
Point = tuple[float, float]


class _Subpath(NamedTuple):
    points: list[Point]
    closed: bool


class _Cells:
    """Memory that PDFium fills in, made once a page."""

    def __init__(self) -> None:
        self.floats = (ctypes.c_float * 6)()
        self.ints = (ctypes.c_uint * 4)()
        start = ctypes.addressof(self.floats)
        self.float_at = [start + 4 * place for place in range(6)]
        self.int_at = [ctypes.addressof(self.ints) + 4 * place for place in range(4)]


def read_shapes(page: int, count: int, frame: Frame, target: Page) -> None:
    """Add the rules, fills, images and other shapes of a PDFium page with `count` objects to `target`."""
    call, cells = functions(), _Cells()
    segments = _MAX_SEGMENTS
    for order, (item, kind, matrix) in enumerate(islice(_objects(page, count, call, cells), _MAX_OBJECTS)):
        if kind == PATH:
            target.shapes += 1
            number = call.segment_count(item)
            if 2 <= number <= segments:
                segments -= number
                _read_path(item, number, matrix, frame, target, order, call, cells)
            elif box := _bounds(item, matrix, frame, call, cells):
                target.painted.append(box)
        elif kind in (IMAGE, SHADING):
            target.shapes += 1
            if box := _bounds(item, matrix, frame, call, cells):
                (target.images if kind == IMAGE else target.painted).append(box)


def _objects(
    holder: int, count: int, call: Functions, cells: _Cells, matrix: Matrix = _IDENTITY, depth: int = 0
) -> Iterator[tuple[int, int, Matrix]]:
    """Objects but text in the order of painting, those in forms included, with the matrix of what holds them."""
    get = call.form_object if depth else call.page_object
    items = [item for item in map(get, repeat(holder), range(min(count, _MAX_OBJECTS))) if item is not None]
    for item, kind in zip(items, map(call.object_type, items), strict=True):
        if kind == FORM:
            if depth < _MAX_DEPTH:
                inner = _times(_matrix(item, call, cells), matrix)
                yield from _objects(item, call.form_count(item), call, cells, inner, depth + 1)
        elif kind != TEXT:
            yield item, kind, matrix


def _read_path(
    item: int, number: int, outer: Matrix, frame: Frame, target: Page, order: int, call: Functions, cells: _Cells
) -> None:
    if not call.draw_mode(item, cells.int_at[0], cells.int_at[1]):
        return
    filled, stroked = cells.ints[0] != 0, cells.ints[1] != 0
    if not (filled or stroked):
        return
    matrix = _times(_matrix(item, call, cells), outer)
    colour = _colour(item, call, cells) if filled else None
    width = 0.0
    if stroked and call.stroke_width(item, cells.float_at[0]):
        width = cells.floats[0] * max(abs(matrix[0]), abs(matrix[1]))
    plain = straight = 0
    for points, closed in _subpaths(item, number, matrix, frame, call, cells):
        box = _rectangle(points) if filled else None
        if box and colour is not None:
            plain += len(points)
            _add_fill(box, colour, order, item, outer, frame, target, call, cells)
        if stroked:
            for one, other in pairwise([*points, points[0]] if closed else points):
                straight += _add_line(one, other, width, target)
    other_shape = filled and (colour is None or plain < number - 1)
    slanting = stroked and straight < number - 1
    if (other_shape or width > _THICK or slanting) and (bounds := _bounds(item, outer, frame, call, cells)):
        (target.painted if other_shape or width > _THICK else target.strokes).append(bounds)


def _add_fill(
    box: Box, colour: int, order: int, item: int, outer: Matrix, frame: Frame, target: Page, call: Functions, cells: _Cells
) -> None:
    large = max((box[2] - box[0]) / frame.width, (box[3] - box[1]) / frame.height) > _LARGE
    clipped = _clipped(box, item, outer, frame, call, cells) if large else box
    if clipped is None:
        target.painted.append(box)
        return
    left, top, right, bottom = clipped
    across, down = right - left, bottom - top
    thin, long = min(across, down), max(across, down)
    if thin < 0 or long == 0:
        return
    if thin > _THIN:
        target.fills.append(Fill(clipped, colour, order))
    elif colour != _WHITE and long > 2 * thin:
        if across > down:
            middle = (top + bottom) / 2
            target.rules.append(Rule(left, middle, right, middle, thin))
        else:
            middle = (left + right) / 2
            target.rules.append(Rule(middle, top, middle, bottom, thin))


def _clipped(box: Box, item: int, outer: Matrix, frame: Frame, call: Functions, cells: _Cells) -> Box | None:
    """What the object's clip leaves of its box; None if the clip is no upright rectangle."""
    clip = call.clip(item)
    paths = call.clip_paths(clip) if clip is not None else 0
    for path in range(max(0, paths)):
        number = call.clip_segment_count(clip or 0, path)
        if not 0 < number <= _MAX_CLIP:
            return None
        points: list[Point] = []
        for place in range(number):
            segment = call.clip_segment(clip or 0, path, place)
            if segment is None or call.segment_type(segment) == _CURVE_TO:
                return None
            points.append(_point(segment, outer, frame, call, cells))
        window = _rectangle(points)
        if window is None:
            return None
        box = (max(box[0], window[0]), max(box[1], window[1]), min(box[2], window[2]), min(box[3], window[3]))
    return box


def _add_line(one: Point, other: Point, width: float, target: Page) -> bool:
    """Add a line as a rule; False if it is neither horizontal nor vertical."""
    across, down = abs(one[0] - other[0]), abs(one[1] - other[1])
    if down <= _STRAIGHT and across > _STRAIGHT:
        middle = (one[1] + other[1]) / 2
        target.rules.append(Rule(min(one[0], other[0]), middle, max(one[0], other[0]), middle, width))
    elif across <= _STRAIGHT and down > _STRAIGHT:
        middle = (one[0] + other[0]) / 2
        target.rules.append(Rule(middle, min(one[1], other[1]), middle, max(one[1], other[1]), width))
    else:
        return max(across, down) <= _STRAIGHT
    return True


def _subpaths(item: int, number: int, matrix: Matrix, frame: Frame, call: Functions, cells: _Cells) -> Iterator[_Subpath]:
    """Those without curves, in shown coordinates."""
    points: list[Point] = []
    closed = curved = False
    segment_type, segment_point, segment_closes = call.segment_type, call.segment_point, call.segment_closes
    floats, (at_x, at_y) = cells.floats, cells.float_at[:2]
    a, b, c, d, e, f = matrix
    for place in range(number):
        segment = call.segment(item, place)
        if segment is None:
            continue
        kind = segment_type(segment)
        if kind == _MOVE_TO:
            if len(points) > 1 and not curved:
                yield _Subpath(points, closed)
            points, closed, curved = [], False, False
        elif kind == _CURVE_TO:
            curved = True
        segment_point(segment, at_x, at_y)
        x, y = floats[0], floats[1]
        x, y = a * x + c * y + e, b * x + d * y + f
        points.append((frame.x(x, y), frame.y(x, y)) if frame.rotation else (x - frame.left, frame.top - y))
        closed = closed or bool(segment_closes(segment))
    if len(points) > 1 and not curved:
        yield _Subpath(points, closed)


def _point(segment: int, matrix: Matrix, frame: Frame, call: Functions, cells: _Cells) -> Point:
    call.segment_point(segment, cells.float_at[0], cells.float_at[1])
    x, y = cells.floats[0], cells.floats[1]
    a, b, c, d, e, f = matrix
    x, y = a * x + c * y + e, b * x + d * y + f
    return frame.x(x, y), frame.y(x, y)


def _rectangle(points: list[Point]) -> Box | None:
    """The box of the points, if they are the corners of an upright rectangle."""
    if not 4 <= len(points) <= _MAX_CLIP:
        return None
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    left, right, top, bottom = min(xs), max(xs), min(ys), max(ys)
    for x, y in points:
        if (x - left > _STRAIGHT and right - x > _STRAIGHT) or (y - top > _STRAIGHT and bottom - y > _STRAIGHT):
            return None
    return (left, top, right, bottom)


def _bounds(item: int, matrix: Matrix, frame: Frame, call: Functions, cells: _Cells) -> Box | None:
    if not call.bounds(item, *cells.float_at[:4]):
        return None
    left, bottom, right, top = cells.floats[:4]
    a, b, c, d, e, f = matrix
    corners = [(a * x + c * y + e, b * x + d * y + f) for x in (left, right) for y in (bottom, top)]
    xs, ys = [frame.x(*corner) for corner in corners], [frame.y(*corner) for corner in corners]
    return (min(xs), min(ys), max(xs), max(ys))


def _colour(item: int, call: Functions, cells: _Cells) -> int | None:
    """Of a filled path; None if it is a pattern or lets something shine through."""
    if not call.fill_colour(item, *cells.int_at):
        return None
    red, green, blue, alpha = cells.ints
    if alpha < _OPAQUE or call.transparent(item):
        return None
    return int(red << 16 | green << 8 | blue)


def _matrix(item: int, call: Functions, cells: _Cells) -> Matrix:
    if not call.matrix(item, cells.float_at[0]):
        return _IDENTITY
    a, b, c, d, e, f = cells.floats
    return (a, b, c, d, e, f)


def _times(inner: Matrix, outer: Matrix) -> Matrix:
    """First `inner`, then `outer` (PDF 32000-1, 8.3.4)."""
    if outer == _IDENTITY:
        return inner
    a, b, c, d, e, f = inner
    k, m, n, o, p, q = outer
    return (a * k + b * n, a * m + b * o, c * k + d * n, c * m + d * o, e * k + f * n + p, e * m + f * o + q)
