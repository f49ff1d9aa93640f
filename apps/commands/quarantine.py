"""`levada quarantine list|show|retry`: files that cannot be processed, and why."""

from __future__ import annotations

import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from apps.opened_ledger import ledger_of
from apps.options import AsJson, LibraryName
from apps.output import out, print_json, table
from core.amounts import size, span
from core.errors import UsageError
from core.paths import printable
from core.reasons import Reason
from ledger import quarantine, sources
from ledger.quarantine import QuarantinedFile

SHOWN = 1000
"""Rows that a person is shown."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Files that cannot be processed, and why.", no_args_is_help=True)
    group.command("list")(list_files)
    group.command("show")(show)
    group.command("retry")(retry)
    app.add_typer(group, name="quarantine")


def list_files(library: LibraryName = "", as_json: AsJson = False) -> None:
    """List quarantined files with reason, attempts and detail; `levada quarantine show FILE` says what to do."""
    with ledger_of(library) as (db, row):
        found = quarantine.rows(db, row, None if as_json else SHOWN)
        more = quarantine.count(db, row) - len(found)
        several = len(sources.all_of(db, row)) > 1
    if as_json:
        print_json([_facts(file) for file in found])
        return
    if not found:
        out.print("The quarantine is empty.")
        return
    columns: tuple[str, ...] = ("file", "reason", "tries", "next try", "detail")
    lines: list[tuple[Any, ...]] = []
    for file in found:
        again = _next_try(file, time.time())
        detail = file.detail[:80] or Reason(file.reason).remedy
        line = (file.path, file.reason, file.attempts, again, detail)
        lines.append((*line, file.source) if several else line)
    out.print(table("Quarantine", (*columns, "source") if several else columns, lines))
    if more > 0:
        out.print(f"... and {more:,} more: --json shows all")


def show(
    file: Annotated[str, typer.Argument(help="Path, as listed or absolute, name or document id.")],
    library: LibraryName = "",
    as_json: AsJson = False,
) -> None:
    """Show all that is known of a quarantined file: where and why it failed, the engine's words, and what to do."""
    with ledger_of(library) as (db, row):
        found = quarantine.rows(db, row, which=file, place=_place(file))
    if not found:
        raise _unknown(file)
    if as_json:
        print_json([_facts(one) for one in found])
        return
    for one in found:
        out.print(table(one.path, ("", ""), _lines(one)))


def _facts(file: QuarantinedFile) -> dict[str, Any]:
    facts = asdict(file) | {"engine": file.engine, "remedy": Reason(file.reason).remedy}
    del facts["engines"]
    return facts


def _lines(file: QuarantinedFile) -> list[tuple[str, Any]]:
    now = time.time()
    return [
        ("reason", file.reason),
        ("what to do", Reason(file.reason).remedy),
        ("stage", file.stage),
        ("engine", file.engine or "none had begun, or it is not known which"),
        ("its words", file.detail),
        ("attempts", file.attempts),
        ("first failed", f"{span(now - file.first_at)} ago"),
        ("last failed", f"{span(now - file.last_at)} ago"),
        ("next try", _next_try(file, now)),
        ("still searchable", "an older revision" if file.outdated else "no"),
        ("source", file.source),
        ("size", size(file.size)),
        ("content", f"sha256 {file.content_hash}" if file.content_hash else "could not be read, or is to be read again"),
        ("document", file.document_id),
    ]


def _next_try(file: QuarantinedFile, now: float) -> str:
    if file.next_try is not None:
        return f"in {span(file.next_try - now)}" if file.next_try > now else "at the next ingest"
    if Reason(file.reason) in (Reason.NEEDS_TESSERACT, Reason.NEEDS_LIBREOFFICE):
        return "once it is installed"
    return "when it changes" if file.content_hash else "at the next ingest, or when it changes"


def retry(
    file: Annotated[str | None, typer.Argument(help="Path, as listed or absolute, or document id; left out: all.")] = None,
    library: LibraryName = "",
    as_json: AsJson = False,
) -> None:
    """Try quarantined files again at the next ingest."""
    with ledger_of(library) as (db, row):
        count = quarantine.retry(db, row, file, None if file is None else _place(file))
    if file is not None and not count:
        raise _unknown(file)
    if as_json:
        print_json({"retrying": count})
    else:
        out.print(f"{count:,} {'file is' if count == 1 else 'files are'} tried again at the next ingest")


def _unknown(file: str) -> UsageError:
    return UsageError(f"{file!r} is not in quarantine: `levada quarantine list` shows what is")


def _place(file: str) -> str | None:
    """An absolute path as the ledger would write it, below the real path of a folder; None if it is not absolute."""
    path = Path(file)
    return printable(os.fsencode(Path(os.path.realpath(path.parent)) / path.name)) if path.is_absolute() else None
