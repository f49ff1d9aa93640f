"""HTTP/1.1 on the loopback: requests in, answers out in one flush each, and whatever a fault does to them on the way."""

from __future__ import annotations

import os
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from http.client import responses
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.servers.connections import ConnectionsServer
from tests.servers.googledrive.faults import Fault
from tests.servers.googledrive.messages import Request, Response
from tests.servers.googledrive.service import Service

_BODY_LIMIT = 64 << 20


class Server(ConnectionsServer):
    """The emulator's; connections end with it."""

    def __init__(self, port: int, service: Service) -> None:
        self.service = service
        super().__init__(("127.0.0.1", port), Handler)
        service.url = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients may hang up when they like; other errors are bugs and are shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        """End serving, every connection, and what goes on apart from them."""
        self.service.stopping.set()
        super().stop()
        self.service.channels.close()


class Handler(BaseHTTPRequestHandler):
    """Without Nagle and with a buffered writer: a naive handler costs some 47 ms a request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def log_message(self, format: str, *args: Any) -> None:
        """The request log is elsewhere."""

    def do_GET(self) -> None:
        """Answer one request."""
        request = self._request()
        response, fault = self.server.service.handle(request)
        if fault:
            self._spoiled(response, fault)
        else:
            self._send(response)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()

    def _request(self) -> Request:
        length = min(int(self.headers.get("Content-Length") or 0), _BODY_LIMIT)
        body = self.rfile.read(length) if length else b""
        target = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        method, query = self.command, target.query
        if method == "POST" and "x-http-method-override" in headers:
            method = headers["x-http-method-override"].upper()
            query = "&".join(part for part in (query, body.decode("utf-8", "replace")) if part)
        params: dict[str, str] = {}
        for name, value in parse_qsl(query, keep_blank_values=True, max_num_fields=1000):
            params.setdefault(name, value)
        return Request(method, target.path, params, headers, body)

    def _head(self, response: Response, headers: dict[str, str]) -> None:
        self.wfile.write(f"HTTP/1.1 {response.status} {responses.get(response.status, 'Unknown')}\r\n".encode())
        for name, value in (response.headers | headers).items():
            self.wfile.write(f"{name}: {value}\r\n".encode("latin-1", "replace"))
        self.wfile.write(b"\r\n")

    def _pieces(self, response: Response) -> Iterator[bytes]:
        return iter((response.body,)) if isinstance(response.body, bytes) else response.body()

    def _send(self, response: Response) -> None:
        length = response.size
        if response.status == 204:
            self._head(response, {})
        elif length is not None:
            self._head(response, {"Content-Length": str(length)})
            for piece in self._pieces(response):
                self.wfile.write(piece)
        else:
            self._head(response, {"Transfer-Encoding": "chunked"})
            for piece in self._pieces(response):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")

    def _spoiled(self, response: Response, fault: Fault) -> None:
        """Send what the fault lets through, then end the connection."""
        self.close_connection = True
        if fault.name == "reset_before_headers":
            return self._reset()
        size = response.size if response.size is not None else len(response.data())
        kept = int(size * float(fault.options.get("keep", 0.5)))
        if fault.name == "reset_after_n_bytes":
            self._head(response, {"Content-Length": str(size)})
            self._first(response, int(fault.options.get("n", size // 2)))
            self.wfile.flush()
            return self._reset()
        if fault.name == "truncate_with_length":
            self._head(response, {"Content-Length": str(size)})
        elif fault.name == "truncate_chunked":
            self._head(response, {"Transfer-Encoding": "chunked"})
            self.wfile.write(b"%x\r\n" % size)
        else:
            self._head(response, {"Connection": "close"})
        return self._first(response, kept)

    def _first(self, response: Response, count: int) -> None:
        """So many bytes of the body."""
        for piece in self._pieces(response):
            self.wfile.write(piece[:count])
            count -= len(piece)
            if count <= 0:
                return

    def _reset(self) -> None:
        """RST instead of FIN."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())
