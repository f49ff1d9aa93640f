"""files.download and its long-running operations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.servers.googledrive import media
from tests.servers.googledrive.content import Content
from tests.servers.googledrive.errors import ApiError, bad_request
from tests.servers.googledrive.messages import Request, Response, json_response
from tests.servers.googledrive.nodes import Node
from tests.servers.googledrive.state import State
from tests.servers.googledrive.view import View

_TYPES = "type.googleapis.com/google.apps.drive.v3."


@dataclass
class _Download:
    """`pending` counts how often it is still not done; `content` is None for exports, whose bytes are `data`."""

    name: str
    email: str
    mime_type: str
    content: Content | None
    data: bytes
    pending: int


class Operations:
    """Downloads that were started. Called under the world's lock."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._started: dict[str, _Download] = {}

    def start(self, view: View, request: Request, node: Node) -> Response:
        """POST /files/{id}/download: done at once, or after as many looks as the knob says."""
        name = self._state.ids.token(24)
        pending = self._state.knobs.operations_pending
        if node.exports is None:
            content = self._revision(view, request, node)
            download = _Download(name, view.caller.email, node.mime_type, content, b"", pending)
        else:
            mime_type = request.params.get("mimeType") or next(iter(node.exports), "")
            download = _Download(name, view.caller.email, mime_type, None, self._converted(view, node, mime_type), pending)
        self._started[name] = download
        return json_response(self._json(view, download))

    def _revision(self, view: View, request: Request, node: Node) -> Content:
        content = media.content_of(view, node, False)
        wanted = request.params.get("revisionId")
        return next((r.content for r in node.revisions if r.id == wanted), content)

    def _converted(self, view: View, node: Node, mime_type: str) -> bytes:
        """As an export, but Vids can be downloaded and there is no limit of size."""
        if (node.exports or {}).get(mime_type) is None:
            raise bad_request("The requested conversion is not supported.")
        media.may_download(view, node)
        return media.unstable(view, (node.exports or {})[mime_type], mime_type)

    def get(self, view: View, name: str) -> Response:
        """GET /operations/{name}."""
        download = self._started.get(name)
        if download is None or download.email != view.caller.email:
            raise ApiError(404, "notFound", f"Operation not found: {name}.", where=("name", "parameter"))
        if download.pending <= 0 and self._state.knobs.finished_operations_denied:
            raise ApiError(403, "forbidden", "The caller does not have permission", status="PERMISSION_DENIED")
        download.pending -= 1
        return json_response(self._json(view, download))

    def _json(self, view: View, download: _Download) -> dict[str, Any]:
        found: dict[str, Any] = {"name": download.name, "metadata": {"@type": f"{_TYPES}DownloadFileMetadata"}}
        if download.pending <= 0:
            found["done"] = True
            found["response"] = {
                "@type": f"{_TYPES}DownloadFileResponse",
                "downloadUri": f"{view.base_url}/_dl/{download.name}",
                "partialDownloadAllowed": download.content is not None,
            }
        return found

    def link(self, view: View, request: Request, name: str) -> Response:
        """GET /_dl/{name}: bytes, with ranges for files; for exports after a redirect."""
        download = self._started.get(name)
        if download is None or download.email != view.caller.email:
            raise ApiError(404, "notFound", "Not found")
        if download.content is not None:
            return media.media(download.content, download.mime_type, request)
        return media.redirected(view, request) or media.chunked(download.data, download.mime_type)
