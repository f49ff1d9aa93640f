"""Cron never piles up: a scheduled run gives way to another one that works, or waits, on the same source of the same library.

What works on other sources only makes it wait, for a while: giving way to that would cost this source a round, and every round
where two schedules meet. Who works is told by the library's lock, for the server may be wrong: a run whose process and worker
were killed together stays "Running" there for ever. Its word counts only for a run that may not have come to the lock yet.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.context import FlowRunContext
from prefect.exceptions import ObjectNotFound

from core.drive_names import drive_name
from core.errors import UsageError
from core.paths import folder_at, real_path
from ledger import runs

if TYPE_CHECKING:
    from blocks.library import Library

NOTIFICATION = "notification"
"""Tag of runs that a push notification made: they bring news, so they wait instead of giving way."""

STARTING = {StateType.RUNNING: timedelta(minutes=1), StateType.PENDING: timedelta(minutes=5)}
"""How long a run may take from a state to the library's lock: its imports, or its container."""

PATIENCE = 15 * 60.0
"""Seconds for which a scheduled run waits for one that works on other sources: more than any but a first sync takes."""


def own_run() -> FlowRun | None:
    """The flow run that we are in."""
    context = FlowRunContext.get()
    return context.flow_run if context is not None else None


def gives_way(own: FlowRun | None) -> bool:
    """True for a run that a schedule made: what it would do, the next one does as well."""
    return own is not None and bool(own.auto_scheduled) and NOTIFICATION not in own.tags


def rival(own: FlowRun, library: str, source: str | None, now: datetime | None = None) -> str | None:
    """The run that makes `own` superfluous, in words, of those that have not come to the lock; None if there is none."""
    now = now or datetime.now(UTC)
    with get_client(sync_client=True) as client:
        states = FlowRunFilterState(type=FlowRunFilterStateType(any_=[*STARTING, StateType.SCHEDULED]))
        others = client.read_flow_runs(flow_run_filter=FlowRunFilter(state=states), limit=200)
    for other in others:
        if other.id == own.id or other.flow_id != own.flow_id or not _covers(other, library, source):
            continue
        if _goes_first(other, own, now):
            return f"run {other.name!r} is {(other.state_name or 'queued').lower()} on {_named(library, source)}"
    return None


def at_work(library: Library, source: str | None) -> str | None:
    """The run that holds the library, in words, if it works on that source, so that another one is superfluous."""
    try:
        row = library.row()
    except UsageError:  # nobody has made the library yet
        return None
    last = runs.last(library.ledger, row)
    if last is None or last.state != "running" or last.flow_run_id is None:
        return None
    try:
        with get_client(sync_client=True) as client:
            run = client.read_flow_run(UUID(last.flow_run_id))
    except ObjectNotFound:  # another server's: nobody here knows what it works on
        return None
    return f"run {run.name!r} is at work on {_named(library.name, source)}" if _covers(run, library.name, source) else None


def _named(library: str, source: str | None) -> str:
    return f"{source or 'all sources'} of library {library!r}"


def _covers(run: FlowRun, library: str, source: str | None) -> bool:
    """True if what is new in that source arrives by that run."""
    if str(run.parameters.get("library", "default")) != library or run.parameters.get("dry_run"):
        return False
    its = run.parameters.get("source")
    return its is None or (source is not None and (its == source or _root(str(its)) == _root(source)))


def _root(source: str) -> str:
    """What a source is known by, however it was named."""
    try:
        if folder_at(source) is not None:
            return real_path(source)
        drive = drive_name(source)
    except (UsageError, ValueError):  # somebody else's mistake
        return source
    return drive.root if drive is not None else source


def _goes_first(other: FlowRun, own: FlowRun, now: datetime) -> bool:
    """A run that is just starting goes first. Of runs that only wait, the latest does: the queue shrinks to one."""
    if other.state is not None and other.state_type in STARTING:
        return now - other.state.timestamp < STARTING[other.state_type]
    due = other.next_scheduled_start_time or other.expected_start_time
    mine = own.expected_start_time
    if due is None or mine is None or own.start_time is None or due > own.start_time:
        return False
    return (due, str(other.id)) > (mine, str(own.id))
