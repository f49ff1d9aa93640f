"""`levada quarantine list|retry`: files that cannot be processed, and why."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Annotated

import typer

from apps.options import AsJson, LibraryName
from apps.output import ago, out, print_json, table
from core.errors import UsageError
from core.reasons import Reason
from core.settings import Settings
from ledger import libraries, quarantine
from ledger.database import open_ledger


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Files that cannot be processed, and why.", no_args_is_help=True)
    group.command("list")(list_files)
    group.command("retry")(retry)
    app.add_typer(group, name="quarantine")


def list_files(library: LibraryName = "", as_json: AsJson = False) -> None:
    """List quarantined files with reason, attempts and what to do about them."""
    settings = Settings.from_env()
    db = open_ledger(settings.ledger_url, create=False)
    try:
        found = quarantine.rows(db, libraries.find(db, settings.tenant, library or settings.library))
    finally:
        db.close()
    if as_json:
        print_json([asdict(row) | {"remedy": Reason(row.reason).remedy} for row in found])
        return
    if not found:
        out.print("The quarantine is empty.")
        return
    rows = []
    for row in found:
        again = f"in {ago(row.next_try - time.time())}" if row.next_try else "when it changes"
        rows.append((row.path, row.reason, row.attempts, again, row.detail[:80] or Reason(row.reason).remedy))
    out.print(table("Quarantine", ("file", "reason", "tries", "next try", "detail"), rows))


def retry(
    file: Annotated[str | None, typer.Argument(help="Path or document id; left out: all.")] = None,
    library: LibraryName = "",
    as_json: AsJson = False,
) -> None:
    """Try quarantined files again at the next ingest."""
    settings = Settings.from_env()
    db = open_ledger(settings.ledger_url, create=False)
    try:
        count = quarantine.retry(db, libraries.find(db, settings.tenant, library or settings.library), file)
    finally:
        db.close()
    if file is not None and not count:
        raise UsageError(f"{file!r} is not in quarantine: `levada quarantine list` shows what is")
    if as_json:
        print_json({"retrying": count})
    else:
        out.print(f"{count:,} files are tried again at the next ingest")
