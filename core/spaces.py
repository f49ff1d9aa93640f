"""Embedding spaces: which vectors may be compared with each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol


@dataclass(frozen=True, slots=True)
class EmbeddingSpace:
    """A model revision with everything that changes its vectors."""

    model: str
    revision: str
    """Hash of the weights, so that an exchanged model is a new space."""
    pooling: str
    prefix: str
    """Text put before every passage ("passage: "); part of the space."""
    precision: str
    """Precision class: "float" (fp32 and bf16 agree to cosine 0.9999) or "int8.2"."""
    dimension: int
    window: int
    """Tokens the model reads, special tokens included."""

    @property
    def key(self) -> str:
        """One printable name for all of it."""
        return "|".join((self.model, self.revision[:16], self.pooling, self.prefix, self.precision, str(self.dimension)))


class Tokens(NamedTuple):
    """The tokens of a text, special ones left out, never truncated."""

    offsets: list[tuple[int, int]]
    """Character span of each."""
    ids: list[int]


class Tokenizer(Protocol):
    """The embedder's own tokenizer, as the chunker needs it."""

    @property
    def window(self) -> int:
        """Tokens the model reads at once, special tokens included."""
        ...

    @property
    def special_tokens(self) -> int:
        """How many special tokens the model adds to every text (2 for BERT: [CLS] and [SEP])."""
        ...

    @property
    def additive(self) -> bool:
        """True if a text has exactly as many tokens as its words, parted at blanks, tabs and line ends, have together."""
        ...

    def offsets(self, texts: list[str]) -> list[list[tuple[int, int]]]:
        """Character span of every token of each text, special tokens left out, never truncated."""
        ...

    def tokens(self, texts: list[str]) -> list[Tokens]:
        """Spans and ids of each text's tokens. Only an `additive` tokenizer is asked for them."""
        ...
