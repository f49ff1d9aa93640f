"""HTTP for one account: connections that no two threads use at once, and streams of bytes."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urljoin, urlsplit

from blocks.sources.drive.errors import Failed, again, failure_of, read_answer

if TYPE_CHECKING:
    import httpx

GOOGLE = "https://www.googleapis.com"
TIMEOUT = 60.0
"""Seconds that a connection may be silent."""
_HOPS = 5
_TRUSTED = ("google.com", "googleapis.com", "googleusercontent.com")
"""Whose hosts are told who we are, wherever a redirect leads."""
_HERE = ("127.0.0.1", "localhost", "::1")
_SLOW = 120.0
"""Seconds in which some bytes have to arrive: a connection that gives one now and then never times out."""
_SOME = 64 << 10
_MOST_OF_ERROR = 64 << 10
"""Bytes of an error's body that are read."""


class Account(Protocol):
    """What is needed of blocks.credentials.base.GoogleCredentials."""

    @property
    def api_url(self) -> str:
        """Root of the API; "" is Google itself."""

    @property
    def identity(self) -> str:
        """Who asks."""

    def google(self) -> Any:
        """The google.auth credentials object that all threads share."""


class Transport:
    """Lends authorised httplib2 connections, and opens streams with httpx, which does not load a whole body into memory."""

    def __init__(self, account: Account, timeout: float = TIMEOUT) -> None:
        self.root = account.api_url.rstrip("/") or GOOGLE
        self._account, self._timeout = account, timeout
        self._lock = threading.Lock()
        self._idle: list[Any] = []
        self._streams: httpx.Client | None = None

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """A google_auth_httplib2.AuthorizedHttp for this thread alone; after an error it is not used again."""
        with self._lock:
            http = self._idle.pop() if self._idle else None
        if http is None:
            http = self._authorized()
        try:
            yield http
        except BaseException:
            http.close()
            raise
        with self._lock:
            self._idle.append(http)

    def _authorized(self) -> Any:
        import httplib2
        from google_auth_httplib2 import AuthorizedHttp

        plain = httplib2.Http(timeout=self._timeout)
        plain.follow_redirects = False  # it would ask there without saying who it is
        return AuthorizedHttp(self._account.google(), http=plain, max_refresh_attempts=1)

    @contextmanager
    def stream(self, url: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """GET `url`, the body unread; redirects are followed, and Google's own hosts told who asks.

        Raises Failed for any answer but a 2xx, and the errors of httpx and google.auth.
        """
        for _hop in range(_HOPS):
            response = self._open(url, headers)
            try:
                target = response.headers.get("location")
                if response.is_redirect and target:
                    url = urljoin(url, target)
                    continue
                if not response.is_success and not self._is_trusted(url):
                    raise again(f"it leads to {urlsplit(url).hostname}, which answers HTTP {response.status_code}")
                if not response.is_success:
                    raise Failed(read_answer(response.status_code, response.headers, _head(response)))
                yield response
                return
            finally:
                response.close()
        raise again(f"it leads from one address to another, {_HOPS} times")

    def _open(self, url: str, headers: Mapping[str, str]) -> httpx.Response:
        """One answer, asked for again with a fresh token if the first was not accepted."""
        response = self._send(url, headers, fresh=False)
        if response.status_code == 401 and self._is_trusted(url):
            response.close()
            response = self._send(url, headers, fresh=True)
        return response

    def _send(self, url: str, headers: Mapping[str, str], fresh: bool) -> httpx.Response:
        sent = {"accept-encoding": "identity", **headers}
        if self._is_trusted(url):
            with self.connection() as http:
                from google_auth_httplib2 import Request

                ask, credentials = Request(http.http), self._account.google()
                if fresh:
                    credentials.refresh(ask)
                credentials.before_request(ask, "GET", url, sent)
        client = self._client()
        return client.send(client.build_request("GET", url, headers=sent), stream=True)

    def _is_trusted(self, url: str) -> bool:
        parts, root = urlsplit(url), urlsplit(self.root)
        if (parts.scheme, parts.netloc) == root[:2]:
            return True
        host = parts.hostname or ""
        if host in _HERE and root.hostname in _HERE and parts.port == root.port:  # it names itself otherwise
            return True
        return parts.scheme == "https" and any(host == name or host.endswith(f".{name}") for name in _TRUSTED)

    def _client(self) -> httpx.Client:
        import httpx

        with self._lock:
            if self._streams is None:
                limits = httpx.Limits(max_connections=None, max_keepalive_connections=16)
                headers = {"user-agent": "levada"}
                self._streams = httpx.Client(verify=_certificates(), timeout=self._timeout, limits=limits, headers=headers)
            return self._streams

    def close(self) -> None:
        """Close what is idle; it opens again when it is used again."""
        with self._lock:
            idle, self._idle = self._idle, []
            streams, self._streams = self._streams, None
        for http in idle:
            http.close()
        if streams is not None:
            streams.close()


@cache
def _certificates() -> ssl.SSLContext:
    """Whom to trust; read once, for that takes some 25 ms."""
    import httpx

    return httpx.create_ssl_context()


def blocks(response: httpx.Response) -> Iterator[bytes]:
    """A body as it arrives. Raises Failed where it breaks off, or all but stands still."""
    began, arrived = time.monotonic(), 0
    body = response.iter_bytes()
    while True:
        try:
            block = next(body, None)
        except Exception as exc:
            failure = failure_of(exc)
            if failure is None:
                raise
            raise Failed(failure) from exc
        if block is None:
            return
        yield block
        arrived += len(block)
        if time.monotonic() - began > _SLOW:
            if arrived < _SOME:
                raise again(f"only {arrived} bytes arrived in {_SLOW:.0f} s")
            began, arrived = time.monotonic(), 0


def is_framed(response: httpx.Response) -> bool:
    """True if an answer that is cut short cannot pass for a whole one."""
    headers = response.headers
    chunked = "chunked" in headers.get("transfer-encoding", "").lower()
    return "content-length" in headers or chunked or response.http_version == "HTTP/2"


def _head(response: httpx.Response) -> bytes:
    body = b""
    for block in response.iter_bytes():
        body += block
        if len(body) >= _MOST_OF_ERROR:
            break
    return body[:_MOST_OF_ERROR]
