"""Pieces of a text set aside while markup is taken off the rest: what stands in them is none."""

from __future__ import annotations

import re

_START, _END = "\ue000", "\ue001"
_MARK = re.compile(f"{_START}(\\d{{1,9}}){_END}")


def unmarked(text: str) -> str:
    """The text without characters that would be taken for marks; to be called before anything is set aside."""
    return text.replace(_START, "").replace(_END, "")


class Kept:
    """The pieces of one text. A later one may hold marks of those before it."""

    def __init__(self) -> None:
        self._pieces: list[str] = []

    def keep(self, piece: str) -> str:
        """Set the piece aside; returns the mark that stands for it."""
        self._pieces.append(piece)
        return f"{_START}{len(self._pieces) - 1}{_END}"

    def restored(self, text: str) -> str:
        """The text with all pieces in their places."""
        if _START not in text:
            return text
        return _MARK.sub(lambda mark: self.restored(self._pieces[int(mark[1])]), text)
