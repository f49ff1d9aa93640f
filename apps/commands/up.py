"""`levada up` and `levada down`: the door to apps/prefect_up.py."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from apps.options import AsJson
from apps.output import err, out, print_json
from core.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("up")(up)
    app.command("down")(down)


def up(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Where the server listens; default: 4200.")] = None,
    as_json: AsJson = False,
) -> None:
    """Start Prefect's server and a worker, and deploy: LEVADA_FOLDER is ingested every hour. What runs is left alone."""
    from apps import prefect_up

    done = prefect_up.up(Settings.from_env().home, port, say=err.print)
    if as_json:
        print_json(asdict(done))
        return
    started = f"started {' and '.join(done.started)}" if done.started else "everything was running"
    out.print(f"{started}; deployed ingest/folder, ingest/drive and watch-drive/channels", soft_wrap=True)
    out.print(f"  folder    {escape(done.folder)}, every hour (LEVADA_FOLDER names another)", soft_wrap=True)
    out.print("  drive     every quarter of an hour, once it is said what of it (docs/drive.md)", soft_wrap=True)
    out.print(f"  web page  {done.ui_url}", soft_wrap=True)
    out.print(f"  logs      {escape(str(done.logs))}", soft_wrap=True)
    out.print("  run now   prefect deployment run ingest/folder --watch", soft_wrap=True)
    out.print(f"            (outside this directory: export PREFECT_API_URL={done.api_url})", soft_wrap=True)
    out.print("  stop      levada down", soft_wrap=True)


def down(as_json: AsJson = False) -> None:
    """Stop what `levada up` started: the worker with its runs, which end cleanly, and the server."""
    from apps import prefect_up

    stopped = prefect_up.down(Settings.from_env().home)
    if as_json:
        print_json({"stopped": stopped})
    else:
        out.print(f"stopped {' and '.join(stopped)}" if stopped else "nothing was running")
