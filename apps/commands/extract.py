"""`levada extract FILE`: what is understood of a file, without carrying it anywhere."""

from __future__ import annotations

import stat
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from apps.options import AsJson
from apps.output import err, out, print_json, table
from core.documents import Document, Element, ElementKind
from core.errors import LevadaError, Unprocessable, UsageError
from core.reasons import Reason
from core.settings import Settings

ALL = "all"
_PARTIAL = 3


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("extract")(extract)


def extract(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file of any format.")],
    as_json: AsJson = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print the document as Markdown.")] = False,
    engine: Annotated[str, typer.Option(help="Read it with this engine; `all` compares those that can.")] = "",
    draw: Annotated[
        Path | None, typer.Option(metavar="OUT.png", help="Paint the elements' boxes over the page: PDFs and pictures.")
    ] = None,
    page: Annotated[int | None, typer.Option(min=1, help="Only this page, sheet or slide.")] = None,
    keep_hidden: Annotated[bool, typer.Option("--keep-hidden", help="Keep text that a reader would not see.")] = False,
) -> int:
    """Show what is understood of a file: its elements with their places. Needs no library and changes nothing."""
    if as_json and as_markdown:
        raise UsageError("--json and --markdown exclude each other")
    if engine == ALL and (as_markdown or draw or page):
        raise UsageError("--engine all prints a table, or with --json its rows: name one engine for more")
    if draw and draw.suffix.lower() != ".png":
        raise UsageError("--draw writes PNG: name a file that ends in .png")
    if draw and not draw.parent.is_dir():
        raise UsageError(f"{_named(draw.parent)} is no folder: --draw has nowhere to write to")
    _check(file)
    from apps import extraction
    from tasks.extractors.base import Reading
    from tasks.extractors.registry import engine_named

    settings = Settings.from_env()
    policy = replace(settings.reading, keep_hidden=settings.reading.keep_hidden or keep_hidden)
    name = engine_named(engine).name if engine not in ("", ALL) else ""
    try:
        if engine == ALL:
            return _show_comparison(extraction.compare(file.absolute(), settings, Reading(policy)), as_json)
        document = extraction.read_file(file.absolute(), settings, Reading(policy, engine=name))
    except Unprocessable as refusal:
        if name and refusal.reason is Reason.UNSUPPORTED_TYPE:
            raise UsageError(f"this file is {refusal.detail}") from None
        return _refuse(file, refusal, as_json)
    written, failed = extraction.draw(file.absolute(), document, page, draw, settings) if draw else ([], [])
    trails = extraction.headings_of(document.elements)
    chosen = [
        (number, element, trail)
        for number, (element, trail) in enumerate(zip(document.elements, trails, strict=True), 1)
        if page is None or element.page == page
    ]
    boxless = [number for number, element, _trail in chosen if element.box is None]
    if as_json:
        drawn = {"drawn": [str(path) for path in written], "without_box": boxless} if draw else {}
        print_json(_as_data(document, chosen) | drawn)
    elif as_markdown:
        from core.document_markdown import to_markdown

        sys.stdout.write(to_markdown(element for _number, element, _trail in chosen))
    else:
        from apps.element_listing import show

        show(document, chosen)
    if page is not None and not chosen and not as_json:
        err.print(_nothing_on(page, document))
    if draw and not as_json:
        _tell_of_drawing(written, boxless)
    for problem in failed:
        err.print(f"[yellow]warning:[/yellow] {problem}", soft_wrap=True)
    return _PARTIAL if failed else 0


def _nothing_on(page: int, document: Document) -> str:
    last = max((element.page or 0 for element in document.elements), default=0)
    return f"Nothing was found on page {page}: " + (
        f"the last with text is page {last}." if last else "this file has no pages."
    )


def _check(file: Path) -> None:
    """Raises UsageError unless it is a file."""
    try:
        mode = file.stat().st_mode
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise UsageError(f"{_named(file)}: {reason}; check the path") from None
    if stat.S_ISDIR(mode):
        raise UsageError(f"{_named(file)} is a folder: name a file of it, or carry it all with `levada ingest`")
    if not stat.S_ISREG(mode):
        raise UsageError(f"{_named(file)} is no regular file")


def _refuse(file: Path, refusal: Unprocessable, as_json: bool) -> int:
    from apps.element_listing import shown

    if as_json:
        print_json({"reason": refusal.reason.value, "detail": refusal.detail, "remedy": refusal.reason.remedy})
    raise LevadaError(shown(f"{_named(file)}: {refusal}. {refusal.reason.remedy}"))


def _as_data(document: Document, elements: list[tuple[int, Element, tuple[str, ...]]]) -> dict[str, Any]:
    return {
        "media_type": document.media_type,
        "extractor": document.extractor,
        "title": document.title,
        "metadata": dict(document.metadata),
        "warnings": list(document.warnings),
        "members": [{"name": member.name, "size": member.size} for member in document.members],
        "elements": [
            {
                "number": number,
                "kind": element.kind.value,
                "text": element.text,
                "page": element.page,
                "level": element.level,
                "label": element.label,
                "headings": trail,
                "box": element.box,
            }
            | ({"cells": element.cells} if element.kind is ElementKind.TABLE else {})
            for number, element, trail in elements
        ],
    }


def _show_comparison(outcomes: list[tuple[str, Document | Unprocessable]], as_json: bool) -> int:
    from tasks.extractors.comparing import SECONDS

    rows: list[dict[str, Any]] = []
    for name, outcome in outcomes:
        if isinstance(outcome, Unprocessable):
            rows.append({"engine": name, "reason": outcome.reason.value, "detail": outcome.detail})
            continue
        pages = {element.page for element in outcome.elements} - {None}
        rows.append(
            {
                "engine": name,
                "seconds": float(outcome.metadata[SECONDS]),
                "pages": len(pages),
                "elements": len(outcome.elements),
                "characters": sum(len(element.text) for element in outcome.elements),
            }
        )
    if as_json:
        print_json(rows)
        return 0
    columns = ("engine", "seconds", "pages", "elements", "characters", "")
    lines: list[tuple[Any, ...]] = []
    for row in rows:
        if "reason" in row:
            lines.append((row["engine"], "", "", "", "", f"{row['reason']}: {row['detail']}".rstrip(": ")))
        else:
            counts = (f"{row[key]:,}" for key in ("pages", "elements", "characters"))
            lines.append((row["engine"], f"{row['seconds']:.3f}", *counts, ""))
    out.print(table("", columns, lines))
    return 0


def _tell_of_drawing(written: list[Path], boxless: list[int]) -> None:
    from apps.element_listing import ranges

    # Beside the document where people read it; Markdown has standard output for itself.
    shown = ", ".join(map(str, written)) if len(written) <= 4 else f"{written[0]}, {written[1]} ... {written[-1]}"
    err.print(f"wrote {shown}" + (f" ({len(written)} pages)" if len(written) > 1 else ""), markup=False, soft_wrap=True)
    if boxless:
        err.print(f"without a box: {ranges(boxless)}", markup=False, soft_wrap=True)


def _named(file: Path) -> str:
    import os

    from core.paths import printable

    return printable(os.fsencode(file))
