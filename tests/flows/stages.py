"""The stages of an ingest one after the other, without Prefect: a second cheaper, and open to a test between two of them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

from blocks.library import Library
from core.report import SyncReport
from tasks import sources
from tasks.batches import OwedBatches
from tasks.chunk import chunk
from tasks.context import SourceContext
from tasks.discover import discover
from tasks.embed import embed
from tasks.extract import extract
from tasks.finish import finish
from tasks.publish import publish
from tasks.reconcile import reconcile
from tasks.session import working_on


def ingest_in_stages(
    library: Library,
    folder: str,
    batch_files: int = 128,
    once_listed: Callable[[], None] = lambda: None,
    wait: float | None = None,
) -> SyncReport:
    """Carry `folder` into the library; `once_listed` is called when its files are listed and none has been read."""
    with working_on(library, None, wait) as ctx:
        reconcile.fn(ctx)
        (adapter,) = sources.named(library, folder)
        source = SourceContext(adapter, sources.register(library, adapter))
        discover.fn(ctx, source, False, False)
        once_listed()
        for batch in chain.from_iterable(OwedBatches(ctx, source, batch_files, 1 << 30).passes()):
            extract.fn(ctx, source, batch)
            chunk.fn(ctx, batch)
            embed.fn(ctx, source, batch)
            publish.fn(ctx, source, batch)
        finish.fn(ctx, [source])
        adapter.close()
        return ctx.report
