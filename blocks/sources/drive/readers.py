"""Who may see an item, as principals. Nothing that Drive does not say outright is taken for a right (invariant I8).

Source: the resource `permissions` of the Drive API v3. A right by link alone lets nobody find a document, so it is none here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from blocks.sources.drive.items import Resource
from core.principals import ANYONE, domain, expiring, group, user

UNKNOWN: tuple[str, ...] = ()
"""Rights that Drive does not tell us: only the library's owner sees the document."""
_OWNERS = frozenset({"owner", "organizer"})
_PARTIAL_VIEWS = frozenset({"metadata", "published"})
"""Such rights do not open the item as it is."""

Permissions = Callable[[str], Iterable[Resource] | None]
"""Asks Drive for an item's permissions by its id; None if it does not tell."""


def grants(item: Resource, permissions_of: Permissions) -> tuple[str, ...] | None:
    """Principals that may see the item; None: just those that may see the folder it lies in.

    On a shared drive an item without rights of its own has its folder's, and no permissions come with it.
    """
    limited = bool(item.get("inheritedPermissionsDisabled"))
    if "driveId" in item and not (limited or item.get("hasAugmentedPermissions")):
        return None
    return own_grants(item, permissions_of)


def own_grants(item: Resource, permissions_of: Permissions) -> tuple[str, ...]:
    """The same, asked for where it would be the folder's: for an item whose folder we do not know."""
    listed: Iterable[Resource] | None = item.get("permissions")
    if listed is None and item.get("capabilities", {}).get("canShare", True):
        listed = permissions_of(item["id"])
    return UNKNOWN if listed is None else principals(listed, bool(item.get("inheritedPermissionsDisabled")))


def principals(permissions: Iterable[Resource], limited: bool = False) -> tuple[str, ...]:
    """Whom these permissions let see an item; `limited`: what it inherits does not count, but for its owners."""
    found = {_principal(permission) for permission in permissions if _counts(permission, limited)}
    return tuple(sorted(found - {""}))


def is_a_members(permission: Resource, drive: str) -> bool:
    """True if an item on the shared drive has this permission because somebody is the drive's member."""
    return any(
        detail.get("permissionType") == "member" and detail.get("inheritedFrom", drive) == drive
        for detail in permission.get("permissionDetails") or ()
    )


def _counts(permission: Resource, limited: bool) -> bool:
    if permission.get("deleted") or permission.get("view") in _PARTIAL_VIEWS:
        return False
    if not limited or permission.get("role") in _OWNERS:
        return True
    return any(not detail.get("inherited", True) for detail in permission.get("permissionDetails") or ())


def _principal(permission: Resource) -> str:
    who = _who(permission)
    ends = permission.get("expirationTime")
    if not who or not ends:
        return who
    try:
        return expiring(who, datetime.fromisoformat(ends).timestamp())
    except ValueError:
        return ""


def _who(permission: Resource) -> str:
    kind, address = permission.get("type"), permission.get("emailAddress") or ""
    if kind == "user":
        return user(address) if address else ""
    if kind == "group":
        return group(address) if address else ""
    if not permission.get("allowFileDiscovery"):
        return ""
    if kind == "domain":
        name: Any = permission.get("domain")
        return domain(name) if name else ""
    return ANYONE if kind == "anyone" else ""
