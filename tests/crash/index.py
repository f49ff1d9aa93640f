"""What a library holds, read from the ledger's tables and the store itself, and what ought not to be left in either."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from blocks.library import Library
from blocks.stores.base import CollectionRef
from core.reasons import Reason

LIVE, PRESENT = 1, 0


@dataclass(frozen=True)
class ChunkFacts:
    """All that the ledger says of a live chunk."""

    id: str
    text: str
    start: int
    end: int
    body_offset: int
    pages: str
    headings: str


@dataclass(frozen=True)
class Published:
    """All that the ledger says of a published document, but when it was published."""

    path: str
    name: str
    acl: str
    content_hash: str
    media_type: str
    extractor: str
    chunker: str
    title: str | None
    metadata: str
    chunks: tuple[ChunkFacts, ...]

    @property
    def ids(self) -> frozenset[str]:
        """Its chunks."""
        return frozenset(chunk.id for chunk in self.chunks)


@dataclass(frozen=True)
class Index:
    """A library at rest."""

    documents: dict[str, Published]
    failing: dict[str, str]
    """Quarantined documents, with their reason."""
    places: frozenset[str] = frozenset()
    """Paths of all files, also of those that only hold others."""

    @property
    def waiting(self) -> set[str]:
        """Quarantined documents whose last good revision stays, if they have one."""
        return {document for document, reason in self.failing.items() if not Reason(reason).retires}


def read_index(ledger: Path) -> Index:
    """The published documents, with their chunks in order."""
    with closing(sqlite3.connect(ledger)) as db:
        chunks: dict[str, list[ChunkFacts]] = {}
        for document, *facts in db.execute(
            'SELECT c.document_id, c.id, t.text, c.start, c."end", c.body_offset, c.pages, c.headings'
            " FROM chunks c JOIN texts t USING (text_hash) WHERE c.state = ? ORDER BY c.document_id, c.ordinal",
            (LIVE,),
        ):
            chunks.setdefault(document, []).append(ChunkFacts(*facts))
        rows = db.execute(
            "SELECT d.document_id, f.path, f.name, a.principals, d.content_hash, d.media_type, d.extractor, d.chunker, d.title,"
            " d.metadata FROM documents d JOIN files f USING (document_id) JOIN acls a ON a.id = f.acl_id"
        )
        documents = {id: _published(facts, chunks.pop(id, [])) for id, *facts in rows}
        assert not chunks, f"live chunks of no document: {sorted(chunks)}"
        failing = dict(db.execute("SELECT document_id, reason FROM quarantine"))
        places = frozenset(path for (path,) in db.execute("SELECT path FROM files"))
    return Index(documents, failing, places)


def _published(facts: list[Any], chunks: list[ChunkFacts]) -> Published:
    names = [field.name for field in fields(Published)]
    return Published(**dict(zip(names, [*facts, tuple(chunks)], strict=True)))


LEFT = {
    "chunks that are not live": "SELECT id, state FROM chunks WHERE state != 1",
    "texts without a chunk": "SELECT hex(text_hash) FROM texts WHERE text_hash NOT IN (SELECT text_hash FROM chunks)",
    "vectors without a text": "SELECT hex(text_hash) FROM vectors WHERE text_hash NOT IN (SELECT text_hash FROM texts)",
    "live chunks without a vector": "SELECT id FROM chunks WHERE text_hash NOT IN (SELECT text_hash FROM vectors)",
    "text garbage": "SELECT hex(text_hash) FROM text_garbage",
    "content garbage": "SELECT content_hash FROM content_garbage",
    "listings": "SELECT id FROM listings",
    "listed files": "SELECT document_id FROM listed_files",
    "listed nodes": "SELECT hex(id) FROM listed_nodes",
    "files on their way": "SELECT path, state FROM files WHERE state != 0",
    "files owed": "SELECT path FROM files WHERE owed AND document_id NOT IN (SELECT document_id FROM quarantine)",
    "documents without a file": "SELECT document_id FROM documents WHERE document_id NOT IN (SELECT document_id FROM files)",
    "quarantine without a file": "SELECT document_id FROM quarantine WHERE document_id NOT IN (SELECT document_id FROM files)",
    "a rebuild": "SELECT id FROM generations WHERE rebuilding_collection IS NOT NULL",
    "places in the document that are not 0, 1, 2 ...": (
        "SELECT document_id FROM chunks GROUP BY document_id HAVING min(ordinal) != 0 OR max(ordinal) != count(*) - 1"
        " OR count(DISTINCT ordinal) != count(*)"
    ),
}
"""Queries that must find nothing once a run has ended well."""


def leftovers(ledger: Path, library: Path) -> list[str]:
    """What a kill left that the next run ought to have cleared away; `library` is the library's directory."""
    found = []
    with closing(sqlite3.connect(ledger)) as db:
        for what, query in LEFT.items():
            if rows := db.execute(query).fetchmany(3):
                found.append(f"{what}: {rows}")
        contents = {hash for (hash,) in db.execute("SELECT content_hash FROM documents")}
    if (library / "snapshots").exists():
        found.append(f"snapshots: {list((library / 'snapshots').iterdir())[:3]}")
    for path in (library / "texts").rglob("*"):
        if path.is_file() and (path.suffix == ".part" or path.name.partition(".")[0] not in contents):
            found.append(f"extracted text: {path.name}")
    return found


def disagreements(library: Library, ledger: Path) -> Iterator[str]:
    """Where the store is not what the ledger says: another store, other ids, other texts, other vectors."""
    with closing(sqlite3.connect(ledger)) as db:
        name, store_id = db.execute("SELECT collection, store_id FROM generations").fetchone()
        live = {
            id: (document, text, vector)
            for id, document, text, vector in db.execute(
                "SELECT c.id, c.document_id, t.text, v.vector FROM chunks c JOIN texts t USING (text_hash)"
                " JOIN vectors v USING (text_hash) WHERE c.state = 1"
            )
        }
    store = library.vectors
    names = [found for found, _info in store.collections()]
    if names != [name]:
        yield f"collections {names}, not {name}"
    ref = CollectionRef(name, store_id)
    held = [id for page in store.ids(ref) for id in page]
    if len(held) != len(set(held)):
        yield f"{len(held) - len(set(held))} ids twice"
    if missing := live.keys() - set(held):
        yield f"missing: {sorted(missing)[:3]} of {len(missing)}"
    if orphans := set(held) - live.keys():
        yield f"orphans: {sorted(orphans)[:3]} of {len(orphans)}"
    for record in store.fetch(ref, sorted(live.keys() & set(held))):
        document, text, vector = live[record.id]
        if (record.document_id, record.text) != (document, text):
            yield f"{record.id}: another text or document"
        if not np.allclose(record.vector, np.frombuffer(vector, dtype="<f4"), atol=1e-5):
            yield f"{record.id}: another vector"


def difference(found: Index, fresh: Index, kept: dict[str, list[Published]]) -> list[str]:
    """How an index differs from that of a fresh ingest (invariant I2); `kept`: what may stay of documents that fail now."""
    told = []
    if found.failing != fresh.failing:
        told.append(f"quarantine: {found.failing} instead of {fresh.failing}")
    for id in sorted(found.documents.keys() | fresh.documents.keys()):
        mine, theirs = found.documents.get(id), fresh.documents.get(id)
        if mine == theirs or (id in fresh.waiting and (mine is None or mine in kept.get(id, ()))):
            continue
        told.append(f"{(mine or theirs).path}: {_what(mine, theirs)}")  # type: ignore[union-attr]
    return told


def _what(mine: Published | None, theirs: Published | None) -> str:
    if mine is None or theirs is None:
        return "missing" if mine is None else "there is no such document"
    names = [name for name in (field.name for field in fields(Published)) if getattr(mine, name) != getattr(theirs, name)]
    return json.dumps({name: [repr(getattr(x, name))[:200] for x in (mine, theirs)] for name in names})
