"""What an embedder must answer. A new embedder is one new file here; tests/contracts/embedders.py proves it."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt
from prefect.blocks.core import Block

from core.spaces import EmbeddingSpace, Tokenizer

Vectors = npt.NDArray[np.float32]


class Embedder(Block, ABC):
    """Turns texts into vectors of one embedding space. Safe to call from several threads."""

    @abstractmethod
    def space(self) -> EmbeddingSpace:
        """The space of all its vectors. Cheap: does not load the weights."""

    @abstractmethod
    def tokenizer(self) -> Tokenizer:
        """The model's own tokenizer. Cheap: does not load the weights."""

    @abstractmethod
    def embed(self, texts: list[str]) -> Vectors:
        """Vectors of passages: shape (len(texts), dimension), float32, unit length, in the order of `texts`.

        A vector does not depend on what else is in the call (to 1e-3).
        """

    def embed_tokenized(self, texts: list[str], ids: list[bytes]) -> Vectors:
        """As `embed`, of texts whose token ids (Chunk.token_ids) its own tokenizer has told: it need not find them again.

        An embedder that has no use for them leaves this as it is.
        """
        return self.embed(texts)

    def embed_query(self, text: str) -> Vectors:
        """Vector of a question: shape (dimension,)."""
        row: Vectors = self.embed([text])[0]
        return row

    def warm_up(self) -> None:
        """Begin to load what the first call needs, without waiting for it. What goes wrong is told by the first call."""

    def close(self) -> None:
        """Give back memory and processes; the next call loads again."""
