"""The marks that stand before list items in plain text."""

from __future__ import annotations

import re

SIGNS = "•‣◦▪▫■□●○❖➢✓–—*·\uf0b7\uf0a7\uf0d8\uf0fc\uf076-"
BULLET = re.compile(rf"[{SIGNS}]\s+(?=\S)")


def bullet_free(text: str) -> str:
    """A list item's text without its bullet; a number stays."""
    return BULLET.sub("", text, count=1)
