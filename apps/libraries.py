"""Opening a library in a command, as a run would: with its block document, if a Prefect server that is up has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.prefect_api import join
from core.settings import Settings

if TYPE_CHECKING:
    from blocks.library import Library


def open_for(name: str) -> Library:
    """The library of that name, or the default one of the settings. Starts no server: the embedded library needs none."""
    settings = Settings.from_env()
    join(settings.home)
    from blocks.library import open_library

    return open_library(name or settings.library, settings)
