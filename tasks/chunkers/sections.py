"""A document's sections: what stands between two headings. No chunk reaches over the border of one."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from core.documents import SEPARATOR, Document, Element, ElementKind

DEEPEST = 9
"""Levels below count as this one, so that a trail has at most nine headings."""


@dataclass(frozen=True, slots=True)
class Block:
    """An element with its place in Document.text."""

    element: Element
    start: int
    end: int
    header_end: int
    """Of a table: where its header lines end; of other blocks: `start`."""


@dataclass(frozen=True, slots=True)
class Section:
    """Leading headings and all blocks up to the next heading.

    Headings that follow each other directly stay together: a heading without a body belongs to what comes next.
    """

    start: int
    end: int
    """Where the next section starts, or the text ends."""
    blocks: tuple[Block, ...]
    body: int
    """Where the first block that is no heading starts; the section's end if all are headings."""
    has_header: bool
    """True if a table with header lines is among the blocks."""
    trails: tuple[tuple[int, tuple[Block, ...]], ...]
    """Heading trails, outermost first, each with the offset from which on it is in force; the first from before the section."""

    def trail(self, end: int) -> tuple[Block, ...]:
        """The headings in force for what ends at an offset: those that start before it, outermost first."""
        return self.trails[bisect_left(self.trails, end, lo=1, key=_first) - 1][1]

    def block_at(self, position: int) -> Block:
        """The last block that starts at or before a position."""
        return self.blocks[max(0, bisect_right(self.blocks, position, key=_start) - 1)]

    def pages(self, start: int, end: int) -> tuple[int, ...]:
        """The distinct pages of the blocks that text[start:end] touches, ascending."""
        first = max(0, bisect_right(self.blocks, start, key=_start) - 1)
        touched = self.blocks[first : bisect_left(self.blocks, end, key=_start)]
        return tuple(sorted({block.element.page for block in touched if block.element.page is not None}))


def sections(document: Document) -> Iterator[Section]:
    """Cut a document at its headings. The sections cover Document.text exactly once."""
    blocks: list[Block] = []
    trail: tuple[Block, ...] = ()
    for block in _blocks(document):
        starts_section = _is_heading(block) and not (blocks and _is_heading(blocks[-1]))
        if blocks and starts_section:
            section = _section(blocks, block.start, trail)
            yield section
            trail = section.trails[-1][1]
            blocks = []
        blocks.append(block)
    if blocks:
        yield _section(blocks, blocks[-1].end, trail)


def _section(blocks: list[Block], end: int, trail: tuple[Block, ...]) -> Section:
    trails = [(-1, trail)]
    for block in takewhile(_is_heading, blocks):
        level = _level(block)
        trails.append((block.start, (*(outer for outer in trails[-1][1] if _level(outer) < level), block)))
    body = next((block.start for block in blocks if not _is_heading(block)), end)
    has_header = any(block.header_end > block.start for block in blocks)
    return Section(blocks[0].start, end, tuple(blocks), body, has_header, tuple(trails))


def _is_heading(block: Block) -> bool:
    return block.element.kind is ElementKind.HEADING


def _level(heading: Block) -> int:
    return min(heading.element.level or 1, DEEPEST)


def _blocks(document: Document) -> Iterator[Block]:
    start = 0
    for element in document.elements:
        header_end = start
        if element.kind is ElementKind.TABLE and element.header_lines > 0:
            header_end += len("\n".join(element.text.split("\n", element.header_lines)[: element.header_lines]))
        yield Block(element, start, start + len(element.text), header_end)
        start += len(element.text) + len(SEPARATOR)


def _start(block: Block) -> int:
    return block.start


def _first(pair: tuple[int, object]) -> int:
    return pair[0]
