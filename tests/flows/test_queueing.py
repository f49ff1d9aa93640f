"""Cron never piles up behind a long first sync."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.states import Pending, Running, Scheduled, State

from flows.queueing import NOTIFICATION, rival

NOW = datetime.now(UTC)


@pytest.fixture
def client(prefect_server: None) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as opened:
        yield opened


@pytest.fixture
def make(client: SyncPrefectClient):  # type: ignore[no-untyped-def]
    """Runs of a flow of this test's own."""

    @flow(name=f"ingest-{uuid4().hex}")
    def work(library: str = "default") -> None:
        """Never run."""

    def made(state: State[None], library: str = "default", **changes: object) -> FlowRun:
        run = client.create_flow_run(work, parameters={"library": library}, state=state)
        return run.model_copy(update={"auto_scheduled": True, "expected_start_time": NOW, "start_time": NOW, **changes})

    return made


def test_alone_it_works(make) -> None:  # type: ignore[no-untyped-def]
    assert rival(make(Running()), "default") is None


@pytest.mark.parametrize("state", [Running(), Pending()])
def test_it_gives_way_to_a_run_at_work(make, state: State[None]) -> None:  # type: ignore[no-untyped-def]
    make(state)
    assert "on library 'default'" in (rival(make(Running()), "default") or "")


def test_other_libraries_do_not_count(make) -> None:  # type: ignore[no-untyped-def]
    make(Running(), library="other")
    assert rival(make(Running()), "default") is None


def test_a_queue_shrinks_to_its_latest(make) -> None:  # type: ignore[no-untyped-def]
    make(Scheduled(scheduled_time=NOW - timedelta(minutes=2)))
    own = make(Running(), expected_start_time=NOW - timedelta(minutes=1))
    assert rival(own, "default") is None, "the older one will give way to this"
    make(Scheduled(scheduled_time=NOW - timedelta(seconds=30)))
    assert rival(own, "default") is not None


def test_what_is_not_due_yet_does_not_count(make) -> None:  # type: ignore[no-untyped-def]
    make(Scheduled(scheduled_time=NOW + timedelta(hours=1)))
    assert rival(make(Running()), "default") is None


@pytest.mark.parametrize("changes", [{"auto_scheduled": False}, {"tags": [NOTIFICATION]}])
def test_a_person_or_a_notification_does_not_give_way(make, changes: dict[str, object]) -> None:  # type: ignore[no-untyped-def]
    make(Running())
    assert rival(make(Running(), **changes), "default") is None
