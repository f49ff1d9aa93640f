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


@contextmanager
def library_lock(db: Database, library: LibraryRow, wait: float = 0.0) -> Iterator[None]:
    """Hold the library. Raises LibraryBusy if another run still holds it after `wait` seconds."""
    lock = _file_lock if db.is_sqlite else _advisory_lock
    with lock(db, library, time.monotonic() + wait):
        yield


@contextmanager
def _file_lock(db: Database, library: LibraryRow, deadline: float) -> Iterator[None]:
    ledger = Path(str(db.engine.url.database)).resolve()  # one lock, by whatever path the ledger was opened
    path = ledger.with_name(f"{ledger.name}.run-{library.id}.lock")
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as exc:
                if time.monotonic() >= deadline:
                    raise _busy(library, os.pread(handle, 100, 0).decode(errors="replace")) from exc
                time.sleep(0.2)
        with suppress(OSError):  # who holds it is a courtesy; a full disk does not make the lock fail
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"process {os.getpid()}".encode(), 0)
        yield
    finally:
        os.close(handle)


@contextmanager
def _advisory_lock(db: Database, library: LibraryRow, deadline: float) -> Iterator[None]:
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
                    raise _busy(library, "another session of the database")
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


def _busy(library: LibraryRow, holder: str) -> LibraryBusy:
    return LibraryBusy(
        f"another ingest ({holder or 'unknown'}) is working on library {library.name!r}: wait for it, or use --wait"
    )
