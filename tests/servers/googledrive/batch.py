"""POST /batch/drive/v3: up to a hundred requests in one, each answered as if it had come alone."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable
from http.client import responses
from urllib.parse import parse_qsl, urlsplit

from tests.servers.googledrive.errors import bad_request
from tests.servers.googledrive.messages import Request, Response

_MOST = 100
_BOUNDARY = "batch_emulator"


def answer(handle: Callable[[Request], tuple[Response, object]], request: Request) -> Response:
    """Parts in the order in which they came. Raises ApiError 400 for what is no batch or too many."""
    head = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n".encode()
    message = email.message_from_bytes(head + request.body, policy=email.policy.HTTP)
    parts = list(message.iter_parts()) if message.is_multipart() else []
    if not parts:
        raise bad_request("Failed to parse batch request, error: 0 items. Received batch body: (0) bytes redacted")
    if len(parts) > _MOST:
        raise bad_request(f"The batch request contains {len(parts)} calls; the most is {_MOST}.")
    out = b""
    for part in parts:
        payload = part.get_payload(decode=True)
        inner = _request(payload if isinstance(payload, bytes) else b"", request)
        if inner.params.get("alt") == "media":
            error = bad_request("Media download is not supported in batch requests.")
            response = Response(400, {"Content-Type": "application/json; charset=UTF-8"}, error.data())
        else:
            response, _ = handle(inner)
        content_id = str(part.get("Content-ID", "")).strip()
        reply_id = f"<response-{content_id[1:]}" if content_id.startswith("<") else f"response-{content_id}"
        body = response.data()
        lines = [
            f"--{_BOUNDARY}",
            "Content-Type: application/http",
            f"Content-ID: {reply_id}",
            "",
            f"HTTP/1.1 {response.status} {responses.get(response.status, '')}",
            *(f"{name}: {value}" for name, value in response.headers.items()),
            f"Content-Length: {len(body)}",
            "",
            "",
        ]
        out += "\r\n".join(lines).encode() + body + b"\r\n"
    return Response(200, {"Content-Type": f"multipart/mixed; boundary={_BOUNDARY}"}, out + f"--{_BOUNDARY}--\r\n".encode())


def _request(data: bytes, outer: Request) -> Request:
    """The request in one part; it inherits the outer authorization."""
    head, _, body = data.replace(b"\r\n", b"\n").partition(b"\n\n")
    first, *lines = head.decode("utf-8", "replace").split("\n")
    method, _, rest = first.partition(" ")
    target = urlsplit(rest.rpartition(" ")[0] or rest)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if "authorization" in outer.headers:
        headers.setdefault("authorization", outer.headers["authorization"])
    headers.pop("accept-encoding", None)
    params: dict[str, str] = {}
    for name, value in parse_qsl(target.query, keep_blank_values=True):
        params.setdefault(name, value)
    return Request(method, target.path, params, headers, body)
