"""Faults: which requests they strike, and what they do to the answer."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.servers.googledrive.errors import named, quota, unauthorized
from tests.servers.googledrive.messages import JSON, Request, Response, html_response, json_response
from tests.servers.googledrive.requests_log import Record
from tests.servers.googledrive.state import State

if TYPE_CHECKING:
    from tests.servers.googledrive.service import Service

WIRE = frozenset(
    {
        "reset_before_headers",
        "reset_after_n_bytes",
        "truncate_with_length",
        "truncate_chunked",
        "close_without_length_truncated",
    }
)
"""Faults of the transmission; serving.py acts on them."""
ACTIONS = WIRE | {
    "status",
    "quota_new_style",
    "401_once",
    "token_revoked",
    "token_endpoint_500",
    "delay",
    "hang",
    "invalid_json_200",
    "wrong_content",
    "ignore_range",
    "no_content_range_416",
    "redirect",
    "html_login_200",
}
_MATCHES = {"method", "path_regex", "endpoint", "file_id", "identity", "nth", "every", "prob"}


@dataclass(frozen=True)
class Fault:
    """One action with its options.

    `status`: code, reason, message, retry_after (seconds), html_body. `delay`: seconds. `hang`: seconds, an hour if not given.
    `reset_after_n_bytes`: n, counted in the body. `truncate_*`, `close_*`: keep, the share of the body that is sent (0.5);
    `close_without_length_truncated` passes over ranges, since a 206 would tell the length.
    `wrong_content`: data (bytes or base64 text); without it, as many other bytes. `redirect`: location, status.
    """

    name: str
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def on_the_wire(self) -> bool:
        """True if the answer is right but does not arrive so."""
        return self.name in WIRE

    def early(self, service: Service, request: Request) -> Response | None:
        """The answer instead of the true one, or None after whatever is done before it."""
        if self.name in ("delay", "hang"):
            service.stopping.wait(self.options.get("seconds", 3600 if self.name == "hang" else 0.1))
        elif self.name in ("ignore_range", "close_without_length_truncated"):
            request.headers.pop("range", None)
        elif self.name == "token_revoked" and request.identity:
            service.accounts.revoke(request.identity)
            return _error(unauthorized())
        elif self.name in ("401_once", "token_revoked"):
            return _error(unauthorized())
        elif self.name == "quota_new_style":
            return _error(quota(new_style=True))
        elif self.name == "token_endpoint_500":
            return json_response({"error": "internal_failure", "error_description": "Backend Error"}, 500)
        elif self.name == "html_login_200":
            return html_response("<title>Sign in - Google Accounts</title>")
        elif self.name == "redirect":
            location = self.options.get("location", f"{service.url}/_login")
            return Response(self.options.get("status", 302), {"Location": location, "Content-Type": "text/html"})
        elif self.name == "status":
            return self._status(request)
        return None

    def _status(self, request: Request) -> Response:
        code = self.options.get("code")
        if self.options.get("html_body") is not None:
            response = Response(
                code or 502, {"Content-Type": "text/html; charset=UTF-8"}, str(self.options["html_body"]).encode()
            )
        else:
            reason = self.options.get("reason") or _USUAL.get(code or 503, "backendError")
            file_id = request.path.rpartition("/files/")[2].partition("/")[0] if "/files/" in request.path else ""
            response = _error(named(reason, file_id, code, self.options.get("message")))
        if self.options.get("retry_after") is not None:
            response.headers["Retry-After"] = str(self.options["retry_after"])
        return response

    def late(self, response: Response) -> Response:
        """What is done to the true answer before it is sent."""
        if self.name == "invalid_json_200":
            body = response.data()
            return Response(200, {"Content-Type": JSON}, body[: max(1, len(body) // 2)])
        if self.name == "wrong_content":
            data = self.options.get("data")
            if data is None:
                return Response(response.status, response.headers, bytes(byte ^ 0x20 for byte in response.data()))
            wrong = b64decode(data) if isinstance(data, str) else data
            return Response(response.status, {k: v for k, v in response.headers.items() if k != "Content-Range"}, wrong)
        if self.name == "no_content_range_416" and response.status == 416:
            return Response(416, {k: v for k, v in response.headers.items() if k != "Content-Range"}, response.body)
        return response


_USUAL = {
    400: "badRequest",
    401: "authError",
    403: "userRateLimitExceeded",
    404: "notFound",
    429: "rateLimitExceeded",
    500: "internalError",
}


def _error(error: Any) -> Response:
    return Response(error.code, {"Content-Type": JSON}, error.data())


@dataclass
class Rule:
    """A fault, the requests that it strikes, how often it still may, and how many requests have matched."""

    fault: Fault
    match: dict[str, Any]
    times: int | None
    seen: int = 0
    struck: int = 0

    def strikes(self, record: Record, state: State) -> bool:
        """True if this request is to suffer."""
        if self.times is not None and self.struck >= self.times:
            return False
        plain = {"method": record.method, "endpoint": record.endpoint, "file_id": record.file_id, "identity": record.identity}
        if any(name in self.match and value != self.match[name] for name, value in plain.items()):
            return False
        if "path_regex" in self.match and not re.search(self.match["path_regex"], record.path):
            return False
        self.seen += 1
        nth = self.match.get("nth")
        if nth is not None and self.seen not in (nth if isinstance(nth, list | tuple | set) else (nth,)):
            return False
        if "every" in self.match and self.seen % self.match["every"]:
            return False
        if "prob" in self.match and not state.happens(self.match["prob"]):
            return False
        self.struck += 1
        return True


class Faults:
    """Rules in the order in which they were added; the first that strikes, acts."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.rules: list[Rule] = []

    def add(
        self,
        match: dict[str, Any] | None = None,
        action: str | dict[str, Any] = "status",
        times: int | None = 1,
        **options: Any,
    ) -> Rule:
        """Let `action` (a name, or {"name": ..., options}) befall requests that match, at most `times` (None: always).

        `match`: method, path_regex, endpoint, file_id, identity; of those the nth (from 1; or several), every so many,
        or with a probability. Raises ValueError for what does not exist.
        """
        named_options = dict(action) if isinstance(action, dict) else {"name": action}
        name = named_options.pop("name", "status")
        if name not in ACTIONS:
            raise ValueError(f"no such fault: {name}")
        if unknown := (match or {}).keys() - _MATCHES:
            raise ValueError(f"faults do not match by {sorted(unknown)}")
        match = {"endpoint": "token", **(match or {})} if name == "token_endpoint_500" else dict(match or {})
        rule = Rule(Fault(name, named_options | options), match, times)
        with self._state.lock:
            self.rules.append(rule)
        return rule

    def clear(self) -> None:
        """No faults any more."""
        with self._state.lock:
            self.rules.clear()

    def pick(self, record: Record) -> Fault | None:
        """The fault that this request suffers."""
        return next((rule.fault for rule in self.rules if rule.strikes(record, self._state)), None)
