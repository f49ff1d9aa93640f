"""What stands before a chunk's body: the heading trail and, inside a table, the table's header."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.chunkers.sections import Block, Section
from tasks.chunkers.tokens import TokenCounter, TokenMap

JOINT = " > "
LONGEST_HEADING = 256
"""Characters of a heading that a chunk's `headings` keep; the embedded trail is bounded in tokens."""


@dataclass(frozen=True, slots=True)
class Context:
    """Lines to put before a body, with their estimated tokens, the line end before the body included."""

    text: str
    tokens: int


NOTHING = Context("", 0)


class Contexts:
    """Makes contexts. Trail and table header may each take `budget` tokens, so that most of the window is left for the body."""

    def __init__(self, text: str, tokens: TokenMap, counter: TokenCounter, budget: int) -> None:
        self._text, self._tokens, self._counter, self._budget = text, tokens, counter, budget
        self._trails: dict[tuple[int, ...], Context] = {}
        self._headers: dict[int, Context] = {}

    def before(self, section: Section, start: int, end: int) -> Context:
        """The context of the chunk text[start:end]: headings inside it are left out, since the body has them."""
        trail = self._trail_before(section, start, end)
        block = section.block_at(start)
        # Only a chunk that starts below the header continues the table; others have no header, or have it in the body.
        header = self._header(block) if block.start < block.header_end < start < block.end else NOTHING
        lines = [part.text for part in (trail, header) if part.text]
        return Context("\n".join(lines), trail.tokens + header.tokens + len(lines) * self._counter.newline)

    def costs(self, section: Section, offsets: list[int]) -> list[int]:
        """Tokens of the context that a chunk would have that starts at each offset."""
        if section.has_header:
            return [self.before(section, offset, offset).tokens for offset in offsets]
        whole = self.before(section, section.end, section.end).tokens
        return [whole if offset >= section.body else self.before(section, offset, offset).tokens for offset in offsets]

    def _trail_before(self, section: Section, start: int, end: int) -> Context:
        key = (section.start, min(start, section.body), min(end, section.body))
        context = self._trails.get(key)
        if context is None:
            context = self._trail([heading for heading in section.trail(end) if heading.end <= start])
            self._trails[key] = context
        return context

    def _trail(self, headings: list[Block]) -> Context:
        """The innermost headings that fit; of the innermost at least its beginning."""
        kept: list[str] = []
        left = self._budget
        for heading in reversed(headings):
            cost = self._tokens.between(heading.start, heading.end) + (self._counter.joint if kept else 0)
            if cost > left:
                break
            kept.append(one_line(self._text[heading.start : heading.end]))
            left -= cost
        if headings and not kept:
            return self._beginning(headings[-1].start, headings[-1].end)
        return Context(JOINT.join(reversed(kept)), self._budget - left)

    def _header(self, block: Block) -> Context:
        """The header lines of a table; a ruler such as |---|---| says nothing and is left out."""
        if block.start in self._headers:
            return self._headers[block.start]
        position, lines, left = block.start, [], self._budget
        for line in self._text[block.start : block.header_end].split("\n"):
            end = position + len(line)
            if any(map(str.isalnum, line)):
                cost = self._tokens.between(position, end)
                if cost + self._counter.newline > left:
                    lines.append(self._beginning(position, end, left))
                    break
                lines.append(Context(line.strip(), cost))
                left -= cost + self._counter.newline
            position = end + 1
        texts = [line.text for line in lines if line.text]
        header = Context("\n".join(texts), sum(line.tokens + self._counter.newline for line in lines))
        self._headers[block.start] = header
        return header

    def _beginning(self, start: int, end: int, budget: int | None = None) -> Context:
        """As much of text[start:end] as the budget allows, on one line."""
        budget = self._budget if budget is None else budget
        reach = self._tokens.reach(start, budget)
        stop = end if reach is None else min(end, reach)
        return Context(one_line(self._text[start:stop]), self._tokens.between(start, stop))


def one_line(text: str) -> str:
    """A heading as it is shown: without line ends and doubled blanks."""
    return " ".join(text.split())


def heading_names(trail: tuple[Block, ...]) -> tuple[str, ...]:
    """A trail as a chunk carries it."""
    return tuple(one_line(heading.element.text[: 4 * LONGEST_HEADING])[:LONGEST_HEADING].rstrip() for heading in trail)
