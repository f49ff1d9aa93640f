"""One google.auth credentials object for all threads of a process.

It derives from google.auth's plain base class, not from that of service accounts: for these, google-auth 2.62 asks
iamcredentials.googleapis.com in a thread of its own where tokens may be used (`allowedLocations`), which the base class does
not. What is asked of Google is thus the token endpoint and nothing else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

Renew = Callable[[Any, str | None], tuple[str, datetime | None]]
"""From google.auth's transport request and the access token that no longer serves: a new one, and its expiry (naive UTC)."""


def guarded(renew: Renew) -> Any:
    """A google.auth Credentials that asks `renew` for its tokens, one thread at a time."""
    return _class()(renew)


@cache
def _class() -> type[Any]:
    from google.auth.credentials import Credentials

    class Guarded(Credentials):
        """Refreshes once however many threads find the token expired or refused."""

        def __init__(self, renew: Renew) -> None:
            super().__init__()  # type: ignore[no-untyped-call]
            self.token: str | None = None
            self._renew = renew
            self._lock = threading.Lock()
            self._used = threading.local()

        def apply(self, headers: dict[str, str], token: str | None = None) -> None:
            self._used.token = token or self.token
            super().apply(headers, self._used.token)  # type: ignore[no-untyped-call]

        def refresh(self, request: Any) -> None:
            with self._lock:
                # Another thread may have refreshed it since this one sent its request, or found it expired.
                if self.valid and self.token != getattr(self._used, "token", None):
                    return
                self.token, self.expiry = self._renew(request, self.token)

    return Guarded
