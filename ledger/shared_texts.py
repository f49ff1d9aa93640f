"""Texts and vectors are kept once for all libraries of the ledger: one takes them into use while another erases.

On SQLite writers come one after the other anyway. On PostgreSQL the runs of two libraries do not wait for each other, so that a
text could be erased by one in the moment in which the other finds it there and relies on it.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from ledger.database import Database

_LOCK = 1819110754  # any constant: keeps our locks apart from other users of the database


def use(db: Database, connection: Connection) -> None:
    """Until this transaction ends nothing is erased: it may rely on the texts that it finds, and let go of some."""
    if not db.is_sqlite:
        connection.execute(text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": _LOCK})


def collect(db: Database, connection: Connection) -> None:
    """Until this transaction ends no other takes texts into use, or lets go of any: what has no user now has none."""
    if not db.is_sqlite:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
