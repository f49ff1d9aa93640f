"""Options and arguments that several commands share."""

from __future__ import annotations

from importlib import metadata
from typing import Annotated

import typer

LibraryName = Annotated[str, typer.Option("--library", "-l", help="The library; default: LEVADA_LIBRARY, or `default`.")]
SourceName = Annotated[
    str | None,
    typer.Argument(
        metavar="PATH|SOURCE",
        help="A folder, the address of one on Google Drive, or a known source; left out: all.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output, for scripts.")]
Include = Annotated[
    list[str] | None,
    typer.Option(help='Take only files like this of the folder, as in a .gitignore, such as "*.md"; kept with it. Repeatable.'),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(help='Leave out files or folders like this, such as "drafts/"; outdoes --include. Repeatable.'),
]


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"levada {metadata.version('levada')}")
        raise typer.Exit


def of_all(
    debug: Annotated[bool, typer.Option("--debug", help="Show an error's traceback; also after the command.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Carries documents from where people keep them into a vector store, and keeps them true there."""
    # The options act before any command does: apps/cli.py takes --debug out, and --version ends the command.
