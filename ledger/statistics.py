"""What `levada status` shows. Cheap: counts over indexes, no model, no store, no Prefect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, exists, func, select, union

from ledger.database import Database, unindexed
from ledger.libraries import LibraryRow, active
from ledger.schema import ChunkState, FileState, chunks, documents, files, quarantine, sources

_AWAITING = (FileState.AWAITING_LISTING, FileState.AWAITING_FLAG)
_ABSENT = (*_AWAITING, FileState.MOVING)


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts of one library at one instant."""

    files: int
    documents: int
    chunks: int
    owed: int
    """Files that wait for work, those in back-off included."""
    quarantined: int
    current: int
    """Published documents whose file is there, and neither owed nor quarantined."""
    outdated: int
    """Published documents whose newer revision is owed or quarantined."""
    awaiting_confirmation: int
    """Vanished files whose removal waits (invariant I5)."""
    generation: int | None


def collect(db: Database, library: LibraryRow, source_id: int | None = None) -> Statistics:
    """Count now, in one snapshot; of one source alone if it is named (its chunks are then counted as 0)."""
    f, d, q, c = files.c, documents.c, quarantine.c, chunks.c
    with db.read() as connection:
        # By source, as the indexes are; by ids rather than a subquery, so that PostgreSQL knows how many rows they have.
        of_library = select(sources.c.id).where(sources.c.library_id == library.id)
        mine = list(connection.execute(of_library).scalars()) if source_id is None else [source_id]
        of_files, of_documents, of_quarantine = f.source_id.in_(mine), d.source_id.in_(mine), q.source_id.in_(mine)
        published = exists().where(d.document_id == f.document_id)
        behind = select(f.document_id).where(of_files, f.owed, published)
        failing = select(q.document_id).where(of_quarantine, exists().where(d.document_id == q.document_id))
        # What lies in a file is as old as what was last read of that file.
        holder = files.alias("holder")
        of_holder = and_(holder.c.document_id == f.container, holder.c.owed, holder.c.source_id.in_(mine))
        held_behind = select(f.document_id).join(holder, of_holder).where(published)
        held_failing = select(f.document_id).join(quarantine, q.document_id == f.container).where(of_quarantine, published)
        exceptions = (behind, failing, held_behind, held_failing)
        absent = select(f.document_id).where(of_files, f.state.in_(_ABSENT), published)

        def count(statement: Select[Any]) -> int:
            return int(connection.execute(select(func.count()).select_from(statement.subquery())).scalar_one())

        generation = active(connection, library.id)
        live = 0
        if generation is not None and source_id is None:
            live = count(select(c.id).where(c.generation_id == generation.id, c.state == ChunkState.LIVE))
        all_documents = count(select(d.document_id).where(of_documents))
        return Statistics(
            files=count(select(f.document_id).where(of_files, f.state == FileState.PRESENT)),
            documents=all_documents,
            chunks=live,
            owed=count(select(f.document_id).where(of_files, f.file_id > b"", f.owed, unindexed(f.state) == FileState.PRESENT)),
            quarantined=count(select(q.document_id).where(of_quarantine)),
            # Told by the exceptions, which are few, rather than by looking at every file.
            current=all_documents - count(select(union(*exceptions, absent).subquery())),
            outdated=count(select(union(*exceptions).subquery())),
            awaiting_confirmation=count(select(f.document_id).where(of_files, f.state.in_(_AWAITING))),
            generation=generation.number if generation else None,
        )
