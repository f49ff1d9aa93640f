"""One logger for the stages: of the Prefect run inside one, of the module outside."""

from __future__ import annotations

import logging

from prefect.exceptions import MissingContextError
from prefect.logging import get_run_logger


def logger() -> logging.Logger | logging.LoggerAdapter[logging.Logger]:
    """Where to log from here. Its name ends in "levada", so that a command can tell our lines from Prefect's own."""
    try:
        return get_run_logger().getChild("levada")
    except MissingContextError:
        return logging.getLogger("levada")
