"""Tokens: who holds which, and whether they are still good."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import count
from typing import Any

from tests.servers.googledrive.state import State

SCOPE = "https://www.googleapis.com/auth/drive.readonly"
CLIENT_ID = "1234567890-emulator.apps.googleusercontent.com"
CLIENT_SECRET = "GOCSPX-emulator"
_CONTENT_SCOPES = {"drive", "drive.readonly", "drive.file"}


@dataclass(frozen=True)
class Holder:
    """Whose a token is and what it may do."""

    email: str
    scopes: tuple[str, ...] = (SCOPE,)

    @property
    def reads_content(self) -> bool:
        """False for scopes of metadata alone."""
        return any(scope.rpartition("/")[2] in _CONTENT_SCOPES for scope in self.scopes)


@dataclass(frozen=True)
class Code:
    """An authorization code that has not been used yet."""

    holder: Holder
    redirect_uri: str
    challenge: str | None


class Accounts:
    """Access tokens, refresh tokens, authorization codes, the key of the service account. Called under the world's lock."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._serial = count()
        self.access: dict[str, Holder] = {}
        self.refresh: dict[str, Holder] = {}
        self.codes: dict[str, Code] = {}
        self.revoked: set[str] = set()
        self.service_key: tuple[int, int] | None = None
        """Modulus and exponent by which assertions are checked, once somebody asked for the key."""

    def access_token(self, holder: Holder) -> str:
        """A new access token."""
        token = "ya29." + self._token("access", holder)
        self.access[token] = holder
        return token

    def refresh_token(self, holder: Holder) -> str:
        """A new refresh token."""
        token = "1//" + self._token("refresh", holder)
        self.refresh[token] = holder
        return token

    def code(self, holder: Holder, redirect_uri: str, challenge: str | None) -> str:
        """A new authorization code, good once."""
        code = "4/" + self._token("code", holder)
        self.codes[code] = Code(holder, redirect_uri, challenge)
        return code

    def _token(self, kind: str, holder: Holder) -> str:
        return hashlib.sha256(f"{self._state.seed} {kind} {holder.email} {next(self._serial)}".encode()).hexdigest()

    def holder(self, authorization: str) -> Holder | None:
        """Who sends this Authorization header; None for a token that is unknown or revoked."""
        scheme, _, token = authorization.partition(" ")
        found = self.access.get(token.strip()) if scheme.lower() == "bearer" else None
        return found if found and found.email not in self.revoked else None

    def expire(self, email: str) -> None:
        """The access tokens of one user end; refresh tokens stay good."""
        self.access = {token: holder for token, holder in self.access.items() if holder.email != email}

    def revoke(self, email: str) -> None:
        """No token of this user is good until `restore`."""
        self.revoked.add(email)

    def give_back(self, token: str) -> bool:
        """The consent behind a token ends: no token of its user is known any more. False for a token that is not good."""
        holder = self.access.get(token) or self.refresh.get(token)
        if holder is None or holder.email in self.revoked:
            return False
        self.expire(holder.email)
        self.refresh = {token: other for token, other in self.refresh.items() if other.email != holder.email}
        return True

    def restore(self, email: str) -> None:
        """Tokens of this user are good again."""
        self.revoked.discard(email)

    def credentials(self, email: str, scopes: tuple[str, ...], url: str) -> dict[str, Any]:
        """Arguments for google.oauth2.credentials.Credentials, with new tokens."""
        holder = Holder(self._state.user(email).email, scopes)
        return {
            "token": self.access_token(holder),
            "refresh_token": self.refresh_token(holder),
            "token_uri": f"{url}/token",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "scopes": list(scopes),
        }

    def client_config(self, url: str) -> dict[str, Any]:
        """The content of credentials.json of an installed app."""
        return {
            "installed": {
                "client_id": CLIENT_ID,
                "project_id": "emulator",
                "client_secret": CLIENT_SECRET,
                "auth_uri": f"{url}/auth",
                "token_uri": f"{url}/token",
                "redirect_uris": ["http://localhost"],
            }
        }
