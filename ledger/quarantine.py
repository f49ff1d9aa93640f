"""Quarantine: files that cannot be processed, visible and never in the way of others (invariant I6)."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, or_, select, update

from core.reasons import Reason
from ledger import members, runs
from ledger.database import Database, parts
from ledger.libraries import LibraryRow, hold
from ledger.removal import withdraw
from ledger.runs import Run
from ledger.schema import FileState, documents, files, quarantine, sources
from ledger.words import storable

LONGEST_DELAY = 6 * 3600.0
"""Seconds, give or take, that a transient failure waits at most: its reason's first delay is doubled each time."""


@dataclass(frozen=True, slots=True)
class FailedFile:
    """A file that could not be processed in this run."""

    document_id: str
    wanted: int
    stage: str
    reason: Reason
    detail: str
    content_hash: str | None = None
    """None if not even its bytes could be read."""
    fingerprint: str = ""
    engines: str = ""
    """What it is remembered by (Pipeline.failure_key); "": all extractors at hand."""


@dataclass(frozen=True, slots=True)
class QuarantinedFile:
    """A quarantine row, for people."""

    document_id: str
    path: str
    source: str
    stage: str
    reason: str
    detail: str
    attempts: int
    next_try: float | None
    first_at: float
    last_at: float
    outdated: bool
    """True if an older revision of it is still searchable."""
    name: str
    size: int
    """Bytes, as listed."""
    content_hash: str | None
    """Of the bytes that failed; None if they could not be read, or are to be tried again by request."""
    engines: str

    @property
    def engine(self) -> str | None:
        """Name and version of the extractor that refused it, e.g. "pdf/1"; None if it is not known or none had begun."""
        first = self.engines.partition("|")[0]
        return first if "/" in first else None


def record(db: Database, run: Run, failed: Sequence[FailedFile], engines: str) -> int:
    """Put files into quarantine, `engines` being the key of all extractors at hand; returns how many documents it withdrew.

    A transient failure stays owed, until its back-off is over; another one is not tried again before its bytes or the
    engines change. A reason that retires takes the published revision out as well. A file that changed meanwhile, or that is
    gone, is left alone.
    """
    now, f = time.time(), files.c
    withdrawn = 0
    with db.write() as connection:
        runs.fence(connection, run)
        present: dict[str, Any] = {}
        attempts: dict[str, int] = {}
        for part in parts(sorted({file.document_id for file in failed})):
            rows = connection.execute(
                select(f.document_id, f.wanted, f.source_id, f.fingerprint)
                .where(db.among(f.document_id, part), f.state == FileState.PRESENT)
                .order_by(f.document_id)
                .with_for_update(key_share=True)
            )
            present.update({row.document_id: row for row in rows})
            tried = select(quarantine.c.document_id, quarantine.c.attempts).where(db.among(quarantine.c.document_id, part))
            attempts.update(row._tuple() for row in connection.execute(tried))
        current = [x for x in failed if x.document_id in present and present[x.document_id].wanted == x.wanted]
        if current:
            _note(db, connection, run, current, present, attempts, engines, now)
            members.give_up(db, connection, [x.document_id for x in current if not x.reason.transient])
            withdrawn += members.retire_all(db, connection, run, [x.document_id for x in current if x.reason.retires])
        for part in parts([x.document_id for x in current if x.reason.retires]):
            withdrawn += withdraw(db, connection, run, part)
    return withdrawn


def _note(
    db: Database,
    connection: Connection,
    run: Run,
    failed: Sequence[FailedFile],
    present: Mapping[str, Any],
    attempts: Mapping[str, int],
    engines: str,
    now: float,
) -> None:
    entries, marks = [], []
    for x in failed:
        file, tried = present[x.document_id], attempts.get(x.document_id, 0) + 1
        next_try = now + _delay(x.reason, tried) if x.reason.transient else None
        entry = {
            "document_id": x.document_id, "library_id": run.library.id, "source_id": file.source_id, "stage": x.stage,
            "reason": x.reason.value, "detail": storable(x.detail), "attempts": tried, "next_try": next_try,
            "content_hash": x.content_hash, "engines": x.engines or engines, "first_at": now, "last_at": now,
        }  # fmt: skip
        entries.append(entry)
        # A lasting failure holds for the listed fingerprint, even if no byte could be read.
        seen = x.fingerprint if x.content_hash is not None else "" if x.reason.transient else file.fingerprint
        marks.append(
            {
                "document": x.document_id,
                "again": x.reason.transient,
                "at": next_try,
                "content": x.content_hash,
                "seen": seen or None,
            }
        )
    statement = db.insert(quarantine)
    names = ("stage", "reason", "detail", "attempts", "next_try", "content_hash", "engines", "last_at")
    overwrite = {name: statement.excluded[name] for name in names}
    connection.execute(statement.on_conflict_do_update(index_elements=["document_id"], set_=overwrite), entries)
    connection.execute(
        update(files)
        .where(files.c.document_id == bindparam("document"))
        .values(
            owed=bindparam("again"),
            retry_at=bindparam("at"),
            content_hash=bindparam("content"),
            read_fingerprint=bindparam("seen"),
            moved_from=None,
        ),
        marks,
    )


def count(db: Database, library: LibraryRow) -> int:
    """How many files of the library are in quarantine."""
    of_library = select(func.count()).select_from(quarantine).where(quarantine.c.library_id == library.id)
    with db.read() as connection:
        return int(connection.execute(of_library).scalar_one())


def known(db: Database, documents: Sequence[str]) -> dict[str, str]:
    """{document id: reason} of those that are in quarantine."""
    found: dict[str, str] = {}
    with db.read() as connection:
        for part in parts(documents):
            statement = select(quarantine.c.document_id, quarantine.c.reason).where(db.among(quarantine.c.document_id, part))
            found.update(row._tuple() for row in connection.execute(statement))
    return found


def rows(
    db: Database, library: LibraryRow, limit: int | None = None, which: str | None = None, place: str | None = None
) -> list[QuarantinedFile]:
    """The library's quarantine, latest first; not more than `limit`.

    All, or those whose path, name or document id is `which`, or whose path below their source's root is `place`.
    """
    q = quarantine.c
    statement = (
        select(
            q.document_id, files.c.path, sources.c.root, q.stage, q.reason, q.detail, q.attempts,
            q.next_try, q.first_at, q.last_at,
            documents.c.document_id.is_not(None),
            files.c.name, files.c.size, q.content_hash, q.engines,
        )
        .join(files, files.c.document_id == q.document_id)
        .join(sources, sources.c.id == q.source_id)
        .outerjoin(documents, documents.c.document_id == q.document_id)
        .where(q.library_id == library.id)
        .order_by(q.last_at.desc(), files.c.path)
        .limit(limit)
    )  # fmt: skip
    if which is not None:
        below_root = sources.c.root + "/" + files.c.path
        statement = statement.where(
            or_(q.document_id == which, files.c.path == which, files.c.name == which, below_root == place)
        )
    with db.read() as connection:
        return [QuarantinedFile(*row) for row in connection.execute(statement)]


def retry(db: Database, library: LibraryRow, which: str | None = None, place: str | None = None) -> int:
    """Owe quarantined files again at the next run; returns how many.

    All, or those whose path or document id is `which`, or whose path below their source's root is `place`.
    """
    q = quarantine.c
    statement = select(q.document_id).where(q.library_id == library.id).order_by(q.document_id)
    if which is not None:
        of_file = files.c.document_id == q.document_id
        below_root = sources.c.root + "/" + files.c.path
        statement = statement.join(files, of_file).join(sources, sources.c.id == files.c.source_id)
        statement = statement.where(or_(q.document_id == which, files.c.path == which, below_root == place))
    with db.write() as connection:
        # After whatever a run is writing just now: the two would otherwise touch the same rows in another order.
        hold(connection, library.id)
        ids = list(connection.execute(statement).scalars())
        for part in parts(ids):
            connection.execute(
                update(files)
                .where(db.among(files.c.document_id, part))
                .values(owed=True, retry_at=None, read_fingerprint=None, wanted=files.c.wanted + 1)
            )
            # Forgetting the content lets a permanent failure be tried again; the attempts go on counting.
            chosen = db.among(q.document_id, part)
            connection.execute(update(quarantine).where(chosen).values(content_hash=None, next_try=None))
    return len(ids)


def _delay(reason: Reason, attempts: int) -> float:
    return float(min(LONGEST_DELAY, reason.first_delay * 2.0 ** (attempts - 1)) * random.uniform(0.8, 1.2))
