"""What a run shows in the Prefect UI: progress while it runs, the sync report when it is done."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from core.amounts import size, span
from core.report import SyncReport
from tasks.plan import Plan

COUNTS = ("added", "updated", "moved", "unchanged", "removed", "quarantined", "chunks_embedded", "chunks_reused")

EVERY = 2.0
"""Seconds between two updates of the progress, at least."""


class ProgressArtifact:
    """A progress bar in the UI, by bytes of the files done."""

    def __init__(self, library: str) -> None:
        made: Any = create_progress_artifact(progress=0.0, key=_key("progress", library), description=f"Ingest into {library}")
        self._id: UUID = made
        self._shown, self._at = 0.0, -math.inf

    def update(self, percent: float) -> None:
        """Show another percentage, 0 to 100; one that follows soon upon another is left out, unless it is the last."""
        now = time.monotonic()
        if percent == 100.0 != self._shown or (percent >= self._shown + 1.0 and now >= self._at + EVERY):
            update_progress_artifact(self._id, progress=percent)
            self._shown, self._at = percent, now


def publish_report(library: str, report: SyncReport, sources: Sequence[str]) -> None:
    """The sync report as a table, and as a page with what needs a person's eye."""
    create_table_artifact(
        table=[{name: getattr(report, name) for name in COUNTS} | {"owed": report.owed}],
        key=_key("sync-report", library),
        description=f"Sync report of library {library}",
    )
    create_markdown_artifact(markdown=markdown(library, report, sources), key=_key("sync-summary", library))


def publish_plan(library: str, plan: Plan) -> None:
    """What an ingest would do, as a table."""
    create_table_artifact(table=[plan_row(plan)], key=_key("plan", library), description=f"Plan for library {library}")


def plan_row(plan: Plan) -> dict[str, str]:
    """The plan as people read it."""
    about = "about " if plan.estimated else ""
    return {
        "files": f"{plan.files:,}",
        "to read": f"{plan.changed:,}",
        "size": size(plan.bytes),
        "vanished": f"{plan.vanished:,}",
        "chunks to embed": f"{about}{plan.chunks:,}",
        "cannot be read": f"{about}{plan.unreadable:,}",
        "time": f"about {span(plan.seconds)}",
    }


def markdown(library: str, report: SyncReport, sources: Sequence[str] = ()) -> str:
    """The report as a Markdown page."""
    lines = [
        f"# Sync report: {library}",
        "",
        *(f"- {_cell(source)}" for source in sources),
        "",
        "| what | count |",
        "| --- | ---: |",
    ]
    lines += [f"| {name.replace('_', ' ')} | {getattr(report, name):,} |" for name in COUNTS]
    lines += ["", "| stage | seconds |", "| --- | ---: |"]
    lines += [f"| {stage} | {seconds:.2f} |" for stage, seconds in report.seconds.items()]
    if report.owed:
        lines += ["", f"**{report.owed:,} files are still owed**; the next run goes on with them."]
    if report.awaiting_confirmation:
        lines += ["", f"**{report.awaiting_confirmation} vanished files wait for confirmation** (`--confirm-removals`)."]
    if report.unlisted:
        lines += ["", f"**{report.unlisted} folders could not be listed**; what they hold stays as it was."]
    if report.failures:
        lines += ["", "## New in quarantine", "", "| file | stage | reason | what to do | detail |"]
        lines += ["| --- | --- | --- | --- | --- |"]
        lines += [
            f"| {_cell(f.path)} | {f.stage} | {f.reason} | {_cell(f.remedy)} | {_cell(f.detail)} |" for f in report.failures
        ]
        lines += ["", f"and {report.unnamed:,} more"] if report.unnamed else []
        lines += ["", f"{report.quarantined} files are in quarantine in all: `levada quarantine list` shows them."]
    lines += ["", *(f"- {warning}" for warning in report.warnings)]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")[:300]


def _key(what: str, library: str) -> str:
    # Prefect allows lower-case letters, digits and dashes.
    return f"{what}-{re.sub(r'[^a-z0-9]+', '-', library.lower()).strip('-') or 'library'}"
