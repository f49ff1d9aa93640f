"""UTF-16 and UTF-32 without a byte order mark: told by where their zero bytes stand, or by what stands around the spaces."""

from __future__ import annotations

import sys
from array import array

_SAMPLE = 16 * 1024
_FEW = 0.02
# White space and punctuation of scripts that fill both bytes, as code units: in the other byte order they are hardly ever text.
_COMMON = (0x0020, 0x000A, 0x000D, 0x3001, 0x3002, 0xFF0C, 0x30FC)
_MOST_BLOCKS = 0.75
_OF_IDEOGRAPHS = bytes([0, 0x30, 0xFF, *range(0x4E, 0xA0), *range(0xAC, 0xD8)])
"""First bytes of ideographs, kana, Korean syllables, their punctuation, and of ASCII."""


def wide_encoding(data: bytes) -> str | None:
    """The codec of text in units of two or four bytes; None if it is not that."""
    sample = data[: min(len(data), _SAMPLE) & ~3] or data
    if b"\x00" not in sample or len(sample) < 4:
        return None
    zeros = [sample[place::4].count(0) / len(sample[place::4]) for place in range(4)]
    if zeros[3] == 1 and zeros[2] > 0.9 and zeros[0] < 0.3:
        return "utf-32-le"
    if zeros[0] == 1 and zeros[1] > 0.9 and zeros[3] < 0.3:
        return "utf-32-be"
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    high, low = max(even, odd), min(even, odd)
    order = "le" if odd > even else "be"
    if high > len(sample) * 0.15 and low <= high * _FEW and _is_shown(sample, order):
        return f"utf-16-{order}"
    return _by_blocks(sample)


def _by_blocks(sample: bytes) -> str | None:
    """Text of one script other than Latin has its high bytes in few blocks, and spaces that are spaces in one order only."""
    found = []
    for order, start in (("le", 1), ("be", 0)):
        high = sample[start::2]
        blocks = sorted((high.count(block) for block in set(high)), reverse=True)
        alphabet = sum(blocks[:2]) >= len(high) * _MOST_BLOCKS
        ideographs = len(high) - len(high.translate(None, _OF_IDEOGRAPHS))
        if not (alphabet or ideographs >= len(high) * 0.9):
            continue
        units = _units(sample, order)
        spaces = sum(map(units.count, _COMMON))
        if spaces * 100 >= len(high) and _is_shown(sample, order):
            found.append((spaces, f"utf-16-{order}"))
    return max(found)[1] if found else None


def _is_shown(sample: bytes, order: str) -> bool:
    """True if nearly all of it are characters with a shape, and hardly any code unit is half a pair."""
    text = sample.decode(f"utf-16-{order}", "replace")
    visible = "".join(text.split())
    if visible.isprintable():  # far quicker than one by one
        return True
    return sum(map(str.isprintable, visible)) + len(text) - len(visible) >= len(text) * 0.97


def _units(sample: bytes, order: str) -> array[int]:
    """The code units of all that is whole."""
    units = array("H", sample[: len(sample) & ~1])
    if order != ("le" if sys.byteorder == "little" else "be"):
        units.byteswap()
    return units
