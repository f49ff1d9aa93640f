"""What text columns can hold, the same on every database."""

from __future__ import annotations

import re

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """`text` with each NUL (which PostgreSQL refuses) and each lone surrogate (which is not Unicode text) as U+FFFD.

    The length stays, so that spans into the text stay true.
    """
    return text if text.isascii() and "\x00" not in text else _UNSTORABLE.sub("\ufffd", text)
