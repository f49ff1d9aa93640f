"""Structure first: headings, then blocks, then sentences; content-defined where a section is longer than a chunk."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar

from core.chunks import Chunk
from core.documents import Document
from core.errors import Unprocessable, UsageError
from core.reasons import Reason
from core.spaces import Tokenizer
from tasks.chunkers.base import Chunker
from tasks.chunkers.boundaries import places
from tasks.chunkers.context import Contexts, heading_names
from tasks.chunkers.cuts import Sizes, cheapest_cuts
from tasks.chunkers.sections import Section, sections
from tasks.chunkers.tokens import OffsetCounter, TokenCounter, TokenMap, WordCounter

LEAST_WINDOW = 32
"""Tokens, special ones left out, below which no useful chunk can be made."""

HALVE = 16
"""Attempts after which a span that is still too long is halved by characters: by then the limit is a hundredth."""
CONTEXT_SHARE = 4
"""The heading trail may take a quarter of the limit, a table's header another."""


@dataclass(frozen=True, slots=True)
class Span:
    """A range of a section that shall become a chunk. `attempt` counts how often it proved longer than the map said."""

    section: Section
    start: int
    end: int
    attempt: int = 0


class StructureChunker(Chunker):
    """One chunk for each section that fits; a longer section is cut at the cheapest places.

    `target`, `minimum` and `maximum` are tokens of a chunk's text, special tokens included. The window of the embedder
    bounds them all.
    """

    name: ClassVar[str] = "structure"
    version: ClassVar[int] = 3

    def __init__(self, target: int = 200, minimum: int = 64, maximum: int = 256) -> None:
        if not 0 < minimum <= target <= maximum:
            raise UsageError(f"chunk sizes must satisfy 0 < minimum <= target <= maximum, not {minimum}, {target}, {maximum}")
        self.target, self.minimum, self.maximum = target, minimum, maximum
        self._counter: TokenCounter | None = None

    @property
    def key(self) -> str:
        return f"{self.name}/{self.version}/{self.target}-{self.minimum}-{self.maximum}"

    def chunk(self, document: Document, tokenizer: Tokenizer) -> list[Chunk]:
        """Raises UsageError if the model's window is too small, Unprocessable if one character fills it."""
        text = document.text
        if not text.strip():
            return []
        counter = self._counter_for(tokenizer)
        cutter = Cutter(text, counter, counter.map(document, text), self._sizes(tokenizer))
        spans = [span for section in sections(document) for span in cutter.cut(Span(section, section.start, section.end))]
        return cutter.chunks(spans)

    def _sizes(self, tokenizer: Tokenizer) -> Sizes:
        limit = min(self.maximum, tokenizer.window) - tokenizer.special_tokens
        if limit < LEAST_WINDOW:
            raise UsageError(f"a chunk of {limit} tokens is too small; use a model or a maximum of at least {LEAST_WINDOW}")
        target = min(self.target - tokenizer.special_tokens, limit * 3 // 4)
        return Sizes(target, min(self.minimum, target // 2), limit)

    def _counter_for(self, tokenizer: Tokenizer) -> TokenCounter:
        # Kept from call to call: a word counter remembers the words of earlier documents.
        counter = self._counter
        if counter is None or counter.tokenizer is not tokenizer:
            kind = WordCounter if tokenizer.additive else OffsetCounter
            self._counter = counter = kind(tokenizer)
        return counter


class Cutter:
    """Cuts one document."""

    def __init__(self, text: str, counter: TokenCounter, tokens: TokenMap, sizes: Sizes) -> None:
        self._text, self._counter, self._tokens = text, counter, tokens
        self._sizes = [sizes]
        self._contexts: dict[int, Contexts] = {}

    def cut(self, span: Span) -> list[Span]:
        """Pieces of a span that fit by the token map; the span itself if it does."""
        section, start, end = span.section, span.start, span.end
        sizes = self._sizes_at(span.attempt)
        contexts = self._contexts_at(span.attempt)
        if self._tokens.between(start, end) + contexts.before(section, start, end).tokens <= sizes.limit:
            return [span]
        inside = places(section, start, end, self._text, self._tokens, sizes.limit)
        offsets = [start, *inside.offsets, end]
        at = [self._tokens.at(start), *inside.at, self._tokens.at(end)]
        chosen = cheapest_cuts(at, [0, *inside.costs, 0], contexts.costs(section, offsets), sizes)
        edges = [start, *(offsets[index] for index in chosen), end]
        return [Span(section, left, right, span.attempt) for left, right in pairwise(edges)]

    def chunks(self, spans: list[Span]) -> list[Chunk]:
        """Chunks of the spans, in order. One whose finished text exceeds the limit is cut again, until none does."""
        drafts = [self._draft(span) for span in spans]
        measured = self._counter.measure([draft.text for draft in drafts])
        limit = self._sizes[0].limit
        fit = [replace(draft, token_ids=ids) for draft, (count, ids) in zip(drafts, measured, strict=True) if count <= limit]
        if len(fit) == len(drafts):
            return fit
        long = [span for span, (count, _) in zip(spans, measured, strict=True) if count > limit]
        shorter = [piece for span in long for piece in self._shorten(span)]
        return sorted(fit + self.chunks(shorter), key=lambda chunk: chunk.start)

    def _shorten(self, span: Span) -> list[Span]:
        """Cut as if the limit were lower; at the end without context and by halves."""
        again = replace(span, attempt=span.attempt + 1)
        if again.attempt < HALVE:
            return self.cut(again)
        middle = (span.start + span.end) // 2
        for cut in (*range(middle, span.end), *range(middle, span.start, -1)):
            if cut > span.start and not self._text[cut].isspace() and self._text[span.start : cut].strip():
                return [replace(again, end=cut), replace(again, start=cut)]
        raise Unprocessable(Reason.FAILED, f"the character {self._text[span.start]!r} has more tokens than the model reads")

    def _draft(self, span: Span) -> Chunk:
        section, start, end = span.section, span.start, span.end
        context = self._contexts_at(span.attempt).before(section, start, end).text
        lead = f"{context}\n" if context else ""
        return Chunk(
            text=lead + self._text[start:end].strip(),
            body_offset=len(lead),
            start=start,
            end=end,
            pages=section.pages(start, end),
            headings=heading_names(section.trail(end)),
        )

    def _contexts_at(self, attempt: int) -> Contexts:
        contexts = self._contexts.get(attempt)
        if contexts is None:
            budget = self._sizes_at(attempt).limit // CONTEXT_SHARE if attempt < HALVE else 0
            contexts = self._contexts[attempt] = Contexts(self._text, self._tokens, self._counter, budget)
        return contexts

    def _sizes_at(self, attempt: int) -> Sizes:
        while len(self._sizes) <= attempt:
            last = self._sizes[-1]
            limit = max(1, last.limit * 3 // 4)
            self._sizes.append(Sizes(max(1, last.target * 3 // 4), max(1, last.minimum * 3 // 4), limit))
        return self._sizes[attempt]
