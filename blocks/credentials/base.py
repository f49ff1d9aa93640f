"""What credentials for Google must answer: who it is, and an object that signs requests."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import Any
from urllib.parse import urlsplit

from prefect.blocks.core import Block
from pydantic import Field, PrivateAttr, field_validator

SCOPE = "https://www.googleapis.com/auth/drive.readonly"
"""What we ask for: to see and download the files of Drive, and to change nothing."""
ENOUGH = frozenset({SCOPE, "https://www.googleapis.com/auth/drive"})
"""Scopes with either of which all of it can be read; drive.file and drive.metadata.readonly show less than there is."""
TOKEN_URI = "https://oauth2.googleapis.com/token"


class _Shared:
    """The one google.auth object of a block, made at the first call. A copy of the block, or a pickled one, gets its own."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.made: Any = None

    def __reduce__(self) -> tuple[type[_Shared], tuple[()]]:
        return _Shared, ()


class GoogleCredentials(Block, ABC):
    """Who asks Google, and how that is proved."""

    api_url: str = Field(
        default="",
        description="Root of the API in place of Google's own, such as http://127.0.0.1:8085: for tests and proxies.",
    )

    _shared: _Shared = PrivateAttr(default_factory=_Shared)

    @field_validator("api_url")
    @classmethod
    def _address(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError("api_url must be a URL such as http://127.0.0.1:8085")
        return url.rstrip("/").removesuffix("/drive/v3").rstrip("/")  # as Google's client libraries name it

    @property
    @abstractmethod
    def identity(self) -> str:
        """Who it is, told without a network call and the same for as long as it is the same account.

        Raises CredentialsLost if they are missing or malformed.
        """

    @property
    @abstractmethod
    def described(self) -> str:
        """Of what kind they are and where they lie, in a few words that hold no secret."""

    @property
    @abstractmethod
    def scopes(self) -> tuple[str, ...]:
        """What they may do, as far as is known without a network call."""

    def google(self) -> Any:
        """A google.auth credentials object, one for all threads; it refreshes itself under a lock and saves what it got.

        Raises CredentialsLost if they are missing or malformed; so does the object when they are refused. If the token
        endpoint cannot be asked just now, it raises what the HTTP library does, or google.auth's TransportError.
        """
        with self._shared.lock:
            if self._shared.made is None:
                self._shared.made = self._make()
            return self._shared.made

    @abstractmethod
    def _make(self) -> Any:
        """That object."""
