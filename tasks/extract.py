"""Stage 1: bytes to documents. What is known already by its content is neither fetched nor parsed again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from prefect import task

from core.documents import Document
from core.errors import Unprocessable
from core.files import Snapshot
from core.members import is_member
from core.reasons import Reason
from ledger import deletion, members
from ledger.owed import OwedFile
from ledger.publishing import Reading
from ledger.quarantine import FailedFile
from tasks.batches import READ, Batch, Extracted
from tasks.context import RunContext, SourceContext
from tasks.opening import open_container
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
            if batch.waiting:
                # Their bytes lie in files that must be read first; they have their turn after those, in this run.
                members.ask_for(ctx.db, ctx.run, source.row, [file.file_id for file in batch.waiting])
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
        snapshot = _snapshot(ctx, source, batch, file)
    except FileNotFoundError:
        batch.vanished.append(file)
        return
    except Unprocessable as exc:
        batch.failed.append(FailedFile(file.document_id, file.wanted, "fetch", exc.reason, exc.detail))
        return
    if snapshot is None:
        return
    if _known(ctx, batch, file, snapshot.content_hash, snapshot.fingerprint):
        Path(snapshot.path).unlink()
    else:
        to_parse[file.document_id] = (file, snapshot)


def _snapshot(ctx: RunContext, source: SourceContext, batch: Batch, file: OwedFile) -> Snapshot | None:
    """The file's bytes; None if it is a member that is known already, or whose bytes its container must give again."""
    if not is_member(file.file_id):
        return source.adapter.fetch(file.file_id, ctx.snapshots)
    # Its fingerprint is its content's hash.
    if _known(ctx, batch, file, file.fingerprint, file.fingerprint):
        ctx.spool.drop(file.document_id)
        return None
    path = ctx.spool.take(file.document_id, ctx.snapshots)
    if path is None:
        batch.waiting.append(file)
        return None
    return Snapshot(path, file.fingerprint, file.size, file.fingerprint)


def _known(ctx: RunContext, batch: Batch, file: OwedFile, content: str, fingerprint: str) -> bool:
    """Settle a file whose content needs no parser; returns whether it was so."""
    if file.is_current(content, ctx.pipeline):
        batch.current.append(Reading(file.document_id, file.wanted, content, fingerprint))
        return True
    if file.is_hopeless(content, ctx.pipeline):
        batch.hopeless.append(Reading(file.document_id, file.wanted, content, fingerprint))
        return True
    document = None if file.wants_members else ctx.cache.get(content, file.reading_name, ctx.pipeline.engines)
    if document is None:
        return False
    if (document.members or file.opened_content is not None) and not file.is_open(content, ctx.pipeline):
        return False  # what lies in it, or lay in it before, is to be mirrored first
    batch.extracted.append(Extracted(file, content, fingerprint, document))
    return True


def _parse(ctx: RunContext, source: SourceContext, batch: Batch, to_parse: dict[str, tuple[OwedFile, Snapshot]]) -> None:
    # From here on the ledger knows what the cache may hold, so that nothing outlives a document that never comes to be.
    deletion.suspect_contents(ctx.db, ctx.run, [snapshot.content_hash for _file, snapshot in to_parse.values()])
    items = [(document_id, snapshot.path, file.reading_name) for document_id, (file, snapshot) in to_parse.items()]
    for document_id, outcome in ctx.pool.read_many(items):
        ctx.check()
        file, snapshot = to_parse.pop(document_id)
        ctx.advance(source, file.size, READ)
        content, fingerprint = snapshot.content_hash, snapshot.fingerprint
        try:
            if isinstance(outcome, Unprocessable):
                raise outcome
            _read_whole(ctx, source, batch, Extracted(file, content, fingerprint, outcome), snapshot.path)
        except Unprocessable as exc:
            key = ctx.pipeline.failure_key(exc.reason, exc.engine)
            failed = FailedFile(document_id, file.wanted, STAGE, exc.reason, exc.detail, content, fingerprint, key)
            batch.failed.append(failed)
        Path(snapshot.path).unlink(missing_ok=True)


def _read_whole(ctx: RunContext, source: SourceContext, batch: Batch, read: Extracted, draft: str) -> None:
    """Settle a file that was parsed; what lies in it is mirrored first. Raises Unprocessable."""
    file, document = read.file, read.document
    if not document.elements and not document.members:
        raise Unprocessable(Reason.EMPTY)
    if document.members or file.opened_content is not None:
        if not open_container(ctx, source, file, read.content_hash, document):
            return  # it wants other content by now, and stays owed
        if not document.elements:
            batch.current.append(Reading(file.document_id, file.wanted, read.content_hash, read.fingerprint))
            return
        read.document = document = _without_bytes(document)
    ctx.cache.put(read.content_hash, file.reading_name, document, draft)
    batch.extracted.append(read)


def _without_bytes(document: Document) -> Document:
    """The document as it is kept: what lies in it is only named."""
    return replace(document, members=tuple(replace(member, path="") for member in document.members))
