"""How Google's client asks a credentials object, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def headers_of(google: Any, timeout: float = 10.0) -> dict[str, str]:
    """The headers of a request that the credentials sign, refreshed if need be."""
    headers: dict[str, str] = {}
    with _request(timeout) as request:
        google.before_request(request, "GET", "https://www.googleapis.com/drive/v3/about", headers)
    return headers


def refresh(google: Any) -> None:
    """What google_auth_httplib2.AuthorizedHttp does when it is answered with 401."""
    with _request() as request:
        google.refresh(request)


@contextmanager
def _request(timeout: float = 10.0) -> Iterator[Any]:
    import google_auth_httplib2
    import httplib2

    http = httplib2.Http(timeout=timeout)
    try:
        yield google_auth_httplib2.Request(http)
    finally:
        http.close()
