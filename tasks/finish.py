"""Last of all: nothing is left pending, and what was removed is erased (invariant I12)."""

from __future__ import annotations

from prefect import task

from ledger import deletion, listings, statistics
from tasks.context import RunContext, SourceContext
from tasks.deletion import delete_pending
from tasks.options import EFFECT


@task(name="finish", task_run_name="finish", **EFFECT)
def finish(ctx: RunContext, sources: list[SourceContext]) -> None:
    """Settle moves, delete what is stale, erase what nobody uses, and complete the report's counts."""
    with ctx.timed("finish"):
        for source in sources:
            let_go = listings.settle_moves(ctx.db, ctx.run, source.row)
            with ctx.counting() as report:
                report.removed += let_go
        delete_pending(ctx)
        if not ctx.library.vectors.shared:
            for ref in ctx.ownerless:
                ctx.library.vectors.drop(ref)
        erase(ctx)
    for source in sources:
        count = statistics.collect(ctx.db, ctx.run.library, source.row.id)
        with ctx.counting() as report:
            report.quarantined += count.quarantined
            report.owed += count.owed
            report.awaiting_confirmation += count.awaiting_confirmation
            report.unchanged += count.current
    with ctx.counting() as report:
        report.unchanged = max(0, report.unchanged - report.added - report.updated - report.moved)


def erase(ctx: RunContext) -> None:
    """Erase texts, vectors and extracted texts whose last user is gone."""
    while deletion.erase_texts(ctx.db, ctx.run):
        ctx.check()
    while True:
        unused, seen = deletion.unused_contents(ctx.db, ctx.run)
        if not seen:
            break
        ctx.check()
        ctx.cache.erase(unused)
        deletion.settle_contents(ctx.db, ctx.run, seen)
    ctx.db.compact()
