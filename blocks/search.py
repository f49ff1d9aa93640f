"""Search: hits of the store, judged by the ledger in one snapshot taken after the store's answer.

So a reader sees the old revision of a document or the new one, never both, never neither (invariant I3): a hit that is no
longer live is dropped, and if the library was published to meanwhile the store is asked again, for the new revision may
not have been in its answer. A store that is lost, foreign or broken is not asked, nor one that has been published to at
every attempt: the ledger holds every vector, and answers by an exact scan in one snapshot, slower.
"""

from __future__ import annotations

import heapq
import logging
from collections.abc import Sequence

import numpy as np
from sqlalchemy import Connection

from blocks.stores.base import CollectionRef, Hit, Vector, VectorStore
from core.errors import StoreUnavailable, StoreUnreadable
from ledger import lookup, vectors
from ledger.database import Database
from ledger.libraries import Generation
from ledger.lookup import FoundChunk, LiveView

Found = tuple[Hit, FoundChunk]

ATTEMPTS = 5
"""How often the store is asked while the library is being published to."""
DOCUMENT_FILTER = 1_000
"""Up to so many permitted documents are handed to the store as a filter; more are filtered after its answer."""

log = logging.getLogger(__name__)


def search(
    db: Database, store: VectorStore | None, generation: Generation, vector: Vector, k: int, principals: Sequence[str] | None
) -> list[Found]:
    """The k best live hits that `principals` may see (None: all), with what the ledger says; store=None: the ledger alone."""
    if store is not None:
        try:
            found = _by_store(db, store, generation, vector, k, principals)
        except (StoreUnavailable, StoreUnreadable) as exc:
            _warn(exc)
        else:
            if found is not None:
                return found
    return _by_ledger(db, generation, vector, k, principals)


def is_whole(db: Database, store: VectorStore, generation: Generation) -> bool:
    """True if the store is ours and holds no less than what is live. Too dear to ask at every search.

    By its count; one that is doubted is compared id by id, once, and then trusted.
    """
    try:
        held = live = 0
        for _ in range(ATTEMPTS):
            # In this order a document published between the two counts does no harm.
            live = vectors.live_count(db, generation)
            info = store.describe(generation.collection)
            if info is None or info.store_id != generation.store_id:
                raise StoreUnavailable("it is not the one that belongs to this library")
            held = _held(db, store, generation) if info.doubted else info.count
            if held >= live:
                if info.doubted:
                    store.trust(_ref(generation))
                return True
            # Fewer may also mean that a document was removed between the two counts: look again.
        raise StoreUnavailable(f"it holds {held} records of {live}")
    except (StoreUnavailable, StoreUnreadable) as exc:
        _warn(exc)
        return False


def _held(db: Database, store: VectorStore, generation: Generation) -> int:
    """How many live chunks the store holds."""
    return sum(len(vectors.live_ids(db, generation, page)) for page in store.ids(_ref(generation)))


def _ref(generation: Generation) -> CollectionRef:
    return CollectionRef(generation.collection, generation.store_id)


def _warn(exc: Exception) -> None:
    log.warning("the store cannot be used (%s): the ledger answers, slower, until an ingest has mended it", exc)


def _by_store(
    db: Database, store: VectorStore, generation: Generation, vector: Vector, k: int, principals: Sequence[str] | None
) -> list[Found] | None:
    """Widen until k hits are live, or there are no more. None if something was published meanwhile, time and again."""
    wanted, attempts = 2 * k + 8, ATTEMPTS
    while True:
        before = lookup.publish_counter(db, generation.library_id)
        hits, filtered = _ask(db, store, generation, vector, wanted, principals)
        view = lookup.live(db, generation, [hit.id for hit in hits], principals)
        found = _alive(hits, view)
        # A document that was not yet permitted when the store was asked leaves no trace in its answer.
        if view.publish_counter != before and (filtered or len(found) < len(hits)):
            attempts -= 1
            if not attempts:
                return None
        elif len(found) >= k or len(hits) < wanted:
            return found[:k]
        else:
            wanted *= 4


def _ask(
    db: Database, store: VectorStore, generation: Generation, vector: Vector, k: int, principals: Sequence[str] | None
) -> tuple[list[Hit], bool]:
    """The store's hits, and whether it was given the permitted documents to choose from: a few are, many are not."""
    allowed = None
    if principals is not None:
        allowed = lookup.permitted_documents(db, generation.library_id, principals, DOCUMENT_FILTER)
    hits = store.query(_ref(generation), vector, k, allowed) if allowed != [] else []
    return hits, allowed is not None


def _by_ledger(db: Database, generation: Generation, vector: Vector, k: int, principals: Sequence[str] | None) -> list[Found]:
    """The same in one snapshot of the ledger alone, which nothing that is published meanwhile can disturb."""
    wanted = 2 * k + 8
    with db.read() as connection:
        while True:
            hits = _nearest(connection, generation, vector, wanted)
            view = lookup.live_within(db, connection, generation, [hit.id for hit in hits], principals)
            found = _alive(hits, view)
            if len(found) >= k or len(hits) < wanted:
                return found[:k]
            wanted *= 4


def _alive(hits: Sequence[Hit], view: LiveView) -> list[Found]:
    return [(hit, view.chunks[hit.id]) for hit in hits if hit.id in view.chunks]


def _nearest(connection: Connection, generation: Generation, vector: Vector, k: int) -> list[Hit]:
    best: list[tuple[float, str]] = []
    for page in vectors.live_vectors(connection, generation):
        matrix = np.frombuffer(b"".join(row[2] for row in page), dtype="<f4").reshape(len(page), -1)
        scores = matrix @ vector
        best = heapq.nlargest(k, [*best, *((float(score), row[0]) for score, row in zip(scores, page, strict=True))])
    return [Hit(id, score) for score, id in best]
