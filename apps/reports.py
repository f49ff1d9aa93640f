"""The sync report, for people."""

from __future__ import annotations

from rich.console import Console

from core.report import SyncReport


def show_report(out: Console, report: SyncReport) -> None:
    """Print what a run did: one line when nothing had changed, else counts, times and what needs an eye."""
    changed = report.added + report.updated + report.moved + report.removed
    if not (changed or report.failures or report.owed or report.awaiting_confirmation or report.warnings):
        waiting = f" ({report.quarantined:,} more in quarantine)" if report.quarantined else ""
        out.print(f"[green]Everything is unchanged[/green]: {report.unchanged:,} files{waiting}, {_seconds(report, 'total')}.")
        return
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
    for failure in report.failures:
        detail = f" ({failure.detail})" if failure.detail else ""
        out.print(f"[yellow]quarantined[/yellow] {failure.path}: {failure.reason}{detail}", soft_wrap=True, markup=True)
    for warning in report.warnings:
        out.print(f"[yellow]warning[/yellow] {warning}", soft_wrap=True)


def _seconds(report: SyncReport, stage: str) -> str:
    return f"{report.seconds.get(stage, 0.0):.1f} s"
