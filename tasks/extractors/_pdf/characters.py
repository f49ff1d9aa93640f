"""A page's characters, each with its box, gathered to words."""

from __future__ import annotations

import ctypes
import math
import re
import struct
from collections import deque
from dataclasses import astuple, replace
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.extractors._pdf.frame import Floats, Frame
from tasks.extractors._pdf.ink import Ink
from tasks.extractors._pdf.page import Style, Word
from tasks.extractors._pdf.pdfium import functions
from tasks.extractors._pdf.rtl import has_rtl, with_ligatures_in_order

_BOLD = re.compile(r"bold|black|heavy|demi|medi(?:ital)?$|[bB][xX]\d|CMBX|SFBX|[-,]B(?:I|$)", re.IGNORECASE)
_ITALIC = re.compile(r"ital|obli|slant|cmti|cmsl|sfti", re.IGNORECASE)
_MONO = re.compile(r"mono|courier|consol|typewriter|menlo|inconsolata|fixed|lucidacons|cmtt|sftt|cmsltt|cursor", re.IGNORECASE)
_SUBSET = re.compile(r"^[A-Z]{6}\+")
_FIXED_PITCH, _ITALIC_FLAG, _FORCE_BOLD = 1, 1 << 6, 1 << 18
_STROKED_TOO = (2, 6)
_FILLED = (0, 2)
_WHITE = 0xFFFFFF
_SMALL = 2.0
"""Points; nobody sets type in that size."""
_WIDE_GAP = 0.6
"""In type sizes: characters further apart are two words, whether or not there is a space between them."""
_SPACES = np.array(
    [9, 10, 11, 12, 13, 32, 0xA0, 0x1680, *range(0x2000, 0x200C), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF]
)
_HYPHEN = "\ufffe"
"""PDFium's mark for a hyphen at the end of a line that goes on in the next; there is no line break after it."""
_HYPHEN_CODE = 0xFFFE
_NO_STYLE = Style("", 0.0, False, False, False, 0, 255, 0, 0)


def read_words(text_page: int, count: int, frame: Frame, ink: Ink) -> list[Word]:
    """The words of a PDFium text page of `count` characters, in its order."""
    if count <= 0:
        return []
    text = _text(text_page, count)
    boxes = _boxes(text_page, count, frame)
    if has_rtl(text):
        text = with_ligatures_in_order(text, boxes)
    objects = list(map(functions().text_object, repeat(text_page), range(count)))
    styles = _styles(text_page, objects, boxes, frame, ink)
    return _gather(text, boxes, objects, styles)


def _text(text_page: int, count: int) -> str:
    """One Python character for each of PDFium's; those without a meaning are U+0000, hyphens at a line's end U+FFFE."""
    call = functions()
    units = (ctypes.c_ushort * (count + 1))()
    if call.text(text_page, 0, count, ctypes.addressof(units)) == count + 1:
        text = bytes(units)[: count * 2].decode("utf-16-le", "surrogatepass")
        if len(text) == count:
            return text
    codes = list(map(call.unicode, repeat(text_page), range(count)))
    hyphens = (call.is_hyphen(text_page, at) == 1 if code == 2 else False for at, code in enumerate(codes))
    return "".join(
        _HYPHEN if hyphen else chr(code) if code < 0x110000 else "\x00" for code, hyphen in zip(codes, hyphens, strict=True)
    )


def _boxes(text_page: int, count: int, frame: Frame) -> Floats:
    found = np.zeros((count, 4), np.float32)
    start = found.ctypes.data
    deque(map(functions().loose_box, repeat(text_page), range(count), range(start, start + 16 * count, 16)), maxlen=0)
    np.nan_to_num(found, copy=False, posinf=0.0, neginf=0.0)
    return frame.boxes(found[:, :2], found[:, 2:])


def _styles(text_page: int, objects: list[int | None], boxes: Floats, frame: Frame, ink: Ink) -> dict[int | None, Style]:
    """The style of each text object."""
    first = dict(zip(reversed(objects), range(len(objects) - 1, -1, -1), strict=True))
    fonts: dict[int, tuple[str, int]] = {}
    known: dict[tuple[Any, ...], Style] = {}
    cached: dict[tuple[int, int, bytes], Style] = {}
    styles: dict[int | None, Style] = {None: _NO_STYLE}
    memory = ctypes.create_string_buffer(44)  # a, b, c, d, e, f; size; red, green, blue, alpha
    start = ctypes.addressof(memory)
    at_colour = range(start + 28, start + 44, 4)
    call = functions()
    for item, index in first.items():
        if item is None:
            continue
        font, mode = call.font(item) or 0, call.render_mode(item)
        call.char_matrix(text_page, index, start)
        call.font_size(item, start + 24)
        (call.stroke_colour if mode == 1 else call.fill_colour)(item, *at_colour)
        raw = memory.raw
        seen = (font, mode, raw[:16] + raw[24:])
        style = cached.get(seen)
        if style is None:
            if font not in fonts:
                fonts[font] = _font(font) if font else ("", 0)
            style = _style(fonts[font], mode, raw, frame.rotation)
            style = cached[seen] = known.setdefault(astuple(style), style)
        if style.colour == _WHITE and mode in _FILLED and (painted := ink.colour(item)):
            red, green, blue = painted
            style = replace(style, colour=red << 16 | green << 8 | blue)
            style = known.setdefault(astuple(style), style)
        if style.size < _SMALL and not style.font:
            style = replace(style, size=_height(boxes[index], style.angle))
            style = known.setdefault(astuple(style), style)
        styles[item] = style
    return styles


def _style(font: tuple[str, int], mode: int, raw: bytes, rotation: int) -> Style:
    a, b, c, d, _e, _f, size = struct.unpack_from("7f", raw)
    red, green, blue, alpha = struct.unpack_from("4I", raw, 28)
    name, flags = font
    return Style(
        name,
        round(abs(size) * math.hypot(c, d), 2) if math.isfinite(size * c * d) else 0.0,
        bool(_BOLD.search(name)) or bool(flags & _FORCE_BOLD) or mode in _STROKED_TOO,
        bool(_ITALIC.search(name)) or bool(flags & _ITALIC_FLAG),
        bool(_MONO.search(name)) or bool(flags & _FIXED_PITCH),
        red << 16 | green << 8 | blue,
        alpha,
        mode,
        _angle(a * size, b * size, rotation),
    )


def _height(box: Floats, angle: int) -> float:
    """Type size of glyphs that are drawings of their own (Type 3, which has no font name): its nominal size says nothing."""
    width, height = (box[2:] - box[:2]).tolist()
    return round(float(width if angle % 180 == 90 else height), 2)


def _angle(along: float, across: float, rotation: int) -> int:
    if not math.isfinite(along + across):
        return 0
    return round(math.degrees(math.atan2(across, along)) - rotation) % 360


def _font(font: int) -> tuple[str, int]:
    name = ctypes.create_string_buffer(128)
    functions().font_name(font, ctypes.addressof(name), len(name))
    return _SUBSET.sub("", name.value.decode("utf-8", "replace")), functions().font_flags(font)


def _gather(text: str, boxes: Floats, objects: list[int | None], styles: dict[int | None, Style]) -> list[Word]:
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    order = {style: number for number, style in enumerate(dict.fromkeys(styles.values()))}
    number_of = {item: order[style] for item, style in styles.items()}
    inks = np.array([number_of[item] for item in objects], np.int32)
    breaks = (codes == 10) & (inks == 0) | (codes == _HYPHEN_CODE)
    runs = np.concatenate([[0], np.cumsum(breaks)[:-1]])
    solid = np.flatnonzero(~np.isin(codes, _SPACES))
    if not len(solid):
        return []
    starts, spaced = _word_starts(solid, boxes[solid], inks[solid], runs[solid], list(order))
    ends = np.append(starts[1:], len(solid))
    low = np.minimum.reduceat(boxes[solid, :2], starts, axis=0)
    high = np.maximum.reduceat(boxes[solid, 2:], starts, axis=0)
    middle = solid[(starts + ends) // 2]
    all_styles = list(order)
    letters = text.replace(_HYPHEN, "-")
    return [
        Word(letters[first : last + 1], left, top, right, bottom, all_styles[ink], run, space)
        for first, last, (left, top), (right, bottom), ink, run, space in zip(
            solid[starts].tolist(),
            solid[ends - 1].tolist(),
            low.tolist(),
            high.tolist(),
            inks[middle].tolist(),
            runs[middle].tolist(),
            spaced.tolist(),
            strict=True,
        )
    ]


def _word_starts(
    solid: NDArray[np.intp], boxes: Floats, inks: NDArray[np.int32], runs: NDArray[np.int64], styles: list[Style]
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Places in `solid` where a word starts, and for each whether there is a space before it."""
    looks = {look: number for number, look in enumerate(dict.fromkeys(map(_look, styles)))}
    look = np.array([looks[_look(style)] for style in styles], np.int32)[inks]
    size = np.array([max(style.size, 1.0) for style in styles], np.float32)[inks]
    apart = solid[1:] - solid[:-1] > 1
    far_x = np.maximum(boxes[1:, 0] - boxes[:-1, 2], boxes[:-1, 0] - boxes[1:, 2])
    far_y = np.maximum(boxes[1:, 1] - boxes[:-1, 3], boxes[:-1, 1] - boxes[1:, 3])
    apart |= (runs[1:] != runs[:-1]) | (np.maximum(far_x, far_y) > _WIDE_GAP * size[1:])
    cut = apart | (look[1:] != look[:-1])
    starts = np.concatenate([[0], np.flatnonzero(cut) + 1])
    return starts, np.concatenate([[True], apart])[starts]


def _look(style: Style) -> tuple[int, int, int, bool]:
    """What may not differ within a word, since each of it may hide it."""
    return style.colour, style.alpha, style.mode, style.size < 1
