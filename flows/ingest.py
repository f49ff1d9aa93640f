"""The flow `ingest`: a source becomes a searchable library, and stays true.

reconcile     store and ledger agree, what a dead run left is finished
discover      meanwhile: what does the source hold now? mirrored with its cursor
per batch     extract -> chunk -> embed -> publish, a few batches in flight
finish        nothing pending, nothing left of what was removed
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from threading import Event
from typing import Annotated, Any

from prefect import Task, flow
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.runtime import flow_run
from prefect.states import Completed
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import Field

from blocks.library import Library, open_library
from blocks.sources.base import Source
from core.errors import LibraryBusy, SourceUnavailable, Undescribed
from flows.queueing import PATIENCE, at_work, gives_way, own_run, rival
from tasks import sources as named_sources
from tasks.batches import Batch, OwedBatches
from tasks.chunk import chunk
from tasks.context import RunContext, SourceContext
from tasks.discover import discover
from tasks.embed import embed
from tasks.extract import extract
from tasks.finish import finish
from tasks.log import errors_in_one_line, logger
from tasks.plan import make_plan
from tasks.progress import Progress, tell
from tasks.publish import publish
from tasks.reconcile import reconcile
from tasks.report import ProgressArtifact, publish_plan, publish_report
from tasks.session import working_on

WINDOW = 3
"""Batches in flight: while one is embedded, the next is extracted and the one before published."""
STAGES = 4
HEAD_START = 1.0
"""Seconds for which the second batch waits, at most, until the first is read: the model waits for that one."""
PROGRESS_EVERY = 5.0
"""Seconds between two looks at the progress while a batch is waited for."""

# Prefect's parameter schema takes a constraint from the annotation only: of `= Field(default, ge=1)` it keeps none.
Count = Annotated[int, Field(ge=1)]


def _run_name() -> str:
    parameters = flow_run.parameters
    return f"{parameters.get('library', 'default')} from {parameters.get('source') or 'all sources'}"


_runner: Any = ThreadPoolTaskRunner(max_workers=WINDOW * STAGES)


@flow(
    name="ingest",
    flow_run_name=_run_name,
    task_runner=_runner,
    persist_result=False,
)
def ingest(
    library: str = "default",
    source: str | None = None,
    include: list[str] | None = None,
    exclude: list[str] | None = None,
    dry_run: bool = False,
    full_reconcile: bool = False,
    confirm_removals: bool = False,
    batch_files: Count | None = None,
    batch_bytes: Count = 16 * 2**20,
    wait: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0,
) -> Any:
    """Carry a source into a library, and keep it true there.

    Args:
        library: Name of the library; made if it is new.
        source: A folder's path, or the root of a source that the library knows; left out: all its sources.
        include: Patterns of wanted files of a folder, as in a .gitignore, such as "**/*.md"; kept with the folder.
        exclude: Patterns of its unwanted files and folders, such as "drafts/"; they outdo include.
        dry_run: Say what would be done, and change nothing.
        full_reconcile: List the source from scratch, whatever its cursor says.
        confirm_removals: The files that vanished are really gone: remove them now.
        batch_files: Files in a batch, at most; left out: as many as take about ten seconds.
        batch_bytes: Bytes in a batch, at most.
        wait: Seconds to wait for another run that holds the library. A run of a schedule waits a quarter of an hour
            for one that works on other sources, and gives way to one that works on the same.
    """
    opened = open_library(library)
    if not opened.settings.log_level:
        errors_in_one_line()
    try:
        adapters = named_sources.named(opened, source, include, exclude)
    except Undescribed as exc:
        if not gives_way(own_run()):
            raise
        # A schedule is there from the start, before anybody has said what of a Drive is wanted.
        return Completed(name="Skipped", message=str(exc))
    try:
        if dry_run:
            planned = make_plan(opened, adapters)
            publish_plan(library, planned)
            return Completed(name="Planned", message="nothing was changed", data=planned)
        own = own_run()
        if own is not None and gives_way(own):
            first = rival(own, library, source) or at_work(opened, source)
            if first is not None:
                return Completed(name="Skipped", message=first)
            wait = max(wait, PATIENCE)
        return _ingest(opened, adapters, full_reconcile, confirm_removals, batch_files, batch_bytes, wait)
    except LibraryBusy as exc:
        if not gives_way(own_run()):
            raise
        return Completed(name="Skipped", message=str(exc))
    finally:
        for adapter in adapters:
            adapter.close()
        opened.close()


def _ingest(
    library: Library, adapters: list[Source], full: bool, confirm: bool, batch_files: int | None, batch_bytes: int, wait: float
) -> State[Any]:
    started = time.perf_counter()
    with working_on(library, flow_run.id, wait) as ctx:
        progress = ProgressArtifact(library.name)
        # The store takes a second or two to open: meanwhile the source is listed, which touches the ledger alone.
        reconciling = reconcile.submit(ctx)
        contexts = [SourceContext(adapter, named_sources.register(library, adapter)) for adapter in adapters]
        unavailable: list[SourceUnavailable] = []
        for source in contexts:
            try:
                discover(ctx, source, confirm, full, before_promotion=reconciling.result)
                _work(ctx, source, progress, batch_files, batch_bytes)
            except SourceUnavailable as exc:
                # No warning: a command would print the same words again when the run has failed for them.
                logger().info("%s: %s", source.row.root, exc)
                unavailable.append(exc)
        reconciling.result()
        finish(ctx, contexts)
        report = ctx.report
        report.seconds = ctx.seconds() | {"total": round(time.perf_counter() - started, 3)}
        progress.update(100.0)
        publish_report(library.name, report, [source.row.root for source in contexts])
        if unavailable:
            raise SourceUnavailable("; ".join(map(str, unavailable))) from unavailable[0]
    if report.complete:
        return Completed(message="complete", data=report)
    return Completed(name="Partial", message="some files were left behind: see the sync report", data=report)


def _work(
    ctx: RunContext, source: SourceContext, progress: ProgressArtifact, batch_files: int | None, batch_bytes: int
) -> None:
    """All owed files of a source, and then what they were found to hold."""
    tell(Progress("reading, embedding and publishing", 0, source.files_total, 0, source.bytes_total))
    for batches in OwedBatches(ctx, source, batch_files, batch_bytes).passes():
        _pass(ctx, source, progress, batches)


def _pass(ctx: RunContext, source: SourceContext, progress: ProgressArtifact, batches: Iterator[Batch]) -> None:
    """Batch by batch, a few in flight."""
    window: deque[list[PrefectFuture[None]]] = deque()
    try:
        for batch in batches:
            extracted = extract.submit(ctx, source, batch)
            chunked = _after(extracted, chunk, ctx, batch)
            embedded = _after(chunked, embed, ctx, source, batch)
            window.append([extracted, chunked, embedded, _after(embedded, publish, ctx, source, batch)])
            if batch.number == 1:
                extracted.wait(HEAD_START)
            if len(window) == WINDOW:
                _finished(window.popleft(), source, progress)
        while window:
            _finished(window.popleft(), source, progress)
    except SourceUnavailable:
        # The other batches end as they may: the next source, and the finish, want them at rest.
        for stages in window:
            for future in stages:
                future.wait()
        raise


def _after(before: PrefectFuture[None], stage: Task[..., None], *arguments: Any) -> PrefectFuture[None]:
    """Submit a stage that waits for another one. As an argument, a future costs a question to Prefect's server."""
    return stage.submit(*arguments, wait_for=[before], return_state=False)


def _finished(stages: list[PrefectFuture[None]], source: SourceContext, progress: ProgressArtifact) -> None:
    """Wait for a batch; the first stage that failed tells why, the later ones only that it did."""
    for future in stages:
        _wait(future, source, progress)
        future.result()
    progress.update(source.percent)


def _wait(future: PrefectFuture[None], source: SourceContext, progress: ProgressArtifact) -> None:
    done = Event()
    future.add_done_callback(lambda _future: done.set())
    while not done.wait(PROGRESS_EVERY):
        progress.update(source.percent)
