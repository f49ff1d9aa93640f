"""One Prefect server, one nursery, one reader for all crash tests, and no longer; and what they have seen, told at the end."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.prefect_api import connect
from tests.crash.interruption import Interruption
from tests.crash.small_model import small_model
from tests.crash.stage import TRUSTED_AFTER, Stage
from tests.crash.theatre import Theatre
from tests.servers.prefect_home import PrefectDatabase, without_prefect

SEEN: Counter[str] = Counter()


@pytest.fixture(scope="package")
def prefect_env(prefect_database: PrefectDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a process that works with a Prefect server of ours."""
    home = tmp_path_factory.mktemp("prefect")
    prefect_database.give(home)
    env = without_prefect()
    with connect(home, env) as api:
        api.wait()
        yield env


@pytest.fixture(scope="package")
def stage(prefect_env: dict[str, str], converted_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A library and its folder, with nothing ingested yet."""
    model = small_model(tmp_path_factory.mktemp("model") / "small")
    stage = Stage(tmp_path_factory.mktemp("crash"), converted_models, model, prefect_env, secrets.token_hex(8))
    try:
        stage.open()
        yield stage
    finally:
        stage.close()


@pytest.fixture(scope="package")
def theatre(stage: Stage) -> Theatre:
    """The stage with both states of its folder, and what a fresh ingest makes of each."""
    stage.lay_out()
    time.sleep(TRUSTED_AFTER)
    return Theatre(stage, SEEN)


@pytest.fixture(scope="package")
def interruption(stage: Stage) -> Interruption:
    """A corpus to be interrupted in."""
    return Interruption(stage)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How much was killed, and how much was read meanwhile."""
    if SEEN:
        told = ", ".join(f"{count:,} {what}" for what, count in SEEN.items())
        terminalreporter.write_line(f"crash tests: {told}")
