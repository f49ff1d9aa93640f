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

import blocks.library
from apps.prefect_api import connect
from blocks.embedders.base import Embedder
from blocks.embedders.sentence_transformer import SentenceTransformerEmbedder
from core.settings import Settings
from ledger.database import open_ledger
from tests.flows.world import World
from tests.servers.prefect_home import PrefectDatabase, without_prefect


@pytest.fixture(scope="package")
def prefect_server(prefect_database: PrefectDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A Prefect API with a database of its own."""
    home = tmp_path_factory.mktemp("prefect")
    prefect_database.give(home)
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


@pytest.fixture(scope="package")
def kept_embedder(converted_models: Path) -> Iterator[Embedder]:
    """The bundled model, loaded once for all libraries of these tests: each run would load it anew."""
    embedder = SentenceTransformerEmbedder(cache_dir=converted_models)
    object.__setattr__(embedder, "close", lambda: None)
    yield embedder
    SentenceTransformerEmbedder.close(embedder)


@pytest.fixture(scope="package")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with its schema and no row, to be copied: building one takes a quarter of a second."""
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"
    open_ledger(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def world(
    prefect_server: None,
    empty_ledger: Path,
    converted_models: Path,
    kept_embedder: Embedder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[World]:
    """A folder and a library, both empty."""
    made_for = blocks.library._default_embedder

    def default_embedder(settings: Settings) -> Embedder:
        return kept_embedder if (settings.backend, settings.precision) == ("auto", "auto") else made_for(settings)

    monkeypatch.setattr("blocks.library._default_embedder", default_embedder)
    monkeypatch.setenv("LEVADA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LEVADA_EXTRACT_WORKERS", "1")
    made = World(tmp_path, converted_models, empty_ledger=empty_ledger)
    yield made
    made.close()
