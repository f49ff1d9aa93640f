"""Taking a whole source out of a library."""

from __future__ import annotations

from contextlib import suppress

from blocks.library import Library
from core.errors import LibraryBusy, UsageError
from ledger import sources
from ledger.sources import SourceRow
from tasks.deletion import delete_pending
from tasks.finish import erase
from tasks.reconcile import reconcile_store
from tasks.session import working_on


def remove_source(library: Library, root: str) -> tuple[SourceRow, int]:
    """Remove the source with that root and all its documents, to the last trace (invariant I12); returns it, and how many.

    Raises UsageError for an unknown root, LibraryBusy while an ingest is at work.
    """
    row = library.row()
    try:
        source = sources.choose(sources.all_of(library.ledger, row), library.name, root)[0]
    except UsageError:
        # A removal that was killed has taken the source out already: what it left is finished here.
        # (While an ingest is at work, that one finishes it.)
        with suppress(LibraryBusy), working_on(library, None) as ctx:
            reconcile_store(ctx)
            erase(ctx)
        raise
    with working_on(library, None) as ctx:
        reconcile_store(ctx)
        removed = sources.remove(ctx.db, ctx.run, source)
        delete_pending(ctx)
        erase(ctx)
        ctx.report.removed = removed
    return source, removed
