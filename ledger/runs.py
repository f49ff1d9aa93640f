"""Runs, and the fence that keeps a run from writing after a later one took its library over."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace

from sqlalchemy import Connection, insert, select, update

from ledger import locks
from ledger.database import Database
from ledger.libraries import Generation, LibraryRow
from ledger.libraries import fence as fence_epoch
from ledger.schema import libraries, runs

_LOOKED_BACK = 20
"""Reports of earlier runs that a new one looks through for names: those before them were looked through already."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run at work: every write of its goes through `fence`."""

    id: int
    library: LibraryRow
    generation: Generation
    epoch: int


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as history keeps it; `state` is running, completed, partial, failed, cancelled or died (killed)."""

    id: int
    flow_run_id: str | None
    started_at: float
    finished_at: float | None
    state: str
    report: str | None


def begin(db: Database, library: LibraryRow, generation: Generation, flow_run_id: str | None) -> Run:
    """Start a run: from now on writes of all earlier runs on this library are refused. The caller holds the library's lock.

    Earlier reports keep their numbers only: the files that they name may soon be gone (invariant I12).
    """
    with db.write() as connection:
        connection.execute(update(libraries).where(libraries.c.id == library.id).values(epoch=libraries.c.epoch + 1))
        epoch = connection.execute(select(libraries.c.epoch).where(libraries.c.id == library.id)).scalar_one()
        connection.execute(
            update(runs)
            .where(runs.c.library_id == library.id, runs.c.finished_at.is_(None))
            .values(state="died", finished_at=time.time())
        )
        _forget_names(connection, library)
        row = {
            "library_id": library.id,
            "flow_run_id": flow_run_id,
            "epoch": epoch,
            "started_at": time.time(),
            "state": "running",
        }
        run_id = connection.execute(insert(runs).values(row).returning(runs.c.id)).scalar_one()
    return Run(run_id, library, generation, epoch)


def _forget_names(connection: Connection, library: LibraryRow) -> None:
    c = runs.c
    latest = (
        select(c.id, c.report)
        .where(c.library_id == library.id, c.report.is_not(None))
        .order_by(c.id.desc())
        .limit(_LOOKED_BACK)
    )
    for id, text in connection.execute(latest).all():
        report = json.loads(text)
        if report.get("failures") or report.get("warnings") or report.get("error"):
            numbers = json.dumps(report | {"failures": [], "warnings": [], "error": ""}, ensure_ascii=False)
            connection.execute(update(runs).where(c.id == id).values(report=numbers))


def finish(db: Database, run: Run, state: str, report: str | None) -> None:
    """Close the run's row: state is completed, partial, failed or cancelled; the report is one line of JSON."""
    with db.write() as connection:
        connection.execute(update(runs).where(runs.c.id == run.id).values(state=state, report=report, finished_at=time.time()))


def last(db: Database, library: LibraryRow) -> RunRow | None:
    """The latest ingest of the library; repairs and removals of sources, which no flow runs, are none.

    One that was killed is "running" in its row until the next run begins; here it is "died" as soon as nothing is at work.
    """
    found = _last(db, library)
    if found is None or found.state != "running" or locks.is_held(db, library):
        return found
    # It may have ended between the two looks.
    found = _last(db, library)
    return replace(found, state="died") if found is not None and found.state == "running" else found


def _last(db: Database, library: LibraryRow) -> RunRow | None:
    c = runs.c
    with db.read() as connection:
        row = connection.execute(
            select(c.id, c.flow_run_id, c.started_at, c.finished_at, c.state, c.report)
            .where(c.library_id == library.id, c.flow_run_id.is_not(None))
            .order_by(c.id.desc())
            .limit(1)
        ).one_or_none()
    return RunRow(*row) if row else None


def fence(connection: Connection, run: Run) -> None:
    """Refuse a late writer: raises Fenced if a later run has begun. Holds the library's row until the transaction ends.

    So the writes of a library come one after the other on PostgreSQL too, and what a transaction reads after its fence stays
    true until it commits.
    """
    fence_epoch(connection, run.library.id, run.epoch)


def publish(connection: Connection, run: Run) -> None:
    """Move the publish counter: something that readers see has changed."""
    connection.execute(
        update(libraries).where(libraries.c.id == run.library.id).values(publish_counter=libraries.c.publish_counter + 1)
    )
