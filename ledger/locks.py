"""One run works on a library at a time: an OS file lock with SQLite, a session advisory lock with PostgreSQL.

Neither is timed, and both end with their process, however it ends.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.errors import LibraryBusy
from ledger.database import Database
from ledger.libraries import LibraryRow

_ADVISORY_CLASS = 1819110753  # any constant: keeps our lock numbers apart from other users of the database
_GLANCE = 0.1
"""Seconds for which a look whether the lock is free may be in the way of who takes it just then."""


@contextmanager
def library_lock(db: Database, library: LibraryRow, wait: float | None = None) -> Iterator[None]:
    """Hold the library. Raises LibraryBusy if another run still holds it after `wait` seconds; None: who asks cannot wait."""
    lock = _file_lock if db.is_sqlite else _advisory_lock
    with lock(db, library, wait):
        yield


def is_held(db: Database, library: LibraryRow) -> bool:
    """True if a run holds the library at this moment."""
    if db.is_sqlite:
        return _file_is_locked(_lock_file(db, library))
    advisory = text(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = :class AND objid = :id AND granted "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    with db.read() as connection:
        return bool(connection.execute(advisory, {"class": _ADVISORY_CLASS, "id": library.id}).scalar_one())


def _lock_file(db: Database, library: LibraryRow) -> Path:
    ledger = Path(str(db.engine.url.database)).resolve()  # one lock, by whatever path the ledger was opened
    return ledger.with_name(f"{ledger.name}.run-{library.id}.lock")


def _file_is_locked(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


@contextmanager
def _file_lock(db: Database, library: LibraryRow, wait: float | None) -> Iterator[None]:
    deadline = time.monotonic() + max(wait or 0.0, _GLANCE)
    handle = os.open(_lock_file(db, library), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as exc:
                if time.monotonic() >= deadline:
                    raise _busy(library, os.pread(handle, 100, 0).decode(errors="replace"), wait) from exc
                time.sleep(0.2)
        with suppress(OSError):  # who holds it is a courtesy; a full disk does not make the lock fail
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"process {os.getpid()}".encode(), 0)
        yield
    finally:
        os.close(handle)


@contextmanager
def _advisory_lock(db: Database, library: LibraryRow, wait: float | None) -> Iterator[None]:
    deadline = time.monotonic() + (wait or 0.0)
    # A connection of its own, without a transaction, for as long as the lock is held.
    with db.explaining():
        connection = db.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    numbers = {"class": _ADVISORY_CLASS, "id": library.id}
    try:
        with db.explaining():
            # The server itself finds out within a minute that a holder's machine is gone, and frees the lock.
            for setting in ("tcp_keepalives_idle = 30", "tcp_keepalives_interval = 10", "tcp_keepalives_count = 3"):
                connection.execute(text(f"SET {setting}"))
            while not connection.execute(text("SELECT pg_try_advisory_lock(:class, CAST(:id AS int))"), numbers).scalar():
                if time.monotonic() >= deadline:
                    raise _busy(library, "another session of the database", wait)
                time.sleep(0.2)
        try:
            yield
        finally:
            # A connection that was lost meanwhile has lost its lock already; the fence holds its writes off.
            with suppress(DBAPIError):
                connection.execute(text("SELECT pg_advisory_unlock(:class, CAST(:id AS int))"), numbers)
    finally:
        connection.invalidate()
        connection.close()


def _busy(library: LibraryRow, holder: str, wait: float | None) -> LibraryBusy:
    how = "try again when it has ended" if wait is None else "wait for it, or use --wait"
    return LibraryBusy(f"another run ({holder or 'unknown'}) is working on library {library.name!r}: {how}")
