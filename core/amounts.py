"""Sizes and times in words, as people read them."""

from __future__ import annotations

_SIZES = ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))
_SPANS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def size(count: float) -> str:
    """Bytes: "312 bytes", "1.4 MiB"."""
    for least, unit in _SIZES:
        if count >= least:
            return f"{count / least:,.1f} {unit}"
    return f"{count:.0f} bytes"


def span(seconds: float) -> str:
    """Seconds: "8 s", "3 min", "2 d"; nothing below none."""
    for least, unit in _SPANS:
        if seconds >= least:
            return f"{seconds / least:,.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
