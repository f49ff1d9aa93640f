"""A request as it came in and the answer that goes out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.servers.googledrive.errors import invalid

JSON = "application/json; charset=UTF-8"


@dataclass
class Request:
    """`params` holds the first value of each parameter; header names are in lower case."""

    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""
    identity: str | None = None
    """E-mail address of the caller, once the token is known."""

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean parameter."""
        return self.params[name].lower() == "true" if name in self.params else default

    def number(self, name: str, default: int, most: int) -> int:
        """A positive number, coerced to `most`. Raises ApiError 400 for anything else."""
        text = self.params.get(name)
        if text is None:
            return default
        if not text.isdigit() or not 0 < len(text) < 10 or int(text) == 0:
            raise invalid(name)
        return min(int(text), most)

    def json(self) -> dict[str, Any]:
        """The body as an object; {} if it is none."""
        try:
            found = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


@dataclass
class Response:
    """`body` is bytes, or pieces for what is long; `length` of pieces is None for a chunked answer."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | Callable[[], Iterator[bytes]] = b""
    length: int | None = None

    @property
    def size(self) -> int | None:
        """Length of the body, None if it is chunked."""
        return len(self.body) if isinstance(self.body, bytes) else self.length

    def data(self) -> bytes:
        """The whole body in memory."""
        return self.body if isinstance(self.body, bytes) else b"".join(self.body())


def json_response(value: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(status, {"Content-Type": JSON}, json.dumps(value, separators=(",", ":")).encode())


def html_response(text: str, status: int = 200) -> Response:
    """A page for people."""
    return Response(
        status, {"Content-Type": "text/html; charset=utf-8"}, f"<!DOCTYPE html><html><body>{text}</body></html>".encode()
    )
