"""What the tests of the Drive source share: an emulator, and clients of it that do not wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.servers.drive import DriveServer

ALICE = "alice@example.com"


class Account:
    """A user of the emulator, whose tokens are good from the start."""

    def __init__(self, server: DriveServer, email: str = ALICE) -> None:
        self.api_url = server.url
        self.identity = email
        self._held = server.credentials(email)

    def google(self) -> Any:
        from google.oauth2.credentials import Credentials

        made: Any = Credentials
        return made(**self._held)


class Naps:
    """A sleep that takes no time, and remembers how long it would have taken: thread safe."""

    def __init__(self) -> None:
        self.total = 0.0
        self._lock = threading.Lock()

    def __call__(self, seconds: float) -> None:
        with self._lock:
            self.total += seconds


@pytest.fixture(scope="session")
def _served() -> Iterator[DriveServer]:
    with DriveServer() as server:
        yield server
