"""Ledger against store: what is missing, what nobody owns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from blocks.library import Library
from blocks.stores.base import CollectionRef, Record
from core.errors import StoreUnavailable, StoreUnreadable
from ledger import vectors
from ledger.locks import library_lock
from tasks.deletion import delete_pending
from tasks.finish import erase
from tasks.reconcile import reconcile_store, sweep_orphans
from tasks.session import working_on


@dataclass(slots=True)
class Verification:
    """What was found, and whether it was mended."""

    live: int = 0
    missing: int = 0
    """Live chunks that the store does not hold."""
    orphaned: int = 0
    """Records that the ledger does not know as live."""
    trouble: str = ""
    """Why the store could not be compared at all."""
    repaired: bool = False

    @property
    def sound(self) -> bool:
        """True if store and ledger agree."""
        return not (self.missing or self.orphaned or self.trouble)


def verify_store(library: Library, repair: bool) -> Verification:
    """Compare every record; with `repair` make the store agree, and erase what a removal that was killed has left.

    Raises LibraryBusy while an ingest is at work.
    """
    row = library.row()
    with library_lock(library.ledger, row):
        found = _compare(library)
    if not repair:
        return found
    with working_on(library, None) as ctx:
        reconcile_store(ctx)
        delete_pending(ctx)
        sweep_orphans(ctx)
        for page in vectors.live_chunks(ctx.db, ctx.run.generation):
            held = {record.id for record in library.vectors.fetch(ctx.collection, [chunk.id for chunk in page])}
            lost = [
                Record(chunk.id, chunk.document_id, chunk.text, np.frombuffer(chunk.vector, dtype="<f4"))
                for chunk in page
                if chunk.id not in held
            ]
            if lost:
                library.vectors.upsert(ctx.collection, lost)
        erase(ctx)
    found.repaired = not found.sound and _compare(library).sound
    return found


def _compare(library: Library) -> Verification:
    found = Verification()
    generation = library.generation()
    if generation is None:
        return found
    found.live = vectors.live_count(library.ledger, generation)
    ref = CollectionRef(generation.collection, generation.store_id)
    try:
        info = library.vectors.describe(ref.name)
        if info is None or info.store_id != ref.store_id:
            found.trouble, found.missing = "the store is not the one that belongs to this library", found.live
            return found
        for page in vectors.live_chunks(library.ledger, generation):
            held = library.vectors.fetch(ref, [chunk.id for chunk in page])
            found.missing += len(page) - len(held)
        for ids in library.vectors.ids(ref):
            found.orphaned += len(ids) - len(vectors.live_ids(library.ledger, generation, ids))
    except (StoreUnavailable, StoreUnreadable) as exc:
        found.trouble, found.missing = str(exc), found.live
    return found
