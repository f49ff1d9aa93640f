"""What a chunker must answer. A new strategy is one new file here; tests/contracts/chunkers.py proves it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from core.chunks import Chunk
from core.documents import Document
from core.spaces import Tokenizer


class Chunker(ABC):
    """One strategy with its parameters."""

    name: ClassVar[str]
    version: ClassVar[int]
    """Raise it whenever the same document may give other chunks."""

    @property
    @abstractmethod
    def key(self) -> str:
        """Strategy, version and parameters, e.g. "structure/1/200"; part of the wanted state."""

    @abstractmethod
    def chunk(self, document: Document, tokenizer: Tokenizer) -> list[Chunk]:
        """Cut a document, deterministically; core.chunks.Chunk says what holds for the result. No text, no chunks."""
