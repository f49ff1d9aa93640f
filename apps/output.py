"""Printing for people and for scripts."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

out = Console(highlight=False, width=None if sys.stdout.isatty() else 1000)
"""In a pipe no path is cut short or broken in two."""
err = Console(stderr=True, highlight=False)


def print_json(data: Any) -> None:
    """One line of JSON on standard output, in ASCII: what a script reads does not depend on the terminal's encoding."""
    sys.stdout.write(json.dumps(data, default=str) + "\n")
    sys.stdout.flush()


def table(title: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Table:
    """A plain table; numbers stand to the right."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        # As text: a name such as "[draft].pdf" is no markup.
        made.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    return made
