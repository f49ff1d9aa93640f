"""JSON of files. Each field is made only if the mask asks for it: a page of a thousand files costs what it shows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tests.servers.googledrive import capabilities
from tests.servers.googledrive.clock import rfc3339
from tests.servers.googledrive.content import Content
from tests.servers.googledrive.fields import Selection, pruned
from tests.servers.googledrive.formats import EXTENSIONS
from tests.servers.googledrive.nodes import EDITORS, Node
from tests.servers.googledrive.principals import permission_json, user_json
from tests.servers.googledrive.view import View

Field = Callable[[View, Node], Any]
"""Gives None where the item does not have the field."""


def _parents(view: View, node: Node) -> list[str] | None:
    above = view.state.nodes.get(node.parent) if node.parent else None
    return [above.id] if above is not None and view.sees(above) else None


def _content(node: Node) -> Content | None:
    return node.head.content if node.head else None


def _size(view: View, node: Node) -> str | None:
    if node.exports is not None:
        return str(1024 + sum(len(data) for data in node.exports.values()))
    content = _content(node)
    return str(content.size) if content else None


def _checksum(which: int) -> Field:
    def field(view: View, node: Node) -> str | None:
        content = _content(node)
        return content.checksums[which] if content else None

    return field


def _extension(view: View, node: Node) -> str | None:
    return node.name.rpartition(".")[2] if node.head and "." in node.name else "" if node.head else None


def _web_view(view: View, node: Node) -> str:
    kind = node.mime_type.removeprefix(EDITORS)
    places = {
        "document": "document/d",
        "spreadsheet": "spreadsheets/d",
        "presentation": "presentation/d",
        "drawing": "drawings/d",
    }
    if node.is_folder:
        return f"https://drive.google.com/drive/folders/{node.id}"
    if kind in places:
        return f"https://docs.google.com/{places[kind]}/{node.id}/edit?usp=drivesdk"
    return f"https://drive.google.com/file/d/{node.id}/view?usp=drivesdk"


def _export_links(view: View, node: Node) -> dict[str, str] | None:
    if not node.exports:
        return None
    link = f"{view.base_url}/_export/{node.id}?exportFormat="
    return {mime_type: link + EXTENSIONS.get(mime_type, "bin") for mime_type in node.exports}


def _shortcut(view: View, node: Node) -> dict[str, str] | None:
    if node.shortcut is None:
        return None
    found = {"targetId": node.shortcut.target_id, "targetMimeType": node.shortcut.target_mime_type}
    return found | ({"targetResourceKey": node.shortcut.target_resource_key} if node.shortcut.target_resource_key else {})


def _shared(view: View, node: Node) -> bool | None:
    return None if node.drive_id else len(view.state.access.grants(node)) > 1


def _permissions(view: View, node: Node) -> list[dict[str, Any]] | None:
    rank, metadata = view.reach(node)
    if (
        node.drive_id
        or metadata
        or not capabilities.can_share(node, rank)
        or view.state.happens(view.state.knobs.permissions_absent)
    ):
        return None
    grants = view.state.access.grants(node)
    return view.once(
        ("permissions", id(grants), node.limited),
        lambda: [permission_json(view.state, node, grant) for grant in grants.values()],
        keep=grants,
    )


def _permission_ids(view: View, node: Node) -> list[str] | None:
    if view.state.happens(view.state.knobs.permission_ids_absent):
        return None
    return list(view.state.access.grants(node))


def _shared_with_me(view: View, node: Node) -> str | None:
    when = (node.shared_at or {}).get(view.caller.email)
    return rfc3339(when) if when is not None and not node.drive_id and node.owner != view.caller.email else None


def _download_restrictions(view: View, node: Node) -> dict[str, Any]:
    readers, writers = node.download_restriction
    copies = capabilities.copy_requires_writer(view.state, node)

    def make() -> dict[str, Any]:
        own = {"restrictedForReaders": readers, "restrictedForWriters": writers}
        effective = own | {"restrictedForReaders": readers or copies}
        return {"itemDownloadRestriction": own, "effectiveDownloadRestrictionWithContext": effective}

    return view.once(("restrictions", readers, writers, copies), make)


def _owners(view: View, node: Node) -> list[dict[str, Any]] | None:
    email = node.owner
    return view.once(("owners", email), lambda: [user_json(view, email)]) if email else None


def _capabilities(view: View, node: Node) -> dict[str, bool]:
    rank, metadata = view.reach(node)
    restricted = (node.download_restriction, node.limited, capabilities.copy_requires_writer(view.state, node))
    key = ("capabilities", rank, metadata, node.is_folder, bool(node.drive_id), restricted)
    return view.once(key, lambda: capabilities.of_file(view.state, node, rank, metadata))


def _trashing_user(view: View, node: Node) -> dict[str, Any] | None:
    return user_json(view, node.trashed_by) if node.drive_id and node.trashed and node.trashed_by else None


FIELDS: dict[str, Field] = {
    "kind": lambda view, node: "drive#file",
    "id": lambda view, node: node.id,
    "name": lambda view, node: node.name,
    "mimeType": lambda view, node: node.mime_type,
    "description": lambda view, node: node.description,
    "starred": lambda view, node: view.caller.email in (node.starred_by or ()),
    "trashed": lambda view, node: view.state.trashed(node),
    "explicitlyTrashed": lambda view, node: node.trashed,
    "trashedTime": lambda view, node: rfc3339(node.trashed_at) if node.drive_id and node.trashed_at is not None else None,
    "trashingUser": _trashing_user,
    "parents": _parents,
    "properties": lambda view, node: node.properties,
    "appProperties": lambda view, node: node.app_properties,
    "spaces": lambda view, node: ["drive"],
    "version": lambda view, node: str(node.version),
    "webContentLink": lambda view, node: f"https://drive.google.com/uc?id={node.id}&export=download" if node.head else None,
    "webViewLink": _web_view,
    "viewedByMe": lambda view, node: view.caller.email in (node.viewed_by or ()),
    "viewedByMeTime": lambda view, node: (
        rfc3339(node.viewed_by[view.caller.email]) if node.viewed_by and view.caller.email in node.viewed_by else None
    ),
    "createdTime": lambda view, node: rfc3339(node.created),
    "modifiedTime": lambda view, node: rfc3339(node.modified),
    "modifiedByMe": lambda view, node: node.modifier == view.caller.email,
    "sharedWithMeTime": _shared_with_me,
    "driveId": lambda view, node: node.drive_id,
    "owners": _owners,
    "ownedByMe": lambda view, node: node.owner == view.caller.email if node.owner else None,
    "lastModifyingUser": lambda view, node: user_json(view, node.modifier) if node.modifier else None,
    "shared": _shared,
    "writersCanShare": lambda view, node: None if node.drive_id else True,
    "permissions": _permissions,
    "permissionIds": _permission_ids,
    "hasAugmentedPermissions": lambda view, node: (
        bool(node.permissions) and node.id != node.drive_id if node.drive_id else None
    ),
    "inheritedPermissionsDisabled": lambda view, node: node.limited,
    "copyRequiresWriterPermission": lambda view, node: capabilities.copy_requires_writer(view.state, node),
    "viewersCanCopyContent": lambda view, node: not capabilities.copy_requires_writer(view.state, node),
    "downloadRestrictions": _download_restrictions,
    "capabilities": _capabilities,
    "resourceKey": lambda view, node: node.resource_key,
    "shortcutDetails": _shortcut,
    "exportLinks": _export_links,
    "size": _size,
    "quotaBytesUsed": lambda view, node: _size(view, node) or "0",
    "md5Checksum": _checksum(0),
    "sha1Checksum": _checksum(1),
    "sha256Checksum": _checksum(2),
    "headRevisionId": lambda view, node: node.head.id if node.head else None,
    "originalFilename": lambda view, node: node.name if node.head else None,
    "fileExtension": _extension,
    "fullFileExtension": _extension,
    "isAppAuthorized": lambda view, node: True,
    "hasThumbnail": lambda view, node: False,
    "thumbnailVersion": lambda view, node: "0",
    "iconLink": lambda view, node: f"https://drive-thirdparty.googleusercontent.com/16/type/{node.mime_type}",
}


Plan = list[tuple[str, Field, Selection | None]]
"""Fields to make, in the order in which they are shown, with what is asked of each."""
_SHARED = frozenset({"owners", "lastModifyingUser", "trashingUser", "permissions", "capabilities", "downloadRestrictions"})
"""Fields whose values come from `View.once`, so that one value is pruned once."""


def plan(selection: Selection | None) -> Plan:
    """What a mask asks for."""
    wanted = dict.fromkeys(FIELDS) if selection is None else selection
    return [(name, FIELDS[name], below) for name, below in wanted.items() if name in FIELDS]


def file_json(view: View, node: Node, wanted: Plan) -> dict[str, Any]:
    """The file resource with the fields of the plan, as the caller sees it."""
    found: dict[str, Any] = {}
    for name, make, below in wanted:
        value = make(view, node)
        if value is None:
            continue
        if below is None:
            found[name] = value
        elif name in _SHARED:
            found[name] = view.once((name, id(value), id(below)), partial(pruned, value, below), keep=value)
        else:
            found[name] = pruned(value, below)
    return found
