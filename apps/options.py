"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

LibraryName = Annotated[str, typer.Option("--library", "-l", help="The library; default: LEVADA_LIBRARY, or `default`.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output, for scripts.")]
Include = Annotated[
    list[str] | None,
    typer.Option(help='Take only files like this of the folder, as in a .gitignore, such as "*.md"; kept with it. Repeatable.'),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(help='Leave out files or folders like this, such as "drafts/"; outdoes --include. Repeatable.'),
]
