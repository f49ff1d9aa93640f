"""The publish protocol, step 4, as every stage uses it: claim, delete in the store, forget."""

from __future__ import annotations

from ledger import deletion
from tasks.context import RunContext

PORTION = 1_000
"""Ids deleted at once."""


def finish_interrupted(ctx: RunContext) -> None:
    """What a dead run had staged is given up; it is owed still, so it comes again."""
    deletion.abandon_staged(ctx.db, ctx.run)


def delete_pending(ctx: RunContext) -> None:
    """Delete from the store all that is stale, or was being deleted."""
    with ctx.deleting:
        while True:
            ctx.check()
            ids = deletion.claim(ctx.db, ctx.run, PORTION)
            if not ids:
                return
            ctx.library.vectors.remove(ctx.collection, ids)
            deletion.forget(ctx.db, ctx.run, ids)
