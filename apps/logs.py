"""A command's log lines in a terminal: ours, one line each; Prefect's, with their tracebacks, only if asked for."""

from __future__ import annotations

import logging

from rich.markup import escape

from apps.output import err

ROOMS = ("levada", "ledger", "blocks", "tasks", "prefect.flow_runs.levada", "prefect.task_runs.levada")
"""Loggers that are our own, outside of a Prefect run and inside (tasks/log.py)."""


class _Line(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        err.print(
            f"[yellow]{record.levelname.lower()}:[/yellow] {escape(' '.join(record.getMessage().split()))}", soft_wrap=True
        )


def speak_plainly(level: str) -> None:
    """Warnings of ours on standard error; with a level (LEVADA_LOG_LEVEL), all that Prefect's loggers have to say of that one.

    To be called after Prefect is imported, which sets its loggers up.
    """
    logging.getLogger("prefect").setLevel(level or "ERROR")
    if level:
        return
    for name in ROOMS:
        logger = logging.getLogger(name)
        logger.setLevel("WARNING")
        logger.addHandler(_Line())
