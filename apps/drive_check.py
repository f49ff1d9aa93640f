"""What a Google account sees: who it is, what there is to carry, and what stands in the way."""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from core.errors import CredentialsLost, LevadaError

if TYPE_CHECKING:
    from blocks.credentials.base import GoogleCredentials
    from blocks.sources.drive.client import DriveClient
    from blocks.sources.drive.rules import Scope

T = TypeVar("T")
FOLDER = "application/vnd.google-apps.folder"
MY_DRIVE = "My Drive"
MOST_DRIVES = 100
"""Shared drives that are looked into; further ones are only counted."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that stands in the way, in one line, and what to do about it."""

    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Place:
    """A folder or a corpus, and what its first page holds."""

    name: str
    id: str
    """"" for My Drive, with what others share with the account."""
    files: int
    """Of the first page, folders included; of 1,000 at most."""
    more: bool
    changes: bool
    """Whether its change log can be followed; False for folders, which have none of their own."""


@dataclass(slots=True)
class Checked:
    """All that `levada drive check` found."""

    account: str
    name: str
    credentials: str
    scopes: tuple[str, ...]
    storage_used: int | None = None
    """Bytes."""
    storage_limit: int | None = None
    """Bytes; None: unlimited, or not told."""
    units_per_minute: int = 0
    """Quota units that are asked for at most, after what Google refused during the check."""
    slowed: bool = False
    """Google refused some calls for their rate."""
    corpora: list[Place] = field(default_factory=list)
    folders: list[Place] = field(default_factory=list)
    shared_drives: int = 0
    problems: list[Problem] = field(default_factory=list)


def check(credentials: GoogleCredentials, scope: Scope, say: Callable[[str], None] = lambda _: None) -> Checked:
    """Look at the account, and at all of the scope.

    Raises CredentialsLost, and SourceUnavailable if Google does not answer even who it is.
    """
    from blocks.sources.drive.client import DriveClient

    client = DriveClient(credentials)
    client.keys.learn(scope.resource_keys)
    try:
        begun = client.quota.rate
        found = _account(client, credentials)
        say(f"looking into the Drive of {found.account}")
        wanted = [(MY_DRIVE, None)] if scope.my_drive else []
        for name, drive in (*wanted, *_drives(client, found, scope)):
            _corpus(client, found, name, drive)
        for folder in scope.folders:
            _folder(client, found, folder)
        found.units_per_minute, found.slowed = round(client.quota.rate * 60), client.quota.rate < begun
    finally:
        client.close()
    _empty(found, credentials)
    return found


def _account(client: DriveClient, credentials: GoogleCredentials) -> Checked:
    from blocks.credentials.base import ENOUGH, SCOPE

    about = client.about("user(displayName,emailAddress),storageQuota(limit,usage)")
    user, storage = about.get("user", {}), about.get("storageQuota", {})
    found = Checked(
        account=str(user.get("emailAddress", "")),
        name=str(user.get("displayName", "")),
        credentials=credentials.described,
        scopes=credentials.scopes,
        storage_used=_bytes(storage.get("usage")),
        storage_limit=_bytes(storage.get("limit")),
    )
    if found.scopes and not ENOUGH & set(found.scopes):
        shown = ", ".join(scope.rpartition("/")[2] for scope in found.scopes)
        found.problems.append(
            Problem(f"the token is for {shown} only, which shows less than there is", f"`levada drive login` asks for {SCOPE}")
        )
    if (file := getattr(credentials, "token_file", None) or getattr(credentials, "service_account_file", None)) is not None:
        mode = stat.S_IMODE(file.stat().st_mode)
        if mode & 0o077:
            found.problems.append(Problem(f"{file} can be read by others (mode {mode:o})", f"chmod 600 {file}"))
    return found


def _drives(client: DriveClient, found: Checked, scope: Scope) -> list[tuple[str, str | None]]:
    """Name and id of the shared drives to look into."""
    if not scope.all_drives:
        found.shared_drives = len(scope.drives)
        named = [_tried(found, lambda id=drive: client.drive(id), f"shared drive {drive}") for drive in scope.drives]  # type: ignore[misc]
        return [(str(drive.get("name", "")), str(drive["id"])) for drive in named if drive is not None]
    drives = _tried(found, client.drives, "the list of shared drives") or []
    found.shared_drives = len(drives)
    return [(str(drive.get("name", "")), str(drive["id"])) for drive in drives[:MOST_DRIVES]]


def _corpus(client: DriveClient, found: Checked, name: str, drive: str | None) -> None:
    token = _tried(found, lambda: client.start_token(drive), f"the change log of {name}")
    page = _tried(found, lambda: client.files("trashed = false", drive, None, "files(id)"), name)
    if page is not None:
        found.corpora.append(Place(name, drive or "", len(page["files"]), "nextPageToken" in page, token is not None))


def _folder(client: DriveClient, found: Checked, folder: str) -> None:
    item = _tried(found, lambda: _folder_or_drive(client, folder), f"folder {folder}")
    if item is None:
        return
    name = str(item.get("name", ""))
    if item.get("kind") == "drive#drive":
        _corpus(client, found, name, folder)
        return
    if item.get("mimeType") != FOLDER:
        found.problems.append(Problem(f"{name} ({folder}) is no folder", "name the folder that holds it"))
        return
    if item.get("trashed"):
        found.problems.append(Problem(f"the folder {name} lies in the trash", "restore it, or name another folder"))
    if not item.get("capabilities", {}).get("canListChildren", True):
        found.problems.append(
            Problem(f"what the folder {name} holds may not be listed", f"share it with {found.account} as viewer")
        )
        return
    query = f"'{folder}' in parents and trashed = false"
    page = _tried(found, lambda: _listed(client, query, item.get("driveId")), f"folder {name}")
    if page is not None:
        found.folders.append(Place(name, folder, len(page["files"]), "nextPageToken" in page, False))


def _folder_or_drive(client: DriveClient, id: str) -> dict[str, Any]:
    """A shared drive's address looks like a folder's, and its id need be no file's. Raises Gone."""
    from blocks.sources.drive.errors import CorpusLost, Gone, Refused

    try:
        return client.file(id, "id,name,mimeType,trashed,driveId,capabilities(canListChildren)")
    except Gone as gone:
        try:
            return client.drive(id)
        except (CorpusLost, Gone, Refused):
            raise gone from None


def _listed(client: DriveClient, query: str, drive: str | None) -> dict[str, Any]:
    """A page of what lies in a folder, be it on a shared drive that we are no member of."""
    from blocks.sources.drive.errors import CorpusLost

    try:
        return client.files(query, drive, None, "files(id)")
    except CorpusLost:
        return client.files(query, None, None, "files(id)")


def _tried(found: Checked, ask: Callable[[], T], what: str) -> T | None:
    """What a call answers; None, with a problem noted, if it is refused. Raises CredentialsLost."""
    from blocks.sources.drive.errors import CorpusLost, Gone

    try:
        return ask()
    except CredentialsLost:
        raise
    except (Gone, CorpusLost) as exc:
        remedy = f"see that the id is right, and share it with {found.account}"
        found.problems.append(Problem(f"{what} is not there, or not for {found.account} ({exc})", remedy))
    except LevadaError as exc:
        found.problems.append(Problem(f"{what}: {exc}", "run `levada drive check` again later, or see what Google says"))
    return None


def _empty(found: Checked, credentials: GoogleCredentials) -> None:
    """An account that sees nothing is one that nobody shared anything with."""
    if found.problems or any(place.files for place in (*found.corpora, *found.folders)):
        return
    if "service account" in credentials.described:
        remedy = (
            f"share a folder with {found.account} as viewer, make it a member of a shared drive, or set LEVADA_GOOGLE_SUBJECT"
        )
    else:
        remedy = "put files into it, or log in with the account that has them: `levada drive login`"
    found.problems.append(Problem(f"{found.account} sees no file", remedy))


def _bytes(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
