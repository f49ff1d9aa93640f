"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

LibraryName = Annotated[str, typer.Option("--library", "-l", help="The library; default: LEVADA_LIBRARY, or `default`.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output, for scripts.")]
