"""What a vector store must answer. A new store is one new file here; tests/contracts/stores.py proves it.

Records are immutable: everything that can change lives in the ledger. A store is a projection of the ledger and may be
rebuilt at any time, so nothing is kept only here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from prefect.blocks.core import Block

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Record:
    """What the store keeps of a chunk."""

    id: str
    document_id: str
    text: str
    vector: Vector
    """Shape (dimension,), unit length."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A record found, best first."""

    id: str
    score: float
    """Cosine similarity, -1 to 1."""


@dataclass(frozen=True, slots=True)
class CollectionRef:
    """A collection and whose it must be. A call on a collection with another store id raises StoreUnavailable, untouched."""

    name: str
    store_id: str


@dataclass(frozen=True, slots=True)
class CollectionInfo:
    """What a collection says of itself; all but `count` and `doubted` is fixed when it is created."""

    store_id: str
    tenant: str
    library: str
    space: str
    """EmbeddingSpace.key of its vectors."""
    dimension: int
    count: int = 0
    doubted: bool = False
    """True if its records may not be those that were last written here: the store was killed, damaged or exchanged since."""


class VectorStore(Block, ABC):
    """A vector database, or an embedded library. Safe to call from several threads.

    Every method raises StoreUnavailable if the store does not answer or is not the one that was meant, StoreUnreadable if
    it answers that its data is broken.
    """

    def warm_up(self) -> None:
        """Begin to start whatever the next call needs, without waiting for it."""

    @abstractmethod
    def describe(self, name: str) -> CollectionInfo | None:
        """What the collection says of itself, having proved that it can be read and searched; None if there is none."""

    @abstractmethod
    def create(self, name: str, info: CollectionInfo) -> None:
        """Make an empty collection for cosine search. One that exists already under that name is an error: StoreUnavailable."""

    @abstractmethod
    def collections(self) -> list[tuple[str, CollectionInfo]]:
        """Every collection that Levada made here, by name, whoever it belongs to; others are left out."""

    @property
    @abstractmethod
    def shared(self) -> bool:
        """True if other installations may keep collections here (a server): what is not ours is then never removed."""

    @abstractmethod
    def upsert(self, ref: CollectionRef, records: Sequence[Record]) -> None:
        """Write records, replacing those of the same id; durable on return. Raises SpaceMismatch for another dimension."""

    @abstractmethod
    def remove(self, ref: CollectionRef, ids: Sequence[str]) -> None:
        """Remove records; ids that are not there are no error."""

    @abstractmethod
    def query(self, ref: CollectionRef, vector: Vector, k: int, document_ids: Sequence[str] | None = None) -> list[Hit]:
        """The k nearest records, best first, only of `document_ids` if given. Fewer only if there are no more."""

    @abstractmethod
    def fetch(self, ref: CollectionRef, ids: Sequence[str]) -> list[Record]:
        """The records of these ids that exist, in any order."""

    @abstractmethod
    def ids(self, ref: CollectionRef) -> Iterator[list[str]]:
        """All ids, in pages. Exact only while nothing else writes."""

    def trust(self, ref: CollectionRef) -> None:
        """All ids were compared with the ledger's: the collection is not doubted any more."""

    @abstractmethod
    def drop(self, ref: CollectionRef) -> None:
        """Remove the collection with all its records; none there is no error."""

    @abstractmethod
    def set_aside(self) -> str | None:
        """Move what does not open out of the way, so that the store starts empty; say where it went.

        Empty if there was nothing to move. None if this store cannot (a server): its owner must mend it.
        """

    def discard_aside(self, tenant: str, library: str) -> None:
        """Delete what was set aside and held nothing but this library: texts must not outlive their document there (I12)."""

    def close(self) -> None:
        """Let go of connections; the next call connects again."""
