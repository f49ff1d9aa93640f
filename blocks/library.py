"""The facade: a library with its ledger, store and embedder, and the one way to search it."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union

from prefect.blocks.core import Block
from pydantic import Field, PrivateAttr

import blocks.embedders
import blocks.stores
from blocks.block_documents import block_document
from blocks.embedders.base import Embedder
from blocks.families import adapters
from blocks.search import is_whole, search
from blocks.stores.base import CollectionInfo, VectorStore
from core.errors import SpaceMismatch, UsageError
from core.names import checked
from core.settings import Settings
from ledger import libraries
from ledger.database import Database, open_ledger
from ledger.libraries import Generation, LibraryRow

DEFAULT = "default"
CHECK_EVERY = 30.0
"""Seconds for which a store that was found whole is trusted; its store id is checked by every question."""


@dataclass(frozen=True, slots=True)
class Passage:
    """An answer of a search, best first."""

    score: float
    """Cosine similarity of the question and the passage, -1 to 1."""
    text: str
    path: str
    pages: tuple[int, ...]
    headings: tuple[str, ...]
    document_id: str
    chunk_id: str
    outdated: bool
    """True if a newer revision of the document is on its way, or cannot be read."""
    link: str | None = None


if TYPE_CHECKING:
    AnyStore = VectorStore
    AnyEmbedder = Embedder
else:
    # Prefect registers the blocks that an annotation names, and refuses an interface: so each adapter is named.
    AnyStore = Union[adapters(blocks.stores, VectorStore)]  # noqa: UP007
    AnyEmbedder = Union[adapters(blocks.embedders, Embedder)]  # noqa: UP007


class Library(Block):
    """A named set of documents that is searched as one.

    Without a block document of its name, a library is the embedded one: SQLite ledger, Chroma on disk, bundled model.

    Example:
        Search the library that a deployment fills:
        ```python
        from blocks.library import Library

        library = Library.load("BLOCK_NAME")
        passages = library.search("Who signs the invoices?")
        ```
    """

    _block_type_name = "Levada Library"
    _block_type_slug = "levada-library"

    name: str = Field(default=DEFAULT, description="Name of the library; `default`: that of the block document.")
    tenant: str = Field(default=DEFAULT, description="Owner of the library; `default`: LEVADA_TENANT.")
    store: AnyStore | None = Field(default=None, description="Where vectors live; the embedded Chroma if left out.")
    embedder: AnyEmbedder | None = Field(default=None, description="What makes vectors; the bundled model if left out.")

    _settings: Settings | None = PrivateAttr(default=None)
    _ledger: Database | None = PrivateAttr(default=None)
    _store: VectorStore | None = PrivateAttr(default=None)
    _embedder: Embedder | None = PrivateAttr(default=None)
    _whole: bool = PrivateAttr(default=False)
    _checked_at: float = PrivateAttr(default=-math.inf)

    @property
    def settings(self) -> Settings:
        """The settings it was opened with; of the environment, if nobody gave others."""
        if self._settings is None:
            self._settings = Settings.from_env()
        return self._settings

    @property
    def ledger(self) -> Database:
        """The ledger, opened at first use. Raises UsageError if there is none yet: only `row` with `create` makes one."""
        if self._ledger is None:
            self._ledger = open_ledger(self.settings.ledger_url, create=False)
        return self._ledger

    @property
    def vectors(self) -> VectorStore:
        """The store, made at first use."""
        if self._store is None:
            self._store = self.store or _default_store(self.settings, self.name, self.tenant)
        return self._store

    @property
    def model(self) -> Embedder:
        """The embedder, made at first use."""
        if self._embedder is None:
            self._embedder = self.embedder or _default_embedder(self.settings)
        return self._embedder

    def row(self, create: bool = False) -> LibraryRow:
        """The library in the ledger. Raises UsageError if it is not there and not to be made."""
        if create and self._ledger is None:
            self._ledger = open_ledger(self.settings.ledger_url)
        made = libraries.ensure if create else libraries.find
        return made(self.ledger, self.tenant, self.name)

    def generation(self, create: bool = False) -> Generation | None:
        """The active generation. Raises SpaceMismatch if the embedder's vectors cannot be compared with it."""
        row, space = self.row(create), self.model.space()
        found = (
            libraries.ensure_generation(self.ledger, row, space) if create else libraries.active_generation(self.ledger, row)
        )
        if found is not None and found.space != space.key:
            raise SpaceMismatch(
                f"library {self.name!r} was built with {found.space}, the embedder is {space.key}: "
                "go back to that model and precision, or use another library"
            )
        return found

    def collection_info(self, generation: Generation) -> CollectionInfo:
        """What this library's collection must say of itself."""
        return CollectionInfo(generation.store_id, self.tenant, self.name, generation.space, generation.dimension)

    def search(self, question: str, k: int = 5, principals: Sequence[str] | None = None) -> list[Passage]:
        """The k passages that answer `question` best, best first; each of a published document that `principals` may see.

        principals=None asks as the library's owner, who sees all. Raises UsageError for an unknown library.
        """
        generation = self.generation()
        if generation is None:
            return []
        self.vectors.warm_up()
        vector = self.model.embed_query(question)
        if time.monotonic() - self._checked_at > CHECK_EVERY:
            self._whole = is_whole(self.ledger, self.vectors, generation)
            self._checked_at = time.monotonic()
        store = self.vectors if self._whole else None
        found = search(self.ledger, store, generation, vector, k, principals)
        return [
            Passage(hit.score, c.body, c.path, c.pages, c.headings, c.document_id, c.chunk_id, c.outdated, c.link)
            for hit, c in found
        ]

    def close(self) -> None:
        """Let go of ledger, store and model."""
        for part in (self._ledger, self._store, self._embedder):
            if part is not None:
                part.close()
        self._ledger = self._store = self._embedder = None


def open_library(name: str, settings: Settings | None = None) -> Library:
    """The library of that name: its block document if a Prefect API is set and has one, else the embedded library.

    Raises UsageError for what cannot be a name, for a store would be made under it before the ledger is asked; and for a
    document that describes another library.
    """
    settings = settings or Settings.from_env()
    name = checked("library", name)
    library = _from_block(name, settings.tenant) or Library(name=name, tenant=settings.tenant)
    library._settings = settings
    return library


def _from_block(name: str, tenant: str) -> Library | None:
    loaded = block_document(Library, name)
    if loaded is None:
        return None
    # A saved document holds every default: whether somebody wrote it there cannot be told.
    for field, wanted in (("name", name), ("tenant", tenant)):
        if getattr(loaded, field) not in (DEFAULT, wanted):
            raise UsageError(
                f"the block document {name!r} says {field} {getattr(loaded, field)!r} where {wanted!r} was asked for: "
                "call the document like its library, and set LEVADA_TENANT to its tenant"
            )
    loaded.name, loaded.tenant = name, tenant
    return loaded


def _default_store(settings: Settings, name: str, tenant: str) -> VectorStore:
    from blocks.stores.chroma import ChromaStore

    if settings.store_url:
        return ChromaStore(url=settings.store_url)
    return ChromaStore(path=settings.library_dir(name, tenant) / "store")


def _default_embedder(settings: Settings) -> Embedder:
    from blocks.embedders.sentence_transformer import SentenceTransformerEmbedder

    choices: dict[str, Any] = {"backend": settings.backend, "precision": settings.precision}
    if settings.model:
        choices["model"] = settings.model
    return SentenceTransformerEmbedder(**choices)
