"""A Chroma server by URL."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import count
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from core.errors import StoreUnavailable

from .chroma_collections import ChromaCollections, Vectors
from .chroma_errors import chroma_errors

if TYPE_CHECKING:
    import httpx
    from chromadb.api.client import Client

PATIENCE = 8.0
"""Seconds in which a call that met no server, or a busy one, is made again: a run that is told to end must do so within ten."""
_SHORT_PATIENCE = 2.0
_OF_A_SEARCH = frozenset({"describe", "query"})
"""A search that gets no answer asks the ledger."""
_FIRST_PAUSE = 0.25
_BUSY = frozenset({429, 502, 503, 504})
_GREETING_SECONDS = 10.0


class _Busy(StoreUnavailable):
    """The server, or a proxy before it, asks to be asked later."""


class ChromaServer:
    """Calls operations of chroma_collections on a server; connects at the first. Safe in threads."""

    def __init__(self, url: str, headers: Mapping[str, str], tenant: str, database: str, timeout: float) -> None:
        self._url = url
        self._headers = dict(headers)
        self._tenant = tenant
        self._database = database
        self._timeout = timeout
        self._client: Client | None = None
        self._lock = threading.Lock()

    def execute(self, op: str, args: dict[str, Any], vectors: Vectors | None = None) -> tuple[Any, Vectors | None]:
        """Run one operation: every one may be repeated, and is, after a growing pause or the one that the server asks for."""
        deadline = time.monotonic() + (_SHORT_PATIENCE if op in _OF_A_SEARCH else PATIENCE)
        for attempt in count():
            try:
                return self._execute(op, args, vectors)
            except StoreUnavailable as exc:
                pause = _pause(exc, attempt)
                if pause is None or time.monotonic() + pause > deadline:
                    raise
            time.sleep(pause)
            if op == "create":
                args = {**args, "again": True}
        raise AssertionError("counting has no end")

    def _execute(self, op: str, args: dict[str, Any], vectors: Vectors | None) -> tuple[Any, Vectors | None]:
        with self._lock, chroma_errors(self._url):
            if self._client is None:
                self._client = self._connect()
            client = self._client
        return ChromaCollections(client, self._url, shared=True).execute(op, args, vectors)

    def close(self) -> None:
        """Close the connections; the next call connects again."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()
            for session in _sessions(client):
                session.close()

    def __del__(self) -> None:
        self.close()

    def _connect(self) -> Client:
        import chromadb
        import httpx
        from chromadb.config import Settings

        # Chroma's client asks the server while it is made, with no time limit: so see first that somebody answers.
        greeting = httpx.get(f"{self._url}/api/v2/heartbeat", headers=self._headers, timeout=_GREETING_SECONDS)
        _see_whether_busy(greeting)
        if greeting.status_code != 200:
            raise StoreUnavailable(f"{self._url} answers {greeting.status_code}: not a Chroma server, or it refuses access.")
        parts = urlsplit(self._url)
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        client = chromadb.HttpClient(
            host=self._url,
            port=port,
            ssl=secure,
            headers=self._headers or None,
            # All given here: Chroma would take them from the environment, and from a file .env wherever it runs.
            settings=Settings(  # type: ignore[call-arg]  # mypy does not see pydantic's own _env_file
                _env_file=None, anonymized_telemetry=False, chroma_server_host=self._url, chroma_server_http_port=port
            ),
            tenant=self._tenant,
            database=self._database,
        )
        for session in _sessions(client):
            session.timeout = httpx.Timeout(self._timeout)
            # Chroma's own error for such an answer does not say which it was.
            session.event_hooks = {"response": [_see_whether_busy]}
        return cast("Client", client)


def _see_whether_busy(response: httpx.Response) -> None:
    if response.status_code in _BUSY:
        asked = _seconds(response.headers.get("Retry-After", ""))
        raise _Busy(f"the vector store at {response.url} is busy: it answers {response.status_code}.", asked)


def _seconds(retry_after: str) -> float | None:
    """What the header says, as a number or as a date (RFC 9110, 10.2.3)."""
    with suppress(ValueError):
        return float(retry_after)
    with suppress(ValueError):
        date = parsedate_to_datetime(retry_after)
        return (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return None


def _pause(exc: StoreUnavailable, attempt: int) -> float | None:
    """Seconds until it may be otherwise; None if it will not be."""
    import httpx

    if not isinstance(exc, _Busy) and not isinstance(exc.__cause__, httpx.TransportError):
        return None
    return max(exc.retry_after or 0.0, float(_FIRST_PAUSE * 2**attempt * random.uniform(0.5, 1.0)))


def _sessions(client: object) -> list[httpx.Client]:
    """The HTTP sessions of Chroma's client, which gives no public way to limit their time and, in 1.5.9, never closes them."""
    import httpx

    ends = (client, getattr(client, "_admin_client", None))
    sessions = (getattr(getattr(end, "_server", None), "_session", None) for end in ends)
    return [session for session in sessions if isinstance(session, httpx.Client)]
