"""Stage 1: bytes to documents. What is known already by its content is neither fetched nor parsed again."""

from __future__ import annotations

from pathlib import Path

from prefect import task

from core.errors import Unprocessable
from core.files import Snapshot
from core.reasons import Reason
from ledger import deletion
from ledger.owed import OwedFile
from ledger.publishing import Reading
from ledger.quarantine import FailedFile
from tasks.batches import READ, Batch, Extracted
from tasks.context import RunContext, SourceContext
from tasks.options import EFFECT

STAGE = "extract"


@task(name=STAGE, task_run_name="extract {batch.number}", **EFFECT)
def extract(ctx: RunContext, source: SourceContext, batch: Batch) -> None:
    """Read every file of the batch: each ends as a document, as read and known, as failed, or as vanished."""
    with ctx.timed(STAGE):
        to_parse: dict[str, tuple[OwedFile, Snapshot]] = {}
        try:
            for file in batch.files:
                ctx.check()
                _read(ctx, source, batch, file, to_parse)
                if file.document_id not in to_parse:
                    ctx.advance(source, file.size, READ)
            if any(file.published_content is None for file, _snapshot in to_parse.values()):
                # New text is to come: while it is parsed, the model can be loaded.
                ctx.library.model.warm_up()
            _parse(ctx, source, batch, to_parse)
        finally:
            for _file, snapshot in to_parse.values():
                Path(snapshot.path).unlink(missing_ok=True)


def _read(
    ctx: RunContext, source: SourceContext, batch: Batch, file: OwedFile, to_parse: dict[str, tuple[OwedFile, Snapshot]]
) -> None:
    """Settle one file if its content is known; else leave its snapshot for the parsers."""
    read_before = file.content_hash if file.fingerprint and file.fingerprint == file.read_fingerprint else None
    if read_before and _known(ctx, batch, file, read_before, file.fingerprint):
        return
    try:
        snapshot = source.adapter.fetch(file.file_id, ctx.snapshots)
    except FileNotFoundError:
        batch.vanished.append(file)
        return
    except Unprocessable as exc:
        batch.failed.append(FailedFile(file.document_id, file.wanted, "fetch", exc.reason, exc.detail))
        return
    if _known(ctx, batch, file, snapshot.content_hash, snapshot.fingerprint):
        Path(snapshot.path).unlink()
    else:
        to_parse[file.document_id] = (file, snapshot)


def _known(ctx: RunContext, batch: Batch, file: OwedFile, content: str, fingerprint: str) -> bool:
    """Settle a file whose content needs no parser; returns whether it was so."""
    if file.is_current(content, ctx.pipeline):
        batch.current.append(Reading(file.document_id, file.wanted, content, fingerprint))
        return True
    if file.is_hopeless(content, ctx.pipeline):
        batch.hopeless.append(Reading(file.document_id, file.wanted, content, fingerprint))
        return True
    document = ctx.cache.get(content, file.name, ctx.pipeline.engines)
    if document is not None:
        batch.extracted.append(Extracted(file, content, fingerprint, document))
    return document is not None


def _parse(ctx: RunContext, source: SourceContext, batch: Batch, to_parse: dict[str, tuple[OwedFile, Snapshot]]) -> None:
    # From here on the ledger knows what the cache may hold, so that nothing outlives a document that never comes to be.
    deletion.suspect_contents(ctx.db, ctx.run, [snapshot.content_hash for _file, snapshot in to_parse.values()])
    items = [(document_id, snapshot.path, file.name) for document_id, (file, snapshot) in to_parse.items()]
    for document_id, outcome in ctx.pool.read_many(items):
        ctx.check()
        file, snapshot = to_parse.pop(document_id)
        ctx.advance(source, file.size, READ)
        content, fingerprint = snapshot.content_hash, snapshot.fingerprint
        if not isinstance(outcome, Unprocessable) and outcome.elements:
            ctx.cache.put(content, file.name, outcome, draft=snapshot.path)
            batch.extracted.append(Extracted(file, content, fingerprint, outcome))
            continue
        Path(snapshot.path).unlink()
        refusal = outcome if isinstance(outcome, Unprocessable) else Unprocessable(Reason.EMPTY)
        key = ctx.pipeline.failure_key(refusal.reason, refusal.engine)
        batch.failed.append(
            FailedFile(document_id, file.wanted, STAGE, refusal.reason, refusal.detail, content, fingerprint, key)
        )
