"""One logger for the stages: of the Prefect run inside one, of the module outside."""

from __future__ import annotations

import logging
from typing import Any

from prefect.exceptions import MissingContextError
from prefect.logging import get_run_logger


def logger() -> logging.Logger | logging.LoggerAdapter[logging.Logger]:
    """Where to log from here. Its name ends in "levada", so that a command can tell our lines from Prefect's own."""
    try:
        run: Any = get_run_logger()
    except MissingContextError:
        return logging.getLogger("levada")
    child: logging.LoggerAdapter[logging.Logger] = run.getChild("levada")
    return child
