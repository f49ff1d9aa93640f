"""Real ingests in this process: one Prefect test server for all, a home and a folder for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, PREFECT_LOGGING_TO_API_ENABLED, temporary_settings
from prefect.testing.utilities import prefect_test_harness

from tests.flows.world import World


@pytest.fixture(scope="package")
def prefect_server() -> Iterator[None]:
    """A Prefect API with a database of its own."""
    quick: dict[Any, Any] = {PREFECT_LOGGING_TO_API_ENABLED: False, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}
    with prefect_test_harness(server_startup_timeout=120), temporary_settings(quick):
        yield


@pytest.fixture
def world(prefect_server: None, converted_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A folder and a library, both empty."""
    monkeypatch.setenv("LEVADA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LEVADA_EXTRACT_WORKERS", "1")
    made = World(tmp_path, converted_models)
    yield made
    made.close()
