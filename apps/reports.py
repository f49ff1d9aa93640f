"""The sync report, for people."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from core.report import SyncReport


def show_report(out: Console, report: SyncReport) -> None:
    """Print what a run did: one line when nothing had changed, else counts, times and what needs an eye."""
    changed = report.added + report.updated + report.moved + report.removed
    if changed or report.failures or report.owed or report.awaiting_confirmation or report.unlisted:
        _show_counts(out, report)
    else:
        waiting = f" ({report.quarantined:,} more in quarantine)" if report.quarantined else ""
        out.print(f"[green]Everything is unchanged[/green]: {report.unchanged:,} files{waiting}, {_seconds(report, 'total')}.")
    for warning in report.warnings:
        out.print(f"[yellow]warning[/yellow] {escape(warning)}", soft_wrap=True)


def _show_counts(out: Console, report: SyncReport) -> None:
    counts = [(report.added, "added"), (report.updated, "updated"), (report.moved, "moved")]
    counts += [(report.unchanged, "unchanged"), (report.removed, "removed"), (report.quarantined, "quarantined")]
    out.print("[bold]Sync report[/bold]")
    out.print("  files    " + ", ".join(f"{count:,} {name}" for count, name in counts))
    out.print(f"  chunks   {report.chunks_embedded:,} embedded, {report.chunks_reused:,} reused")
    stages = [f"{stage} {seconds:.1f}" for stage, seconds in report.seconds.items() if stage != "total"]
    out.print(f"  seconds  {_seconds(report, 'total')} in all; busy: {', '.join(stages)}", soft_wrap=True)
    if report.awaiting_confirmation:
        out.print(f"[yellow]{report.awaiting_confirmation:,} files vanished; their removal waits (--confirm-removals)[/yellow]")
    if report.owed:
        out.print(f"[yellow]{report.owed:,} files are still owed; the next run goes on with them[/yellow]")
    if report.unlisted:
        out.print(f"[yellow]{report.unlisted:,} folders could not be listed; what they hold stays as it was[/yellow]")
    for failure in report.failures:
        detail = f" ({failure.detail})" if failure.detail else ""
        out.print(f"[yellow]quarantined[/yellow] {escape(f'{failure.path}: {failure.reason}{detail}')}", soft_wrap=True)
    if report.unnamed:
        out.print(f"[yellow]quarantined[/yellow] and {report.unnamed:,} more: levada quarantine list", soft_wrap=True)


def _seconds(report: SyncReport, stage: str) -> str:
    return f"{report.seconds.get(stage, 0.0):.1f} s"
