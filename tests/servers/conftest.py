"""One emulator for each module of tests, and the client that Google ships to ask it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.servers.drive import DriveServer
from tests.servers.googledrive.knobs import Knobs

Client = Callable[..., Any]


@pytest.fixture(scope="module")
def running() -> Iterator[DriveServer]:
    """The server; tests take `server`, which they find without faults."""
    with DriveServer(seed=7) as server:
        yield server


@pytest.fixture
def server(running: DriveServer) -> DriveServer:
    """No faults, no requests yet, knobs as on the best day."""
    running.faults.clear()
    running.world.knobs = Knobs()
    running.requests.clear()
    return running


@pytest.fixture
def client(server: DriveServer) -> Iterator[Client]:
    """`client(email)`: the service object of google-api-python-client for that user."""
    opened = []

    def make(email: str, **options: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from google.oauth2.credentials import Credentials
            from googleapiclient.discovery import build
        service = build(
            "drive",
            "v3",
            credentials=Credentials(**{**server.credentials(email), **options}),
            static_discovery=True,
            cache_discovery=False,
            client_options={"api_endpoint": server.api},
        )
        opened.append(service)
        return service

    yield make
    for service in opened:
        service.close()
