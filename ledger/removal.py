"""Taking documents out of the library: their chunks turn stale at once, deletion in the store follows."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, delete, func, literal, select, update

from ledger import runs
from ledger.database import Database
from ledger.runs import Run
from ledger.schema import ChunkState, FileState, chunks, content_garbage, documents, files, quarantine


def retire_gone(db: Database, connection: Connection, run: Run, source_id: int) -> int:
    """Take out every file of the source that is marked GONE, with all that lies in it; returns how many documents they were."""
    _take_members_along(connection, source_id)
    gone = select(files.c.document_id).where(files.c.source_id == source_id, files.c.state == FileState.GONE)
    removed = withdraw(db, connection, run, gone)
    connection.execute(delete(quarantine).where(quarantine.c.document_id.in_(gone)))
    connection.execute(delete(files).where(files.c.source_id == source_id, files.c.state == FileState.GONE))
    return removed


def _take_members_along(connection: Connection, source_id: int) -> None:
    f = files.c
    gone = select(f.document_id).where(f.source_id == source_id, f.state == FileState.GONE)
    inside = update(files).where(f.container.in_(gone), f.state != FileState.GONE).values(state=FileState.GONE)
    while connection.execute(inside).rowcount:  # once for each depth
        pass


def withdraw(db: Database, connection: Connection, run: Run, document_ids: object) -> int:
    """Unpublish documents (a subquery or a list of ids); returns how many were published. Their files stay mirrored."""
    published = documents.c.document_id.in_(document_ids)  # type: ignore[arg-type]
    count = int(connection.execute(select(func.count()).select_from(documents).where(published)).scalar_one())
    if count:
        connection.execute(
            update(chunks)
            .where(chunks.c.document_id.in_(document_ids), chunks.c.state == ChunkState.LIVE)  # type: ignore[arg-type]
            .values(state=ChunkState.STALE)
        )
        suspect_contents_of(db, connection, run, published)
        connection.execute(delete(documents).where(published))
        runs.publish(connection, run)
    return count


def suspect_contents_of(db: Database, connection: Connection, run: Run, published: ColumnElement[bool]) -> None:
    """The contents of these documents are about to lose a user."""
    contents = select(literal(run.library.id), documents.c.content_hash).where(published).distinct()
    statement = db.insert(content_garbage).from_select(["library_id", "content_hash"], contents)
    connection.execute(statement.on_conflict_do_nothing())
