"""The publish protocol, step 4, and what a crash leaves behind: claim, let the store delete, forget.

An id that is being deleted cannot be staged again until it is forgotten, so that a late deletion never hits a new record.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, delete, exists, func, select, update

from ledger import runs, shared_texts
from ledger.database import IN_LIST, Database, parts
from ledger.runs import Run
from ledger.schema import ChunkState, chunks, content_garbage, documents, text_garbage, texts, vectors


def abandon_staged(db: Database, run: Run) -> int:
    """Chunks that a dead run staged: nobody will publish them, so the store must forget them. Returns how many."""
    with db.write() as connection:
        runs.fence(connection, run)
        c = chunks.c
        staged = (c.generation_id == run.generation.id) & (c.state == ChunkState.STAGED)
        return int(connection.execute(update(chunks).where(staged).values(state=ChunkState.STALE)).rowcount)


def claim(db: Database, run: Run, limit: int) -> list[str]:
    """Up to `limit` ids to delete from the store: those that an earlier run claimed, then stale ones, claimed now."""
    c = chunks.c

    def of(state: ChunkState, count: int) -> Select[Any]:
        return select(c.id).where(c.generation_id == run.generation.id, c.state == state).order_by(c.id).limit(count)

    with db.write() as connection:
        runs.fence(connection, run)
        ids = list(connection.execute(of(ChunkState.DELETING, limit)).scalars())
        stale = list(connection.execute(of(ChunkState.STALE, limit - len(ids))).scalars()) if len(ids) < limit else []
        for part in parts(stale):
            connection.execute(
                update(chunks)
                .where(c.generation_id == run.generation.id, db.among(c.id, part), c.state == ChunkState.STALE)
                .values(state=ChunkState.DELETING)
            )
    return ids + stale


def forget(db: Database, run: Run, ids: Sequence[str]) -> None:
    """The store has deleted these claimed ids."""
    c = chunks.c
    with db.write() as connection:
        runs.fence(connection, run)
        shared_texts.use(db, connection)
        for part in parts(ids):
            claimed = (c.generation_id == run.generation.id) & db.among(c.id, part) & (c.state == ChunkState.DELETING)
            hashes = select(c.text_hash).where(claimed).distinct().order_by(c.text_hash)
            connection.execute(db.insert(text_garbage).from_select(["text_hash"], hashes).on_conflict_do_nothing())
            connection.execute(delete(chunks).where(claimed))


def erase_texts(db: Database, run: Run, limit: int = IN_LIST) -> int:
    """Erase texts and vectors whose last user is gone (invariant I12), a part at a time; returns how many were looked at."""
    garbage = text_garbage.c.text_hash
    with db.write() as connection:
        runs.fence(connection, run)
        shared_texts.collect(db, connection)
        hashes = list(connection.execute(select(garbage).order_by(garbage).limit(min(limit, IN_LIST))).scalars())
        if hashes:
            looked_at = db.among(garbage, hashes)
            dead = select(garbage).where(looked_at, ~exists().where(chunks.c.text_hash == garbage))
            connection.execute(delete(vectors).where(vectors.c.text_hash.in_(dead)))
            connection.execute(delete(texts).where(texts.c.text_hash.in_(dead)))
            connection.execute(delete(text_garbage).where(looked_at))
    return len(hashes)


def suspect_contents(db: Database, run: Run, contents: Sequence[str]) -> None:
    """Note contents whose extracted text is about to be kept: if no document comes of them, it is erased again."""
    if not contents:
        return
    with db.write() as connection:
        runs.fence(connection, run)
        rows = [{"library_id": run.library.id, "content_hash": content} for content in sorted(set(contents))]
        connection.execute(db.insert(content_garbage).on_conflict_do_nothing(), rows)


def unused_contents(db: Database, run: Run, limit: int = 1_000) -> tuple[list[str], list[str]]:
    """(contents whose extracted text this library needs no more, contents looked at), of those that lost a user."""
    g, d = content_garbage.c, documents.c
    used = exists().where(d.content_hash == g.content_hash, d.library_id == g.library_id)
    statement = select(g.content_hash, used).where(g.library_id == run.library.id).order_by(g.content_hash).limit(limit)
    with db.read() as connection:
        rows = connection.execute(statement).all()
    return [content for content, needed in rows if not needed], [content for content, _needed in rows]


def settle_contents(db: Database, run: Run, contents: Sequence[str]) -> None:
    """These contents were dealt with: erased, or still in use."""
    g = content_garbage.c
    with db.write() as connection:
        runs.fence(connection, run)
        for part in parts(contents):
            connection.execute(delete(content_garbage).where(g.library_id == run.library.id, db.among(g.content_hash, part)))


def pending(db: Database, run: Run) -> int:
    """How many chunks wait for deletion or are staged."""
    c = chunks.c
    with db.read() as connection:
        others = [state for state in ChunkState if state != ChunkState.LIVE]  # named one by one, for the index
        statement = select(func.count()).where(c.generation_id == run.generation.id, c.state.in_(others))
        return int(connection.execute(statement).scalar_one())
