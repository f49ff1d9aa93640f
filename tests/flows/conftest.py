"""Real ingests in this process: one private Prefect server for all, a home and a folder for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_HOME,
    PREFECT_LOGGING_TO_API_ENABLED,
    temporary_settings,
)

from apps.prefect_api import connect
from tests.flows.world import World
from tests.servers.prefect_home import give_database, without_prefect


@pytest.fixture(scope="package")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A Prefect API with a database of its own."""
    home = tmp_path_factory.mktemp("prefect")
    give_database(home)
    env = without_prefect()
    with connect(home, env) as api:
        api.wait()
        here: dict[Any, Any] = {
            PREFECT_HOME: env["PREFECT_HOME"],
            PREFECT_API_URL: env["PREFECT_API_URL"],
            PREFECT_API_AUTH_STRING: env["PREFECT_API_AUTH_STRING"],
            PREFECT_LOGGING_TO_API_ENABLED: False,
        }
        with temporary_settings(here), api.running():
            yield


@pytest.fixture
def world(prefect_server: None, converted_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A folder and a library, both empty."""
    monkeypatch.setenv("LEVADA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LEVADA_EXTRACT_WORKERS", "1")
    made = World(tmp_path, converted_models)
    yield made
    made.close()
