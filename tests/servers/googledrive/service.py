"""From a request to its answer: which endpoint it is, who asks, what it costs, what goes wrong."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from urllib.parse import unquote

from tests.servers.googledrive import batch, channels, control, feed, listing, media, oauth, operations_api, resources
from tests.servers.googledrive.accounts import Accounts, Holder
from tests.servers.googledrive.errors import ApiError, named, quota, unauthorized, unregistered
from tests.servers.googledrive.faults import Fault, Faults
from tests.servers.googledrive.fields import selection
from tests.servers.googledrive.messages import JSON, Request, Response, json_response
from tests.servers.googledrive.nodes import Node
from tests.servers.googledrive.quota import Quotas
from tests.servers.googledrive.rendering import file_json, plan
from tests.servers.googledrive.requests_log import Record, RequestLog
from tests.servers.googledrive.view import View
from tests.servers.googledrive.world import World

FILE_FIELDS = "kind,id,name,mimeType,resourceKey"
_CONTENT = {"files.get_media", "files.export", "files.download", "revisions.get_media", "export_link", "download_link"}
_ROOT = "/drive/v3"


@dataclass(frozen=True)
class Call:
    """A request with its endpoint; `parts` are the ids in its path, `units` its price."""

    request: Request
    endpoint: str
    parts: tuple[str, ...]
    units: int


class Service:
    """All that the emulator serves; each request is answered under the world's lock, its bytes sent outside of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.url = ""
        self.accounts = Accounts(world)
        self.quotas = Quotas(world)
        self.requests = RequestLog()
        self.faults = Faults(world)
        self.channels = channels.Channels(world)
        self.operations = operations_api.Operations(world)
        self.stopping = Event()

    def handle(self, request: Request) -> tuple[Response, Fault | None]:
        """The answer, and the fault that its transmission shall suffer."""
        call = _routed(request)
        holder = self._holder(request)
        request.identity = holder.email if holder else None
        record = Record(
            request.method, request.path, dict(request.params), request.identity, call.endpoint, headers=request.headers
        )
        record.file_id = call.parts[0] if call.parts else ""
        if call.endpoint == "control":
            return control.answer(self, request), None
        self.requests.add(record)
        with self.world.lock:
            fault = self.faults.pick(record)
        record.fault = fault.name if fault else ""
        response = fault.early(self, request) if fault else None
        if response is None:
            response = self._batch(request) if call.endpoint == "batch" else self._locked(call, holder, record)
        if fault:
            response = fault.late(response)
        record.status, record.size = response.status, response.size
        return self._zipped(request, response), fault if fault and fault.on_the_wire else None

    def _holder(self, request: Request) -> Holder | None:
        with self.world.lock:
            return self.accounts.holder(request.headers.get("authorization", ""))

    def _batch(self, request: Request) -> Response:
        """Each part for itself: a part that hangs does not stop the world."""
        try:
            return batch.answer(self.handle, request)
        except ApiError as error:
            return Response(error.code, {"Content-Type": JSON}, error.data())

    def _locked(self, call: Call, holder: Holder | None, record: Record) -> Response:
        with self.world.lock:
            return self._answer(call, holder, record)

    def _answer(self, call: Call, holder: Holder | None, record: Record) -> Response:
        try:
            self._interrupt(call.endpoint)
            if call.endpoint in _OPEN:
                return _OPEN[call.endpoint](self, call)
            if holder is None:
                if call.endpoint in ("export_link", "download_link") and "authorization" not in call.request.headers:
                    return media.login_page()
                raise unauthorized() if "authorization" in call.request.headers else unregistered()
            if not self.quotas.take(holder.email, call.units):
                raise quota(self.world.knobs.quota_units.new_style)
            record.units = call.units
            if call.endpoint in _CONTENT and not holder.reads_content:
                raise named("insufficientPermissions")
            view = View(self.world, self.world.user(holder.email), self.url, _resource_keys(call.request))
            return _HANDLERS[call.endpoint](self, view, call)
        except ApiError as error:
            record.reason = error.reason
            return Response(error.code, {"Content-Type": JSON}, error.data())

    def _interrupt(self, endpoint: str) -> None:
        """Let happen what tests want to happen between two answers."""
        waiting = self.world.knobs.interruptions
        for interruption in [i for i in waiting if i.endpoint == endpoint]:
            interruption.nth -= 1
            if interruption.nth <= 0:
                waiting.remove(interruption)
                interruption.op()

    def _zipped(self, request: Request, response: Response) -> Response:
        wanted = self.world.knobs.gzip and "gzip" in request.headers.get("accept-encoding", "")
        if wanted and response.headers.get("Content-Type") == JSON and isinstance(response.body, bytes):
            response.headers["Content-Encoding"] = "gzip"
            response.body = gzip.compress(response.body, 1)
        return response


def _resource_keys(request: Request) -> dict[str, str]:
    header = request.headers.get("x-goog-drive-resource-keys", "")
    return {file_id: key for file_id, slash, key in (pair.strip().partition("/") for pair in header.split(",")) if slash}


_ROUTES = [
    (method, re.compile(pattern), endpoint, units)
    for method, pattern, endpoint, units in (
        ("GET", f"{_ROOT}/about", "about.get", 5),
        ("GET", f"{_ROOT}/changes/startPageToken", "changes.getStartPageToken", 5),
        ("GET", f"{_ROOT}/changes", "changes.list", 100),
        ("POST", f"{_ROOT}/changes/watch", "changes.watch", 5),
        ("POST", f"{_ROOT}/channels/stop", "channels.stop", 5),
        ("GET", f"{_ROOT}/files", "files.list", 100),
        ("POST", f"{_ROOT}/files/([^/]+)/watch", "files.watch", 5),
        ("GET", f"{_ROOT}/files/([^/]+)/export", "files.export", 200),
        ("POST", f"{_ROOT}/files/([^/]+)/download", "files.download", 200),
        ("GET", f"{_ROOT}/operations/([^/]+)", "operations.get", 5),
        ("GET", f"{_ROOT}/files/([^/]+)/permissions", "permissions.list", 100),
        ("GET", f"{_ROOT}/files/([^/]+)/permissions/([^/]+)", "permissions.get", 5),
        ("GET", f"{_ROOT}/files/([^/]+)/revisions", "revisions.list", 100),
        ("GET", f"{_ROOT}/files/([^/]+)/revisions/([^/]+)", "revisions.get", 5),
        ("GET", f"{_ROOT}/files/([^/]+)", "files.get", 5),
        ("GET", f"{_ROOT}/drives", "drives.list", 100),
        ("GET", f"{_ROOT}/drives/([^/]+)", "drives.get", 5),
        ("POST", "/batch/drive/v3", "batch", 0),
        ("POST", "/token", "token", 0),
        ("POST", "/revoke", "revoke", 0),
        ("GET", "/auth", "auth", 0),
        ("GET", "/_login", "login", 0),
        ("GET", "/_export/([^/]+)", "export_link", 200),
        ("GET", "/_dl/([^/]+)", "download_link", 0),
        ("GET|POST", "/_ctl/.*", "control", 0),
    )
]


def _routed(request: Request) -> Call:
    path = request.path.rstrip("/")
    for method, pattern, endpoint, units in _ROUTES:
        match = pattern.fullmatch(path) if request.method in method.split("|") else None
        if match:
            parts = tuple(unquote(part) for part in match.groups())
            if endpoint in ("files.get", "revisions.get") and request.params.get("alt") == "media":
                return Call(request, f"{endpoint}_media", parts, 200)
            return Call(request, endpoint, parts, units)
    return Call(request, "unknown", (), 0)


def _file(view: View, call: Call) -> Node:
    return view.file(call.parts[0], call.request.flag("supportsAllDrives"))


def _linked(view: View, call: Call) -> Node:
    return view.file(call.parts[0], True)


def _files_get(service: Service, view: View, call: Call) -> Response:
    wanted = selection(call.request.params.get("fields", FILE_FIELDS), "File")
    return json_response(file_json(view, _file(view, call), plan(wanted)))


_HANDLERS: dict[str, Callable[[Service, View, Call], Response]] = {
    "about.get": lambda service, view, call: resources.about(view, call.request),
    "changes.getStartPageToken": lambda service, view, call: feed.start_page_token(view, call.request),
    "changes.list": lambda service, view, call: feed.changes_list(view, call.request),
    "changes.watch": lambda service, view, call: service.channels.watch_changes(view, call.request),
    "channels.stop": lambda service, view, call: service.channels.stop(view, call.request),
    "files.list": lambda service, view, call: listing.files_list(view, call.request),
    "files.get": _files_get,
    "files.get_media": lambda service, view, call: media.get_media(view, call.request, _file(view, call)),
    "files.export": lambda service, view, call: media.export(view, call.request, _linked(view, call)),
    "files.download": lambda service, view, call: service.operations.start(view, call.request, _linked(view, call)),
    "files.watch": lambda service, view, call: service.channels.watch_file(view, call.request, _file(view, call)),
    "operations.get": lambda service, view, call: service.operations.get(view, call.parts[0]),
    "permissions.list": lambda service, view, call: resources.permissions_list(view, call.request, _file(view, call)),
    "permissions.get": lambda service, view, call: resources.permissions_get(
        view, call.request, _file(view, call), call.parts[1]
    ),
    "revisions.list": lambda service, view, call: resources.revisions_list(view, call.request, _linked(view, call)),
    "revisions.get": lambda service, view, call: resources.revisions_get(
        view, call.request, _linked(view, call), call.parts[1]
    ),
    "revisions.get_media": lambda service, view, call: resources.revisions_get(
        view, call.request, _linked(view, call), call.parts[1]
    ),
    "drives.list": lambda service, view, call: resources.drives_list(view, call.request),
    "drives.get": lambda service, view, call: resources.drives_get(view, call.request, call.parts[0]),
    "export_link": lambda service, view, call: media.export_link(view, call.request, _linked(view, call)),
    "download_link": lambda service, view, call: service.operations.link(view, call.request, call.parts[0]),
}
_OPEN: dict[str, Callable[[Service, Call], Response]] = {
    "token": lambda service, call: oauth.token(service.world, service.accounts, call.request),
    "auth": lambda service, call: oauth.consent(service.world, service.accounts, call.request),
    "revoke": lambda service, call: oauth.give_back(service.accounts, call.request),
    "login": lambda service, call: media.login_page(),
    "unknown": lambda service, call: json_response({"error": {"code": 404, "message": "Not Found", "errors": []}}, 404),
}
"""What needs no token."""
