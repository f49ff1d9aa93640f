"""One emulator for each module of tests, and two ways to ask it: Google's client, and bare HTTP."""

from __future__ import annotations

import http.client
import json
import warnings
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.servers.drive import DriveServer
from tests.servers.googledrive.knobs import Knobs

with warnings.catch_warnings():
    # It warns at import of versions that will be too old one day.
    warnings.simplefilter("ignore", FutureWarning)
    from google.oauth2.credentials import Credentials
    from googleapiclient.discovery import build

Client = Callable[..., Any]
ALL = {"supportsAllDrives": True, "includeItemsFromAllDrives": True}


@pytest.fixture(scope="module")
def running() -> Iterator[DriveServer]:
    """The server; tests take `server`."""
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
def home(server: DriveServer) -> str:
    """A new folder in Alice's Drive."""
    return server.world.create_folder("Home", server.world.user("alice@example.com").root_id)


@pytest.fixture
def client(server: DriveServer) -> Iterator[Client]:
    """`client(email)`: the service object of google-api-python-client for that user."""
    opened: dict[str, Any] = {}

    def make(email: str, credentials: Any = None) -> Any:
        if email in opened and credentials is None:
            return opened[email]
        service = build(
            "drive",
            "v3",
            credentials=credentials or Credentials(**server.credentials(email)),
            static_discovery=True,
            cache_discovery=False,
            client_options={"api_endpoint": server.api},
        )
        opened[email] = service
        return service

    yield make
    for service in opened.values():
        service.close()


def ask(
    server: DriveServer,
    path: str,
    email: str | None = None,
    method: str = "GET",
    body: Any = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, str], bytes]:
    """One request over a connection of its own: status, headers, body. A body that is not bytes is sent as JSON."""
    target = urlsplit(server.url)
    connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=10)
    sent = dict(headers or {})
    if email:
        sent["Authorization"] = f"Bearer {server.token_for(email)}"
    try:
        connection.request(method, path, body if body is None or isinstance(body, bytes) else json.dumps(body).encode(), sent)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def reason_of(body: bytes) -> str:
    """errors[0].reason of an error's body."""
    return str(json.loads(body)["error"]["errors"][0]["reason"])
