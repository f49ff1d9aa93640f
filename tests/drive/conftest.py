"""One ledger file for all stories: each has libraries of its own in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from ledger.database import Database, open_ledger
from tests.drive.carrier import Carrier
from tests.drive.place import Place
from tests.drive.story import SEEN
from tests.servers.drive import DriveServer


@pytest.fixture(scope="session")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """An open ledger."""
    database = open_ledger(f"sqlite:///{tmp_path_factory.mktemp('drive') / 'ledger.db'}")
    # Nothing here outlives the session, so nothing need reach the disk.
    event.listen(database.engine, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous=OFF"))
    database.engine.dispose()
    yield database
    database.close()


@pytest.fixture
def place() -> Iterator[Place]:
    """A small Drive, with nothing wrong in it."""
    with DriveServer(seed=7) as server:
        yield Place(server)


@pytest.fixture
def carrier(place: Place, ledger: Database, tmp_path: Path) -> Iterator[Carrier]:
    """A library over folder A."""
    made = Carrier(place, ledger, tmp_path, {"folders": [place.a]})
    yield made
    made.close()


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What happened in the stories, and how often."""
    if SEEN:
        told = ", ".join(f"{SEEN[what]:,} {what}" for what in sorted(SEEN))
        terminalreporter.write_line(f"stories: {told}")
