"""What a database's own errors mean to a person: one line each, transient or permanent."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, OperationalError

from core.errors import LevadaError, PermanentError, TransientError

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_FORBIDDEN = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_AUTH)

# SQLSTATEs: PostgreSQL's documentation, appendix A. A server that cannot be reached at all gives none.
_DISK_FULL = "53100"
_NOT_ALLOWED = ("42501", "25006")
_CLASHES = ("40001", "40P01", "55P03")
_UNREACHABLE = ("08", "53", "57")


def explained(error: DBAPIError, where: str) -> LevadaError | None:
    """The error in words, `where` naming the ledger; None if it is a mistake of this program, to be shown as it is."""
    cause = error.orig
    words = " ".join(str(cause).split())
    if isinstance(cause, sqlite3.Error):
        # The lowest byte is the primary result code (sqlite.org/rescode.html); the others refine it.
        return _of_sqlite((getattr(cause, "sqlite_errorcode", None) or 0) & 0xFF, words, where)
    state = getattr(cause, "sqlstate", None)
    if state is None and not isinstance(error, OperationalError):
        return None
    return _of_postgresql(state, words, where)


def _of_sqlite(code: int, words: str, where: str) -> LevadaError | None:
    if code == sqlite3.SQLITE_FULL:
        return PermanentError(f"the disk of {where} is full: free some space, then run again")
    if code in _LOCKED:
        return TransientError(f"{where} is locked by another process: wait for it, or end it, then run again")
    if code in _DAMAGED:
        return PermanentError(
            f"{where} is damaged ({words}): move it away with its -wal and -shm files, then restore a backup or ingest again"
        )
    if code in _FORBIDDEN:
        return PermanentError(f"{where} cannot be written ({words}): give this user permission to the file and its directory")
    if code == sqlite3.SQLITE_IOERR:
        return PermanentError(f"the disk of {where} fails ({words}): check it, and that it is not full")
    return None


def _of_postgresql(state: str | None, words: str, where: str) -> LevadaError | None:
    if state == _DISK_FULL:
        return PermanentError(f"the disk of {where} is full: free some space on its server, then run again")
    if state in _NOT_ALLOWED:
        return PermanentError(f"{where} cannot be written ({words}): let its role write and create tables there")
    if state in _CLASHES:
        return TransientError(f"{where} was busy with another process ({words}): run again")
    if state is None or state[:2] in _UNREACHABLE:
        return TransientError(f"{where} does not answer ({words}): check its server and LEVADA_LEDGER_URL")
    return None
