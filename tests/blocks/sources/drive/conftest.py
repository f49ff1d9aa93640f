"""What the tests of the Drive source share: an emulator, and clients of it that do not wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from blocks.sources.drive.client import DriveClient
from tests.servers.drive import DriveServer
from tests.servers.googledrive.knobs import Knobs

ALICE = "alice@example.com"
Connect = Callable[..., DriveClient]


class Account:
    """A user of the emulator, whose tokens are good from the start."""

    def __init__(self, server: DriveServer, email: str = ALICE) -> None:
        self.api_url = server.url
        self.identity = email
        self._held = server.credentials(email)
        self._made: Any = None

    def google(self) -> Any:
        """One for all threads."""
        from google.oauth2.credentials import Credentials

        if self._made is None:
            made: Any = Credentials
            self._made = made(**self._held)
        return self._made


class Naps:
    """A sleep that takes no time but on its own clock. For many threads."""

    def __init__(self) -> None:
        self.total = 0.0
        self.longest = 0.0
        self._lock = threading.Lock()

    def __call__(self, seconds: float) -> None:
        with self._lock:
            self.total += seconds
            self.longest = max(self.longest, seconds)

    def clock(self) -> float:
        """Seconds slept."""
        with self._lock:
            return self.total


@pytest.fixture(scope="session")
def running() -> Iterator[DriveServer]:
    """The server; tests take `server`."""
    with DriveServer(seed=7) as server:
        yield server


@pytest.fixture
def server(running: DriveServer) -> DriveServer:
    """No faults, no requests yet, knobs as on the best day, everybody welcome."""
    running.faults.clear()
    running.world.knobs = Knobs()
    running.requests.clear()
    running.restore(ALICE)
    return running


@pytest.fixture
def home(server: DriveServer) -> str:
    """A new folder in Alice's Drive."""
    return server.world.create_folder("Home", server.world.user(ALICE).root_id)


@pytest.fixture
def naps() -> Naps:
    """What the clients of a test sleep with."""
    return Naps()


@pytest.fixture
def connect(server: DriveServer, naps: Naps) -> Iterator[Connect]:
    """`connect(email, **options)`: a client of that user, which sleeps in no time."""
    opened: list[DriveClient] = []

    def make(email: str = ALICE, **options: Any) -> DriveClient:
        client = DriveClient(Account(server, email), **{"sleep": naps, "clock": naps.clock, **options})
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.close()


@pytest.fixture
def client(connect: Connect) -> DriveClient:
    """Alice's."""
    return connect()


@pytest.fixture
def snapshots(tmp_path: Path) -> Path:
    """Where copies are put."""
    made = tmp_path / "snapshots"
    made.mkdir()
    return made
