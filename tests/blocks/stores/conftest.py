"""What the store tests share: one Chroma server for all of them, and an embedded store for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.contracts.stores")

from blocks.stores.chroma import ChromaStore  # noqa: E402
from tests.blocks.stores.owners import wait_deserted  # noqa: E402
from tests.servers.chroma_server import chroma_server  # noqa: E402


@pytest.fixture(scope="session")
def chroma_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with chroma_server(tmp_path_factory.mktemp("chroma-server") / "data") as url:
        yield url


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ChromaStore]:
    """An embedded store whose owner leaves with it."""
    store = ChromaStore(path=tmp_path / "store", linger=0)
    yield store
    store.close()
    wait_deserted(tmp_path / "store")
