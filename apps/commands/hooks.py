"""`levada hooks`: the receiver of Google Drive's notifications."""

from __future__ import annotations

import socket
from typing import Annotated

import typer

from apps.output import err
from core.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("hooks")(hooks)


def hooks(
    host: Annotated[str, typer.Option(help="Where to listen; the proxy that speaks https is usually on this machine.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8788,
) -> None:
    """Take Google Drive's push notifications and start a run for each burst of them, until it is ended. See docs/drive.md."""
    import uvicorn

    from apps.hooks import SERVER, app, settings_now

    settings = settings_now()
    if not settings.hooks_url:
        err.print("[yellow]warning:[/yellow] LEVADA_HOOKS_URL is not set, so the flow watch-drive asks for no notifications")
    with _listen(host, port) as listener:
        address = f"http://{host}:{listener.getsockname()[1]}"
        err.print(f"Listening on {address}; a notification runs {settings.hooks_deployment}", soft_wrap=True)
        uvicorn.Server(uvicorn.Config(app, **SERVER)).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1_024)
    except OSError as exc:
        raise UsageError(
            f"nobody can listen on {host}, port {port} ({exc.strerror}): choose others, --host and --port"
        ) from exc
