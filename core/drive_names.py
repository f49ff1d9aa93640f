"""How a source on Google Drive is named: "google-drive", "google-drive:NAME", or a folder's address."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.errors import Undescribed, UsageError

KIND = "google-drive"

_ID = re.compile(r"[A-Za-z0-9_-]{10,}|root")
_ADDRESS = re.compile(r"https?://drive\.google\.com/(?:[^?#]*/)?(?:folders/|open\?id=|my-drive)([A-Za-z0-9_-]*)")

_KEY = re.compile(r"[?&]resourcekey=([A-Za-z0-9_-]+)")
_FILE = re.compile(r"https?://(?:drive\.google\.com/file/|docs\.google\.com/)")


@dataclass(frozen=True, slots=True)
class DriveName:
    """What a name means."""

    name: str
    """Of the source; "" for the one that the environment, or the block document "google-drive", describes."""
    folder: str = ""
    """Id of the only folder, if an address was given; "root" for My Drive."""
    key: str = ""
    """The resource key in that address: some folders that are shared by link do not open without theirs."""

    @property
    def root(self) -> str:
        """What the ledger knows the source by."""
        return f"{KIND}:{self.name}" if self.name else KIND


def drive_name(name: str) -> DriveName | None:
    """What is meant, if anything on Google Drive is. Raises UsageError for an address that can be no folder's."""
    if _ADDRESS.match(name.strip()):
        try:
            folder = folder_id(name)
        except ValueError as exc:
            raise UsageError(str(exc)) from exc
        return DriveName(folder, folder, resource_key(name))
    if _FILE.match(name.strip()):
        raise UsageError(f"{name!r} is the address of a file, and a source is a folder: name the folder that holds it")
    kind, _colon, rest = name.strip().partition(":")
    return DriveName(rest) if kind == KIND else None


def folder_id(name: str) -> str:
    """The id in a folder's address, or the id itself; "root" is My Drive. Raises ValueError for anything else."""
    found = _ADDRESS.match(name.strip())
    id = (found[1] or "root") if found else name.strip()
    if not is_id(id):
        raise ValueError(
            f"{name!r} is neither the address of a folder on Google Drive, such as https://drive.google.com/drive/folders/..., "
            "nor its id"
        )
    return id


def resource_key(name: str) -> str:
    """The resource key in an address; "" if there is none."""
    found = _KEY.search(name)
    return found[1] if found else ""


def is_id(text: str) -> bool:
    """True if it can be the id of something on Google Drive."""
    return _ID.fullmatch(text) is not None


def undescribed(name: DriveName) -> Undescribed:
    """Nobody has said what that source is to look at."""
    if name.name:
        return Undescribed(
            f"nobody has described {name.root!r}: make a block document {name.name!r} of type Levada Google Drive and set "
            "PREFECT_API_URL, or name a folder by its address"
        )
    return Undescribed(
        "Google Drive: name a folder by its address, such as `levada ingest https://drive.google.com/drive/folders/...`, "
        "or set LEVADA_GOOGLE_FOLDERS, LEVADA_GOOGLE_DRIVES or LEVADA_GOOGLE_MY_DRIVE"
    )
