"""Chroma: embedded in a directory, or a server by URL."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from prefect.types import SecretDict
from pydantic import Field, HttpUrl, PrivateAttr, SecretStr, field_validator, model_validator

from .base import CollectionInfo, CollectionRef, Hit, Record, Vector, VectorStore
from .chroma_collections import READ_BATCH, WRITE_BATCH
from .chroma_embedded import EmbeddedChroma
from .chroma_server import ChromaServer

_IDS_PAGE = 5_000


class _Backend:
    """The open end of a store, made at the first call. A copy of the block, or a pickled one, gets an end of its own."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.open: EmbeddedChroma | ChromaServer | None = None

    def __reduce__(self) -> tuple[type[_Backend], tuple[()]]:
        return _Backend, ()


class ChromaStore(VectorStore):
    """Chroma: embedded in a directory of this machine, or a server by URL.

    An embedded store belongs to an owner process, which is started when needed, serves all processes of the same user and
    ends with the last of them; so a search works while an ingest runs.

    Example:
        Load a stored block and ask what it holds:
        ```python
        from blocks.stores.chroma import ChromaStore

        store = ChromaStore.load("BLOCK_NAME")
        print(store.describe("default"))
        ```
    """

    _block_type_name = "Levada Chroma"
    _block_type_slug = "levada-chroma"
    _description = "A vector store in Chroma: embedded in a directory of this machine, or a server by URL."
    _documentation_url = HttpUrl("https://docs.trychroma.com")

    path: Path | None = Field(default=None, description="Directory of an embedded store. Either this or a URL.")
    url: str | None = Field(default=None, description="Address of a Chroma server, such as http://chroma:8000.")
    token: SecretStr | None = Field(default=None, description="Sent to the server as a bearer token.")
    headers: SecretDict = Field(default_factory=lambda: SecretDict({}), description="Further HTTP headers for the server.")
    tenant: str = Field(default="default_tenant", description="The server's tenant (Chroma's own, not Levada's).")
    database: str = Field(default="default_database", description="The server's database.")
    timeout: float = Field(default=120.0, gt=0, description="Seconds that a server may take to answer.")
    linger: float = Field(
        default=1.0,
        ge=0,
        le=60,
        description="Seconds that the owner of an embedded store stays after its last client has gone.",
    )

    _backend: _Backend = PrivateAttr(default_factory=_Backend)

    @field_validator("path")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return None if path is None else path.expanduser().absolute()

    @field_validator("url")
    @classmethod
    def _address(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be a URL such as http://chroma:8000")
        if parts.username or parts.password:
            raise ValueError("must hold no password; use token or headers")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _one_place(self) -> ChromaStore:
        if (self.path is None) == (self.url is None):
            raise ValueError("needs either a path or a url")
        return self

    def warm_up(self) -> None:
        """Start the owner of an embedded store without waiting for it, so that the first call finds it ready (about 1 s)."""
        backend = self._open()
        if isinstance(backend, EmbeddedChroma):
            backend.warm_up()

    def describe(self, name: str) -> CollectionInfo | None:
        found = self._call("describe", {"name": name})
        return None if found is None else CollectionInfo(**found)

    def create(self, name: str, info: CollectionInfo) -> None:
        stamp = asdict(info)
        del stamp["count"], stamp["doubted"]
        self._call("create", {"name": name}, info=stamp)

    def collections(self) -> list[tuple[str, CollectionInfo]]:
        return [(name, CollectionInfo(**info)) for name, info in self._call("collections", {})]

    @property
    def shared(self) -> bool:
        return self.url is not None

    def upsert(self, ref: CollectionRef, records: Sequence[Record]) -> None:
        for start in range(0, len(records), WRITE_BATCH):
            part = records[start : start + WRITE_BATCH]
            self._call(
                "upsert",
                _of(ref),
                np.stack([record.vector for record in part]).astype(np.float32, copy=False),
                ids=[record.id for record in part],
                documents=[record.document_id for record in part],
                texts=[record.text for record in part],
            )

    def remove(self, ref: CollectionRef, ids: Sequence[str]) -> None:
        for start in range(0, len(ids), WRITE_BATCH):
            self._call("delete", _of(ref), ids=list(ids[start : start + WRITE_BATCH]))

    def query(self, ref: CollectionRef, vector: Vector, k: int, document_ids: Sequence[str] | None = None) -> list[Hit]:
        documents = None if document_ids is None else list(document_ids)
        ids, scores = self._call("query", _of(ref), vector.reshape(1, -1), k=k, documents=documents)
        return [Hit(id_, score) for id_, score in zip(ids, scores, strict=True)]

    def fetch(self, ref: CollectionRef, ids: Sequence[str]) -> list[Record]:
        records: list[Record] = []
        for start in range(0, len(ids), READ_BATCH):
            columns, vectors = self._ask("fetch", _of(ref), None, ids=list(ids[start : start + READ_BATCH]))
            records += map(Record, columns["ids"], columns["documents"], columns["texts"], vectors)
        return records

    def ids(self, ref: CollectionRef) -> Iterator[list[str]]:
        offset = 0
        while page := self._call("ids", _of(ref), offset=offset, limit=_IDS_PAGE):
            yield page
            offset += len(page)

    def trust(self, ref: CollectionRef) -> None:
        if not self.shared:
            self._call("trust", _of(ref))

    def drop(self, ref: CollectionRef) -> None:
        self._call("drop", _of(ref))

    def set_aside(self) -> str | None:
        backend = self._open()
        return backend.set_aside() if isinstance(backend, EmbeddedChroma) else None

    def discard_aside(self, tenant: str, library: str) -> None:
        backend = self._open()
        if isinstance(backend, EmbeddedChroma):
            backend.discard_aside(tenant, library)

    def close(self) -> None:
        with self._backend.lock:
            backend, self._backend.open = self._backend.open, None
        if backend is not None:
            backend.close()

    def _call(self, op: str, target: dict[str, str], vectors: Vector | None = None, **args: Any) -> Any:
        return self._ask(op, target, vectors, **args)[0]

    def _ask(self, op: str, target: dict[str, str], vectors: Vector | None, **args: Any) -> tuple[Any, Any]:
        return self._open().execute(op, {**target, **args}, vectors)

    def _open(self) -> EmbeddedChroma | ChromaServer:
        with self._backend.lock:
            if self._backend.open is None:
                self._backend.open = self._embedded() if self.path is not None else self._server()
            return self._backend.open

    def _embedded(self) -> EmbeddedChroma:
        assert self.path is not None
        return EmbeddedChroma(self.path, self.linger)

    def _server(self) -> ChromaServer:
        assert self.url is not None
        headers = {key: str(value) for key, value in self.headers.get_secret_value().items()}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token.get_secret_value()}"
        return ChromaServer(self.url, headers, self.tenant, self.database, self.timeout)


def _of(ref: CollectionRef) -> dict[str, str]:
    return {"name": ref.name, "store_id": ref.store_id}
