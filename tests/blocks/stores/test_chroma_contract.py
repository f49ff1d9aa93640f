"""Chroma, embedded and as a server, under the contract of vector stores."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from blocks.stores.chroma import ChromaStore
from tests.contracts.stores import StoreContract


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaStore]:
    store = ChromaStore(path=tmp_path_factory.mktemp("embedded") / "store")
    yield store
    store.close()


@pytest.fixture(scope="module")
def server(chroma_url: str) -> Iterator[ChromaStore]:
    store = ChromaStore(url=chroma_url)
    yield store
    store.close()


class TestEmbedded(StoreContract):
    @pytest.fixture
    def store(self, embedded: ChromaStore) -> ChromaStore:
        return embedded

    def test_it_is_ours_alone(self, store: ChromaStore) -> None:
        assert not store.shared


class TestServer(StoreContract):
    @pytest.fixture
    def store(self, server: ChromaStore) -> ChromaStore:
        return server

    def test_it_is_shared_and_cannot_be_set_aside(self, store: ChromaStore) -> None:
        assert store.shared
        assert store.set_aside() is None
