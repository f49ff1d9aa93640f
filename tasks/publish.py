"""Stage 4: the publish protocol. Stage in the ledger, upsert in the store, flip in the ledger, delete what is stale."""

from __future__ import annotations

import numpy as np
from prefect import task

from blocks.stores.base import Record
from core.members import listed_path
from core.report import Failure
from ledger import publishing, quarantine
from ledger.publishing import Flip, Revision
from ledger.quarantine import FailedFile
from tasks.batches import PUBLISHED, Batch
from tasks.context import RunContext, SourceContext
from tasks.deletion import delete_pending
from tasks.options import EFFECT

STAGE = "publish"

PORTION = 500
"""Records written to the store at once."""


@task(name=STAGE, task_run_name="publish {batch.number}", **EFFECT)
def publish(ctx: RunContext, source: SourceContext, batch: Batch) -> None:
    """Make the batch's revisions the published ones, each whole or not at all; put the failed into quarantine."""
    with ctx.timed(STAGE):
        flip = _publish(ctx, batch)
        before = quarantine.known(ctx.db, [failed.document_id for failed in batch.failed])
        withdrawn = _settle(ctx, batch)
        delete_pending(ctx)
    new = [failed for failed in batch.failed if before.get(failed.document_id) != failed.reason.value]
    _count(ctx, source, batch, flip, withdrawn, new)


def _publish(ctx: RunContext, batch: Batch) -> Flip:
    if not batch.revisions:
        return Flip()
    new_vectors = {hash: batch.vectors[hash] for hash in batch.new_vectors}
    refused = publishing.stage(ctx.db, ctx.run, batch.revisions, batch.texts, new_vectors)
    for hash in batch.new_vectors:
        ctx.in_flight.pop(hash, None)
    accepted = [revision for revision in batch.revisions if revision.document_id not in refused]
    records = _records(batch, accepted)
    for start in range(0, len(records), PORTION):
        ctx.check()
        ctx.library.vectors.upsert(ctx.collection, records[start : start + PORTION])
    flip = publishing.flip(ctx.db, ctx.run, accepted)
    flip.refused |= refused
    return flip


def _records(batch: Batch, revisions: list[Revision]) -> list[Record]:
    return [
        Record(
            row.id, revision.document_id, batch.texts[row.text_hash], np.frombuffer(batch.vectors[row.text_hash], dtype="<f4")
        )
        for revision in revisions
        for row in revision.added
    ]


def _settle(ctx: RunContext, batch: Batch) -> int:
    """What brings no revision; how many documents are withdrawn for it."""
    if batch.current:
        publishing.confirm(ctx.db, ctx.run, batch.current)
    if batch.hopeless:
        publishing.confirm(ctx.db, ctx.run, batch.hopeless, still_failing=True)
    return quarantine.record(ctx.db, ctx.run, batch.failed, ctx.pipeline.registry) if batch.failed else 0


def _count(ctx: RunContext, source: SourceContext, batch: Batch, flip: Flip, withdrawn: int, new: list[FailedFile]) -> None:
    files = {file.document_id: file for file in batch.files}
    with ctx.counting() as report:
        report.added += len(flip.added)
        report.updated += len(flip.updated)
        report.moved += len(flip.moved)
        report.removed += withdrawn
        for failed in new:
            file, reason = files[failed.document_id], failed.reason
            failure = Failure(file.path, failed.stage, reason.value, failed.detail, reason.remedy)
            report.tell(failure, listed_path(file.path, file.file_id))
    ctx.advance(source, batch.bytes, PUBLISHED, files=len(batch.files))
