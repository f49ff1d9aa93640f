"""One logger for the stages: of the Prefect run inside one, of the module outside; and errors that are a line."""

from __future__ import annotations

import logging
from typing import Any

from prefect.exceptions import MissingContextError
from prefect.logging import get_run_logger

from core.errors import LevadaError


def logger() -> logging.Logger | logging.LoggerAdapter[logging.Logger]:
    """Where to log from here. Its name ends in "levada", so that a command can tell our lines from Prefect's own."""
    try:
        run: Any = get_run_logger()
    except MissingContextError:
        return logging.getLogger("levada")
    child: logging.LoggerAdapter[logging.Logger] = run.getChild("levada")
    return child


class _OneLine(logging.Filter):
    """What we raise on purpose says in a line what to do; below the traceback that Prefect logs with it nobody finds that."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, LevadaError):
            record.msg, record.args, record.exc_info, record.exc_text = str(error), (), None, None
        return True


_ONE_LINE = _OneLine()


def errors_in_one_line() -> None:
    """From now on this process logs no traceback of an error of ours, on Prefect's page or in a worker's log."""
    for name in ("", "prefect.flow_runs", "prefect.task_runs"):
        for handler in logging.getLogger(name).handlers:
            handler.addFilter(_ONE_LINE)  # once, however often it is asked for
