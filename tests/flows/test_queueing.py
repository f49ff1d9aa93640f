"""Cron never piles up behind a long first sync."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.flow_engine import run_flow
from prefect.settings import get_current_settings
from prefect.states import Pending, Running, Scheduled, State

from flows.ingest import ingest
from flows.queueing import NOTIFICATION, STARTING, gives_way, rival
from ledger import runs
from ledger.locks import library_lock
from tests.flows.world import World

NOW = datetime.now(UTC)
Patience = Callable[[float], None]
FOLDER, DRIVE = "/srv/documents", "google-drive"


@pytest.fixture
def client(prefect_server: None) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as opened:
        yield opened


@pytest.fixture
def make(client: SyncPrefectClient):  # type: ignore[no-untyped-def]
    """Runs of a flow of this test's own."""

    @flow(name=f"ingest-{uuid4().hex}")
    def work(library: str = "default", source: str | None = None, dry_run: bool = False) -> None:
        """Never run."""

    def made(
        state: State[None], library: str = "default", source: str | None = FOLDER, dry_run: bool = False, **changes: object
    ) -> FlowRun:
        parameters = {"library": library, "source": source, "dry_run": dry_run}
        run = client.create_flow_run(work, parameters=parameters, state=state)
        return run.model_copy(update={"auto_scheduled": True, "expected_start_time": NOW, "start_time": NOW, **changes})

    return made


def test_alone_it_works(make) -> None:  # type: ignore[no-untyped-def]
    assert rival(make(Running()), "default", FOLDER) is None


@pytest.mark.parametrize("state", [Running(), Pending()])
def test_it_gives_way_to_a_run_that_is_starting(make, state: State[None]) -> None:  # type: ignore[no-untyped-def]
    make(state)
    assert "on /srv/documents of library 'default'" in (rival(make(Running()), "default", FOLDER) or "")


@pytest.mark.parametrize("state", [Running(), Pending()])
def test_a_run_that_died_with_its_worker_stops_nobody(make, state: State[None]) -> None:  # type: ignore[no-untyped-def]
    make(state)
    assert rival(make(Running()), "default", FOLDER, NOW + timedelta(hours=1)) is None


@pytest.mark.parametrize(("scheduled", "name"), [(True, "Skipped"), (False, "Failed")])
def test_a_library_that_is_held(
    world: World, client: SyncPrefectClient, patience: Patience, scheduled: bool, name: str
) -> None:
    """By a process that is not known to this server: a scheduled run gives way after a while, a person is told."""
    patience(0.0)
    world.write("a.txt", "text")
    world.ingest()
    library = world.library()
    with library_lock(library.ledger, library.row()):
        state = _run(world, client, scheduled)
    assert state.name == name
    assert "another run" in (state.message or "")


@pytest.mark.parametrize("theirs", ["the same", "another"])
def test_a_library_whose_other_source_is_at_work(
    world: World, client: SyncPrefectClient, theirs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scheduled run waits for that; what works on its own source makes it superfluous."""
    monkeypatch.setitem(STARTING, StateType.RUNNING, timedelta(0))  # as if it had come to the lock long ago
    world.write("a.txt", "text")
    world.ingest()
    world.write("b.txt", "another text")
    library = world.library()
    source = str(world.folder) + "/" if theirs == "the same" else str(tmp_path / "elsewhere")
    other = client.create_flow_run(ingest, parameters={"library": world.name, "source": source}, state=Running())
    lock = library_lock(library.ledger, library.row())
    lock.__enter__()
    generation = library.generation()
    assert generation is not None
    runs.begin(library.ledger, library.row(), generation, str(other.id))
    ends = threading.Timer(1.0, lock.__exit__, (None, None, None))
    ends.start()
    try:
        state = _run(world, client, scheduled=True)
    finally:
        ends.join()
    if theirs == "the same":
        assert state.name == "Skipped" and "is at work on" in (state.message or "")
    else:
        assert state.name == "Completed" and state.result().added == 1


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Patience:
    """Sets how long a scheduled run waits."""
    return lambda seconds: monkeypatch.setattr("flows.ingest.PATIENCE", seconds)


def _run(world: World, client: SyncPrefectClient, scheduled: bool) -> Any:
    """The flow over the folder, as a schedule or a person starts it; its state."""
    parameters = {"library": world.name, "source": str(world.folder)}
    run = client.create_flow_run(ingest, parameters=parameters, state=Pending())
    if scheduled:
        _as_if_by_schedule(run)
    return run_flow(ingest, flow_run=client.read_flow_run(run.id), parameters=parameters, return_type="state")


def _as_if_by_schedule(run: FlowRun) -> None:
    """Only the server's scheduler can make such a run."""
    url = get_current_settings().server.database.connection_url
    assert url is not None
    with closing(sqlite3.connect(url.get_secret_value().partition(":///")[2])) as database, database:
        assert database.execute("UPDATE flow_run SET auto_scheduled = 1 WHERE id = ?", (str(run.id),)).rowcount == 1


def test_other_libraries_do_not_count(make) -> None:  # type: ignore[no-untyped-def]
    make(Running(), library="other")
    assert rival(make(Running()), "default", FOLDER) is None


@pytest.mark.parametrize(
    ("own", "theirs", "superfluous"),
    [
        (FOLDER, DRIVE, False),
        (DRIVE, FOLDER, False),
        (DRIVE, "google-drive:other", False),
        (FOLDER, None, True),
        (None, FOLDER, False),
        (None, None, True),
        ("https://drive.google.com/drive/folders/0123456789", "google-drive:0123456789", True),
    ],
)
def test_only_who_carries_the_same_source_makes_a_run_superfluous(  # type: ignore[no-untyped-def]
    make, own: str | None, theirs: str | None, superfluous: bool
) -> None:
    make(Running(), source=theirs)
    make(Scheduled(scheduled_time=NOW - timedelta(seconds=30)), source=theirs)
    mine = make(Running(), source=own, expected_start_time=NOW - timedelta(minutes=1))
    assert (rival(mine, "default", own) is not None) == superfluous


def test_who_only_plans_carries_nothing(make) -> None:  # type: ignore[no-untyped-def]
    make(Running(), dry_run=True)
    assert rival(make(Running()), "default", FOLDER) is None


def test_a_queue_shrinks_to_its_latest(make) -> None:  # type: ignore[no-untyped-def]
    make(Scheduled(scheduled_time=NOW - timedelta(minutes=2)))
    own = make(Running(), expected_start_time=NOW - timedelta(minutes=1))
    assert rival(own, "default", FOLDER) is None, "the older one will give way to this"
    make(Scheduled(scheduled_time=NOW - timedelta(seconds=30)))
    assert rival(own, "default", FOLDER) is not None


def test_what_is_not_due_yet_does_not_count(make) -> None:  # type: ignore[no-untyped-def]
    make(Scheduled(scheduled_time=NOW + timedelta(hours=1)))
    assert rival(make(Running()), "default", FOLDER) is None


@pytest.mark.parametrize("changes", [{"auto_scheduled": False}, {"tags": [NOTIFICATION]}])
def test_a_person_or_a_notification_does_not_give_way(make, changes: dict[str, object]) -> None:  # type: ignore[no-untyped-def]
    assert gives_way(make(Running()))
    assert not gives_way(make(Running(), **changes))
