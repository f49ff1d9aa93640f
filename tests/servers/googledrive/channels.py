"""Push channels: watch, stop, and the notifications that go to their addresses from a thread of their own."""

from __future__ import annotations

import hashlib
import http.client
import queue
from contextlib import suppress
from dataclasses import dataclass
from email.utils import formatdate
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from tests.servers.googledrive.errors import ApiError, required
from tests.servers.googledrive.feed import corpus_of, token_of
from tests.servers.googledrive.messages import Request, Response, json_response
from tests.servers.googledrive.nodes import Node
from tests.servers.googledrive.state import State
from tests.servers.googledrive.view import View

HOUR_MS = 3_600_000
_LONGEST_MS = {"changes": 7 * 24 * HOUR_MS, "file": 24 * HOUR_MS}
_AGAIN = frozenset({500, 502, 503, 504})
_ATTEMPTS = 3


@dataclass
class Channel:
    """One subscription. `corpus` for changes, `file_id` for one file; times in ms of the world's clock."""

    id: str
    email: str
    resource_id: str
    resource_uri: str
    address: str
    token: str | None
    expires: int
    corpus: str | None = None
    file_id: str | None = None
    number: int = 0


@dataclass(frozen=True)
class Delivery:
    """What was sent to a channel, and the status that came back: 0 if nobody answered."""

    channel_id: str
    state: str
    headers: dict[str, str]
    status: int


class Channels:
    """Open channels. Called under the world's lock, but for the thread that delivers."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.open: dict[str, Channel] = {}
        self.deliveries: list[Delivery] = []
        self._outgoing: queue.Queue[tuple[Channel, dict[str, str], str, bytes] | None] = queue.Queue()
        self._thread: Thread | None = None
        state.listeners.append(self._happened)

    def watch_changes(self, view: View, request: Request) -> Response:
        """POST /changes/watch."""
        corpus = corpus_of(view, request)
        token_of(view, request, self._state.logs.of(corpus))
        channel = self._opened(view, request, "changes", f"changes {corpus}", "/drive/v3/changes")
        channel.corpus = corpus
        return self._started(channel)

    def watch_file(self, view: View, request: Request, node: Node) -> Response:
        """POST /files/{id}/watch."""
        channel = self._opened(view, request, "file", f"file {node.id}", f"/drive/v3/files/{node.id}")
        channel.file_id = node.id
        return self._started(channel)

    def _opened(self, view: View, request: Request, kind: str, resource: str, path: str) -> Channel:
        body = request.json()
        for name in ("id", "type", "address"):
            if not isinstance(body.get(name), str) or not body[name]:
                raise required(f"entity.{name}")
        address = body["address"]
        secure = address.startswith("https://")
        if not secure and not (address.startswith("http://") and self._state.knobs.webhook_http_allowed):
            raise ApiError(400, "push.webhookUrlNotHttps", f"WebHook callback must be HTTPS: {address}")
        if len(body["id"]) > 64 or len(str(body.get("token", ""))) > 256:
            raise ApiError(400, "invalid", "Invalid Value", where=("entity.id", "other"))
        if body["id"] in self.open:
            raise ApiError(400, "channelIdNotUnique", f"Channel id {body['id']} not unique")
        now = self._state.now
        asked = str(body.get("expiration", ""))
        expires = min(int(asked), now + _LONGEST_MS[kind]) if asked.isdecimal() else now + HOUR_MS
        resource_id = hashlib.sha256(f"{resource} {view.caller.email}".encode()).hexdigest()[:27]
        return Channel(
            body["id"], view.caller.email, resource_id, f"{view.base_url}{path}?alt=json", address, body.get("token"), expires
        )

    def _started(self, channel: Channel) -> Response:
        self.open[channel.id] = channel
        if self._thread is None:
            self._thread = Thread(target=self._deliver, name="notifications", daemon=True)
            self._thread.start()
        self._send(channel, "sync")
        found: dict[str, Any] = {
            "kind": "api#channel",
            "id": channel.id,
            "resourceId": channel.resource_id,
            "resourceUri": channel.resource_uri,
            "expiration": str(channel.expires),
        }
        return json_response(found | ({"token": channel.token} if channel.token else {}))

    def stop(self, view: View, request: Request) -> Response:
        """POST /channels/stop: 204. Raises ApiError 404 for a channel that is not the caller's."""
        body = request.json()
        channel = self.open.get(str(body.get("id")))
        if channel is None or channel.resource_id != body.get("resourceId") or channel.email != view.caller.email:
            raise ApiError(404, "notFound", f"Channel '{body.get('id')}' not found for project '1234567890'")
        del self.open[channel.id]
        return Response(204)

    def _happened(self, kind: str, key: str, corpora: frozenset[str], event: str) -> None:
        """A log entry was written: tell those who watch."""
        for channel in list(self.open.values()):
            if channel.expires <= self._state.now:
                del self.open[channel.id]
            elif channel.corpus in corpora:
                self._notify(channel, "change")
            elif channel.file_id == key and kind == "file":
                self._notify(channel, event)

    def _notify(self, channel: Channel, event: str) -> None:
        knobs = self._state.knobs
        if self._state.happens(knobs.notify_drop):
            return
        for _ in range(2 if self._state.happens(knobs.notify_dup) else 1):
            if knobs.notify_delay:
                self._state.clock.at(self._state.now + int(knobs.notify_delay * 1000), lambda: self._send(channel, event))
            else:
                self._send(channel, event)

    def _send(self, channel: Channel, event: str) -> None:
        channel.number += 1
        headers = {
            "X-Goog-Channel-ID": channel.id,
            "X-Goog-Message-Number": str(channel.number),
            "X-Goog-Resource-ID": channel.resource_id,
            "X-Goog-Resource-State": event,
            "X-Goog-Resource-URI": channel.resource_uri,
            "X-Goog-Channel-Expiration": formatdate(channel.expires / 1000, usegmt=True),
        }
        if channel.token:
            headers["X-Goog-Channel-Token"] = channel.token
        if event == "update":
            headers["X-Goog-Changed"] = "content,properties"
        body = b"" if event == "sync" or channel.file_id else b'{"kind":"drive#changes"}'
        self._outgoing.put((channel, headers, event, body))

    def _deliver(self) -> None:
        while (item := self._outgoing.get()) is not None:
            channel, headers, event, body = item
            status = 0
            for _ in range(_ATTEMPTS):
                status = _post(channel.address, headers, body)
                if status not in _AGAIN:
                    break
            self.deliveries.append(Delivery(channel.id, event, headers, status))
            self._outgoing.task_done()
        self._outgoing.task_done()

    def drain(self) -> None:
        """Wait until all notifications have been sent. Not under the world's lock."""
        if self._thread is not None:
            self._outgoing.join()

    def close(self) -> None:
        """Stop delivering."""
        if self._thread is not None:
            self._outgoing.put(None)
            self._thread.join(timeout=5)


def _post(address: str, headers: dict[str, str], body: bytes) -> int:
    """The status that the address answers, 0 if it does not."""
    target = urlsplit(address)
    kind = http.client.HTTPSConnection if target.scheme == "https" else http.client.HTTPConnection
    connection = kind(target.hostname or "", target.port, timeout=5)
    with suppress(OSError, http.client.HTTPException):
        path = target.path or "/"
        path += f"?{target.query}" if target.query else ""
        connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
        status = connection.getresponse().status
        connection.close()
        return status
    connection.close()
    return 0
