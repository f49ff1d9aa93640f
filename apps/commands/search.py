"""`levada search QUESTION -k N`: the passages that answer best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from apps.libraries import open_for
from apps.options import AsJson, LibraryName
from apps.output import out, print_json
from core.errors import UsageError
from core.principals import asked

KEYS = ("score", "text", "path", "pages", "headings", "document_id", "chunk_id", "outdated")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("search")(search)


def search(
    question: Annotated[str, typer.Argument(help="A question, or what you look for.")],
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many passages.")] = 5,
    library: LibraryName = "",
    principals: Annotated[
        list[str] | None,
        typer.Option(
            "--as",
            metavar="PRINCIPAL",
            help="Only what user:ADDRESS, group:ADDRESS or domain:NAME may see. Repeatable.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question with the best passages, each with file, page and heading trail."""
    if not question.strip():
        raise UsageError("the question is empty: ask something")
    who = [asked(principal) for principal in principals or []]
    opened = open_for(library)
    try:
        passages = opened.search(question, k, who or None)
    finally:
        opened.close()
    if as_json:
        print_json([{key: asdict(passage)[key] for key in KEYS} for passage in passages])
        return
    if not passages:
        out.print("Nothing found: the library holds no document" + (" that they may see." if principals else " yet."))
    for number, passage in enumerate(passages, 1):
        place = f", {said_pages(passage.pages)}" if passage.pages else ""
        old = " [yellow](a newer revision is on its way)[/yellow]" if passage.outdated else ""
        out.print(f"[bold]{number}. {escape(passage.path)}[/bold]{place}  [dim]{passage.score:.3f}[/dim]{old}", soft_wrap=True)
        if passage.headings:
            out.print(f"   [cyan]{escape(' > '.join(passage.headings))}[/cyan]", soft_wrap=True)
        out.print(f"   {escape(' '.join(passage.text.split()))}\n", soft_wrap=True)


def said_pages(pages: Sequence[int]) -> str:
    """As one says it: "page 41", "pages 2, 3"."""
    return f"page{'s' if len(pages) > 1 else ''} {', '.join(map(str, pages))}"
