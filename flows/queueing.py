"""Cron never piles up: a scheduled run gives way to another one that works, or waits, on the same library.

Who works is told by the library's lock, for the server may be wrong: a run whose process and worker were killed together
stays "Running" there for ever. Its word counts only for a run that may not have come to the lock yet.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.context import FlowRunContext

NOTIFICATION = "notification"
"""Tag of runs that a push notification made: they bring news, so they wait instead of giving way."""

STARTING = {StateType.RUNNING: timedelta(minutes=1), StateType.PENDING: timedelta(minutes=5)}
"""How long a run may take from a state to the library's lock: its imports, or its container."""


def own_run() -> FlowRun | None:
    """The flow run that we are in."""
    context = FlowRunContext.get()
    return context.flow_run if context is not None else None


def gives_way(own: FlowRun | None) -> bool:
    """True for a run that a schedule made: what it would do, the next one does as well."""
    return own is not None and bool(own.auto_scheduled) and NOTIFICATION not in own.tags


def rival(own: FlowRun, library: str, now: datetime | None = None) -> str | None:
    """The run that `own` should give way to, in words; None if it should work."""
    now = now or datetime.now(UTC)
    with get_client(sync_client=True) as client:
        states = FlowRunFilterState(type=FlowRunFilterStateType(any_=[*STARTING, StateType.SCHEDULED]))
        others = client.read_flow_runs(flow_run_filter=FlowRunFilter(state=states), limit=200)
    for other in others:
        if other.id != own.id and other.flow_id == own.flow_id and _on(other, library) and _goes_first(other, own, now):
            return f"run {other.name!r} is {(other.state_name or 'queued').lower()} on library {library!r}"
    return None


def _on(run: FlowRun, library: str) -> bool:
    return str(run.parameters.get("library", "default")) == library


def _goes_first(other: FlowRun, own: FlowRun, now: datetime) -> bool:
    """A run that is just starting goes first. Of runs that only wait, the latest does: the queue shrinks to one."""
    if other.state is not None and other.state_type in STARTING:
        return now - other.state.timestamp < STARTING[other.state_type]
    due = other.next_scheduled_start_time or other.expected_start_time
    mine = own.expected_start_time
    if due is None or mine is None or own.start_time is None or due > own.start_time:
        return False
    return (due, str(other.id)) > (mine, str(own.id))
