"""Stage 1: bytes to documents. What is known already by its content is neither fetched nor parsed again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TypeAlias

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
from tasks.extractors._types.suffixes import may_be_told_otherwise
from tasks.fetching import Fetch, Fetching
from tasks.opening import open_container
from tasks.options import EFFECT

STAGE = "extract"

_Settle: TypeAlias = Callable[[Batch], None]
"""Adds a file to where it belongs in its batch."""


class _Turn(NamedTuple):
    """A file, and how it is settled if that is known before it is read."""

    file: OwedFile
    settle: _Settle | None


@task(name=STAGE, task_run_name="extract {batch.number}", **EFFECT)
def extract(ctx: RunContext, source: SourceContext, batch: Batch) -> None:
    """Read every file of the batch: each ends as a document, as read and known, as failed, or as vanished."""
    with ctx.timed(STAGE):
        to_parse: dict[str, tuple[OwedFile, Snapshot]] = {}
        try:
            _read_all(ctx, source, batch, to_parse)
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


def _read_all(ctx: RunContext, source: SourceContext, batch: Batch, to_parse: dict[str, tuple[OwedFile, Snapshot]]) -> None:
    """Settle every file whose content is known; leave the snapshots of the others for the parsers."""
    turns: Iterator[_Turn] = (_Turn(file, _settled_unread(ctx, file)) for file in batch.files)
    with Fetching[_Turn](source.adapter, ctx.snapshots) as fetching:
        for turn, fetch in fetching.in_turn(turns, _wanted_bytes):
            ctx.check()
            _read(ctx, batch, turn, fetch, to_parse)
            if turn.file.document_id not in to_parse:
                ctx.advance(source, turn.file.size, READ)


def _settled_unread(ctx: RunContext, file: OwedFile) -> _Settle | None:
    if is_member(file.file_id):
        # Its fingerprint is its content's hash.
        return _known(ctx, file, file.fingerprint, file.fingerprint)
    read_before = file.content_hash if file.fingerprint and file.fingerprint == file.read_fingerprint else None
    return _known(ctx, file, read_before, file.fingerprint) if read_before else None


def _wanted_bytes(turn: _Turn) -> bytes | None:
    return None if turn.settle is not None or is_member(turn.file.file_id) else turn.file.file_id


def _read(
    ctx: RunContext, batch: Batch, turn: _Turn, fetch: Fetch | None, to_parse: dict[str, tuple[OwedFile, Snapshot]]
) -> None:
    file, settle = turn
    if settle is not None:
        settle(batch)
        if is_member(file.file_id):
            ctx.spool.drop(file.document_id)
        return
    try:
        snapshot = fetch() if fetch is not None else _of_member(ctx, file)
    except FileNotFoundError:
        batch.vanished.append(file)
        return
    except Unprocessable as exc:
        batch.failed.append(FailedFile(file.document_id, file.wanted, "fetch", exc.reason, exc.detail))
        return
    if snapshot is None:
        batch.waiting.append(file)
        return
    settle = _known(ctx, file, snapshot.content_hash, snapshot.fingerprint)
    if settle is not None:
        Path(snapshot.path).unlink()
        settle(batch)
    else:
        to_parse[file.document_id] = (file, snapshot)


def _of_member(ctx: RunContext, file: OwedFile) -> Snapshot | None:
    """A member's bytes; None if its container must give them again."""
    path = ctx.spool.take(file.document_id, ctx.snapshots)
    return None if path is None else Snapshot(path, file.fingerprint, file.size, file.fingerprint)


def _known(ctx: RunContext, file: OwedFile, content: str, fingerprint: str) -> _Settle | None:
    """How to settle a file whose content needs no parser; None if it does."""
    reading = Reading(file.document_id, file.wanted, content, fingerprint)
    if file.is_current(content, ctx.pipeline) and not may_be_told_otherwise(file.published_type or "", file.reading_name):
        return lambda batch: batch.current.append(reading)
    if file.is_hopeless(content, ctx.pipeline):
        return lambda batch: batch.hopeless.append(reading)
    document = None if file.wants_members else ctx.cache.get(content, file.reading_name, ctx.pipeline.engines)
    if document is None:
        return None
    if (document.members or file.opened_content is not None) and not file.is_open(content, ctx.pipeline):
        return None  # what lies in it, or lay in it before, is to be mirrored first
    extracted = Extracted(file, content, fingerprint, document)
    return lambda batch: batch.extracted.append(extracted)


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
