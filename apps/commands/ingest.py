"""`levada ingest [PATH|SOURCE]`: carry a source into the library."""

from __future__ import annotations

import math
import os
import sys
from typing import Annotated, Any

import typer

from apps.logs import speak_plainly
from apps.options import AsJson, Exclude, Include, LibraryName, SourceName
from apps.output import err, out
from apps.prefect_api import connect
from apps.progress import ProgressBar
from apps.reports import show_report
from core.drive_names import drive_name
from core.errors import LevadaError, TransientError, UsageError
from core.names import checked
from core.paths import folder_at
from core.report import SyncReport
from core.settings import Settings
from ledger import libraries, sources
from ledger.database import open_ledger
from ledger.sources import SourceRow

PARTIAL = 3


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("ingest")(ingest)


def _finite(seconds: float) -> float:
    if not math.isfinite(seconds):
        raise typer.BadParameter(f"{seconds} is not a finite number.")
    return seconds


def ingest(
    source: SourceName = None,
    library: LibraryName = "",
    include: Include = None,
    exclude: Exclude = None,
    as_json: AsJson = False,
    full_reconcile: Annotated[bool, typer.Option(help="List the source from scratch, whatever its cursor says.")] = False,
    confirm_removals: Annotated[bool, typer.Option(help="The files that vanished are really gone: remove them now.")] = False,
    wait: Annotated[
        float, typer.Option(min=0, callback=_finite, help="Seconds to wait for another ingest of this library.")
    ] = 0.0,
    batch_files: Annotated[int | None, typer.Option(min=1, help="Files in a batch, at most.")] = None,
    batch_bytes: Annotated[int | None, typer.Option(min=1, help="Bytes in a batch, at most.")] = None,
) -> None:
    """Carry a folder, or Google Drive, into the library, and keep it true there: run it again after changes."""
    settings = Settings.from_env()
    library = library or settings.library
    _refuse_early(settings, library, source)
    limits = {"batch_files": batch_files, "batch_bytes": batch_bytes}
    with connect(settings.home, say=err.print) as api, ProgressBar(quiet=as_json) as bar:
        bar.say("starting")
        parameters: dict[str, Any] = {
            "library": library,
            "source": source,
            "include": include or None,
            "exclude": exclude or None,
            "full_reconcile": full_reconcile,
            "confirm_removals": confirm_removals,
            "wait": wait,
        }
        # What is left out is for the flow to say.
        parameters |= {name: value for name, value in limits.items() if value is not None}
        state = _run(api, parameters, bar, settings.log_level)
    report: SyncReport = state.result()
    if as_json:
        sys.stdout.write(report.to_json() + "\n")
    else:
        show_report(out, report)
    raise typer.Exit(0 if report.complete else PARTIAL)


def _run(api: Any, parameters: dict[str, Any], bar: ProgressBar, log_level: str) -> Any:
    from flows.ingest import ingest as flow
    from tasks.progress import listening

    speak_plainly(log_level)
    api.wait()
    try:
        with listening(bar.show), api.running():
            state: Any = flow(**parameters, return_state=True)
    except RuntimeError as exc:
        if "Failed to reach API" not in str(exc):  # Prefect's own words, which have no class
            raise
        raise TransientError(f"the Prefect server at {api.url} does not answer: start it, or unset PREFECT_API_URL") from exc
    except Exception as exc:
        if (explained := _explained(exc, api.url)) is exc:
            raise
        raise explained from exc
    if state.is_completed():
        return state
    failure = state.result(raise_on_failure=False)
    if isinstance(failure, Exception):
        raise _explained(failure, api.url)
    raise failure if isinstance(failure, BaseException) else LevadaError(state.message or f"the run ended as {state.name}")


def _explained(failure: Exception, url: str) -> Exception:
    """What a run failed for. Adapters have errors of their own, so what is cut off is the talk with Prefect's server."""
    import httpx

    if not isinstance(failure, httpx.TransportError):
        return failure
    return TransientError(f"the Prefect server at {url} went away: what is published stays; start it, and run again")


def _refuse_early(settings: Settings, library: str, source: str | None) -> None:
    """Say at once what cannot work, before a server is started for it. Imports no Prefect: its settings are not made yet."""
    checked("library", library)
    if source is not None and folder_at(source) is not None:
        return
    drive = drive_name(source) if source is not None else None
    if drive is not None and (drive.folder or settings.has_google_scope or os.environ.get("PREFECT_API_URL")):
        return
    sources.choose(_known(settings, library), library, source)


def _known(settings: Settings, library: str) -> list[SourceRow]:
    try:
        db = open_ledger(settings.ledger_url, create=False)
    except UsageError:  # no ledger yet
        return []
    try:
        return sources.all_of(db, libraries.find(db, settings.tenant, library))
    except UsageError:  # no such library yet
        return []
    finally:
        db.close()
