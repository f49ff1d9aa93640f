"""A Prefect API for the runs of a benchmark, with a quiet log."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.prefect_api import connect


@contextmanager
def prefect_runs(home: Path) -> Iterator[None]:
    """Work in this LEVADA_HOME, whose private Prefect server is up. To be entered before Prefect is imported."""
    os.environ["LEVADA_HOME"] = str(home)
    with connect(home) as api:
        logging.getLogger("prefect").setLevel("ERROR")
        api.wait()
        with api.running():
            yield
