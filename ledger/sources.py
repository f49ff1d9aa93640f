"""The sources of a library."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, delete, func, select, update

from core.drive_names import drive_name, undescribed
from core.errors import UsageError
from core.paths import real_path
from ledger import runs, trees
from ledger.database import Database
from ledger.libraries import LibraryRow
from ledger.removal import retire_gone
from ledger.schema import FileState, files, listed_files, listings, quarantine, sources


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source as the ledger knows it."""

    id: int
    kind: str
    root: str
    config: str
    """The adapter's own settings, as JSON; never a secret."""
    cursor: str | None
    listed_at: float | None


def all_of(db: Database, library: LibraryRow) -> list[SourceRow]:
    """Every source of the library, in the order they were added."""
    c = sources.c
    with db.read() as connection:
        rows = connection.execute(
            select(c.id, c.kind, c.root, c.config, c.cursor, c.listed_at).where(c.library_id == library.id).order_by(c.id)
        ).all()
    return [SourceRow(*row) for row in rows]


def choose(known: list[SourceRow], library: str, name: str | None) -> list[SourceRow]:
    """Those of a library's sources that `name` means: None for all, else a root, which for a folder may be written in any way.

    Raises UsageError if there is none.
    """
    if name is None:
        if not known:
            raise UsageError(f"library {library!r} has no source yet: name one, with `levada ingest PATH`")
        return known
    real = real_path(name)
    # A root as it is listed names just that source, even if a link to another stands in its place by now.
    found = [s for s in known if s.root == name] or [s for s in known if s.root == real]
    drive = drive_name(name)
    if drive is not None:
        found = [s for s in known if s.root == drive.root]
        if not found:
            raise undescribed(drive)
    if not found and Path(name).is_file():
        raise UsageError(f"{name!r} is a file, and a source is a folder: name the folder that holds it (--include picks files)")
    if not found:
        hint = "`levada source list` shows them" if known else "it has none yet"
        raise UsageError(f"{name!r} is neither a folder nor a source of library {library!r}: check the path ({hint})")
    return found


def file_count(db: Database, source: SourceRow) -> int:
    """How many files of the source are mirrored."""
    with db.read() as connection:
        return int(connection.execute(select(func.count()).where(files.c.source_id == source.id)).scalar_one())


def ensure(db: Database, library: LibraryRow, kind: str, root: str, config: str) -> SourceRow:
    """The source with that root, made or its settings brought up to date."""
    row = {"library_id": library.id, "kind": kind, "root": root, "config": config, "added_at": time.time()}
    statement = db.insert(sources).values(row)
    with db.write() as connection:
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["library_id", "kind", "root"],
                set_={"config": statement.excluded.config},
                where=sources.c.config != statement.excluded.config,
            )
        )
    return next(found for found in all_of(db, library) if (found.kind, found.root) == (kind, root))


def remove(db: Database, run: runs.Run, source: SourceRow) -> int:
    """Take a source with all its documents out of the library; returns how many it had. Its chunks turn stale."""
    with db.write() as connection:
        runs.fence(connection, run)
        connection.execute(update(files).where(files.c.source_id == source.id).values(state=FileState.GONE))
        removed = retire_gone(db, connection, run, source.id)
        forget_staged(connection, source.id)
        trees.forget(connection, source.id)
        connection.execute(delete(quarantine).where(quarantine.c.source_id == source.id))
        connection.execute(delete(sources).where(sources.c.id == source.id))
    return removed


def forget_unlisted(db: Database, run: runs.Run, source: SourceRow) -> None:
    """Take the source out if no listing of it came to an end, or can be gone on with: nothing is known of it but its name."""
    with db.write() as connection:
        runs.fence(connection, run)
        half_way = select(listings.c.id).where(listings.c.source_id == source.id, listings.c.position.is_not(None))
        if connection.execute(half_way.limit(1)).first() is not None:
            return
        forget_staged(connection, source.id)
        connection.execute(delete(sources).where(sources.c.id == source.id, sources.c.listed_at.is_(None)))


def forget_staged(connection: Connection, source_id: int) -> None:
    """Drop whatever a listing of the source has staged."""
    held = list(connection.execute(select(listings.c.id).where(listings.c.source_id == source_id)).scalars())
    connection.execute(delete(listed_files).where(listed_files.c.listing_id.in_(held)))
    trees.forget_staged(connection, held)
    connection.execute(delete(listings).where(listings.c.id.in_(held)))
