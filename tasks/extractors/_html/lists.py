"""Numbers of list items as a page shows them: start, value, reversed, and the kind of number."""

from __future__ import annotations

from typing import Any

from tasks.extractors._numerals import formatted

_KINDS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_STYLES = {
    "lower-alpha": "a",
    "lower-latin": "a",
    "upper-alpha": "A",
    "upper-latin": "A",
    "lower-roman": "i",
    "upper-roman": "I",
}
_LETTERS = 26
_LONGEST = 9


class Numbers:
    """Counts the items of one <ol>."""

    def __init__(self, ordered: Any) -> None:
        self._step = -1 if ordered.get("reversed") is not None else 1
        first = _number(ordered.get("start"))
        if first is None:
            first = sum(1 for _ in ordered.iterchildren("li")) if self._step < 0 else 1
        self._next = first
        style = (ordered.get("style") or "").lower()
        kind = next((sign for name, sign in _STYLES.items() if name in style), ordered.get("type") or "")
        self._kind = _KINDS.get(kind, "decimal")

    def take(self, item: Any) -> str:
        """What stands before the item, with a space after it."""
        value = _number(item.get("value"))
        number = self._next if value is None else value
        self._next = number + self._step
        kind = "decimal" if self._kind.endswith("Letter") and number > _LETTERS else self._kind
        return f"{formatted(number, kind)}. "


def _number(value: str | None) -> int | None:
    digits = (value or "").strip()
    is_number = len(digits) <= _LONGEST and digits.isascii() and digits.removeprefix("-").isdigit()
    return int(digits) if is_number else None
