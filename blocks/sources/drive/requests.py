"""Requests of Google's client library: made of the discovery document that it ships, sent in our way, their answers read."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Callable
from typing import Any

from blocks.sources.drive import answers
from blocks.sources.drive.answers import Answer, Turning, Whole
from blocks.sources.drive.errors import Asked, TokenRejected
from blocks.sources.drive.retry import USUAL, Patience, Retry
from blocks.sources.drive.transport import Transport
from core.errors import SourceUnavailable


class Requests:
    """Makes and sends them, for any number of threads."""

    def __init__(self, transport: Transport, retry: Retry, api: str) -> None:
        """`api` is the address of the API."""
        self._transport = transport
        self._retry = retry
        self._api = api
        self._lock = threading.Lock()
        self._made: dict[str, Any] = {}

    def part(self, name: str) -> Any:
        """One collection of the API, made of the discovery document that the library ships: without a network call."""
        with self._lock:
            if not self._made:
                self._made["service"] = self._service()
            if name not in self._made:
                self._made[name] = getattr(self._made["service"], name)()
            return self._made[name]

    def ask(
        self,
        request: Any,
        kind: str | None,
        what: str,
        cost: int,
        whole: Whole,
        asked: Asked = Asked.OTHER,
        patience: Patience = USUAL,
    ) -> Answer:
        """Send a request of the client library; the answer must be of `kind`, and pass `whole`."""
        return self._retry.call(lambda: answers.read(self._execute(request), kind, whole), what, cost, asked, patience)

    def _execute(self, request: Any) -> Any:
        from googleapiclient.errors import HttpError

        refusal: HttpError | None = None
        answer = None
        with self._transport.connection() as http:
            try:
                answer = request.execute(http=http, num_retries=0)
            except HttpError as exc:
                refusal = exc  # the connection has served, and may serve again
        if refusal is not None:
            raise refusal
        return answer

    def _service(self) -> Any:
        import httplib2

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of grpc, which is not used here
            from googleapiclient.discovery import build
        logging.getLogger("googleapiclient.http").setLevel(logging.ERROR)  # it tells of each failure that we try again

        return build(
            "drive", "v3", http=httplib2.Http(), static_discovery=True, cache_discovery=False,
            client_options={"api_endpoint": self._api},
        )  # fmt: skip


def all_of(page: Callable[[str | None], Answer], key: str) -> list[Answer]:
    """The entries of all pages; from the first page again, once, if a token is not taken."""
    for last in (False, True):
        found: list[Answer] = []
        turning = Turning(key)
        try:
            answer = page(None)
            found.extend(answer[key])
            while (token := turning.next(answer)) is not None:
                answer = page(token)
                found.extend(answer[key])
            return found
        except TokenRejected as exc:
            if last:
                raise SourceUnavailable(f"Google Drive takes none of its own page tokens ({exc}); run again later") from exc
    raise AssertionError("unreachable")


def mask(fields: str, *names: str) -> str:
    """A field mask that also asks for `names`."""
    outermost, depth = "", 0
    for letter in fields:
        depth += (letter == "(") - (letter == ")")
        outermost += letter if depth == 0 else ""
    asked = {name.strip(" )") for name in outermost.split(",")}
    return fields if "*" in asked else ",".join([*(name for name in names if name not in asked), fields])
