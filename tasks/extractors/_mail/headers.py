"""How the headers of a message are read: by the standard library, and as they stand where it fails."""

from __future__ import annotations

from email.policy import EmailPolicy
from typing import Any

from tasks.extractors._encodings.decode import decode

_LONGEST_PARSED = 20_000
"""Characters, some hundred addresses: the parser takes time by the square of them."""


class HeaderPolicy(EmailPolicy):
    """Python's parser stumbles over half an address, and the message with it: such a header is its text, on one line."""

    def header_fetch_parse(self, name: str, value: str) -> Any:
        """The header, parsed if it can be."""
        if len(value) <= _LONGEST_PARSED:
            try:
                return super().header_fetch_parse(name, value)
            except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
                pass
        if name.lower() == "content-disposition":  # asked for by attributes, which text has not
            attached = value.lstrip()[:10].lower() == "attachment"
            return super().header_fetch_parse(name, "attachment" if attached else "inline")
        return " ".join(decode(value.encode("utf-8", "surrogateescape")).split())
