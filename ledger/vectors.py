"""Vectors, kept once by (space, text): so that the store can be rebuilt, and nothing is embedded twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, select

from ledger.database import Database, parts
from ledger.libraries import Generation
from ledger.schema import ChunkState, chunks, texts, vectors


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """What the store should hold of a live chunk."""

    id: str
    document_id: str
    text: str
    vector: bytes
    """float32, little endian, as many as the space has dimensions."""


def known(db: Database, space_id: int, hashes: Sequence[bytes]) -> dict[bytes, bytes]:
    """The vectors that the ledger holds for these texts: {text hash: float32 bytes}."""
    v = vectors.c
    found: dict[bytes, bytes] = {}
    with db.read() as connection:
        for part in parts(hashes):
            statement = select(v.text_hash, v.vector).where(v.space_id == space_id, db.among(v.text_hash, part))
            found.update(row._tuple() for row in connection.execute(statement))
    return found


def live_count(db: Database, generation: Generation) -> int:
    """How many chunks are live."""
    c = chunks.c
    with db.read() as connection:
        statement = select(func.count()).where(c.generation_id == generation.id, c.state == ChunkState.LIVE)
        return int(connection.execute(statement).scalar_one())


def live_ids(db: Database, generation: Generation, ids: Sequence[str]) -> set[str]:
    """Those of `ids` that are live."""
    c = chunks.c
    found: set[str] = set()
    with db.read() as connection:
        for part in parts(ids):
            statement = select(c.id).where(c.generation_id == generation.id, db.among(c.id, part), c.state == ChunkState.LIVE)
            found |= set(connection.execute(statement).scalars())
    return found


def live_chunks(db: Database, generation: Generation, page: int = 1_000) -> Iterator[list[StoredChunk]]:
    """Every live chunk with its text and vector, by id, a page at a time; each page is one snapshot."""
    c, after = chunks.c, ""
    while True:
        statement = (
            select(c.id, c.document_id, texts.c.text, vectors.c.vector)
            .join(texts, texts.c.text_hash == c.text_hash)
            .join(vectors, and_(vectors.c.text_hash == c.text_hash, vectors.c.space_id == generation.space_id))
            .where(c.generation_id == generation.id, c.state == ChunkState.LIVE, c.id > after)
            .order_by(c.id)
            .limit(page)
        )
        with db.read() as connection:
            found = [StoredChunk(*row) for row in connection.execute(statement)]
        if not found:
            return
        yield found
        after = found[-1].id


def live_vectors(connection: Connection, generation: Generation, page: int = 4_000) -> Iterator[list[tuple[str, str, bytes]]]:
    """(id, document id, vector) of every live chunk, in pages, within the caller's snapshot: for a search without a store."""
    c = chunks.c
    statement = (
        select(c.id, c.document_id, vectors.c.vector)
        .join(vectors, and_(vectors.c.text_hash == c.text_hash, vectors.c.space_id == generation.space_id))
        .where(c.generation_id == generation.id, c.state == ChunkState.LIVE)
    )
    result = connection.execute(statement.execution_options(stream_results=True, max_row_buffer=page))
    for rows in result.partitions(page):
        yield [(id, document, vector) for id, document, vector in rows]
