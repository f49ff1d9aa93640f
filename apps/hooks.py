"""Where Google tells of changes: `levada hooks`, or `uvicorn apps.hooks:app --http h11`, behind a proxy that speaks https.

A notification holds no news, only the id of a channel and its secret. Both are compared with the ledger's; then a run of
`ingest/drive` is seen to, and 204 is the answer. What is not ours is answered by 404, which Google does not repeat; what
cannot be done now by 503, which it does. Bodies are not read.
"""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hmac import compare_digest
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from apps.hook_runs import Runs
from apps.hook_subscribers import Subscribers
from apps.prefect_api import join
from core.errors import LevadaError, UsageError
from core.settings import Settings

MOST = 256
"""Notifications at work; the next ones are asked to come again."""
SERVER: dict[str, Any] = {
    # h11, and not httptools, bounds the size of what stands before the body.
    "http": "h11", "h11_max_incomplete_event_size": 16 << 10, "ws": "none", "limit_concurrency": 1_000,
    "timeout_keep_alive": 60, "timeout_graceful_shutdown": 5, "access_log": False, "log_level": "warning",
    "server_header": False,
}  # fmt: skip
"""How uvicorn serves it."""
_LONGEST_ID, _LONGEST_RESOURCE = 64, 256
_NOT_OURS, _LATER = 404, 503

log = logging.getLogger("levada.hooks")


class Receiver:
    """Answers notifications."""

    def __init__(self, subscribers: Subscribers, runs: Runs) -> None:
        self._subscribers, self._runs = subscribers, runs
        self._at_work = 0

    async def answer(self, headers: Any) -> int:
        """The status for a notification with these headers."""
        if self._at_work >= MOST:
            return _LATER
        self._at_work += 1
        try:
            return await self._answer(headers)
        except LevadaError as exc:
            log.warning("a notification was turned away for later: %s", exc)
            return _LATER
        except Exception:
            log.exception("a notification was turned away for later")
            return _LATER
        finally:
            self._at_work -= 1

    async def _answer(self, headers: Any) -> int:
        id = headers.get("x-goog-channel-id", "")
        if not 0 < len(id) <= _LONGEST_ID:
            return _NOT_OURS
        found = await self._subscribers.find(id)
        secret = found.token if found is not None else ""
        same = compare_digest(headers.get("x-goog-channel-token", "").encode(), secret.encode())
        if found is None or not same:
            return _NOT_OURS
        resource = headers.get("x-goog-resource-id", "")
        if found.resource_id is None and 0 < len(resource) <= _LONGEST_RESOURCE:
            await self._subscribers.learn(id, resource)
        # "sync" says that the channel is open; whatever else it may be called, something has changed.
        if headers.get("x-goog-resource-state") != "sync":
            await self._runs.ask(found.library, found.source)
        return 204


@asynccontextmanager
async def _life(app: Starlette) -> AsyncIterator[None]:
    settings = settings_now()
    from prefect.client.orchestration import get_client

    subscribers = Subscribers(settings)
    try:
        async with get_client() as client:
            app.state.receiver = Receiver(subscribers, Runs(client, settings.hooks_deployment, settings.hooks_debounce))
            yield
    finally:
        subscribers.close()


def settings_now() -> Settings:
    """The settings, with Prefect's server settled: before Prefect is imported. Raises UsageError if there is none."""
    settings = Settings.from_env()
    join(settings.home)
    if not os.environ.get("PREFECT_API_URL"):
        raise UsageError("notifications start runs on a Prefect server: `levada up` first, or set PREFECT_API_URL")
    return settings


async def _notified(request: Request) -> Response:
    status = await request.app.state.receiver.answer(request.headers)
    # What was turned away may go on sending: its connection ends with the answer.
    return Response(status_code=status, headers={} if status == 204 else {"connection": "close"})


async def _alive(request: Request) -> Response:
    return Response("ok", media_type="text/plain")


app = Starlette(
    routes=[Route("/healthz", _alive, methods=["GET"]), Route("/{path:path}", _notified, methods=["POST"])], lifespan=_life
)
