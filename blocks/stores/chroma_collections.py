"""The operations of a vector store on a Chroma client: the same for an embedded store and for a server.

Arguments and results are plain data and arrays, so that an operation can be asked for through a socket. Nothing here
imports Prefect: the owner process of an embedded store does without.

A record's document id and text are metadata, not a Chroma "document": Chroma keeps a trigram index of documents, which
nothing here asks and which takes twice the time of all the rest of a write (measured on 1.5.9).
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from core.errors import SpaceMismatch, StoreUnavailable, StoreUnreadable, UsageError

from .chroma_errors import chroma_errors

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from chromadb.api.models.Collection import Collection

Vectors = npt.NDArray[np.float32]
T = TypeVar("T")

logger = logging.getLogger(__name__)

OPERATIONS = frozenset({"describe", "create", "collections", "upsert", "delete", "query", "fetch", "ids", "drop"})

HNSW: CreateHNSWConfiguration = {
    "space": "cosine",
    "ef_construction": 64,
    "max_neighbors": 16,
    "ef_search": 400,
    "sync_threshold": 2000,
}
"""The index. A wide search is cheap here (2 to 3 ms) and makes up for a quick build: of 30,000 records it finds 99.5 % of the
nearest ten, where one built with 100 and 24 finds 99.7 % and takes 40 % longer. Chroma saves the index every 1,000 writes
and replays what came since after a start; saving more seldom saved no time (measured), and made starts slower."""

WRITE_BATCH = 250
"""Records that a store asks to have written at once: a search waits behind at most one such call (about 0.15 s)."""
READ_BATCH = 1000
FILTER_BATCH = 5000
"""Documents per filter; SQLite takes 32,766 variables in a statement."""
_LOOK_THROUGH = 10_000
_SAMPLES = 16
_TAIL = 50
_ATTEMPTS = 4
_PREFIX = "levada:"


class ChromaCollections:
    """All collections that a client reaches.

    `shared`: others write at the same time (a server). `doubted`: the store may have been damaged since it was last used, so
    each collection is looked through when it is first described.

    Raises StoreUnavailable, StoreUnreadable, SpaceMismatch, and UsageError for what Chroma does not accept.
    """

    def __init__(self, client: ClientAPI, where: str, shared: bool = False, doubted: bool = False) -> None:
        self._client = client
        self._where = where
        self._shared = shared
        self._doubted = doubted
        self._proved: set[str] = set()

    def execute(self, op: str, args: dict[str, Any], vectors: Vectors | None = None) -> tuple[Any, Vectors | None]:
        """Run one of OPERATIONS by name. Only `fetch` answers with vectors."""
        if op not in OPERATIONS:
            raise UsageError(f"no such operation of a vector store: {op}")
        if vectors is not None:
            args = {**args, "vectors": vectors}
        with chroma_errors(self._where):
            result = getattr(self, op)(**args)
        return result if op == "fetch" else (result, None)

    def describe(self, name: str) -> dict[str, Any] | None:
        """Its stamp and `count`, having read and searched it; None if there is none."""
        collection = self._find(name)
        if collection is None:
            return None
        stamp = self._stamp(collection)
        count = self._patiently(collection.count)
        if count:
            self._try_out(collection, stamp["dimension"], count)
        if self._doubted and count and str(collection.id) not in self._proved:
            self._look_through(collection, stamp["dimension"], count)
        self._proved.add(str(collection.id))
        return {**stamp, "count": count}

    def _try_out(self, collection: Collection, dimension: int, count: int) -> None:
        """Read a record and search for it. Raises StoreUnreadable."""
        row = self._read(collection, 0, 1, dimension)[0]
        if not self._nearest(collection, row, min(count, 10)):
            raise StoreUnreadable(f"{self._where} finds nothing in a collection of {count} records.")

    def _look_through(self, collection: Collection, dimension: int, count: int) -> None:
        """See that the index has the records: all up to some thousands, beyond that samples and the last.

        A kill while Chroma saves its index can leave one that opens and lacks records; reading such a record fails.
        Raises StoreUnreadable.
        """
        logger.info("%s was not closed properly: looking through %d records", self._where, count)
        # Where the index gives fewer than there are, this reads them all.
        self._nearest(collection, np.ones(dimension, np.float32), min(count, _LOOK_THROUGH))
        if count > _LOOK_THROUGH:
            for offset in range(0, count - _TAIL, count // _SAMPLES):
                self._read(collection, offset, 1, dimension)
            self._read(collection, count - _TAIL, _TAIL, dimension)

    def _read(self, collection: Collection, offset: int, limit: int, dimension: int) -> Vectors:
        page = self._patiently(partial(collection.get, limit=limit, offset=offset, include=["embeddings"]))
        rows = _rows(page["embeddings"])
        if rows.shape[1:] != (dimension,):
            raise StoreUnreadable(f"{self._where} holds records without vectors.")
        return rows

    def create(self, name: str, info: dict[str, Any], again: bool = False) -> None:
        """Make it. `again`: the answer to a first try was lost, so finding just this one is success."""
        found = self._find(name)
        if found is not None:
            if again and self._stamp(found) == info:
                return
            raise StoreUnavailable(f"{self._where} has a collection {name} already.")
        self._client.create_collection(
            name, configuration={"hnsw": HNSW}, metadata=_to_metadata(info), embedding_function=None, get_or_create=False
        )

    def collections(self) -> list[tuple[str, dict[str, Any]]]:
        """Name, stamp and `count` of every collection of ours; a count of 0 also where it cannot be read."""
        return [
            (collection.name, {**self._stamp(collection), "count": self._count_or_0(collection)}) for collection in self._ours()
        ]

    def upsert(
        self, name: str, store_id: str, ids: list[str], documents: list[str], texts: list[str], vectors: Vectors
    ) -> None:
        """Write records given as columns; `vectors`: shape (len(ids), dimension)."""
        collection = self._owned(name, store_id)
        self._check_dimension(collection, vectors)
        # The last of several with one id counts; Chroma would refuse them all.
        rows = list({id_: row for row, id_ in enumerate(ids)}.values())
        for part in _parts(rows, self._client.get_max_batch_size()):
            collection.upsert(
                ids=[ids[row] for row in part],
                embeddings=vectors[part],
                metadatas=[{"document": documents[row], **_to_text(texts[row])} for row in part],
            )

    def delete(self, name: str, store_id: str, ids: list[str]) -> None:
        """Remove records."""
        collection = self._owned(name, store_id)
        for part in _parts(ids, self._client.get_max_batch_size()):
            collection.delete(ids=part)

    def query(
        self, name: str, store_id: str, k: int, vectors: Vectors, documents: list[str] | None = None
    ) -> tuple[list[str], list[float]]:
        """Ids and cosine similarities of the k nearest to `vectors` (shape (1, dimension)), best first."""
        collection = self._owned(name, store_id)
        self._check_dimension(collection, vectors)
        if k < 1:
            return [], []
        wheres: list[dict[str, Any] | None] = [None]
        if documents is not None:
            wheres = [{"document": {"$in": part}} for part in _parts(documents, FILTER_BATCH)]
        found: list[tuple[str, float]] = []
        for where in wheres:
            found += self._nearest(collection, vectors[0], k, where)
        found = sorted(found, key=lambda hit: -hit[1])[:k]
        return [id_ for id_, _ in found], [score for _, score in found]

    def fetch(self, name: str, store_id: str, ids: list[str]) -> tuple[dict[str, list[str]], Vectors]:
        """The columns ids, documents and texts, and the vectors row by row."""
        collection = self._owned(name, store_id)
        columns: dict[str, list[str]] = {"ids": [], "documents": [], "texts": []}
        rows: list[Vectors] = [np.zeros((0, self._stamp(collection)["dimension"]), np.float32)]
        for part in _parts(ids, READ_BATCH):
            page = self._patiently(partial(collection.get, ids=part, include=["embeddings", "metadatas"]))
            if page["ids"]:
                rows.append(_rows(page["embeddings"]))
            columns["ids"] += page["ids"]
            columns["documents"] += [_of(metadata, "document") for metadata in page["metadatas"] or ()]
            columns["texts"] += [_from_text(metadata) for metadata in page["metadatas"] or ()]
        return columns, np.concatenate(rows)

    def ids(self, name: str, store_id: str, offset: int, limit: int) -> list[str]:
        """One page of all ids, in the order in which they came."""
        collection = self._owned(name, store_id)
        return list(self._patiently(partial(collection.get, limit=limit, offset=offset, include=[]))["ids"])

    def drop(self, name: str, store_id: str) -> None:
        """Remove the collection, if it is there."""
        if self._find(name) is not None:
            self._owned(name, store_id)
            self._client.delete_collection(name)

    def stamps(self) -> dict[str, dict[str, Any]]:
        """Stamp of every collection of ours by its name; reads no records."""
        with chroma_errors(self._where):
            return {collection.name: self._stamp(collection) for collection in self._ours()}

    def _ours(self) -> list[Collection]:
        return [found for found in self._client.list_collections() if f"{_PREFIX}store_id" in (found.metadata or {})]

    def _find(self, name: str) -> Collection | None:
        from chromadb.errors import NotFoundError

        try:
            return self._client.get_collection(name, embedding_function=None)
        except NotFoundError:
            return None

    def _owned(self, name: str, store_id: str) -> Collection:
        collection = self._find(name)
        if collection is None:
            raise StoreUnavailable(f"{self._where} has no collection {name}.")
        if self._stamp(collection)["store_id"] != store_id:
            raise StoreUnavailable(f"the collection {name} at {self._where} belongs to another ledger.")
        return collection

    def _stamp(self, collection: Collection) -> dict[str, Any]:
        stamp = {
            key.removeprefix(_PREFIX): value for key, value in (collection.metadata or {}).items() if key.startswith(_PREFIX)
        }
        if "store_id" not in stamp:
            raise StoreUnavailable(
                f"the collection {collection.name} at {self._where} was not made by Levada: use another store."
            )
        return stamp

    def _check_dimension(self, collection: Collection, vectors: Vectors) -> None:
        dimension = self._stamp(collection)["dimension"]
        if vectors.ndim != 2 or vectors.shape[1] != dimension:
            raise SpaceMismatch(
                f"the collection {collection.name} holds vectors of {dimension} numbers, not {vectors.shape[1:]}."
            )

    def _nearest(
        self, collection: Collection, vector: Vectors, k: int, where: dict[str, Any] | None = None
    ) -> list[tuple[str, float]]:
        """The k nearest by the index; by comparing all where the index does not find enough of them."""
        answer = self._patiently(
            partial(collection.query, query_embeddings=vector[None], n_results=k, where=where, include=["distances"])
        )
        ids, distances = answer["ids"][0], (answer["distances"] or [[]])[0]
        if len(ids) < k:
            # Deletions can cut a record off from the index's graph.
            present = self._count(collection, where)
            if len(ids) < min(k, present):
                return self._nearest_exactly(collection, vector, k, where)
        return [(id_, _score(1.0 - distance)) for id_, distance in zip(ids, distances, strict=True)]

    def _count_or_0(self, collection: Collection) -> int:
        from chromadb.errors import ChromaError

        try:
            return self._patiently(collection.count)
        except ChromaError as exc:
            logger.warning("%s: the collection %s cannot be read: %s", self._where, collection.name, exc)
            return 0

    def _count(self, collection: Collection, where: dict[str, Any] | None) -> int:
        if where is None:
            return self._patiently(collection.count)
        return len(self._patiently(partial(collection.get, where=where, include=[]))["ids"])

    def _nearest_exactly(
        self, collection: Collection, vector: Vectors, k: int, where: dict[str, Any] | None
    ) -> list[tuple[str, float]]:
        unit = vector / max(float(np.linalg.norm(vector)), 1e-12)
        best: list[tuple[str, float]] = []
        for ids, rows in self._all_rows(collection, where):
            scores = rows @ unit / np.maximum(np.linalg.norm(rows, axis=1), 1e-12)
            best += [(id_, _score(score)) for id_, score in zip(ids, scores.tolist(), strict=True)]
            best = sorted(best, key=lambda hit: -hit[1])[:k]
        return best

    def _all_rows(self, collection: Collection, where: dict[str, Any] | None) -> Iterator[tuple[list[str], Vectors]]:
        offset = 0
        while True:
            page = self._patiently(
                partial(collection.get, where=where, limit=READ_BATCH, offset=offset, include=["embeddings"])
            )
            if not page["ids"]:
                return
            yield page["ids"], _rows(page["embeddings"])
            offset += len(page["ids"])

    def _patiently(self, read: Callable[[], T]) -> T:
        """Read again what fails because a record was deleted between two steps of Chroma (a server has other clients)."""
        from chromadb.errors import InternalError

        attempts = _ATTEMPTS if self._shared else 1
        while True:
            attempts -= 1
            try:
                return read()
            except InternalError as exc:
                if not attempts or "Error finding id" not in str(exc):
                    raise
            time.sleep(0.02)


def _parts(items: list[T], size: int) -> list[list[T]]:
    distinct = list(dict.fromkeys(items))
    return [distinct[start : start + size] for start in range(0, len(distinct), size)]


def _rows(embeddings: Any) -> Vectors:
    return np.asarray(embeddings, dtype=np.float32)


def _score(similarity: float) -> float:
    return max(-1.0, min(1.0, similarity))


def _to_metadata(stamp: dict[str, Any]) -> dict[str, Any]:
    return {_PREFIX + key: value for key, value in stamp.items()}


def _to_text(text: str) -> dict[str, str]:
    """A text as metadata. A lone surrogate has no UTF-8, which is all that Chroma stores."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return {"text_json": json.dumps(text)}
    return {"text": text}


def _from_text(metadata: Any) -> str:
    if metadata and "text_json" in metadata:
        return str(json.loads(metadata["text_json"]))
    return _of(metadata, "text")


def _of(metadata: Any, key: str) -> str:
    value = (metadata or {}).get(key)
    if not isinstance(value, str):
        raise StoreUnreadable(f"a record of the vector store has no {key}.")
    return value
