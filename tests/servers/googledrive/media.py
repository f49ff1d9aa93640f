"""Content: alt=media with ranges, exports, links to exports, downloads as operations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from urllib.parse import urlencode

from tests.servers.googledrive import capabilities
from tests.servers.googledrive.content import Content
from tests.servers.googledrive.errors import NOT_BINARY, NOT_EDITOR, ApiError, bad_request, forbidden, named
from tests.servers.googledrive.formats import EXPORT_FORMATS, EXTENSIONS, UNSTABLE
from tests.servers.googledrive.messages import JSON, Request, Response, html_response
from tests.servers.googledrive.nodes import EDITORS, Node
from tests.servers.googledrive.view import View

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_VIDS = "Google Vids does not support files.export. Use files.download instead."
_UNSTABLE = count(1)


def content_of(view: View, node: Node, acknowledged: bool) -> Content:
    """The bytes of a file for the caller. Raises ApiError 403 where there are none for it."""
    if node.head is None:
        raise forbidden("fileNotDownloadable", NOT_BINARY, ("alt", "parameter"))
    rank = may_download(view, node)
    may_acknowledge = rank >= (capabilities.ORGANIZER if node.drive_id else capabilities.OWNER)
    if node.abusive and not (acknowledged and may_acknowledge):
        raise named("cannotDownloadAbusiveFile")
    return node.head.content


def may_download(view: View, node: Node) -> int:
    """The rank of the caller's role. Raises ApiError 403 cannotDownloadFile."""
    rank, metadata = view.reach(node)
    if not capabilities.can_download(view.state, node, rank, metadata):
        raise named("cannotDownloadFile")
    return rank


def media(content: Content, mime_type: str, request: Request) -> Response:
    """200 with all, 206 with a range, or 416."""
    size = content.size
    headers = {"Content-Type": mime_type}
    wanted = _range(request.headers.get("range"), size)
    if wanted is None:
        return Response(200, headers, lambda: content.read(), size)
    start, end = wanted
    if start >= size or end <= start:
        error = named("requestedRangeNotSatisfiable")
        return Response(416, {"Content-Type": JSON, "Content-Range": f"bytes */{size}"}, error.data())
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return Response(206, headers, lambda: content.read(start, end), end - start)


def _range(header: str | None, size: int) -> tuple[int, int] | None:
    """Start and end (exclusive) of a range; None where there is none that can be read."""
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        return max(0, size - int(match[2])), size
    return int(match[1]), min(size, int(match[2]) + 1) if match[2] else size


def exported(view: View, node: Node, mime_type: str, limit: int | None) -> bytes:
    """A Docs-editors file in another format. Raises ApiError where that cannot be, or where it exceeds `limit` bytes."""
    if node.exports is None or node.mime_type not in EXPORT_FORMATS:
        raise forbidden("fileNotExportable", _VIDS if node.mime_type == f"{EDITORS}vid" else NOT_EDITOR)
    may_download(view, node)
    data = node.exports.get(mime_type)
    if data is None:
        raise bad_request("The requested conversion is not supported.")
    if limit is not None and len(data) > limit:
        raise named("exportSizeLimitExceeded")
    return unstable(view, data, mime_type)


def unstable(view: View, data: bytes, mime_type: str) -> bytes:
    """The same document in other bytes, where the knob says so: containers end in a note that readers pass over."""
    if view.state.knobs.export_bytes_unstable and EXTENSIONS.get(mime_type) in UNSTABLE:
        if data[:4] == b"PK\x03\x04":
            note = f"{next(_UNSTABLE):08x}".encode()
            at = data.rfind(b"PK\x05\x06")
            return data[: at + 20] + len(note).to_bytes(2, "little") + note if at >= 0 else data
        return data + f"\n%{next(_UNSTABLE)}\n".encode()
    return data


def chunked(data: bytes, mime_type: str) -> Response:
    """An answer without Content-Length."""
    step = 1 << 16

    def pieces() -> Iterator[bytes]:
        yield from (data[at : at + step] for at in range(0, len(data), step))

    return Response(200, {"Content-Type": mime_type}, pieces)


def get_media(view: View, request: Request, node: Node) -> Response:
    """GET /files/{id}?alt=media."""
    return media(content_of(view, node, request.flag("acknowledgeAbuse")), node.mime_type, request)


def export(view: View, request: Request, node: Node) -> Response:
    """GET /files/{id}/export."""
    mime_type = request.params.get("mimeType")
    if mime_type is None:
        raise ApiError(400, "required", "Required parameter: mimeType", where=("mimeType", "parameter"))
    return chunked(exported(view, node, mime_type, view.state.knobs.export_limit), mime_type)


def export_link(view: View, request: Request, node: Node) -> Response:
    """GET /_export/{id}: a redirect to itself, then the bytes, however many."""
    mime_type = next((m for m in node.exports or () if EXTENSIONS.get(m, "bin") == request.params.get("exportFormat")), "")
    data = exported(view, node, mime_type, None)
    return redirected(view, request) or chunked(data, mime_type)


def redirected(view: View, request: Request) -> Response | None:
    """The redirect that links of Docs editors begin with; None if it has been followed."""
    if "redirected" in request.params:
        return None
    query = urlencode(request.params | {"redirected": "1"})
    return Response(302, {"Location": f"{view.base_url}{request.path}?{query}", "Content-Type": "text/html; charset=UTF-8"})


def login_page() -> Response:
    """What links answer to those who do not say who they are: 200, and HTML."""
    return html_response('<title>Google Docs: Sign-in</title><form action="/signin"><input name="Email"></form>')
