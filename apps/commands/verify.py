"""`levada verify`: is the store just what the ledger says?"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from apps.libraries import open_for
from apps.options import AsJson, LibraryName
from apps.output import out, print_json

FAILED = 1


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify")(verify)


def verify(
    repair: Annotated[bool, typer.Option("--repair", help="Delete orphans, and put back what is missing.")] = False,
    library: LibraryName = "",
    as_json: AsJson = False,
) -> None:
    """Compare the store with the ledger: missing and orphaned records. Exit 1 if they differ and are not repaired."""
    opened = open_for(library)
    from tasks.verify import verify_store

    try:
        found = verify_store(opened, repair)
    finally:
        opened.close()
    if as_json:
        print_json(asdict(found))
    elif found.sound:
        out.print(f"[green]The store holds just what the ledger says[/green]: {found.live:,} chunks.")
    else:
        done = "repaired" if found.repaired else "run `levada verify --repair`"
        trouble = escape(found.trouble)
        out.print(
            f"[yellow]{found.missing:,} missing, {found.orphaned:,} orphaned of {found.live:,}[/yellow] {trouble}: {done}"
        )
    raise typer.Exit(0 if found.sound or found.repaired else FAILED)
