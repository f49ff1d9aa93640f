"""UTF-16 and UTF-32 without a byte order mark: told by where their zero bytes stand, or by what stands around the spaces."""

from __future__ import annotations

_SAMPLE = 16 * 1024
_FEW = 0.02
# White space and punctuation of scripts that fill both bytes, as code units: in the other byte order they are hardly ever text.
_COMMON = (0x0020, 0x000A, 0x000D, 0x3001, 0x3002, 0xFF0C, 0x30FC)
_MOST_BLOCKS = 0.75


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
        spaces = sum(_count(sample, unit, order) for unit in _COMMON)
        blocks = sorted((high.count(block) for block in set(high)), reverse=True)
        alphabet = sum(blocks[:2]) >= len(high) * _MOST_BLOCKS
        ideographs = sum(1 for byte in high if 0x4E <= byte <= 0x9F or byte in (0x30, 0xFF, 0) or 0xAC <= byte <= 0xD7)
        if spaces * 100 >= len(high) and (alphabet or ideographs >= len(high) * 0.9) and _is_shown(sample, order):
            found.append((spaces, f"utf-16-{order}"))
    return max(found)[1] if found else None


def _is_shown(sample: bytes, order: str) -> bool:
    """True if nearly all of it are characters with a shape, and hardly any code unit is half a pair."""
    text = sample.decode(f"utf-16-{order}", "replace")
    return sum(character.isprintable() or character.isspace() for character in text) >= len(text) * 0.97


def _count(sample: bytes, unit: int, order: str) -> int:
    """How often the code unit stands in its place."""
    first, second = unit.to_bytes(2, "little" if order == "le" else "big")
    return sum(1 for one, two in zip(sample[::2], sample[1::2], strict=False) if one == first and two == second)
