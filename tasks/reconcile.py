"""First of all: store and ledger agree again, whatever happened to either since the last run."""

from __future__ import annotations

import logging
import uuid
from dataclasses import replace

import numpy as np
from prefect import task

from blocks.stores.base import CollectionInfo, CollectionRef, Record
from core.errors import StoreUnreadable
from ledger import libraries, vectors
from tasks.context import RunContext
from tasks.deletion import delete_pending, finish_interrupted
from tasks.log import logger
from tasks.options import EFFECT


@task(name="reconcile", task_run_name="reconcile store and ledger", **EFFECT)
def reconcile(ctx: RunContext) -> None:
    """Finish what a dead run left; find a store that is lost, empty, replaced or broken, and rebuild it from the ledger."""
    with ctx.timed("reconcile"):
        reconcile_store(ctx)


def reconcile_store(ctx: RunContext) -> None:
    """The same, for callers outside a flow."""
    finish_interrupted(ctx)
    try:
        _agree(ctx)
    except StoreUnreadable as exc:
        aside = ctx.library.vectors.set_aside()
        if aside is None:
            raise
        rebuild(ctx, f"it does not open ({exc}){_moved_to(aside)}")
    _find_adoptable(ctx)
    row = ctx.library.row()
    ctx.library.vectors.discard_aside(row.tenant, row.name)


def _agree(ctx: RunContext) -> None:
    generation = ctx.run.generation
    interrupted = generation.rebuilding_collection is not None
    trouble = "a rebuild was interrupted" if interrupted else _trouble(ctx)
    if trouble is not None:
        rebuild(ctx, trouble)
    else:
        delete_pending(ctx)
        _match_counts(ctx)


def rebuild(ctx: RunContext, why: str) -> None:
    """Fill a new collection from the ledger's own vectors, then switch to it; searches go on meanwhile, by the ledger."""
    library, old = ctx.library, ctx.run.generation
    store = library.vectors
    live = vectors.live_count(ctx.db, old)
    if live:
        logger().warning("rebuilding the store from the ledger: %s (%d chunks, nothing is embedded again)", why, live)
    _drop_if_ours(ctx, old.rebuilding_collection, old.rebuilding_store_id)
    store_id = str(uuid.uuid4())
    name = libraries.collection_name(library.row(), old.number, store_id)
    libraries.begin_rebuild(ctx.db, old, name, store_id, ctx.run.epoch)
    new = replace(old, collection=name, store_id=store_id)
    store.create(name, library.collection_info(new))
    ref = CollectionRef(name, store_id)
    for page in vectors.live_chunks(ctx.db, old):
        ctx.check()
        store.upsert(ref, [Record(c.id, c.document_id, c.text, np.frombuffer(c.vector, dtype="<f4")) for c in page])
    # In this order a crash in between is an interrupted rebuild; the other way round nobody would know the old one as ours.
    _drop_if_ours(ctx, old.collection, old.store_id)
    ctx.use(libraries.end_rebuild(ctx.db, old, ctx.run.epoch))
    delete_pending(ctx)


def _trouble(ctx: RunContext) -> str | None:
    """What is wrong with the store, in words; None if it is the one we know."""
    generation = ctx.run.generation
    info = ctx.library.vectors.describe(generation.collection)
    if info is None:
        return _absence(ctx)
    if info.store_id != generation.store_id:
        return "it belongs to another ledger"
    if (info.space, info.dimension) != (generation.space, generation.dimension):
        return f"it holds vectors of {info.dimension} dimensions of {info.space}"
    return None


def _absence(ctx: RunContext) -> str:
    """Why our collection is not there. A directory that holds only other libraries' collections is moved aside whole."""
    store, ours = ctx.library.vectors, ctx.library.collection_info(ctx.run.generation)
    others = [info.store_id for _name, info in store.collections() if not _same_library(info, ours)]
    # Another library of this ledger may well live in the same directory.
    if others and not store.shared and not libraries.any_known(ctx.db, others):
        return f"it belongs to another library{_moved_to(store.set_aside())}"
    return "it is empty" if vectors.live_count(ctx.db, ctx.run.generation) else "it is new"


def _moved_to(aside: str | None) -> str:
    return f"; it was moved to {aside}" if aside else ""


def _match_counts(ctx: RunContext) -> None:
    """With nothing pending, the store holds just what is live; what nobody owns is swept, what is missing means a rebuild.

    The counts tell, unless the store is doubted: then as many may be others, and all ids are compared.
    """
    generation, store = ctx.run.generation, ctx.library.vectors
    # In this order: a listing that is promoted meanwhile can only lower what is live.
    live = vectors.live_count(ctx.db, generation)
    info = store.describe(generation.collection)
    held, doubted = (info.count, info.doubted) if info else (0, False)
    if held > live or doubted:
        swept, held = sweep_orphans(ctx)
        if swept:
            logger().warning("the store held %d records that nobody owns; they were deleted", swept)
    if held < live:
        rebuild(ctx, f"it holds {held} records of {live}")
    elif doubted:
        store.trust(ctx.collection)


def sweep_orphans(ctx: RunContext) -> tuple[int, int]:
    """Delete records that the ledger does not know as live; returns how many, and how many are left. Nothing may be pending."""
    store, ref, kept = ctx.library.vectors, ctx.collection, 0
    orphans: list[str] = []
    for page in store.ids(ref):
        ctx.check()
        live = vectors.live_ids(ctx.db, ctx.run.generation, page)
        kept += len(live)
        orphans += [id for id in page if id not in live]
    for start in range(0, len(orphans), 1_000):
        store.remove(ref, orphans[start : start + 1_000])
    return len(orphans), kept


def _find_adoptable(ctx: RunContext) -> None:
    """Collections of this library under another store id: of a ledger that was lost. They are never served."""
    store, info = ctx.library.vectors, ctx.library.collection_info(ctx.run.generation)
    for name, found in store.collections():
        if _same_library(found, info) and name != ctx.run.generation.collection:
            ctx.ownerless.append(CollectionRef(name, found.store_id))
            # On a shared server it is as likely another installation's, and is there at every run.
            logger().log(
                logging.INFO if store.shared else logging.WARNING,
                "found a store without its ledger (%d records): its vectors are used where id and text agree",
                found.count,
            )
    ctx.adoptable += ctx.ownerless


def _same_library(found: CollectionInfo, ours: CollectionInfo) -> bool:
    return (found.tenant, found.library, found.space) == (ours.tenant, ours.library, ours.space)


def _drop_if_ours(ctx: RunContext, name: str | None, store_id: str | None) -> None:
    if name is None or store_id is None:
        return
    info = ctx.library.vectors.describe(name)
    if info is not None and info.store_id == store_id:
        ctx.library.vectors.drop(CollectionRef(name, store_id))
