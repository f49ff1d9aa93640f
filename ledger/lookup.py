"""What a search needs of the ledger: which hits are live and permitted, in one snapshot."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, exists, or_, select

from core.principals import ANYONE
from ledger.database import Database, parts
from ledger.libraries import Generation
from ledger.schema import ChunkState, acl_principals, chunks, documents, files, libraries, quarantine, texts


@dataclass(frozen=True, slots=True)
class FoundChunk:
    """A live chunk with everything that people see of it."""

    chunk_id: str
    document_id: str
    body: str
    path: str
    name: str
    link: str | None
    title: str | None
    pages: tuple[int, ...]
    headings: tuple[str, ...]
    start: int
    end: int
    outdated: bool


@dataclass(frozen=True, slots=True)
class LiveView:
    """The ledger's word on some chunk ids, all of one instant."""

    publish_counter: int
    chunks: dict[str, FoundChunk]


def publish_counter(db: Database, library_id: int) -> int:
    """Moves whenever readers may see something else than before."""
    with db.read() as connection:
        return int(connection.execute(select(libraries.c.publish_counter).where(libraries.c.id == library_id)).scalar_one())


def live(db: Database, generation: Generation, ids: Sequence[str], principals: Sequence[str] | None) -> LiveView:
    """Those of `ids` that are live, and visible to one of `principals` (None: the library's owner, who sees all)."""
    with db.read() as connection:
        return live_within(db, connection, generation, ids, principals)


def live_within(
    db: Database, connection: Connection, generation: Generation, ids: Sequence[str], principals: Sequence[str] | None
) -> LiveView:
    """The same, in the caller's snapshot."""
    c, f, d = chunks.c, files.c, documents.c
    holder = files.alias("holder")
    failing = exists().where(quarantine.c.document_id.in_((c.document_id, f.container)))
    behind = or_(f.owed, failing, exists().where(holder.c.document_id == f.container, holder.c.owed))
    statement = (
        select(
            c.id, c.document_id, texts.c.text, c.body_offset, f.path, f.name, f.link,
            d.title, c.pages, c.headings, c.start, c.end, behind.label("outdated"),
        )
        .join(documents, d.document_id == c.document_id)
        .join(files, f.document_id == c.document_id)
        .join(texts, texts.c.text_hash == c.text_hash)
        .where(c.generation_id == generation.id, c.state == ChunkState.LIVE)
    )  # fmt: skip
    if principals is not None:
        statement = statement.where(f.acl_id.in_(_acls_of(db, principals)))
    counter = select(libraries.c.publish_counter).where(libraries.c.id == generation.library_id)
    moment = int(connection.execute(counter).scalar_one())
    found = {}
    for part in parts(ids):
        for row in connection.execute(statement.where(db.among(c.id, part))):
            found[row.id] = _found(row)
    return LiveView(moment, found)


def _found(row: Any) -> FoundChunk:
    return FoundChunk(
        chunk_id=row.id,
        document_id=row.document_id,
        body=row.text[row.body_offset :],
        path=row.path,
        name=row.name,
        link=row.link,
        title=row.title,
        pages=tuple(json.loads(row.pages)),
        headings=tuple(json.loads(row.headings)),
        start=row.start,
        end=row.end,
        outdated=row.outdated,
    )


def permitted_documents(db: Database, library_id: int, principals: Sequence[str], limit: int) -> list[str] | None:
    """The documents that `principals` may see, for the store to filter by; None if they are more than `limit`."""
    statement = (
        select(files.c.document_id)
        .join(documents, documents.c.document_id == files.c.document_id)
        .where(files.c.library_id == library_id, files.c.acl_id.in_(_acls_of(db, principals)))
        .limit(limit + 1)
    )
    with db.read() as connection:
        found = list(connection.execute(statement).scalars())
    return found if len(found) <= limit else None


def _acls_of(db: Database, principals: Sequence[str]) -> Select[tuple[int]]:
    c = acl_principals.c
    # Nothing tells when a right ends, so it is judged when the question is asked.
    lasting = or_(c.until.is_(None), c.until > time.time())
    return select(c.acl_id).where(db.among(c.principal, [*principals, ANYONE]), lasting)
