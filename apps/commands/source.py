"""`levada source list|remove`: the sources of a library."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from apps.libraries import open_for
from apps.opened_ledger import ledger_of
from apps.options import AsJson, LibraryName
from apps.output import out, print_json, table
from ledger import sources


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The sources of a library.", no_args_is_help=True)
    group.command("list")(list_sources)
    group.command("remove")(remove)
    app.add_typer(group, name="source")


def list_sources(library: LibraryName = "", as_json: AsJson = False) -> None:
    """List the sources of the library."""
    with ledger_of(library) as (db, row):
        found = [(source, sources.file_count(db, source)) for source in sources.all_of(db, row)]
    if as_json:
        print_json([asdict(source) | {"files": files} for source, files in found])
    else:
        out.print(table(f"Sources of library {row.name}", ("kind", "files", "root"), [(s.kind, n, s.root) for s, n in found]))


def remove(
    root: Annotated[str, typer.Argument(help="The source's root, as `levada source list` shows it.")],
    library: LibraryName = "",
    as_json: AsJson = False,
) -> None:
    """Take a source with all its documents out of the library. The files themselves are not touched."""
    opened = open_for(library)
    from tasks.remove_source import remove_source

    try:
        source, removed = remove_source(opened, root)
    finally:
        opened.close()
    if as_json:
        print_json({"root": source.root, "removed": removed})
    else:
        out.print(f"{escape(source.root)} was removed with {removed:,} documents", soft_wrap=True)
