"""What `levada ingest` says of a run that failed."""

from __future__ import annotations

import socket

import httpx

from apps.commands.ingest import _explained
from core.errors import SourceUnavailable, TransientError


def test_a_server_that_went_away_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/api"
    try:
        httpx.get(url)
    except httpx.TransportError as exc:
        told = _explained(exc, url)
    assert isinstance(told, TransientError)
    assert f"the Prefect server at {url} went away" in str(told)


def test_what_says_itself_what_to_do_stays() -> None:
    failure = SourceUnavailable("the disk is not mounted")
    assert _explained(failure, "http://127.0.0.1:4200/api") is failure
