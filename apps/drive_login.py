"""Logging in to Google Drive, and out of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from apps.google_account import in_block, save_block, user_of, with_token
from core.errors import CredentialsLost, LevadaError, UsageError
from core.settings import Settings

if TYPE_CHECKING:
    from blocks.credentials.google_oauth import GoogleOAuth
    from blocks.credentials.json_files import OAuthClient


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Who consented, and where the token is kept."""

    account: str
    name: str
    stored_in: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """Whose token is gone, "" if there was none, and what is left to do by hand."""

    account: str
    deleted_from: str
    problem: str = ""


def log_in(
    settings: Settings,
    tell: Callable[[str], None],
    credentials: Path | None = None,
    block: str = "",
    browser: bool = True,
    port: int = 0,
    timeout: float = 300.0,
) -> LoggedIn:
    """Ask for consent, see whose account it is, and keep the token: in the block document, else in the file.

    Nothing is kept unless Drive answers. Raises UsageError if it is not known which OAuth client asks; else what
    blocks.credentials.login and DriveClient raise.
    """
    from blocks.credentials import login

    if block and not re.fullmatch("[a-z0-9-]+", block):
        raise UsageError(f"Prefect takes no block {block!r}: use lower case letters, digits and dashes")
    account = _account(settings, block)
    api_url = account.api_url if account else settings.google_api_url
    token = login.log_in(_client(account, credentials), tell, browser, port, timeout)
    user = user_of(with_token(token, api_url))
    token = replace(token, account=user["emailAddress"])
    if block:
        save_block(block, with_token(token, api_url))
        place = f"block {block}"
    else:
        place = str(_keep(settings, token.to_json()))
    return LoggedIn(token.account, user["displayName"], place, token.scopes)


def log_out(settings: Settings, block: str = "") -> LoggedOut:
    """Have Google forget the consent, and delete the token here."""
    from blocks.credentials.revoke import CONNECTIONS, revoke

    account = _account(settings, block)
    if account is None:
        raise UsageError(f"there is no block {block}: `prefect block ls` shows which there are")
    kept = account.token_file.exists() if account.token_file is not None else bool(account.token.get_secret_value())
    if not kept:
        return LoggedOut("", account.place)
    try:
        token = account.stored()
    except CredentialsLost as exc:
        identity, failed = "an unknown account", str(exc).partition(":")[0]
    else:
        identity, failed = token.identity, revoke(token)
    _forget(account, block)
    return LoggedOut(identity, account.place, f"{failed}: remove the consent at {CONNECTIONS}" if failed else "")


def _account(settings: Settings, block: str) -> GoogleOAuth | None:
    """The account as it is known now; None for a block document that is not there. Raises UsageError for a service account."""
    from blocks.credentials.defaults import default_credentials
    from blocks.credentials.google_oauth import GoogleOAuth

    if block:
        return in_block(block)
    try:
        account = default_credentials(settings)
    except CredentialsLost as exc:
        raise UsageError(str(exc)) from exc
    if not isinstance(account, GoogleOAuth):
        raise UsageError(
            "LEVADA_GOOGLE_CREDENTIALS names a service account, which needs no login: `levada drive check` says what it sees"
        )
    return account


def _client(account: GoogleOAuth | None, credentials: Path | None) -> OAuthClient:
    from blocks.credentials.google_oauth import GoogleOAuth

    try:
        if credentials is not None:
            return GoogleOAuth(client_file=credentials).client()
        return (account or GoogleOAuth()).client()
    except CredentialsLost as exc:
        raise UsageError(str(exc)) from exc


def _keep(settings: Settings, text: str) -> Path:
    from blocks.credentials.token_file import TokenFile
    from blocks.credentials.tokens import Token

    file = TokenFile(settings.google_token_file, "")
    try:
        with file.locked():
            file.replace(Token.from_json(text, "", ""))
    except OSError as exc:
        raise LevadaError(f"{file.path} cannot be written ({exc.strerror}): set LEVADA_GOOGLE_TOKEN to another place") from exc
    return file.path


def _forget(account: GoogleOAuth, block: str) -> None:
    from pydantic import SecretStr

    from blocks.credentials.token_file import TokenFile

    if account.token_file is None:
        save_block(block, account.model_copy(update={"token": SecretStr("")}))
        return
    try:
        TokenFile(account.token_file, "").delete()
    except OSError as exc:
        raise LevadaError(f"{account.token_file} cannot be deleted ({exc.strerror}): delete it yourself") from exc
