"""A command's log lines."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from apps.logs import ROOMS, speak_plainly


@pytest.fixture
def internal() -> Iterator[logging.Logger]:
    loggers = [logging.getLogger(name) for name in ("prefect", "prefect._internal", *ROOMS)]
    before = [(logger, logger.level, list(logger.handlers)) for logger in loggers]
    logging.getLogger("prefect._internal").setLevel("ERROR")  # as Prefect's own settings have it
    yield logging.getLogger("prefect._internal.concurrency")
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers


@pytest.mark.parametrize(("level", "told"), [("", False), ("DEBUG", True)])
def test_what_threads_of_prefect_complain_of_is_for_those_who_ask(internal: logging.Logger, level: str, told: bool) -> None:
    speak_plainly(level)
    assert internal.isEnabledFor(logging.ERROR) is told
