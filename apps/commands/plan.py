"""`levada plan PATH`: what an ingest would do."""

from __future__ import annotations

from dataclasses import asdict

import typer

from apps.libraries import open_for
from apps.options import AsJson, Exclude, Include, LibraryName, SourceName
from apps.output import out, print_json
from apps.progress import ProgressBar
from core.amounts import size, span


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("plan")(plan)


def plan(
    source: SourceName = None,
    library: LibraryName = "",
    include: Include = None,
    exclude: Exclude = None,
    as_json: AsJson = False,
) -> None:
    """Say what an ingest would do (files, bytes, chunks to embed, time) and change nothing."""
    opened = open_for(library)
    from tasks.plan import make_plan
    from tasks.progress import listening
    from tasks.sources import named

    try:
        adapters = named(opened, source, include or None, exclude or None)
        try:
            with ProgressBar(quiet=as_json) as bar, listening(bar.show):
                planned = make_plan(opened, adapters)
        finally:
            for adapter in adapters:
                adapter.close()
    finally:
        opened.close()
    if as_json:
        print_json(asdict(planned))
        return
    about = "about " if planned.estimated else ""
    files = f"{planned.files:,} files, {planned.changed:,} to read ({size(planned.bytes)}), {planned.vanished:,} vanished"
    out.print(files)
    out.print(f"{about}{planned.chunks:,} chunks to embed, {about}{planned.unreadable:,} files that cannot be read")
    out.print(f"about {span(planned.seconds)}")
