"""Stage 0: what does the source hold now? Listed in pages, promoted to the mirror in one transaction."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from prefect import task

from blocks.sources.base import Source
from core.errors import CursorRejected, SourceUnavailable, Unprocessable
from core.files import ChangePage, ListingEnd
from ledger import absences, listings, owed, sources
from ledger.listings import Listing, Promotion
from tasks.context import RunContext, SourceContext
from tasks.log import logger
from tasks.options import EFFECT
from tasks.progress import Progress, tell

EVERY = 15.0
"""Seconds between two log lines of a long listing."""
MANY = 64
"""New files that can hardly all be moved ones: there will be text to read and to embed."""


@task(name="discover", task_run_name="discover {source.row.root}", **EFFECT)
def discover(
    ctx: RunContext,
    source: SourceContext,
    confirm_removals: bool,
    full: bool,
    before_promotion: Callable[[], object] = lambda: None,
) -> Promotion:
    """Bring the mirror up to date. Raises SourceUnavailable, with cursor, mirror and index as they were.

    `before_promotion` is called when all is listed and nothing counts yet, and may still raise: until store and ledger agree,
    a reader tells an incomplete store by the number of live chunks, which a promotion lowers.
    """
    source.adapter.heed(ctx.check)
    with ctx.timed("discover"):
        try:
            listing, end = _listed(ctx, source, _cursor(ctx, source, confirm_removals, full))
        except SourceUnavailable:
            # A name that was mistyped, or never within reach, is no source of the library.
            sources.forget_unlisted(ctx.db, ctx.run, source.row)
            raise
    before_promotion()
    with ctx.timed("discover"):
        promotion = listings.promote(ctx.db, ctx.run, source.row, listing, end, confirm_removals)
        owed.invalidate(ctx.db, ctx.run, source.row, ctx.pipeline)
        source.files_total, source.bytes_total = owed.due(ctx.db, source.row, time.time())
    with ctx.counting() as report:
        report.removed += promotion.removed
    if promotion.awaiting:
        how = "--confirm-removals" if promotion.needs_flag else "the next run, or --confirm-removals"
        logger().warning("%d files vanished from %s: their removal waits for %s", promotion.awaiting, source.row.root, how)
    logger().info("%d files listed, %d removed, %d to work on", promotion.listed, promotion.removed, source.files_total)
    return promotion


def _cursor(ctx: RunContext, source: SourceContext, confirm_removals: bool, full: bool) -> str | None:
    """Where to begin; None: from scratch."""
    # Only a whole listing sees again, or misses again, what an earlier one missed.
    doubted = absences.wait_for_listing(ctx.db, source.row.id) or (confirm_removals and absences.wait(ctx.db, source.row.id))
    half_way = listings.is_interrupted_from_scratch(ctx.db, source.row)
    return None if full or doubted or half_way else source.row.cursor


def _listed(ctx: RunContext, source: SourceContext, cursor: str | None) -> tuple[int, ListingEnd]:
    """A listing, staged whole."""
    listing = listings.begin(ctx.db, ctx.run, source.row, cursor)
    try:
        end = _list(ctx, source, listing, cursor)
    except CursorRejected as exc:
        # Never "from now on": what happened in between would be lost.
        level = logging.INFO if exc.expected else logging.WARNING
        logger().log(level, "%s is listed from scratch: %s", source.row.root, exc)
        listings.discard(ctx.db, ctx.run, source.row)
        listing = listings.begin(ctx.db, ctx.run, source.row, None)
        try:
            end = _list(ctx, source, listing, None)
        except CursorRejected as again:
            raise SourceUnavailable(f"{source.row.root}: {again}; run again") from again
    if end.full and source.adapter.ids_are_places:
        _read_possibly_moved(ctx, source, listing.id)
    return listing.id, end


def _list(ctx: RunContext, source: SourceContext, listing: Listing, cursor: str | None) -> ListingEnd:
    """Stage all pages of the listing; its end."""
    end, listed, new, due = None, 0, 0, time.monotonic() + EVERY
    for page in source.adapter.changes(cursor, listing.tree):
        ctx.check()
        if isinstance(page, ListingEnd):
            end = page
            continue
        new += listings.stage(ctx.db, ctx.run, source.row, listing.id, page)
        listed += len(page.files)
        if new >= MANY:
            ctx.warm_up()
        tell(Progress(f"looking at {source.row.root}", files_done=listed))
        if time.monotonic() > due:  # a log line for those who watch the run on Prefect's page
            logger().info("%s: %d files listed so far", source.row.root, listed)
            due = time.monotonic() + EVERY
        _warn(ctx, page)
    assert end is not None, "a source that was cut short raises"
    return end


def _warn(ctx: RunContext, page: ChangePage) -> None:
    with ctx.counting() as report:
        report.unlisted += len(page.unlisted)
    for warning in page.warnings:
        logger().warning(warning)
        with ctx.counting() as report:
            report.warnings.append(warning)


def _read_possibly_moved(ctx: RunContext, source: SourceContext, listing: int) -> None:
    """A new file as large as one that vanished is read now: equal content makes it the same document, moved."""
    after = ""
    while found := listings.possibly_moved(ctx.db, source.row, listing, after):
        contents = []
        for file in found:
            ctx.check()
            read = _content(source.adapter, file.file_id, ctx.snapshots)
            if read is not None:
                contents.append((file.document_id, *read))
        listings.note_contents(ctx.db, ctx.run, listing, contents)
        after = found[-1].document_id


def _content(adapter: Source, file_id: bytes, directory: Path) -> tuple[str, str] | None:
    """(content hash, fingerprint) of a file; None if it cannot be read now: extraction will say why."""
    try:
        snapshot = adapter.fetch(file_id, directory)
    except (FileNotFoundError, Unprocessable):
        return None
    Path(snapshot.path).unlink()
    return snapshot.content_hash, snapshot.fingerprint
