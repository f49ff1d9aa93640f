"""Words broken at the end of a line, put together again; hyphens of their own stay.

What the document itself writes elsewhere decides: "exam-ple" is mended if "example" occurs, "well-known" stays if it occurs, or
if both of its halves are words of the document and their sum is not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from tasks.extractors._pdf.cjk import follow_directly

_WORD = re.compile(r"[^\W\d_]+(?:['’‐-][^\W\d_]+)*")
_LAST = re.compile(r"([^\W\d_]+(?:[‐-][^\W\d_]+)*)[-‐\u00ad\u2010]$")
_FIRST = re.compile(r"[^\W\d_]+(?:[‐-][^\W\d_]+)*")
_CELL_BREAK = re.compile(r"(?<=[^\W\d_][^\W\d_][-‐\u00ad\u2010]) (?=[^\W\d_])")
_HYPHENS = ("-", "\u2010", "\u00ad")
_SOFT = "\u00ad"
_AND = frozenset(["and", "or", "und", "oder", "bzw", "et", "ou", "e", "y", "o", "to", "bis"])
"""After these, the hyphen stands for the word's second half: "pre- and post-war"."""
_PREFIXES = frozenset(["ex", "anti", "co", "semi", "pre", "post", "multi", "mid"])
"""These make new words of words, mostly with a hyphen: "pre-existing", but also "prepared"."""
_FIRSTS = frozenset(["self", "non", "well", "quasi", "cross", "long", "short", "high", "low", "all", "half"])
"""These do so with nearly any word: "low-margin"; _ENDINGS are no words."""
_ENDINGS = re.compile(r"(?:ing|er|est|ly|ish|en|ed|ow|ance|ness|ity|ways|sense)")
_MOST_WORDS = 300_000


class Vocabulary:
    """The words of a document that stand within lines, lower case."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, lines: Iterable[str]) -> None:
        """Count the words of lines that follow each other, except where a line's end may have broken them."""
        if len(self._counts) > _MOST_WORDS:
            return
        broken = False
        for line in lines:
            words = _WORD.findall(line.lower())
            if broken:
                del words[:1]
            broken = line.endswith(_HYPHENS)
            if broken and words:
                words.pop()
            self._counts.update(words)

    def add_cells(self, cells: Iterable[str]) -> None:
        """Count the words of a table's cells."""
        for cell in cells:
            self.add(_CELL_BREAK.split(cell))

    def joined(self, before: str, after: str) -> str:
        """Two lines of one paragraph as one text."""
        if not before.endswith(_HYPHENS):
            return before + after if follow_directly(before, after) else f"{before} {after}"
        last, first = _LAST.search(before), _FIRST.match(after)
        if last is None or first is None:
            return before + after if before[-2:-1].strip() and after[:1].isalnum() else f"{before} {after}"
        head, tail = last[1], first[0]
        if tail.lower() in _AND:
            return f"{before} {after}"
        if before[-1] == _SOFT or self._is_broken(head, tail):
            return before[:-1] + after
        return before + after

    def mended(self, cell: str) -> str:
        """A text whose lines were joined by spaces, as a table's cells are."""
        first, *others = _CELL_BREAK.split(cell)
        for other in others:
            first = self.joined(first, other)
        return first

    def _is_broken(self, head: str, tail: str) -> bool:
        if not tail[0].islower() or len(head) == 1 or (head.isupper() and len(head) > 1):
            return False
        head, tail = head.lower(), tail.lower()
        stem = re.split("[-‐]", head)[-1]
        whole, compound = self._counts[head + tail], self._counts[f"{head}-{tail}"]
        if whole or compound:
            return whole >= compound
        if stem in _PREFIXES and self._counts[tail]:
            return False
        if stem in _FIRSTS and len(tail) > 3 and not _ENDINGS.match(tail):
            return False
        if stem.endswith("ly") and self._counts[stem]:
            return False
        return not (len(stem) > 2 and len(tail) > 2 and self._counts[stem] and self._counts[tail])
