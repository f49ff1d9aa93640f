"""The mirror of a source, read only: what a plan compares a listing with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import and_, func, select

from core.report import SyncReport
from ledger.database import Database, parts
from ledger.libraries import LibraryRow
from ledger.listings import outside
from ledger.owed import Pipeline, is_given_up, is_opened_otherwise, is_outdated
from ledger.schema import FileState, documents, files, quarantine, runs, sources


def unsettled(db: Database, fingerprints: Mapping[str, str], pipeline: Pipeline) -> set[str]:
    """Of these files, {document id: fingerprint}, those that a run would have to read.

    New, changed or owed, or published or given up by other versions than `pipeline`.
    """
    f, settled = files.c, set()
    current = (
        select(f.document_id, f.read_fingerprint)
        .outerjoin(documents, documents.c.document_id == f.document_id)
        .outerjoin(quarantine, quarantine.c.document_id == f.document_id)
        .where(f.owed.is_(False))
        .where(documents.c.document_id.is_(None) | ~is_outdated(pipeline))
        .where(quarantine.c.document_id.is_(None) | ~is_given_up(pipeline))
        .where(f.opened_by.is_(None) | ~is_opened_otherwise(pipeline))
    )
    with db.read() as connection:
        for part in parts(list(fingerprints)):
            rows = connection.execute(current.where(f.document_id.in_(part)))
            settled |= {document for document, fingerprint in rows if fingerprint and fingerprint == fingerprints[document]}
    return fingerprints.keys() - settled


def present(db: Database, document_ids: Sequence[str]) -> int:
    """How many of these documents are mirrored as present."""
    with db.read() as connection:
        return sum(
            int(
                connection.execute(
                    select(func.count()).where(files.c.document_id.in_(part), files.c.state == FileState.PRESENT)
                ).scalar_one()
            )
            for part in parts(document_ids)
        )


def known_count(db: Database, library: LibraryRow, kind: str, root: str, unlisted: Sequence[bytes] = ()) -> int:
    """How many files of a source are mirrored and not yet known to have vanished, other than under the unlisted prefixes."""
    of_root = (sources.c.library_id == library.id) & (sources.c.kind == kind) & (sources.c.root == root)
    with db.read() as connection:
        source = connection.execute(select(sources.c.id).where(of_root)).scalar()
        listed = and_(files.c.source_id == source, files.c.container.is_(None))
        present = and_(listed, files.c.state == FileState.PRESENT, *outside(files, unlisted))
        statement = select(func.count()).where(present)
        return 0 if source is None else int(connection.execute(statement).scalar_one())


def embedding_rate(db: Database, library: LibraryRow, at_least: int = 100) -> float | None:
    """Chunks embedded per second in the latest run that embedded enough of them to tell; None if there is none."""
    statement = (
        select(runs.c.report)
        .where(runs.c.library_id == library.id, runs.c.report.is_not(None))
        .order_by(runs.c.id.desc())
        .limit(20)
    )
    with db.read() as connection:
        reports = [SyncReport.from_json(text) for text in connection.execute(statement).scalars()]
    for report in reports:
        seconds = report.seconds.get("embed", 0.0)
        if report.chunks_embedded >= at_least and seconds > 0:
            return report.chunks_embedded / seconds
    return None
