"""`levada status`: what the library holds and owes. Opens the ledger alone: no Prefect, no model, no store."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import Any

import typer
from rich.markup import escape

from apps.opened_ledger import ledger_of
from apps.options import AsJson, LibraryName
from apps.output import out, print_json, table
from apps.source_states import ChannelState, SourceState, channel_states, source_states
from core.amounts import span
from core.drive_names import KIND
from ledger import runs, statistics
from ledger.runs import RunRow


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status")(status)


def status(library: LibraryName = "", as_json: AsJson = False) -> None:
    """Show documents, chunks, generation, last ingest, and what is owed, quarantined or waiting; then each source.

    The last ingest is running, completed, partial, failed, cancelled, or died: it was killed, and the next finishes its work.
    Of Google Drive it says when all is compared again, and until when Google tells of changes (levada hooks).
    """
    with ledger_of(library) as (db, row):
        counts = statistics.collect(db, row)
        last = runs.last(db, row)
        known, channels = source_states(db, row, counts), channel_states(db, row)
    if as_json:
        run = None if last is None else asdict(last) | {"report": json.loads(last.report) if last.report else None}
        told = {"sources": [asdict(source) for source in known], "channels": [asdict(channel) for channel in channels]}
        print_json({"library": row.name, **asdict(counts), **told, "last_run": run})
        return
    rows: list[tuple[Any, ...]] = [
        (name.replace("_", " "), f"{value:,}" if value is not None else "none") for name, value in asdict(counts).items()
    ]
    if last is not None:
        rows.append(("last run", _run(last)))
    out.print(table(f"Library {row.name}", ("", ""), rows))
    for source in known:
        _show(source, [channel for channel in channels if channel.source == source.root])
    left = [channel for channel in channels if channel.source not in {source.root for source in known}]
    if left:
        of = "1 channel of a source that was" if len(left) == 1 else f"{len(left):,} channels of sources that were"
        out.print(f"{of} removed, to be stopped by watch-drive/channels")


def _run(last: RunRow) -> str:
    error = json.loads(last.report).get("error") if last.report else ""
    return f"{last.state}, {span(time.time() - (last.finished_at or last.started_at))} ago" + (f": {error}" if error else "")


def _show(source: SourceState, channels: list[ChannelState]) -> None:
    seen = f"listed {span(time.time() - source.listed_at)} ago" if source.listed_at else "not listed yet"
    words = [seen, f"{source.files:,} files"]
    words += [f"{source.owed:,} owed"] if source.owed else []
    words += [f"{source.quarantined:,} in quarantine"] if source.quarantined else []
    words += [f"a listing has seen {source.listing:,} so far"] if source.listing is not None else []
    out.print(f"{source.kind}  {escape(source.root)}  [dim]{', '.join(words)}[/dim]", soft_wrap=True)
    if (next_of := source.following) is not None:
        logs = "1 change log" if next_of.change_logs == 1 else f"{next_of.change_logs:,} change logs"
        words = [f"follows {logs} as {next_of.account}", f"compares everything {_when(next_of.compared_at)}"]
        words += [f"lists again what was new {_when(next_of.again_at)}"] if next_of.again_at is not None else []
        out.print(f"  {escape('; '.join(words))}", soft_wrap=True)
    if source.kind == KIND:
        out.print(f"  notifications: {escape(_notifications(channels))}", soft_wrap=True)


def _when(moment: float) -> str:
    left = moment - time.time()
    return f"in {span(left)}" if left > 0 else "at the next ingest"


def _notifications(channels: list[ChannelState]) -> str:
    alive = [channel for channel in channels if channel.alive]
    words = []
    if alive:
        first = min(channel.expires_at for channel in alive)
        until = time.strftime("%Y-%m-%d %H:%M", time.localtime(first))
        addresses = ", ".join(sorted({channel.address for channel in alive}))
        words.append(f"{len(alive):,} open to {addresses} until {until} (in {span(first - time.time())})")
    unknown = sum(not channel.answered and channel.expires_at > time.time() for channel in channels)
    words += [f"{unknown:,} asked for, not answered"] if unknown else []
    ended = len(channels) - len(alive) - unknown
    words += [f"{ended:,} ended"] if ended else []
    return ", ".join(words) or "none; changes are asked for"
