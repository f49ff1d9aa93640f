"""Words to lines of text, and lines to chunks: what stands together without a wide gap."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache

from tasks.extractors._pdf.cjk import without_tracking
from tasks.extractors._pdf.page import Word

GAP = 0.45
"""In type sizes: a wider gap between two words of a table may part columns."""
_LEADER = re.compile(r"[.\u2026\u00b7_]{3,}$")
_DOT = ".\u2026\u00b7_"
_DOTS = re.compile(r"[.\u2026\u00b7]+")
_VALUE = re.compile(
    r"(?:(?:US|R|A|C|HK|NZ)\$|Rs\.?|EUR|USD|GBP|CHF|[(\[<>~\u2248\u2264\u2265\u00b1+\-\u2013\u2014\u2212*#$\u20ac\u00a3\u00a5%])?"
    r"[(\[+\-\u2013\u2212*$\u20ac\u00a3\u00a5 ]*\d[\d.,'\u2019 \u00a0/:\u2013\u2212()%+*$\u20ac\u00a3\]-]*"
    r"[a-z]{0,2}[%)*\u2020\u2021]*"
    r"|[-\u2013\u2014\u2212.*\u2020\u2021\u2026#]{1,6}|[$\u20ac\u00a3] ?[-\u2013\u2014]"
    r"|\(?(?:[xX]|NA|N/A|n/a|na|n\.a\.|nil|\.\.)\)?"
)
_LONGEST_VALUE = 32
_MARK = re.compile(r"\((?:\d|[a-z])\)")
_LEFTWARD, _FORMS = ("\u0590", "\u08ff"), ("\ufb1d", "\ufefc")
"""Hebrew, Arabic and their neighbours in Unicode; their presentation forms."""
_MONO = 1.7
"""How much wider spaces are in type of one width than in others."""
_YEAR = re.compile(r"(?:19|20)\d\d(?:[-/\u2013]\d{2,4})?\W?")


@dataclass(slots=True)
class Chunk:
    """Words of one line without a wide gap between them."""

    words: list[Word]
    left: float
    right: float
    _text: str = ""

    @property
    def text(self) -> str:
        """Of its words; read when there are all of them."""
        self._text = self._text or joined(self.words)
        return self._text


@dataclass(slots=True)
class Row:
    """A line of text from left to right."""

    words: list[Word]
    top: float
    bottom: float
    size: float
    """Median type size of its words, larger in type of one width, whose spaces are wide."""
    leader: bool = False
    """Dots lead the eye from one of its words to the next."""
    prose: list[tuple[float, float]] = field(default_factory=list)
    """Where running text was taken out of its chunks."""
    chunks: list[Chunk] = field(default_factory=list)

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


def joined(words: list[Word]) -> str:
    """The words as text, with spaces where the page has them; those of a right-to-left script from the right."""
    firsts = [word.text[:1] for word in words]
    leftward = sum(_LEFTWARD[0] <= first <= _LEFTWARD[1] or _FORMS[0] <= first <= _FORMS[1] for first in firsts)
    if 2 * leftward > len(words):
        return " ".join(word.text for word in reversed(words))
    parts: list[str] = []
    end = 0.0
    for word in words:
        if parts and (word.space or not -0.5 < (word.left - end) / max(word.bottom - word.top, 1.0) < 0.15):
            parts.append(" ")
        parts.append(word.text)
        end = word.right
    return without_tracking("".join(parts).strip())


@lru_cache(maxsize=1 << 14)
def is_value(text: str) -> bool:
    """True for a number with what goes with it, or a sign that stands for one."""
    return len(text) <= _LONGEST_VALUE and bool(_VALUE.fullmatch(text)) and not _MARK.fullmatch(text)


def is_year(text: str) -> bool:
    return bool(_YEAR.fullmatch(text))


def rows_of(words: list[Word]) -> list[Row]:
    """Lines from the top; words whose middles are closer than half their height stand in one line."""
    rows: list[list[Word]] = []
    middles: list[float] = []
    for word in sorted(words, key=lambda word: word.top + word.bottom):
        middle = (word.top + word.bottom) / 2
        height = word.bottom - word.top
        if rows and middle - middles[-1] < 0.35 * height:
            rows[-1].append(word)
            if len(rows[-1]) < 4:
                middles[-1] = sum(w.top + w.bottom for w in rows[-1]) / (2 * len(rows[-1]))
        else:
            rows.append([word])
            middles.append(middle)
    return [row for row in map(_row, rows) if row.words]


def _row(words: list[Word]) -> Row:
    words.sort(key=lambda word: word.left)
    kept: list[Word] = []
    leader = False
    for number, word in enumerate(words):
        if word.text[0] in _DOT and _DOTS.fullmatch(word.text) and _leads(words, number):
            leader = True
            if kept and kept[-1].text.endswith(".") and number and words[number - 1] is kept[-1]:
                kept[-1] = _undotted(kept[-1])
        elif word.text[-1] in _DOT and _LEADER.search(word.text):
            leader = True
            kept.append(_undotted(word))
        else:
            kept.append(word)
    sizes = sorted([word.style.size or word.bottom - word.top for word in (kept or words)])
    size = sizes[len(sizes) // 2]
    if kept and kept[0].style.mono:
        size *= _MONO
    return Row(kept, min(w.top for w in words), max(w.bottom for w in words), size, leader)


def _undotted(word: Word) -> Word:
    """The word without the dots at its end, as wide as its letters."""
    text = word.text.rstrip(_DOT) or word.text
    share = len(text) / len(word.text)
    return replace(word, text=text, right=word.left + share * (word.right - word.left))


def _leads(words: list[Word], number: int) -> bool:
    """True if these dots are part of a leader, and no sign for "no value"."""
    if len(words[number].text) > 3:
        return True
    beside = [w for w in words[max(number - 2, 0) : number + 3] if _DOTS.fullmatch(w.text)]
    return len(beside) > 2


def chunk(row: Row, wide: float) -> list[Chunk]:
    """Its chunks; a gap is wide from `wide` times the type size on."""
    chunks: list[Chunk] = []
    limit = wide * row.size
    for word in row.words:
        if chunks and word.left - chunks[-1].right < limit:
            chunks[-1].words.append(word)
            chunks[-1].right = max(chunks[-1].right, word.right)
        else:
            chunks.append(Chunk([word], word.left, word.right))
    return chunks
