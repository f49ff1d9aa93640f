"""A token endpoint that answers as told, for what the emulator of Drive does not say."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl


class Endpoint:
    """Hands out tokens "access-1", "access-2", ... unless `answers` holds something else to say."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: list[tuple[int, str]] = []
        """Status and body of the next answers."""
        self.asked: list[dict[str, str]] = []
        self.rotate = False
        """Give a new refresh token with each access token; the one before is then refused."""
        self.refresh_token = "refresh-0"
        self.lock = threading.Lock()

    def refuse(self, error: str, description: str = "", times: int = 1) -> None:
        """Say so to the next requests."""
        self.answers += [(400, json.dumps({"error": error, "error_description": description}))] * times

    def answer(self, form: dict[str, str]) -> tuple[int, str]:
        with self.lock:
            self.asked.append(form)
            if self.answers:
                return self.answers.pop(0)
            if form.get("grant_type") == "refresh_token" and form.get("refresh_token") != self.refresh_token:
                return 400, json.dumps({"error": "invalid_grant", "error_description": "Bad Request"})
            granted: dict[str, Any] = {"access_token": f"access-{len(self.asked)}", "expires_in": 3599, "token_type": "Bearer"}
            if self.rotate:
                self.refresh_token = granted["refresh_token"] = f"refresh-{len(self.asked)}"
            return 200, json.dumps(granted)


@contextmanager
def endpoint() -> Iterator[Endpoint]:
    """Serve one on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, text = served.answer(dict(parse_qsl(body)))
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Tests print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served = Endpoint(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
