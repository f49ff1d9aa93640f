"""`levada status`: what the library holds and owes. Opens the ledger alone: no Prefect, no model, no store."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import Any

import typer
from rich.markup import escape

from apps.opened_ledger import ledger_of
from apps.options import AsJson, LibraryName
from apps.output import ago, out, print_json, table
from ledger import runs, sources, statistics


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status")(status)


def status(library: LibraryName = "", as_json: AsJson = False) -> None:
    """Show documents, chunks, generation, last ingest, and what is owed, quarantined or waiting.

    The last ingest is running, completed, partial, failed, cancelled, or died: it was killed, and the next finishes its work.
    """
    with ledger_of(library) as (db, row):
        counts = statistics.collect(db, row)
        last, known = runs.last(db, row), sources.all_of(db, row)
    run: dict[str, Any] | None = None
    if last is not None:
        run = asdict(last) | {"report": json.loads(last.report) if last.report else None}
    if as_json:
        roots = [{"kind": source.kind, "root": source.root, "listed_at": source.listed_at} for source in known]
        print_json({"library": row.name, **asdict(counts), "sources": roots, "last_run": run})
        return
    rows: list[tuple[Any, ...]] = [
        (name.replace("_", " "), f"{value:,}" if value is not None else "none") for name, value in asdict(counts).items()
    ]
    if last is not None:
        rows.append(("last run", f"{last.state}, {ago(time.time() - (last.finished_at or last.started_at))} ago"))
    out.print(table(f"Library {row.name}", ("", ""), rows))
    for source in known:
        seen = f"listed {ago(time.time() - source.listed_at)} ago" if source.listed_at else "not listed yet"
        out.print(f"{source.kind}  {escape(source.root)}  [dim]{seen}[/dim]", soft_wrap=True)
