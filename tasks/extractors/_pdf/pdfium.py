"""PDFium's functions that are called for each character or object, bound anew for speed.

pypdfium2's own bindings cost 1 to 1.5 us a call, because they release the interpreter's lock, check argument types and make an
object of every pointer. Bound to plain integers, and with the lock held, a call costs half of it (measured on 60 pages).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

_PTR, _INT, _FLOAT = ctypes.c_void_p, ctypes.c_int, ctypes.c_float

TEXT, PATH, IMAGE, SHADING, FORM = 1, 2, 3, 4, 5
"""Types of page objects (FPDF_PAGEOBJ_*)."""


class Functions(NamedTuple):
    """Pointers are integers here, of what is called as well as of what is filled in."""

    loose_box: Callable[[int, int, int], int]
    """Text page, index, 4 floats: left, top, right, bottom."""
    text: Callable[[int, int, int, int], int]
    """Text page, first index, count, UTF-16 units for as many and a zero; gives how many it wrote."""
    unicode: Callable[[int, int], int]
    is_hyphen: Callable[[int, int], int]
    text_object: Callable[[int, int], int | None]
    char_matrix: Callable[[int, int, int], int]
    """Text page, index, 6 floats; forms that hold the text are taken into account."""
    font_size: Callable[[int, int], int]
    """Text object, a float."""
    font: Callable[[int], int | None]
    font_name: Callable[[int, int, int], int]
    font_flags: Callable[[int], int]
    render_mode: Callable[[int], int]
    fill_colour: Callable[[int, int, int, int, int], int]
    stroke_colour: Callable[[int, int, int, int, int], int]
    stroke_width: Callable[[int, int], int]
    page_object: Callable[[int, int], int | None]
    form_object: Callable[[int, int], int | None]
    form_count: Callable[[int], int]
    object_type: Callable[[int], int]
    matrix: Callable[[int, int], int]
    bounds: Callable[[int, int, int, int, int], int]
    """Object, then pointers to left, bottom, right, top."""
    draw_mode: Callable[[int, int, int], int]
    """Path, pointers to the fill mode and to whether it is stroked."""
    segment_count: Callable[[int], int]
    segment: Callable[[int, int], int | None]
    segment_type: Callable[[int], int]
    segment_point: Callable[[int, int, int], int]
    segment_closes: Callable[[int], int]
    transparent: Callable[[int], int]
    clip: Callable[[int], int | None]
    clip_paths: Callable[[int], int]
    clip_segment_count: Callable[[int, int], int]
    clip_segment: Callable[[int, int, int], int | None]
    text_bitmap: Callable[[int, int, int, float], int | None]
    """Document, page, text object, scale: a picture of that text alone, blue, green, red and alpha a byte each."""
    bitmap_width: Callable[[int], int]
    bitmap_height: Callable[[int], int]
    bitmap_stride: Callable[[int], int]
    bitmap_buffer: Callable[[int], int | None]
    bitmap_destroy: Callable[[int], None]


@cache
def functions() -> Functions:
    """Bound once; imports pypdfium2."""
    from pypdfium2 import raw

    def bind(name: str, result: Any, *arguments: Any) -> Any:
        address = ctypes.cast(getattr(raw, name), ctypes.c_void_p).value
        assert address is not None
        return ctypes.PYFUNCTYPE(result, *arguments)(address)

    return Functions(
        loose_box=bind("FPDFText_GetLooseCharBox", _INT, _PTR, _INT, _PTR),
        text=bind("FPDFText_GetText", _INT, _PTR, _INT, _INT, _PTR),
        is_hyphen=bind("FPDFText_IsHyphen", _INT, _PTR, _INT),
        unicode=bind("FPDFText_GetUnicode", ctypes.c_uint, _PTR, _INT),
        text_object=bind("FPDFText_GetTextObject", _PTR, _PTR, _INT),
        char_matrix=bind("FPDFText_GetMatrix", _INT, _PTR, _INT, _PTR),
        font_size=bind("FPDFTextObj_GetFontSize", _INT, _PTR, _PTR),
        font=bind("FPDFTextObj_GetFont", _PTR, _PTR),
        font_name=bind("FPDFFont_GetBaseFontName", ctypes.c_size_t, _PTR, _PTR, ctypes.c_size_t),
        font_flags=bind("FPDFFont_GetFlags", _INT, _PTR),
        render_mode=bind("FPDFTextObj_GetTextRenderMode", _INT, _PTR),
        fill_colour=bind("FPDFPageObj_GetFillColor", _INT, _PTR, _PTR, _PTR, _PTR, _PTR),
        stroke_colour=bind("FPDFPageObj_GetStrokeColor", _INT, _PTR, _PTR, _PTR, _PTR, _PTR),
        stroke_width=bind("FPDFPageObj_GetStrokeWidth", _INT, _PTR, _PTR),
        page_object=bind("FPDFPage_GetObject", _PTR, _PTR, _INT),
        form_object=bind("FPDFFormObj_GetObject", _PTR, _PTR, ctypes.c_ulong),
        form_count=bind("FPDFFormObj_CountObjects", _INT, _PTR),
        object_type=bind("FPDFPageObj_GetType", _INT, _PTR),
        matrix=bind("FPDFPageObj_GetMatrix", _INT, _PTR, _PTR),
        bounds=bind("FPDFPageObj_GetBounds", _INT, _PTR, _PTR, _PTR, _PTR, _PTR),
        draw_mode=bind("FPDFPath_GetDrawMode", _INT, _PTR, _PTR, _PTR),
        segment_count=bind("FPDFPath_CountSegments", _INT, _PTR),
        segment=bind("FPDFPath_GetPathSegment", _PTR, _PTR, _INT),
        segment_type=bind("FPDFPathSegment_GetType", _INT, _PTR),
        segment_point=bind("FPDFPathSegment_GetPoint", _INT, _PTR, _PTR, _PTR),
        segment_closes=bind("FPDFPathSegment_GetClose", _INT, _PTR),
        transparent=bind("FPDFPageObj_HasTransparency", _INT, _PTR),
        clip=bind("FPDFPageObj_GetClipPath", _PTR, _PTR),
        clip_paths=bind("FPDFClipPath_CountPaths", _INT, _PTR),
        clip_segment_count=bind("FPDFClipPath_CountPathSegments", _INT, _PTR, _INT),
        clip_segment=bind("FPDFClipPath_GetPathSegment", _PTR, _PTR, _INT, _INT),
        text_bitmap=bind("FPDFTextObj_GetRenderedBitmap", _PTR, _PTR, _PTR, _PTR, _FLOAT),
        bitmap_width=bind("FPDFBitmap_GetWidth", _INT, _PTR),
        bitmap_height=bind("FPDFBitmap_GetHeight", _INT, _PTR),
        bitmap_stride=bind("FPDFBitmap_GetStride", _INT, _PTR),
        bitmap_buffer=bind("FPDFBitmap_GetBuffer", _PTR, _PTR),
        bitmap_destroy=bind("FPDFBitmap_Destroy", None, _PTR),
    )


def address(handle: Any) -> int:
    """A pypdfium2 handle (its `raw` pointer) as an integer."""
    value = ctypes.cast(handle, ctypes.c_void_p).value
    assert value is not None
    return value
