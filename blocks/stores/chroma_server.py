"""A Chroma server by URL."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from core.errors import StoreUnavailable

from .chroma_collections import ChromaCollections, Vectors
from .chroma_errors import chroma_errors

if TYPE_CHECKING:
    import httpx
    from chromadb.api.client import Client

_GREETING_SECONDS = 10.0


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
        """Run one operation."""
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
        return cast("Client", client)


def _sessions(client: object) -> list[httpx.Client]:
    """The HTTP sessions of Chroma's client, which gives no public way to limit their time and, in 1.5.9, never closes them."""
    import httpx

    ends = (client, getattr(client, "_admin_client", None))
    sessions = (getattr(getattr(end, "_server", None), "_session", None) for end in ends)
    return [session for session in sessions if isinstance(session, httpx.Client)]
