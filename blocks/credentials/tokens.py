"""The token of an account that consented, in the JSON form of Google's own libraries (token.json)."""

from __future__ import annotations

import hashlib
import json
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from blocks.credentials.base import TOKEN_URI
from blocks.credentials.json_files import AUTH_URI, is_text, is_url, kind, parse
from core.errors import CredentialsLost

_MARGIN = timedelta(minutes=5)
"""An access token that expires sooner is not taken over: google.auth would refresh it at once (3:45 before it expires)."""


@dataclass(frozen=True, slots=True)
class Token:
    """What proves that an account consented; its secrets are not shown."""

    refresh_token: str = field(repr=False)
    client_id: str
    client_secret: str = field(repr=False)
    token_uri: str = TOKEN_URI
    auth_uri: str = AUTH_URI
    access_token: str = field(default="", repr=False)
    expiry: datetime | None = None
    """Of the access token; naive, UTC, as google.auth has it."""
    scopes: tuple[str, ...] = ()
    account: str = ""
    """The e-mail address noted at login; else, once the refresh token was replaced, the identity before that."""

    @property
    def identity(self) -> str:
        """The account, or a hash of the refresh token where nobody noted it."""
        return self.account or f"token {hashlib.sha256(self.refresh_token.encode()).hexdigest()[:16]}"

    @property
    def fresh(self) -> bool:
        """The access token can be used for some time yet."""
        return bool(self.access_token) and self.expiry is not None and self.expiry - _MARGIN > _now()

    def to_json(self) -> str:
        """As Google's libraries write it."""
        return json.dumps(
            {
                "token": self.access_token,
                "refresh_token": self.refresh_token,
                "token_uri": self.token_uri,
                "auth_uri": self.auth_uri,
                "client_id": self.client_id,
                "client_secret": self.client_secret,
                "scopes": list(self.scopes),
                "universe_domain": "googleapis.com",
                "account": self.account,
                "expiry": f"{self.expiry.isoformat()}Z" if self.expiry else None,
            },
            indent=1,
        )

    @classmethod
    def from_json(cls, text: str, where: str, remedy: str) -> Token:
        """Raises CredentialsLost if it is no token with which an access token can be had."""
        info = parse(text, where, remedy)
        if not is_text(info, "refresh_token", "client_id", "client_secret"):
            what = "" if "refresh_token" in info else f" (it is {kind(info)})"
            raise CredentialsLost(f"{where} is no token of an account{what}: {remedy}")
        uris = {name: info[name] for name in ("token_uri", "auth_uri") if info.get(name)}
        if not all(is_url(uri) for uri in uris.values()):
            raise CredentialsLost(f"{where} names addresses that are no https: {remedy}")
        return cls(
            refresh_token=info["refresh_token"],
            client_id=info["client_id"],
            client_secret=info["client_secret"],
            access_token=info["token"] if is_text(info, "token") else "",
            expiry=_time(info.get("expiry")),
            scopes=_scopes(info.get("scopes")),
            account=info["account"] if is_text(info, "account") else "",
            **uris,
        )


class TokenStore(Protocol):
    """Where a token is kept between runs. `read` and `latest` raise CredentialsLost if there is none, or it is malformed."""

    def locked(self) -> AbstractContextManager[object]:
        """Around reading, refreshing and writing: as far as the place allows, others wait."""

    def read(self) -> Token:
        """The token, told without a network call."""

    def latest(self) -> Token:
        """The token as another process may have left it."""

    def write(self, token: Token) -> None:
        """Keep it. What prevents that is logged: the token serves this run all the same."""


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _time(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def _scopes(value: Any) -> tuple[str, ...]:
    words = value.split() if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(sorted(word for word in words if isinstance(word, str)))
