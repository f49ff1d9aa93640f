"""A chunk: what is embedded, stored and found."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage of a document. Spans are half-open character offsets into Document.text.

    The spans of a document's chunks, in order, cover its text exactly once: the first starts at 0, each starts where the
    one before ends, the last ends at len(text).
    """

    text: str
    """The embedded text: context (heading trail, table header), a newline, then the body. At most the model's window."""
    body_offset: int
    """Where the body starts in `text`; 0 when there is no context. text[body_offset:] == Document.text[start:end].strip()."""
    start: int
    end: int
    pages: tuple[int, ...] = ()
    """The distinct pages it touches, ascending; empty where the format has none."""
    headings: tuple[str, ...] = ()
    """The heading trail it stands under, outermost first."""
    token_ids: bytes | None = field(default=None, compare=False, repr=False)
    """Ids of the text's tokens, special ones left out, as int32; None if the chunker does not know them."""

    @property
    def body(self) -> str:
        """The passage itself, without its context."""
        return self.text[self.body_offset :]
