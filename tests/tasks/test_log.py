"""What is logged of errors."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from core.errors import CredentialsLost
from tasks.log import errors_in_one_line


class Kept(logging.Handler):
    """The records, as the handlers of Prefect's page get them."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def kept() -> Iterator[Kept]:
    kept, logger = Kept(), logging.getLogger("prefect.flow_runs")
    logger.addHandler(kept)
    yield kept
    logger.removeHandler(kept)


@pytest.mark.parametrize(
    ("error", "words", "traceback"),
    [(CredentialsLost("run `levada drive login`"), "run `levada drive login`", False), (ValueError("x"), "failed: x", True)],
)
def test_only_what_nobody_foresaw_has_a_traceback(kept: Kept, error: Exception, words: str, traceback: bool) -> None:
    errors_in_one_line()
    told = (type(error), error, None)
    kept.handle(logging.LogRecord("prefect.flow_runs", logging.ERROR, "", 0, "failed: %s", (error,), told))
    [record] = kept.records
    assert (record.getMessage(), bool(record.exc_info)) == (words, traceback)
