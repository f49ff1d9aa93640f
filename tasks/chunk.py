"""Stage 2: documents to chunks, compared with the ledger: added, moved, kept, dropped."""

from __future__ import annotations

from prefect import task

from core.chunks import Chunk
from core.errors import Unprocessable, UsageError
from core.ids import chunk_ids, text_hash
from core.reasons import Reason
from ledger import publishing
from ledger.publishing import ChunkRow, Revision
from ledger.quarantine import FailedFile
from tasks.batches import Batch, Extracted
from tasks.context import RunContext
from tasks.options import EFFECT

STAGE = "chunk"


@task(name=STAGE, task_run_name="chunk {batch.number}", **EFFECT)
def chunk(ctx: RunContext, batch: Batch) -> None:
    """Cut every document of the batch, and find out what of it is published already."""
    with ctx.timed(STAGE):
        published = publishing.live_chunks(ctx.db, ctx.run, [item.file.document_id for item in batch.extracted])
        for item in batch.extracted:
            ctx.check()
            chunks = _cut(ctx, item)
            if isinstance(chunks, Unprocessable):
                document, content = item.file.document_id, item.content_hash
                refusal = FailedFile(document, item.file.wanted, STAGE, chunks.reason, chunks.detail, content, item.fingerprint)
                batch.failed.append(refusal)
            else:
                batch.revisions.append(_revision(ctx, batch, item, chunks, published[item.file.document_id]))
        batch.extracted = []


def _cut(ctx: RunContext, item: Extracted) -> list[Chunk] | Unprocessable:
    """Its chunks, or why there are none: one document that cannot be cut stops no other (invariant I6)."""
    try:
        return ctx.chunker.chunk(item.document, ctx.tokenizer) or Unprocessable(Reason.EMPTY)
    except Unprocessable as exc:
        return exc
    except UsageError:
        raise  # of the settings, not of the document
    except Exception as exc:
        return Unprocessable(Reason.FAILED, f"{type(exc).__name__}: {exc}")


def _revision(ctx: RunContext, batch: Batch, item: Extracted, chunks: list[Chunk], old: dict[str, ChunkRow]) -> Revision:
    """What changes against the published revision `old`, {chunk id: row}."""
    added, moved, kept = [], [], 0
    ids = chunk_ids(item.file.document_id, (chunk.text for chunk in chunks))
    for ordinal, (id, chunk) in enumerate(zip(ids, chunks, strict=True)):
        row = ChunkRow(
            id, text_hash(chunk.text), ordinal, chunk.start, chunk.end, chunk.body_offset, chunk.pages, chunk.headings
        )
        if id not in old:
            added.append(row)
            batch.texts[row.text_hash] = chunk.text
            batch.token_ids[row.text_hash] = chunk.token_ids
        elif row != old[id]:
            moved.append(row)
        else:
            kept += 1
    file, document = item.file, item.document
    return Revision(
        document_id=file.document_id,
        wanted=file.wanted,
        content_hash=item.content_hash,
        fingerprint=item.fingerprint,
        media_type=document.media_type,
        extractor=document.extractor,
        chunker=ctx.chunker.key,
        title=document.title,
        metadata=document.metadata,
        added=added,
        moved=moved,
        dropped=sorted(old.keys() - set(ids)),
        kept=kept,
    )
