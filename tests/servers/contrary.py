"""A server that stands before the emulator and answers as another one that conforms might: with whims, in JSON and on the wire.

The emulator's own knobs are what Drive is known, or suspected, to do. These are liberties that no document forbids: other
orders, fields left out or never heard of, empty pages, other framing and compression, another address.
"""

from __future__ import annotations

import gzip
import http.client
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from tests.servers.connections import ConnectionsServer

Whim = Callable[[str, Any], Any]
"""From the path of a request and the JSON of its answer (2xx): the JSON that is answered."""
_OURS = frozenset({"content-length", "transfer-encoding", "connection", "date", "server"})


class Contrary:
    """A context: the emulator at another address, `url`, with whims."""

    def __init__(self, behind: str) -> None:
        self.behind = urlsplit(behind).netloc
        self.whims: list[Whim] = []
        self.prefix = ""
        """Before every path."""
        self.chunked = False
        """No answer tells its length."""
        self.gzip = False
        """All JSON, errors too."""
        self.hang_up = False
        """A connection ends after each answer, without a word."""
        self.shout = False
        """Names of headers in capitals."""
        self.no_files: set[str] = set()
        """Ids that are taken for no file's here, such as a shared drive's: 404."""
        self._server = ConnectionsServer(("127.0.0.1", 0), _handler(self))

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self._server.server_address[1]}{self.prefix}"

    def __enter__(self) -> Contrary:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, _type: type[BaseException] | None, _exc: BaseException | None, _trace: TracebackType | None) -> None:
        self._server.stop()

    def changed(self, path: str, status: int, headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
        """The answer with all whims."""
        if "Location" in headers:
            headers |= {"Location": headers["Location"].replace(f"http://{self.behind}", self.url)}
        is_json = headers.get("Content-Type", "").startswith("application/json")
        if is_json and self.whims and status < 300:
            value = json.loads(body)
            for whim in self.whims:
                value = whim(path, value)
            body = json.dumps(value).encode()
        if is_json and self.gzip:
            headers, body = headers | {"Content-Encoding": "gzip"}, gzip.compress(body, 1)
        if self.shout:
            headers = {name.upper(): value for name, value in headers.items()}
        return headers, body


def _handler(contrary: Contrary) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

        def do_GET(self) -> None:
            """Hand it on, and hand back what becomes of the answer."""
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.removeprefix(contrary.prefix)
            unknown = next((id for id in contrary.no_files if f"/files/{id}" in path), None)
            if unknown is not None:
                self._not_found(unknown)
                return
            connection = http.client.HTTPConnection(contrary.behind, timeout=30)
            handed = {name: value for name, value in self.headers.items() if name.lower() not in ("connection", "host")}
            connection.request(self.command, path, sent, handed)
            answer = connection.getresponse()
            body = answer.read()
            told = {name: value for name, value in answer.getheaders() if name.lower() not in _OURS}
            connection.close()
            headers, body = contrary.changed(path, answer.status, told, body)
            self.send_response(answer.status)
            for name, value in headers.items():
                self.send_header(name, value)
            if answer.status == 204:
                self.end_headers()
            elif contrary.chunked:
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.wfile.write(b"%x\r\n%b\r\n" % (len(body), body) if body else b"")
                self.wfile.write(b"0\r\n\r\n")
            else:
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            self.close_connection = self.close_connection or contrary.hang_up

        do_POST = do_GET  # noqa: N815

        def _not_found(self, id: str) -> None:
            message = f"File not found: {id}."
            reason = {"message": message, "domain": "global", "reason": "notFound", "location": "fileId"}
            body = json.dumps({"error": {"code": 404, "message": message, "errors": [reason]}}).encode()
            self.send_response(404)
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def everywhere(change: Callable[[dict[str, Any]], None], *, having: str = "id") -> Whim:
    """Change each JSON object that has such a field, wherever it stands."""

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for inner in value.values():
                walk(inner)
            if having in value:
                change(value)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    def whim(_path: str, answer: Any) -> Any:
        walk(answer)
        return answer

    return whim


def without(*names: str) -> Whim:
    """These fields are left out, wherever they stand."""

    def drop(value: dict[str, Any]) -> None:
        for name in names:
            value.pop(name, None)

    def whim(path: str, answer: Any) -> Any:
        for name in names:
            answer = everywhere(drop, having=name)(path, answer)
        return answer

    return whim
