"""A Chroma server by URL: what goes wrong on the way to it, and what it keeps for others."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import numpy as np
import pytest

from blocks.stores.base import CollectionInfo, CollectionRef
from blocks.stores.chroma import ChromaStore
from blocks.stores.chroma_collections import ChromaCollections
from blocks.stores.chroma_server import _sessions as chroma_server_sessions
from core.errors import StoreUnavailable, UsageError
from tests.contracts.stores import SPACE, make_collection, nearest, records_of, unit_vectors
from tests.servers.chroma_server import chroma_server

if TYPE_CHECKING:
    from chromadb.api import ClientAPI as Client


@pytest.fixture
def store(chroma_url: str) -> Iterator[ChromaStore]:
    store = ChromaStore(url=chroma_url)
    yield store
    store.close()


@pytest.fixture
def client(chroma_url: str) -> Iterator[Client]:
    """Chroma's own client, as another program would use it."""
    import chromadb
    from chromadb.config import Settings

    port = int(chroma_url.split(":")[-1])
    client = chromadb.HttpClient(host="127.0.0.1", port=port, settings=Settings(anonymized_telemetry=False))
    yield client
    for session in chroma_server_sessions(client):
        session.close()


class _Teapot(BaseHTTPRequestHandler):
    """A web server that is no Chroma, and remembers what it was asked."""

    asked: list[dict[str, str]]

    def do_GET(self) -> None:
        self.asked.append(dict(self.headers))
        self.send_response(418)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Tests print nothing."""


class Gate:
    """A proxy before a Chroma server: opens at `start`, and spoils answers as told."""

    def __init__(self, behind: str) -> None:
        self.spoil: list[tuple[int, dict[str, str], bool]] = []
        """Status (0: the server's) and headers for the next answers, and whether the server hears of the call all the same."""
        self.spoilt = 0
        gate = self

        class Handler(BaseHTTPRequestHandler):
            def _pass(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, headers, heard = gate.spoil.pop(0) if gate.spoil else (0, {}, True)
                answer = b""
                if heard:
                    got = httpx.request(
                        self.command,
                        behind + self.path,
                        content=body,
                        headers={"Content-Type": "application/json"},
                    )
                    answer = got.content
                gate.spoilt += bool(status)
                self.send_response(status or got.status_code)
                for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(answer))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            def do_GET(self) -> None:
                self._pass()

            def do_POST(self) -> None:
                self._pass()

            def do_DELETE(self) -> None:
                self._pass()

            def log_message(self, *_: object) -> None:
                """Tests print nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
        self._server.server_bind()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def start(self) -> None:
        self._server.server_activate()
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def gate(chroma_url: str) -> Iterator[Gate]:
    gate = Gate(chroma_url)
    yield gate
    gate.close()


@contextmanager
def teapot() -> Iterator[tuple[str, list[dict[str, str]]]]:
    asked: list[dict[str, str]] = []
    handler = type("Teapot", (_Teapot,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def test_nobody_answers() -> None:
    with teapot() as (url, _):
        pass
    with pytest.raises(StoreUnavailable, match=url):
        ChromaStore(url=url).describe("papers")


def test_something_else_answers_and_sees_the_credentials() -> None:
    with teapot() as (url, asked):
        store = ChromaStore(url=url, token="t0ken", headers={"X-Tenant-Key": "h1dden"})  # type: ignore[arg-type]
        with pytest.raises(StoreUnavailable, match="answers 418"):
            store.describe("papers")
    assert asked[0]["Authorization"] == "Bearer t0ken"
    assert asked[0]["X-Tenant-Key"] == "h1dden"


def test_the_surroundings_do_not_say_which_server(chroma_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("CHROMA_SERVER_HTTP_PORT=1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHROMA_SERVER_HOST", "elsewhere.invalid")
    store = ChromaStore(url=chroma_url)
    assert store.describe("papers") is None
    store.close()


def test_a_server_that_stops_and_comes_back(tmp_path: Path) -> None:
    with chroma_server(tmp_path / "data") as url:
        store = ChromaStore(url=url)
        ref = make_collection(store)
        store.upsert(ref, records_of(unit_vectors(10)))
    with pytest.raises(StoreUnavailable):
        store.query(ref, unit_vectors(1)[0], 3)
    with chroma_server(tmp_path / "data") as url:
        again = ChromaStore(url=url)
        assert len(again.query(ref, unit_vectors(1)[0], 30)) == 10
        again.close()
    store.close()


def test_a_server_that_is_not_up_yet_is_waited_for(gate: Gate) -> None:
    store = ChromaStore(url=gate.url)
    opening = threading.Timer(0.5, gate.start)
    opening.start()
    assert not [name for name, _ in store.collections() if name == "papers"]
    opening.join()
    store.close()


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_for_time_is_asked_again(gate: Gate, status: int) -> None:
    gate.start()
    store = ChromaStore(url=gate.url)
    store.collections()
    busy = (status, {"Retry-After": "0"}, False)
    gate.spoil = [busy]
    ref = make_collection(store)
    for call in (
        lambda: store.upsert(ref, records_of(unit_vectors(10))),
        lambda: store.query(ref, unit_vectors(1)[0], 3),
        lambda: store.remove(ref, ["r3"]),
    ):
        gate.spoil = [busy, busy]
        call()
    assert gate.spoilt == 7
    info = store.describe(ref.name)
    assert info is not None
    assert info.count == 9
    store.drop(ref)
    store.close()


def test_an_answer_that_was_lost_on_the_way(gate: Gate) -> None:
    gate.start()
    store = ChromaStore(url=gate.url)
    store.collections()
    lost = (502, {}, True)
    gate.spoil = [(0, {}, True), lost]  # the collection is looked for, and made
    ref = make_collection(store)
    assert ref.name in [name for name, _ in store.collections()]
    gate.spoil = [lost]
    store.drop(ref)
    assert ref.name not in [name for name, _ in store.collections()]
    store.close()


def test_a_server_that_asks_for_more_time_than_there_is_and_one_that_refuses_are_not_asked_again(gate: Gate) -> None:
    gate.start()
    store = ChromaStore(url=gate.url)
    store.collections()
    gate.spoil = [(503, {"Retry-After": "Fri, 31 Dec 2100 23:59:59 GMT"}, False)]
    with pytest.raises(StoreUnavailable, match="busy") as caught:
        store.collections()
    assert caught.value.retry_after is not None
    assert caught.value.retry_after > 3600
    gate.spoil = [(403, {}, False)]
    with pytest.raises(StoreUnavailable):
        store.collections()
    assert gate.spoilt == 2
    store.close()


def test_another_programs_collection_is_left_alone(store: ChromaStore, client: Client) -> None:
    name = f"theirs-{uuid.uuid4().hex}"
    theirs = client.create_collection(name, embedding_function=None)
    theirs.add(ids=["1"], embeddings=[[1.0, 0.0]])
    assert name not in [found for found, _ in store.collections()]
    calls = [
        lambda: store.describe(name),
        lambda: store.create(name, CollectionInfo("id", "acme", "papers", SPACE, 2)),
        lambda: store.upsert(CollectionRef(name, "id"), records_of(unit_vectors(1, dimension=2))),
        lambda: store.drop(CollectionRef(name, "id")),
    ]
    for call in calls:
        with pytest.raises(StoreUnavailable):
            call()
    assert theirs.count() == 1
    client.delete_collection(name)


def test_comparing_all_gives_what_the_index_gives(store: ChromaStore, client: Client, chroma_url: str) -> None:
    """What a search falls back to when the index does not find enough."""
    ref, vectors = make_collection(store), unit_vectors(1500)
    store.upsert(ref, records_of(vectors))
    collections = ChromaCollections(client, chroma_url, shared=True)
    exact = collections._nearest_exactly(client.get_collection(ref.name, embedding_function=None), 2 * vectors[3], 7, None)
    assert [id for id, _ in exact] == [f"r{row}" for row in nearest(vectors, vectors[3], 7)]
    np.testing.assert_allclose([score for _, score in exact], np.sort(vectors @ vectors[3])[::-1][:7], atol=1e-5)
    store.drop(ref)


def test_what_chroma_does_not_accept(store: ChromaStore) -> None:
    with pytest.raises(UsageError, match="name"):
        store.create("a name with spaces", CollectionInfo("id", "acme", "papers", SPACE, 2))
    ref = make_collection(store, dimension=2)
    with pytest.raises(UsageError, match="NaN"):
        store.upsert(ref, records_of(np.full((1, 2), np.nan, np.float32)))
    store.drop(ref)
