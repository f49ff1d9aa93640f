"""A run's life: the library's lock, the run's row, the parser processes; all of it given back however the run ends."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from blocks.library import Library
from core.report import SyncReport
from ledger import runs
from ledger.locks import library_lock
from tasks.chunkers import StructureChunker
from tasks.context import RunContext
from tasks.extractors.base import Reading
from tasks.extractors.registry import engine_keys, failure_keys, registry_key
from tasks.log import logger
from tasks.parsers import end_strays, parser_pool
from tasks.spool import Spool

MOST_TOLD = 500
"""Characters kept of what a run failed for."""
PATIENCE = 6.0
"""Seconds that stages may take to stop: each looks up after a file, or after a portion of texts or records."""


@contextmanager
def working_on(library: Library, flow_run_id: str | None, wait: float | None = None) -> Iterator[RunContext]:
    """Hold the library and begin a run: of a flow, or of none. Raises LibraryBusy, or SpaceMismatch, with nothing changed."""
    settings = library.settings
    library.vectors.warm_up()
    row = library.row(create=True)
    with library_lock(library.ledger, row, wait), _only_new_garbage():
        generation = library.generation(create=True)
        assert generation is not None
        run = runs.begin(library.ledger, row, generation, flow_run_id)
        spool = Spool(settings.library_dir(library.name, library.tenant) / "snapshots")
        pool = parser_pool(settings, spool.directory, reading=Reading(settings.reading, str(spool.incoming)))
        keys = engine_keys(settings.reading), registry_key(settings.reading), failure_keys(settings.reading)
        ctx = RunContext(library, run, settings, pool, StructureChunker(), *keys, spool)
        state = "cancelled"
        try:
            end_strays(ctx.snapshots)
            shutil.rmtree(ctx.snapshots, ignore_errors=True)
            ctx.snapshots.mkdir(parents=True, mode=0o700)
            spool.make()
            yield ctx
            state = "completed" if ctx.report.complete else "partial"
        except Exception as exc:
            state = "failed"
            ctx.report.error = " ".join(str(exc).split())[:MOST_TOLD] or type(exc).__name__
            raise
        finally:
            ctx.stop.set()
            pool.close()
            # Ctrl-C and Cancel interrupt the main thread only; the library is not let go while a stage writes in another.
            if not ctx.come_to_rest(PATIENCE):
                logger().warning("a stage did not stop within %.0f s; what it still writes is refused", PATIENCE)
            shutil.rmtree(ctx.snapshots, ignore_errors=True)
            _close(ctx, state)


@contextmanager
def _only_new_garbage() -> Iterator[None]:
    """Look for garbage among the run's own objects only: to look through all that Prefect has loaded stops every thread, and
    with them the model, for a quarter of a second (measured, 600,000 objects).
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _close(ctx: RunContext, state: str) -> None:
    report: SyncReport = ctx.report
    runs.finish(ctx.db, ctx.run, state, report.to_json())
