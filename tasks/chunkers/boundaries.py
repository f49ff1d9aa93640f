"""Where a long section may be cut, and what a cut costs there.

The cost is the kind of the place (a paragraph's end is better than a sentence's, that better than a word's) plus noise: a
hash of the few characters around it. The noise makes cuts content-defined: they stay where they are when text is inserted
elsewhere, because the cheap places stay the cheap ones.
"""

from __future__ import annotations

import math
import re
import unicodedata
import zlib
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from core.documents import ElementKind
from tasks.chunkers.sections import Block, Section
from tasks.chunkers.tokens import TokenMap, packed

# Costs, in the unit of cuts.py. A difference of 100 makes a place e times less likely to be the cheapest around.
BLOCK = 0
ROW = 40
ITEM = 40
LINE = 60
SENTENCE = 80
CLAUSE = 150
WORD = 200
CHARACTER = 250
LEAD = 250
"""After a heading, a table's header or a line that ends with a colon: what follows belongs to it."""
BONUS = 30
"""What any cut gains; it sets how full chunks become on average."""

NEARBY = 24
"""Characters on either side that the noise depends on."""
FINE = 16
"""Places closer than a FINEth of the limit are thinned out."""
COARSE = 3
"""Pieces above a third of the limit get places inside."""

# The lookbehind keeps a run of dots from being read again from each of them.
_SENTENCE = re.compile(r"(?<![.!?…])[.!?…]+[\"'”’»)\]*_`]*\s+|[。！？]+[」』”’）]*\s*")
_LINE = re.compile(r"\n\s*")
_SPACE = re.compile(r"\s+")
_CLAUSE_END = frozenset(",;:)|—–，、；：")
_JOINERS = frozenset("\u200d\ufe0e\ufe0f")


@dataclass(frozen=True, slots=True)
class Places:
    """Ascending offsets where a range may be cut, the tokens of the document before each, and what a cut costs there."""

    offsets: Sequence[int]
    at: Sequence[int]
    costs: Sequence[int]


def places(section: Section, start: int, end: int, text: str, tokens: TokenMap, limit: int) -> Places:
    """Where text[start:end] of a section may be cut so that no piece need exceed `limit` tokens.

    Every place is at a character that is no white space, so that no chunk is blank.
    """
    found = dict(_coarse(section, start, end, text))
    piece = max(1, limit // COARSE)
    offsets, at = _edges(found, start, end, tokens)
    for refine in (_words, _characters, _all_characters):
        long = [index for index, (left, right) in enumerate(pairwise(at)) if right - left > piece]
        if not long:
            break
        for index in long:
            found.update(refine(text, offsets[index], offsets[index + 1]))
        offsets, at = _edges(found, start, end, tokens)
    inside = offsets[1:-1]
    costs = packed((found[offset] + _noise(text, section, offset) for offset in inside), len(inside))
    return _weigh(_thin(Places(inside, at[1:-1], costs), max(1, limit // FINE)), at[0], limit)


def _edges(found: dict[int, int], start: int, end: int, tokens: TokenMap) -> tuple[list[int], Sequence[int]]:
    offsets = [start, *sorted(found), end]
    return offsets, packed(map(tokens.at, offsets), len(offsets))


def _coarse(section: Section, start: int, end: int, text: str) -> Iterator[tuple[int, int]]:
    """Places between blocks, and between the lines or sentences of a block."""
    first = bisect_left(section.blocks, start, key=lambda block: block.end)
    for index in range(first, len(section.blocks)):
        block = section.blocks[index]
        if block.start >= end:
            break
        if start < block.start:
            yield block.start, _between(section.blocks[index - 1], block)
        for offset, cost in _inside(block, text):
            if start < offset < end:
                yield offset, cost


def _between(above: Block, below: Block) -> int:
    kind = above.element.kind
    if kind is ElementKind.HEADING:
        return LEAD
    if above.element.text.endswith(":"):
        return SENTENCE if kind is below.element.kind else CLAUSE
    if kind is ElementKind.CAPTION and below.element.kind is ElementKind.TABLE:
        return CLAUSE
    return ITEM if kind is below.element.kind is ElementKind.LIST_ITEM else BLOCK


def _inside(block: Block, text: str) -> Iterator[tuple[int, int]]:
    kind = block.element.kind
    if kind is ElementKind.TABLE:
        for match in _LINE.finditer(text, block.start, block.end):
            yield match.end(), ROW if match.start() > block.header_end else LEAD
    elif kind is ElementKind.CODE:
        for match in _LINE.finditer(text, block.start, block.end):
            yield match.end(), BLOCK if match.group().count("\n") > 1 else LINE
    else:
        for match in _SENTENCE.finditer(text, block.start, block.end):
            if match.end() < block.end and not text[match.end()].islower():
                yield match.end(), SENTENCE


def _words(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for match in _SPACE.finditer(text, start, end):
        if start < match.start() and match.end() < end:
            clause = text[match.start() - 1] in _CLAUSE_END or "\n" in match.group()
            yield match.end(), CLAUSE if clause else WORD
    # Last, because the end of a sentence is the end of a word too: in a table's cell or a comment only these tell.
    for match in _SENTENCE.finditer(text, start, end):
        if start < match.end() < end:
            yield match.end(), SENTENCE


def _characters(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Between graphemes, roughly: not before a combining mark, nor at a joiner."""
    for offset in range(start + 1, end):
        character, before = text[offset], text[offset - 1]
        whole = not (unicodedata.combining(character) or character in _JOINERS or before == "\u200d" or character.isspace())
        if whole and not "\U0001f3fb" <= character <= "\U0001f3ff":
            yield offset, CLAUSE if before in _CLAUSE_END else CHARACTER


def _all_characters(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    return ((offset, CHARACTER) for offset in range(start + 1, end) if not text[offset].isspace())


def _noise(text: str, section: Section, offset: int) -> int:
    """The logarithm of an exponential variate, drawn by a hash of the text nearby: seldom very low, never very high."""
    # Clipped at the section: what stands outside must not move a cut inside.
    nearby = text[max(section.start, offset - NEARBY) : min(section.end, offset + NEARBY)]
    mixed = zlib.crc32(nearby.encode("utf-8", "surrogatepass")) * 0x9E3779B1 & 0xFFFFFFFF
    return _NOISE[mixed >> 22]


def _thin(dense: Places, width: int) -> Places:
    """Winnowing: of every run of places within `width` tokens keep the cheapest.

    S. Schleimer, D. Wilkerson, A. Aiken, "Winnowing: local algorithms for document fingerprinting", SIGMOD 2003; with their
    robust rule for ties, so that repetitive content (a column of zeros) is thinned too.
    """
    at, costs = dense.at, dense.costs
    kept: list[int] = []
    window: deque[int] = deque()
    for index, position in enumerate(at):
        while window and costs[window[-1]] >= costs[index]:
            window.pop()
        window.append(index)
        while at[window[0]] <= position - width:
            window.popleft()
        best = window[0]
        if not kept or (best > kept[-1] and not (at[kept[-1]] > position - width and costs[kept[-1]] <= costs[best])):
            kept.append(best)
    return Places([dense.offsets[index] for index in kept], [at[index] for index in kept], [costs[index] for index in kept])


def _weigh(thin: Places, before: int, limit: int) -> Places:
    """Let a place count for the tokens since the one before: cuts come as often among long sentences as among short lines.

    The least of n exponential variates falls as 1/n: with the logarithm of the share of the limit subtracted, the cheapest
    place of a stretch is as cheap on average however many places the stretch has.
    """
    shares = [max(1, here - last) / limit for last, here in pairwise([before, *thin.at])]
    costs = [cost - round(100 * math.log(share)) - BONUS for cost, share in zip(thin.costs, shares, strict=True)]
    return Places(thin.offsets, thin.at, costs)


_NOISE = [round(100 * math.log(-math.log((step + 0.5) / 1024))) for step in range(1024)]
