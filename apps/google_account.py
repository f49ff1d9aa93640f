"""The Google account that a command works with: of the environment, or of a block document."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from apps.logs import speak_plainly
from apps.prefect_api import join
from core.errors import TransientError, UsageError
from core.settings import Settings

if TYPE_CHECKING:
    from blocks.credentials.base import GoogleCredentials
    from blocks.credentials.google_oauth import GoogleOAuth
    from blocks.credentials.tokens import Token
    from blocks.sources.drive.rules import Scope

C = TypeVar("C", bound="GoogleCredentials")


def prepare(block: str = "") -> Settings:
    """The settings, once Prefect's API is settled; to be called before importing a block. Starts no server.

    Raises UsageError if a block document is named and there is no server to have it.
    """
    settings = Settings.from_env()
    join(settings.home)
    warnings.filterwarnings("ignore", "Failed to create the Prefect home directory")  # nothing is kept there
    if block and not os.environ.get("PREFECT_API_URL"):
        raise UsageError("block documents need a Prefect server: `levada up` starts one, or set PREFECT_API_URL")
    import blocks  # noqa: F401

    speak_plainly(settings.log_level)
    return settings


def in_block(name: str) -> GoogleOAuth | None:
    """The account of a block document; None if there is no such document. Raises TransientError if Prefect does not answer."""
    from blocks.credentials.google_oauth import GoogleOAuth

    return _loaded(GoogleOAuth, name)


def chosen(settings: Settings, block: str = "") -> GoogleCredentials:
    """The account of a block document, of either type, if one is named; else of the environment.

    Raises UsageError if there is no such document, and what default_credentials does.
    """
    from blocks.credentials.defaults import default_credentials
    from blocks.credentials.google_service_account import GoogleServiceAccount

    if not block:
        return default_credentials(settings)
    found = in_block(block) or _loaded(GoogleServiceAccount, block)
    if found is None:
        raise UsageError(f"there is no block {block} with a Google account: `levada drive login --block {block}` makes it")
    return found


def _loaded(kind: type[C], name: str) -> C | None:
    import httpx

    try:
        # Prefect puts it into an address as it is: of "team?x" it would find the document "team".
        found: Any = kind.load(quote(name, safe=""))
    except ValueError:  # Prefect's word for: no such document
        return None
    except httpx.HTTPError as exc:
        raise TransientError(f"the Prefect server at {os.environ['PREFECT_API_URL']} does not answer: start it") from exc
    assert isinstance(found, kind)
    return found


def scope_of(settings: Settings, library: str, source: str | None) -> tuple[Scope, GoogleCredentials | None]:
    """What a source looks at, as core/drive_names.py names it, or a folder by its id; None: all there is. And its own account.

    Raises UsageError for what names nothing on Google Drive, and for a source that nobody has described.
    """
    from blocks.sources.drive.rules import Scope

    if source is None:
        return Scope(my_drive=True, all_drives=True), None
    from blocks.library import open_library
    from blocks.sources.google_drive import GoogleDriveSource
    from core.drive_names import drive_name, folder_id
    from tasks.sources import named

    try:
        if drive_name(source) is None:
            return Scope((folder_id(source),)), None
    except ValueError as exc:
        raise UsageError(str(exc)) from exc
    opened = open_library(library or settings.library, settings)
    try:
        found = named(opened, source)
    finally:
        opened.close()
    drive = found[0]
    assert isinstance(drive, GoogleDriveSource)
    return drive.scope, drive.credentials


def save_block(name: str, account: GoogleOAuth) -> None:
    """Make the block document, or replace it. Raises TransientError if Prefect does not."""
    import httpx
    from prefect.exceptions import PrefectException

    try:
        account.save(name, overwrite=True)
    except (httpx.HTTPError, PrefectException) as exc:
        raise TransientError(f"Prefect did not save the block {name} ({' '.join(str(exc).split())[:200]}): try again") from exc


def with_token(token: Token, api_url: str) -> GoogleOAuth:
    """An account whose token is kept nowhere yet."""
    from pydantic import SecretStr

    from blocks.credentials.google_oauth import GoogleOAuth

    return GoogleOAuth(
        client_id=token.client_id,
        client_secret=SecretStr(token.client_secret),
        token=SecretStr(token.to_json()),
        api_url=api_url,
    )


def user_of(credentials: GoogleCredentials) -> dict[str, str]:
    """displayName and emailAddress of the account, asked of Drive. Raises what DriveClient does."""
    from blocks.sources.drive.client import DriveClient

    client = DriveClient(credentials)
    try:
        user = client.about("user(displayName,emailAddress)").get("user", {})
    finally:
        client.close()
    return {name: str(user.get(name, "")) for name in ("displayName", "emailAddress")}
