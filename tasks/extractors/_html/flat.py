"""Pages nested deeper than libxml2 reads, 2,048 levels. Browsers nest 512 deep and show what lies deeper side by side."""

from __future__ import annotations

import re
from collections import Counter

_DEEPEST = 400
"""Elements that are open at once and whose end has to be written; rows and cells come on top of them."""
_TAG = re.compile(rb"<(/?)([a-z][a-z0-9]{0,30})(?=[\s/>])[^<>]{0,5000}>", re.IGNORECASE)
_NOT_COUNTED = frozenset(
    b"area base br col embed hr img input link meta param source track wbr body caption colgroup dd dt head html li optgroup "
    b"option p rp rt tbody td tfoot th thead tr script style textarea title".split()
)
"""Void elements, those that others end, and those whose content is no markup."""


def flattened(source: bytes) -> bytes:
    """The source without the tags of what lies too deep; its text stays."""
    depth = 0
    left_out: Counter[bytes] = Counter()

    def kept(match: re.Match[bytes]) -> bytes:
        nonlocal depth
        name = match[2].lower()
        if name in _NOT_COUNTED:
            return match[0]
        if not match[1]:
            if depth == _DEEPEST:
                left_out[name] += 1
                return b" "
            depth += 1
        elif left_out[name]:
            left_out[name] -= 1
            return b" "
        else:
            depth = max(0, depth - 1)
        return match[0]

    return _TAG.sub(kept, source)
