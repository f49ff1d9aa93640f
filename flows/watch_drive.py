"""The flow `watch-drive`: Google tells us of changes in a library's Drive sources as soon as they are made.

per source     its change logs, and what the ledger knows of channels -> open, renew, stop

Whoever is told is apps/hooks.py. Polling goes on: a notification may be lost.
"""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.runtime import flow_run
from prefect.states import Completed

from blocks.library import open_library
from core.errors import SourceUnavailable
from tasks.channels import keep_channels, total, watched
from tasks.log import errors_in_one_line


def _run_name() -> str:
    parameters = flow_run.parameters
    return f"{'stop' if parameters.get('stop') else 'watch'} {parameters.get('library', 'default')}"


@flow(name="watch-drive", flow_run_name=_run_name, persist_result=False)
def watch_drive(library: str = "default", stop: bool = False) -> Any:
    """Keep a push channel open for each change log of the library's Google Drive sources.

    Args:
        library: Name of the library.
        stop: Have no more notifications sent: stop all channels.
    """
    opened = open_library(library)
    if not opened.settings.log_level:
        errors_in_one_line()
    try:
        address = opened.settings.hooks_url
        if not (address or stop):
            return Completed(name="Off", message="LEVADA_HOOKS_URL is not set: no notifications are asked for, polling goes on")
        kept = total([keep_channels(opened, source, "" if stop else address) for source in watched(opened)])
    finally:
        opened.close()
    if kept.problems:
        raise SourceUnavailable("; ".join(kept.problems))
    return Completed(message=str(kept), data=kept)
