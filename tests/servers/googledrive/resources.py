"""about, permissions, revisions, drives: the plain resources."""

from __future__ import annotations

from typing import Any

from tests.servers.googledrive import capabilities, media
from tests.servers.googledrive.clock import rfc3339
from tests.servers.googledrive.errors import ApiError, no_permission, required
from tests.servers.googledrive.fields import pruned, selection
from tests.servers.googledrive.formats import EXPORT_FORMATS, OFFICE
from tests.servers.googledrive.messages import Request, Response, json_response
from tests.servers.googledrive.nodes import Node, Revision
from tests.servers.googledrive.pages import Place, capped, place
from tests.servers.googledrive.principals import drive_json, permission_json, user_json
from tests.servers.googledrive.query import parse
from tests.servers.googledrive.terms import DRIVE_TERMS, drive_matches
from tests.servers.googledrive.view import View


def about(view: View, request: Request) -> Response:
    """GET /about; it has no default fields."""
    if "fields" not in request.params:
        raise required("fields", "The 'fields' parameter is required for this method.")
    owned = [node for node in view.state.order if node is not None and node.owner == view.caller.email and node.head]
    usage = sum(node.head.content.size for node in owned if node.head)
    in_trash = sum(node.head.content.size for node in owned if node.head and view.state.trashed(node))
    whole = {
        "kind": "drive#about",
        "user": user_json(view, view.caller.email),
        "storageQuota": {
            "limit": str(15 << 30),
            "usage": str(usage),
            "usageInDrive": str(usage),
            "usageInDriveTrash": str(in_trash),
        },
        "exportFormats": EXPORT_FORMATS,
        "importFormats": {f"{OFFICE}wordprocessingml.document": ["application/vnd.google-apps.document"]},
        "maxUploadSize": str(5 << 40),
        "maxImportSizes": {"application/vnd.google-apps.document": str(10 << 20)},
        "appInstalled": False,
        "canCreateDrives": True,
        "folderColorPalette": ["#ac725e", "#d06b64"],
    }
    return json_response(pruned(whole, selection(request.params["fields"], "About")))


def _list(view: View, request: Request, name: str, kind: str, items: list[Any], size: int, default: str) -> Response:
    """One page of `items` by count."""
    schema = kind[0].upper() + kind[1:]
    wanted = selection(request.params.get("fields", default), schema)
    start = place(view.state, request.params.get("pageToken"), f"{request.path}|{request.params.get('q', '')}")
    size = capped(view.state, size)
    if not start.empty and view.state.happens(view.state.knobs.empty_page_with_next):
        token = Place(start.scope, start.last, True).token()
        return json_response(pruned({"kind": f"drive#{kind}", name: [], "nextPageToken": token}, wanted))
    end = start.last + 1 + size
    whole: dict[str, Any] = {"kind": f"drive#{kind}", name: items[start.last + 1 : end]}
    if end < len(items):
        whole["nextPageToken"] = Place(start.scope, end - 1).token()
    return json_response(pruned(whole, wanted))


def permissions_list(view: View, request: Request, node: Node) -> Response:
    """GET /files/{id}/permissions: for those who may share, 403 for all others."""
    _may_share(view, node)
    grants = view.state.access.grants(node).values()
    found = [permission_json(view.state, node, grant) for grant in grants]
    size = request.number("pageSize", 100 if node.drive_id else max(1, len(found)), 100)
    return _list(
        view, request, "permissions", "permissionList", found, size, "kind,nextPageToken,permissions(id,type,kind,role)"
    )


def permissions_get(view: View, request: Request, node: Node, permission_id: str) -> Response:
    """GET /files/{id}/permissions/{pid}."""
    _may_share(view, node)
    grant = view.state.access.grants(node).get(permission_id)
    if grant is None:
        message = f"Permission not found: {permission_id}."
        raise ApiError(404, "notFound", message, where=("permissionId", "parameter"))
    wanted = selection(request.params.get("fields", "id,type,kind,role"), "Permission")
    return json_response(pruned(permission_json(view.state, node, grant), wanted))


def _may_share(view: View, node: Node) -> None:
    rank, metadata = view.reach(node)
    if metadata or not capabilities.can_share(node, rank):
        raise no_permission(node.id)


def revisions_list(view: View, request: Request, node: Node) -> Response:
    """GET /files/{id}/revisions."""
    found = [_revision(view, node, revision) for revision in _revisions(view, node)]
    size = request.number("pageSize", 200, 1000)
    return _list(
        view, request, "revisions", "revisionList", found, size, "kind,nextPageToken,revisions(id,mimeType,kind,modifiedTime)"
    )


def revisions_get(view: View, request: Request, node: Node, revision_id: str) -> Response:
    """GET /files/{id}/revisions/{rid}, alt=media too."""
    revision = next((r for r in _revisions(view, node) if r.id == revision_id), None)
    if revision is None:
        raise ApiError(404, "notFound", f"Revision not found: {revision_id}.", where=("revisionId", "parameter"))
    if request.params.get("alt") == "media":
        media.content_of(view, node, request.flag("acknowledgeAbuse"))
        return media.media(revision.content, revision.mime_type, request)
    wanted = selection(request.params.get("fields", "id,mimeType,kind,modifiedTime"), "Revision")
    return json_response(pruned(_revision(view, node, revision), wanted))


def _revisions(view: View, node: Node) -> list[Revision]:
    rank, metadata = view.reach(node)
    if metadata or rank < capabilities.WRITER or node.is_folder:
        raise no_permission(node.id)
    return node.revisions


def _revision(view: View, node: Node, revision: Revision) -> dict[str, Any]:
    found: dict[str, Any] = {
        "kind": "drive#revision",
        "id": revision.id,
        "mimeType": revision.mime_type,
        "modifiedTime": rfc3339(revision.modified),
        "keepForever": False,
        "published": False,
        "md5Checksum": revision.content.checksums.md5,
        "size": str(revision.content.size),
        "originalFilename": node.name,
    }
    return found | ({"lastModifyingUser": user_json(view, revision.modifier)} if revision.modifier else {})


def drives_list(view: View, request: Request) -> Response:
    """GET /drives: ten at a time unless asked otherwise."""
    query = parse(request.params.get("q", ""), DRIVE_TERMS)
    mine = [drive for drive in view.state.drives.values() if view.state.access.is_member(view.caller, drive.id)]
    found = [drive_json(view, drive) for drive in mine if drive_matches(query, view, drive)]
    return _list(
        view,
        request,
        "drives",
        "driveList",
        found,
        request.number("pageSize", 10, 100),
        "kind,nextPageToken,drives(kind,id,name)",
    )


def drives_get(view: View, request: Request, drive_id: str) -> Response:
    """GET /drives/{id}: 404 for who is not a member."""
    state = view.state
    if drive_id not in state.drives or not state.access.is_member(view.caller, drive_id):
        raise ApiError(404, "notFound", f"Shared drive not found: {drive_id}", where=("driveId", "parameter"))
    wanted = selection(request.params.get("fields", "kind,id,name"), "Drive")
    return json_response(pruned(drive_json(view, state.drives[drive_id]), wanted))
