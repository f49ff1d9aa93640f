"""Cron never piles up: a scheduled run gives way to another one that works, or waits, on the same library."""

from __future__ import annotations

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.context import FlowRunContext

NOTIFICATION = "notification"
"""Tag of runs that a push notification made: they bring news, so they wait instead of giving way."""

_AHEAD = (StateType.RUNNING, StateType.PENDING, StateType.CANCELLING)


def outrun(library: str) -> str | None:
    """Why this run should give way, in words; None if it should work."""
    context = FlowRunContext.get()
    own = context.flow_run if context is not None else None
    return None if own is None else rival(own, library)


def rival(own: FlowRun, library: str) -> str | None:
    """Why `own` should give way. Only runs that a schedule made do."""
    if not own.auto_scheduled or NOTIFICATION in own.tags:
        return None
    with get_client(sync_client=True) as client:
        states = FlowRunFilterState(type=FlowRunFilterStateType(any_=[*_AHEAD, StateType.SCHEDULED]))
        others = client.read_flow_runs(flow_run_filter=FlowRunFilter(state=states), limit=200)
    for other in others:
        if other.id != own.id and other.flow_id == own.flow_id and _on(other, library) and _goes_first(other, own):
            return f"run {other.name!r} is {(other.state_name or 'queued').lower()} on library {library!r}"
    return None


def _on(run: FlowRun, library: str) -> bool:
    return str(run.parameters.get("library", "default")) == library


def _goes_first(other: FlowRun, own: FlowRun) -> bool:
    """A run at work goes first. Of runs that only wait, the latest does: the queue shrinks to one."""
    if other.state_type in _AHEAD:
        return True
    due = other.next_scheduled_start_time or other.expected_start_time
    mine = own.expected_start_time
    if due is None or mine is None or own.start_time is None or due > own.start_time:
        return False
    return (due, str(other.id)) > (mine, str(own.id))
