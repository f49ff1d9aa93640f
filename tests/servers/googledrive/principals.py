"""JSON of people, grants and shared drives."""

from __future__ import annotations

from typing import Any

from tests.servers.googledrive import capabilities
from tests.servers.googledrive.access import Grant
from tests.servers.googledrive.clock import rfc3339
from tests.servers.googledrive.nodes import Drive, Node
from tests.servers.googledrive.state import State
from tests.servers.googledrive.view import View


def name_of(email: str) -> str:
    """The display name: `bob.stone@example.com` is Bob Stone."""
    return email.partition("@")[0].replace(".", " ").title()


def user_json(view: View, email: str) -> dict[str, Any]:
    """The user resource."""

    def make() -> dict[str, Any]:
        return {
            "kind": "drive#user",
            "displayName": name_of(email),
            "me": email == view.caller.email,
            "permissionId": view.state.user(email).permission_id,
            "emailAddress": email,
        }

    return view.once(("user", email), make)


def permission_json(state: State, node: Node, grant: Grant) -> dict[str, Any]:
    """The permission resource of one principal on `node`: its effective role, and each reason for it."""
    permission = grant.permission
    found: dict[str, Any] = {"kind": "drive#permission", "id": permission.id, "type": permission.type, "role": grant.role}
    if permission.type in ("user", "group"):
        email = permission.email or ""
        found |= {"emailAddress": email, "displayName": name_of(email), "deleted": permission.deleted}
        if permission.type == "user":
            found["pendingOwner"] = False
    elif permission.type == "domain":
        found |= {"domain": permission.domain, "displayName": permission.domain, "allowFileDiscovery": permission.discovery}
    else:
        found["allowFileDiscovery"] = permission.discovery
    if permission.expires is not None:
        found["expirationTime"] = rfc3339(permission.expires)
    if grant.metadata:
        found["view"] = "metadata"
    if node.limited and grant.role in ("owner", "organizer"):
        found["inheritedPermissionsDisabled"] = True
    details = []
    for detail in grant.details:
        entry: dict[str, Any] = {"permissionType": detail.kind, "role": detail.role, "inherited": detail.inherited}
        if detail.inherited and node.drive_id:
            entry["inheritedFrom"] = detail.source
        details.append(entry)
    found["permissionDetails"] = details
    return found


def drive_json(view: View, drive: Drive) -> dict[str, Any]:
    """The drive resource."""
    rank, _ = view.reach(view.state.nodes[drive.id])
    return {
        "kind": "drive#drive",
        "id": drive.id,
        "name": drive.name,
        "colorRgb": "#0f9d58",
        "createdTime": rfc3339(drive.created),
        "hidden": view.caller.email in drive.hidden_for,
        "capabilities": capabilities.of_drive(rank),
        "restrictions": {
            "adminManagedRestrictions": False,
            "copyRequiresWriterPermission": False,
            "domainUsersOnly": False,
            "driveMembersOnly": False,
            "sharingFoldersRequiresOrganizerPermission": False,
            **drive.restrictions,
        },
    }
