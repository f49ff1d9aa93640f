"""A file, folder or shortcut as Drive describes it: what is asked of it, and when its content may have changed.

Source: the resource `files` of the Drive API v3.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias

Resource: TypeAlias = Mapping[str, Any]
"""A resource of the API, as its JSON says."""

GOOGLE = "application/vnd.google-apps."
FOLDER = f"{GOOGLE}folder"
SHORTCUT = f"{GOOGLE}shortcut"
DOCUMENT = f"{GOOGLE}document"
SPREADSHEET = f"{GOOGLE}spreadsheet"
PRESENTATION = f"{GOOGLE}presentation"
DRAWING = f"{GOOGLE}drawing"

PERMISSION_FIELDS = "id,type,role,emailAddress,domain,allowFileDiscovery,deleted,expirationTime,view,permissionDetails"
FIELDS = (
    "id,name,mimeType,parents,driveId,trashed,modifiedTime,version,size,md5Checksum,sha256Checksum,headRevisionId,"
    "shortcutDetails(targetId,targetResourceKey),resourceKey,webViewLink,"
    f"permissions({PERMISSION_FIELDS}),hasAugmentedPermissions,inheritedPermissionsDisabled,"
    "capabilities(canDownload,canShare,canListChildren,canEdit)"
)
"""What a listing asks of each item, so that none has to be asked for again."""

_SELF_EVIDENT = ("application/pdf", "application/vnd.", "application/msword", "image/")
"""Media types whose format is in the bytes: the extension says nothing more."""


_POWERS = ("canListChildren", "canEdit")
DRIVE_POWERS = ("canManageMembers", "canShare")
"""What else tells our role on a shared drive."""


def is_googles_own(media_type: str) -> bool:
    """True for what has no bytes of its own, such as a Google Doc: it can only be exported."""
    return media_type.startswith(GOOGLE)


def fingerprint(item: Resource) -> str:
    """Changes whenever the text may have changed; of a folder, whenever what we may do with all in it may have.

    For bytes it is their checksum, with the name's extension where the format is told by that alone; for Google's own formats,
    which have no checksum, the time of the last change; and with both, whether they may be downloaded.
    """
    media_type = item.get("mimeType", "")
    if media_type == FOLDER:
        return _powers(item)
    refused = "" if may_download(item) else "refused:"
    if is_googles_own(media_type):
        return f"{refused}{media_type.removeprefix(GOOGLE)}:{item.get('modifiedTime', '')}"
    checksum = item.get("sha256Checksum") or item.get("md5Checksum")
    if checksum is None:
        checksum = item.get("headRevisionId") or f"{item.get('modifiedTime', '')}:{item.get('version', '')}"
    extension = "" if media_type.startswith(_SELF_EVIDENT) else os.path.splitext(item.get("name", ""))[1].lower()  # noqa: PTH122
    return f"{refused}{checksum}:{item.get('size', '')}{extension}"


def drive_fingerprint(drive: Resource) -> str:
    """The same of a shared drive. What is closed to all but its managers, its files do not say."""
    restricted = sorted(name for name, on in drive.get("restrictions", {}).items() if on)
    return " ".join([_powers(drive, *DRIVE_POWERS), *(json.dumps([name, drive["restrictions"][name]]) for name in restricted)])


def _powers(item: Resource, *more: str) -> str:
    """What we may not do, of what Drive says of it."""
    able = item.get("capabilities", {})
    return ",".join(f"not {name.removeprefix('can')}" for name in (*_POWERS, *more) if able.get(name) is False)


def may_download(item: Resource) -> bool:
    """False if its owner, or an administrator, has forbidden it."""
    return bool(item.get("capabilities", {}).get("canDownload", True))


def version(item: Resource) -> int:
    """Grows with each change of the item; 0 if Drive does not tell it."""
    return int(item.get("version") or 0)


def size(item: Resource) -> int:
    """Bytes; of Google's own formats only a hint."""
    return int(item.get("size") or 0)


def modified(item: Resource) -> float | None:
    """Seconds since the epoch."""
    try:
        return datetime.fromisoformat(item["modifiedTime"]).timestamp()
    except (KeyError, ValueError):
        return None
