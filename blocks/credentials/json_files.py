"""The JSON files that Google's console hands out: a service account's key, and an OAuth client's credentials.json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from blocks.credentials.base import TOKEN_URI
from core.errors import CredentialsLost

SERVICE_ACCOUNT = "service_account"
OAUTH_CLIENT = "an OAuth client"
_INSTALLED = "installed"
AUTH_URI = "https://accounts.google.com/o/oauth2/auth"
_LIMIT = 1 << 20
"""Bytes; such files have two or three thousand."""


@dataclass(frozen=True, slots=True, repr=False)
class OAuthClient:
    """The program that asks for an account's consent, as the console registered it."""

    client_id: str
    client_secret: str
    auth_uri: str = AUTH_URI
    token_uri: str = TOKEN_URI


def read_text(path: Path, remedy: str) -> str:
    """The text of a file of credentials. Raises CredentialsLost, with `remedy` at its end."""
    try:
        if not path.is_file():
            raise CredentialsLost(f"{path} is {'no file' if path.exists() else 'not there'}: {remedy}")
        with path.open("rb") as file:
            data = file.read(_LIMIT + 1)
        if len(data) > _LIMIT:
            raise CredentialsLost(f"{path} is too large for a file of credentials: {remedy}")
        return data.decode("utf-8-sig")
    except OSError as exc:
        raise CredentialsLost(f"{path} cannot be read ({exc.strerror}): {remedy}") from exc
    except ValueError as exc:  # no UTF-8, or a zero byte in the path
        raise CredentialsLost(f"{path} is no JSON: {remedy}") from exc


def parse(text: str, where: str, remedy: str) -> dict[str, Any]:
    """The JSON object that a text is. Raises CredentialsLost."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise CredentialsLost(f"{where} is no JSON: {remedy}") from exc
    if not isinstance(found, dict):
        raise CredentialsLost(f"{where} holds no JSON object: {remedy}")
    return found


def kind(info: dict[str, Any]) -> str:
    """SERVICE_ACCOUNT, OAUTH_CLIENT, or what else it is in a few words."""
    if isinstance(info.get("type"), str):
        return {"authorized_user": "a user's token"}.get(info["type"], str(info["type"])[:40])
    if "web" in info:
        return "an OAuth client for a web server"
    return OAUTH_CLIENT if _INSTALLED in info else "nothing that Google hands out"


def oauth_client(info: dict[str, Any], where: str) -> OAuthClient:
    """The client that a credentials.json describes. Raises CredentialsLost if it is another JSON."""
    remedy = 'create an OAuth client of type "Desktop app" in the Google Cloud console and download its JSON'
    found = kind(info)
    if found == SERVICE_ACCOUNT:
        raise CredentialsLost(
            f"{where} is a service account's key, with which nobody logs in: set LEVADA_GOOGLE_CREDENTIALS to it instead"
        )
    if found != OAUTH_CLIENT:
        raise CredentialsLost(f"{where} is {found}: {remedy}")
    client = info[_INSTALLED]
    if not isinstance(client, dict) or not is_text(client, "client_id", "client_secret"):
        raise CredentialsLost(f"{where} has no client_id and client_secret: {remedy}")
    uris = {name: client[name] for name in ("auth_uri", "token_uri") if client.get(name)}
    if not all(is_url(uri) for uri in uris.values()):
        raise CredentialsLost(f"{where} names addresses that are no https: {remedy}")
    return OAuthClient(client["client_id"], client["client_secret"], **uris)


def is_text(info: dict[str, Any], *names: str) -> bool:
    """True if each of these is there, and a text that is not empty."""
    return all(isinstance(info.get(name), str) and info[name] for name in names)


def is_url(value: object) -> bool:
    """True for an address that secrets may be sent to: https, or a server of this machine."""
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
    except ValueError:
        return False
    if parts is None or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost"))
