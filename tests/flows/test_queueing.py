"""Cron never piles up behind a long first sync."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.flow_engine import run_flow
from prefect.settings import get_current_settings
from prefect.states import Pending, Running, Scheduled, State

from flows.ingest import ingest
from flows.queueing import NOTIFICATION, gives_way, rival
from ledger.locks import library_lock
from tests.flows.world import World

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
def test_it_gives_way_to_a_run_that_is_starting(make, state: State[None]) -> None:  # type: ignore[no-untyped-def]
    make(state)
    assert "on library 'default'" in (rival(make(Running()), "default") or "")


@pytest.mark.parametrize("state", [Running(), Pending()])
def test_a_run_that_died_with_its_worker_stops_nobody(make, state: State[None]) -> None:  # type: ignore[no-untyped-def]
    make(state)
    assert rival(make(Running()), "default", NOW + timedelta(hours=1)) is None


@pytest.mark.parametrize(("scheduled", "name"), [(True, "Skipped"), (False, "Failed")])
def test_a_library_that_is_held(world: World, client: SyncPrefectClient, scheduled: bool, name: str) -> None:
    """By whatever process, known to this server or not: a scheduled run gives way, a person is told."""
    world.write("a.txt", "text")
    world.ingest()
    parameters = {"library": world.name, "source": str(world.folder)}
    run = client.create_flow_run(ingest, parameters=parameters, state=Pending())
    if scheduled:
        _as_if_by_schedule(run)
    library = world.library()
    with library_lock(library.ledger, library.row()):
        state: Any = run_flow(ingest, flow_run=client.read_flow_run(run.id), parameters=parameters, return_type="state")
    assert state.name == name
    assert "another run" in (state.message or "")


def _as_if_by_schedule(run: FlowRun) -> None:
    """Only the server's scheduler can make such a run."""
    url = get_current_settings().server.database.connection_url
    assert url is not None
    with closing(sqlite3.connect(url.get_secret_value().partition(":///")[2])) as database, database:
        assert database.execute("UPDATE flow_run SET auto_scheduled = 1 WHERE id = ?", (str(run.id),)).rowcount == 1


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
    assert gives_way(make(Running()))
    assert not gives_way(make(Running(), **changes))
