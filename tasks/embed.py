"""Stage 3: texts to vectors, only those that the ledger holds none for in this space."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from prefect import task

from blocks.embedders.base import Vectors
from core.errors import SpaceMismatch, StoreUnavailable, StoreUnreadable
from ledger import vectors
from tasks.batches import EMBEDDED, Batch
from tasks.context import RunContext, SourceContext
from tasks.log import logger
from tasks.options import EFFECT

STAGE = "embed"

PORTION_SECONDS = 2.5
"""How long a portion of texts may take: between two of them a run looks whether it shall stop."""
LEAST, MOST = 8, 512
"""Texts in a portion. More at once leave fewer ends, at which a core waits, and fewer shapes that are new to the model."""


@task(name=STAGE, task_run_name="embed {batch.number}", **EFFECT)
def embed(ctx: RunContext, source: SourceContext, batch: Batch) -> None:
    """Give every added chunk of the batch its vector."""
    with ctx.embedding, ctx.timed(STAGE):
        hashes = list(batch.texts)
        # In this order a batch that is published meanwhile is known to one of the two.
        in_flight = {hash: row for hash in hashes if (row := ctx.in_flight.get(hash)) is not None}
        batch.vectors = vectors.known(ctx.db, ctx.run.generation.space_id, hashes)
        adopted = _adopted(ctx, batch, in_flight)
        missing = [hash for hash in hashes if hash not in batch.vectors and hash not in in_flight and hash not in adopted]
        # Texts of like length side by side need the least padding, and the last portion is soon done.
        missing.sort(key=lambda hash: -len(batch.texts[hash]))
        batch.vectors |= in_flight | adopted
        # A batch in flight may yet fail: what is taken from it is saved here as well.
        batch.new_vectors = {*in_flight, *adopted, *missing}
        for part, rows in _embedded(ctx, batch, missing):
            batch.vectors.update(zip(part, rows, strict=True))
            with ctx.counting() as report:
                report.chunks_embedded += len(part)
            ctx.advance(source, batch.bytes, EMBEDDED * len(part) / len(missing))
        batch.token_ids.clear()
        ctx.in_flight.update({hash: batch.vectors[hash] for hash in batch.new_vectors})
    chunks = sum(len(r.added) + len(r.moved) + r.kept for r in batch.revisions)
    with ctx.counting() as report:
        report.chunks_reused += chunks - len(missing)
    if not missing:
        ctx.advance(source, batch.bytes, EMBEDDED)


def _embedded(ctx: RunContext, batch: Batch, missing: list[bytes]) -> Iterator[tuple[list[bytes], list[bytes]]]:
    """Hashes and their vectors, portion by portion; two portions at work, so that no core waits for the end of one."""
    at_work: deque[tuple[list[bytes], Future[list[bytes]]]] = deque()
    start, size = 0, ctx.first_portion

    def rows(part: list[bytes], first: bool) -> list[bytes]:
        nonlocal size
        ctx.check()
        started = time.perf_counter()
        texts = [batch.texts[hash] for hash in part]
        ids = [known for hash in part if (known := batch.token_ids[hash]) is not None]
        model = ctx.library.model
        matrix = model.embed_tokenized(texts, ids) if len(ids) == len(texts) else model.embed(texts)
        size = portion_after(len(part), time.perf_counter() - started)
        if first:
            # The longest texts of the batch: what comes later in it is faster, and says nothing of the next one's.
            ctx.first_portion = size
        return _rows(ctx, matrix)

    with ThreadPoolExecutor(2, thread_name_prefix="levada-portion") as pool:
        while start < len(missing) or at_work:
            while start < len(missing) and len(at_work) < 2:
                part = missing[start : start + size]
                at_work.append((part, pool.submit(rows, part, start == 0)))
                start += len(part)
            part, future = at_work.popleft()
            yield part, future.result()


def portion_after(texts: int, seconds: float) -> int:
    """Size of the next portion, when one of so many texts took so long."""
    return max(LEAST, min(MOST, round(texts / max(seconds, 1e-3) * PORTION_SECONDS)))


def _adopted(ctx: RunContext, batch: Batch, in_flight: dict[bytes, bytes]) -> dict[bytes, bytes]:
    """Vectors of a store whose ledger was lost, where id and text agree."""
    found: dict[bytes, bytes] = {}
    if not ctx.adoptable:
        return found
    wanted = {
        row.id: row.text_hash
        for revision in batch.revisions
        for row in revision.added
        if row.text_hash not in batch.vectors and row.text_hash not in in_flight
    }
    for ref in list(ctx.adoptable):
        try:
            records = ctx.library.vectors.fetch(ref, list(wanted))
        except (StoreUnavailable, StoreUnreadable) as exc:
            # It would only have saved work.
            ctx.adoptable.remove(ref)
            logger().warning("the store without its ledger cannot be read (%s): its texts are embedded again", exc)
            continue
        for record in records:
            hash = wanted[record.id]
            if record.text == batch.texts[hash] and len(record.vector) == ctx.run.generation.dimension:
                found[hash] = np.asarray(record.vector, dtype="<f4").tobytes()
    return found


def _rows(ctx: RunContext, matrix: Vectors) -> list[bytes]:
    if matrix.shape[1] != ctx.run.generation.dimension or not np.isfinite(matrix).all():
        raise SpaceMismatch(f"the model gave vectors of shape {matrix.shape}, or not finite ones: its files may be damaged")
    return [row.tobytes() for row in np.ascontiguousarray(matrix, dtype="<f4")]
