"""How Google's client asks a credentials object, over real HTTP."""

from __future__ import annotations

from typing import Any


def headers_of(google: Any) -> dict[str, str]:
    """The headers of a request that the credentials sign, refreshed if need be."""
    headers: dict[str, str] = {}
    google.before_request(request(), "GET", "https://www.googleapis.com/drive/v3/about", headers)
    return headers


def request() -> Any:
    """What google_auth_httplib2.AuthorizedHttp refreshes with."""
    import google_auth_httplib2
    import httplib2

    return google_auth_httplib2.Request(httplib2.Http(timeout=10))
