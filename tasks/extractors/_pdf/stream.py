"""Tables without vertical lines: between horizontal lines, or where the chunks of rows stand below each other."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise

from core.documents import Box
from tasks.extractors._pdf.lattice import Region
from tasks.extractors._pdf.prose import is_wordy
from tasks.extractors._pdf.rows import Chunk, Row, is_value, joined
from tasks.extractors._pdf.rulings import Line

_NEAR = 3.0
"""Points by which chunks that stand below each other may differ."""
_TITLE = 4.5
"""In type sizes: a space between two lines in which only titles stand is no higher."""
_NOTES = 1.5
"""In type sizes: what stands in one piece and so far below the last row of a table is a note, or the page's number."""
_FARTHEST = 3.5
"""In type sizes: rows of a table are no farther apart."""
_MOST_HEADINGS = 10
"""Lines of headings above a table."""
_CAPTION = re.compile(
    r"(?:table|figure|fig\.|exhibit|chart|box|appendix|source|note|tabelle|abbildung|quelle|tableau|tabla|tabela|quadro|cuadro|"
    r"gr[aá]fico|figura|fuente|fonte|nota|tabell?a)s?\b",
    re.IGNORECASE,
)
_BULLET = re.compile(
    r"[\u2022\u25aa\u25cf\u25e6\u2023\u00b7\uf0b7o*\u2013\u2014-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]|\[\d{1,3}\]|\d+(?:\.\d+)+\.?"
)


@dataclass(slots=True)
class _Group:
    """Rows that may be a table."""

    rows: list[Row]
    left: float
    right: float
    edges: list[tuple[float, float]] = field(default_factory=list)

    @property
    def last(self) -> Row:
        return self.rows[-1]

    def add(self, rows: list[Row]) -> None:
        """Add rows, of which the last one has several chunks."""
        self.rows += rows
        self.edges += [(c.left, c.right) for c in rows[-1].chunks]
        self.left, self.right = min(self.left, rows[-1].chunks[0].left), max(self.right, rows[-1].chunks[-1].right)


def united(ruled: list[Region], aligned: list[Region], across: list[Line]) -> list[Region]:
    """Regions of both kinds; those that overlap or follow closely one another in the same columns are one."""
    regions: list[Region] = []
    for region in sorted([*ruled, *aligned], key=lambda region: region.box[1]):
        for place, other in enumerate(regions):
            if _belong(other.box, region.box) and (region in ruled) + (other in ruled) < 2:
                box = _hull(other.box, region.box)
                lines = [
                    line for line in across if box[1] - 1 <= line.at <= box[3] + 1 and line.start < box[2] and line.end > box[0]
                ]
                regions[place] = Region(box, [line for line in lines if line.start > box[0] - 30 and line.end < box[2] + 30])
                break
        else:
            regions.append(region)
    return regions


def _belong(one: Box, other: Box) -> bool:
    shared = min(one[2], other[2]) - max(one[0], other[0])
    return other[1] - one[3] < 8 and shared > 0.6 * max(one[2] - one[0], other[2] - other[0])


def _hull(one: Box, other: Box) -> Box:
    return (min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3]))


def is_caption(text: str) -> bool:
    """True for text that begins as captions, sources and notes do."""
    return bool(_CAPTION.match(text))


def ruled(rows: list[Row], stacks: list[Region]) -> list[Region]:
    """Regions between lines of one width in which the text stands in columns."""
    found: list[Region] = []
    for stack in stacks:
        left, _, right, _ = stack.box
        full = sorted({line.at for line in stack.across if line.length > 0.9 * (right - left)})
        start: int | None = None
        tabular = False
        for index, (low, high) in enumerate(pairwise(full)):
            kind = _kind(rows, (left, low, right, high), len(full))
            if kind == "other":
                if start is not None and tabular:
                    found.append(_part(stack, full[start], full[index]))
                start, tabular = None, False
            else:
                start = index if start is None else start
                tabular = tabular or kind == "table"
        if start is not None and tabular:
            found.append(_part(stack, full[start], _without_notes(rows, (left, full[-2], right, full[-1]))))
    return found


def _without_notes(rows: list[Row], box: Box) -> float:
    """Where the table ends in this space, its last: below its last row of several chunks, if notes stand apart below that."""
    left, top, right, bottom = box
    inside = [row for row in rows if top <= row.middle <= bottom and any(left <= c.left < right for c in row.chunks)]
    last = max((at for at, row in enumerate(inside) if len(row.chunks) > 1), default=len(inside) - 1)
    if last + 1 < len(inside) and inside[last + 1].top - inside[last].bottom > _NOTES * inside[last].size:
        return inside[last].bottom + 1
    return bottom


def _part(stack: Region, top: float, bottom: float) -> Region:
    left, _, right, _ = stack.box
    return Region((left, top, right, bottom), [line for line in stack.across if top <= line.at <= bottom])


def _kind(rows: list[Row], box: Box, lines: int) -> str:
    """What stands between two lines: a "table", "other" text, or "few": nothing that speaks against a table."""
    left, top, right, bottom = box
    inside: list[list[Chunk]] = []
    size, before, farthest = 10.0, top, 0.0
    for row in rows:
        if top <= row.middle <= bottom:
            if any(start < right and end > left for start, end in row.prose):
                return "other"
            chunks = [c for c in row.chunks if left - 3 <= (c.left + c.right) / 2 <= right + 3]
            if chunks:
                if len(chunks) == 1 and is_caption(chunks[0].text):
                    return "other"
                size = row.size
                farthest = max(farthest, row.top - before)
                inside.append(chunks)
                before = row.bottom
    several = [chunks for chunks in inside if len(chunks) > 1]
    if not inside:
        return "few" if bottom - top < 3 * size else "other"
    if farthest > (2.5 if lines < 3 else _FARTHEST) * size:
        return "other"
    if several and 2 * len(several) >= len(inside):
        return "table"
    wordy = sum(is_wordy(c.text) for chunks in inside for c in chunks)
    if not several:
        return "few" if len(inside) <= 3 and not wordy and bottom - top < _TITLE * size else "other"
    return "table" if wordy <= len(several) else "other"


def aligned(rows: list[Row], across: list[Line]) -> list[Region]:
    """Regions in which rows of chunks that stand below each other follow one another."""
    group: _Group | None = None
    waiting: list[Row] = []
    groups: list[_Group] = []
    for row in rows:
        if group is not None and any(start < group.right and end > group.left for start, end in row.prose):
            groups.append(group)
            group, waiting = None, []
        if not row.chunks:
            continue
        several = len(row.chunks) > 1
        if group is not None:
            before = waiting[-1] if waiting else group.last
            far = row.top - before.bottom > (3.5 if _matches(row, group) else 1.8) * max(row.size, before.size)
            if far or (several and not _fits(row, group)) or (not several and len(waiting) > 2):
                groups.append(group)
                group = None
                waiting = []
        if group is None:
            if several:
                group = _Group([], row.chunks[0].left, row.chunks[-1].right)
                group.add([row])
        elif several:
            group.add([*waiting, row])
            waiting = []
        else:
            waiting.append(row)
    if group is not None:
        groups.append(group)
    return [_region(one, rows, across) for one in groups if _is_table(one)]


def _matches(row: Row, group: _Group) -> bool:
    """True if the row looks like the last one: as many chunks, four at least, nearly all in the same places."""
    if len(row.chunks) < 4 or len(group.last.chunks) != len(row.chunks):
        return False
    same = sum(_stands(c, [(d.left, d.right)]) for c, d in zip(row.chunks, group.last.chunks, strict=True))
    return same >= 0.8 * len(row.chunks)


def _stands(c: Chunk, others: list[tuple[float, float]]) -> bool:
    """True if the chunk stands below one of the others, at the left, at the right or in the middle."""
    return any(
        abs(c.left - left) < _NEAR or abs(c.right - right) < _NEAR or abs(c.left + c.right - left - right) < 2 * _NEAR
        for left, right in others
    )


def _fits(row: Row, group: _Group) -> bool:
    """True if at least half of its chunks stand below others."""
    recent = group.edges[-24:]
    fitting = sum(_stands(c, recent) for c in row.chunks)
    if 2 * fitting >= len(row.chunks):
        return True
    return len(group.rows) < 3 and sum(any(c.left < right and c.right > left for left, right in recent) for c in row.chunks) > 1


def _is_table(group: _Group) -> bool:
    several = [row for row in group.rows if len(row.chunks) > 1]
    if len(several) < 3:
        return False
    beside = [c.text for row in several for c in row.chunks[1:]]
    values = [text for text in beside if is_value(text)]
    numbers = sum(any(map(str.isdecimal, text)) for text in values)
    if len(values) < 0.5 * len(beside) or numbers < 0.3 * len(values):
        return False
    first = [row.chunks[0].text for row in several]
    width = max(len(row.chunks) for row in several)
    if width == 2:
        if sum(map(_is_bullet, first)) > 0.6 * len(first):
            return False
        if all(map(is_value, first)):
            return False
    return not _is_contents(several)


def _is_bullet(text: str) -> bool:
    return bool(_BULLET.fullmatch(text))


def _is_contents(rows: list[Row]) -> bool:
    """True for a table of contents: titles, and page numbers at the right that never fall."""
    last = [row.chunks[-1].text for row in rows]
    numbers = [int(text) for text in last if text.isdecimal() and len(text) < 5]
    if len(numbers) < 0.8 * len(rows) or any(len(row.chunks) > 3 for row in rows):
        return False
    rising = all(a <= b for a, b in pairwise(numbers))
    titles = sum(sum(map(str.isalpha, row.chunks[-2].text)) > 2 for row in rows)
    led = 2 * sum(row.leader for row in rows) > len(rows)
    return rising and titles >= 0.8 * len(rows) and len(rows) > (3 if led else 5) and len({*numbers}) > 2


def _region(group: _Group, rows: list[Row], across: list[Line]) -> Region:
    """The group's box with the header rows above it, and the lines in it."""
    label_right = min(row.chunks[0].right for row in group.rows if len(row.chunks) > 1)
    box = with_headings((group.left, group.rows[0].top, group.right, group.last.bottom), label_right, rows, across)
    left, top, right, bottom = box
    lines = [line for line in across if top < line.at < bottom and line.covers(left, right) > 0]
    return Region(box, [line for line in lines if line.start > left - 30 and line.end < right + 30])


def with_headings(box: Box, label_right: float, rows: list[Row], across: list[Line]) -> Box:
    """The box with the rows right above it that are its column headings; its labels end at `label_right`."""
    left, top, right, bottom = box
    above = top
    for row in reversed([row for row in rows if row.middle < top][-_MOST_HEADINGS:]):
        chunks = [c for c in row.chunks if c.right > left - 5 and c.left < right + 5]
        if any(start < right and end > left for start, end in row.prose):
            break
        if not chunks:
            continue
        ruled_off = any(row.middle < line.at <= above and line.covers(left, right) > 0.5 for line in across)
        far = above - row.bottom > (2.5 if ruled_off else 1.3) * row.size
        text = joined([word for c in chunks for word in c.words])
        if far or (ruled_off and len(chunks) == 1) or is_caption(text) or any(is_wordy(c.text) for c in chunks):
            break
        if chunks[0].left < left - 25 or chunks[-1].right > right + 25:
            break
        above = row.top
        if len(chunks) == 1 and (chunks[0].left < label_right or chunks[0].right - chunks[0].left > 0.8 * (right - left)):
            continue  # a title of rows, if there are column headings above it
        left, right, top = min(left, chunks[0].left), max(right, chunks[-1].right), row.top
    return (left, top, right, bottom)
