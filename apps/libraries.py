"""Opening a library in a command, as a run would: with its block document, if a Prefect server that is up has one."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from apps.logs import speak_plainly
from apps.prefect_api import join
from core.settings import Settings

if TYPE_CHECKING:
    from blocks.library import Library


def open_for(name: str) -> Library:
    """The library of that name, or the default one of the settings. Starts no server: the embedded library needs none."""
    settings = Settings.from_env()
    join(settings.home)
    # Nothing of ours is kept in Prefect's own home, which may well lie where this user cannot write.
    warnings.filterwarnings("ignore", "Failed to create the Prefect home directory")
    from blocks.library import open_library

    speak_plainly(settings.log_level)
    return open_library(name or settings.library, settings)
