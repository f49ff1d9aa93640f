"""Erasing what Chroma keeps of deleted records in its SQLite file (invariant I12).

Chroma 1.5.9 keeps its last writes in a log, texts and vectors of records deleted since among them, and frees pages without
overwriting them; its own `chroma vacuum` leaves the log as it is. To be called while nobody has the store open.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

_STEPS = 10_000
"""SQLite's steps between two looks whether to break off: a few milliseconds."""
_ROOM = 16 << 20
_DELETE = 3
"""An entry of the log that deletes has no content."""

# Entries that Chroma has carried out in the table of records, where nothing came of them that is still there. It carries the
# log out in its index later, and must find an entry of the same shape then. (CROSS JOIN: by SQLite's own choice it reads all.)
_BLANK_LOG = f"""
    UPDATE embeddings_queue AS entry SET metadata = NULL, vector = zeroblob(length(vector))
    WHERE operation <> {_DELETE} AND vector IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 FROM segments s LEFT JOIN max_seq_id m ON m.segment_id = s.id
        WHERE s.scope = 'METADATA' AND s.collection = substr(entry.topic, -36) AND coalesce(m.seq_id, 0) < entry.seq_id)
    AND NOT EXISTS (
        SELECT 1 FROM segments s CROSS JOIN embeddings e ON e.segment_id = s.id
        WHERE s.collection = substr(entry.topic, -36) AND e.embedding_id = entry.id)
"""


def erase_deleted(database: Path, interrupted: Callable[[], bool]) -> bool:
    """Leave nothing of deleted records in the file; False if it was broken off, with nothing lost.

    The file is written anew beside the old one and then takes its place: half the writing of an ordinary VACUUM, and a kill
    leaves the one or the other. Raises sqlite3.Error, or OSError (a full disk too).
    """
    draft = database.with_suffix(".new")
    draft.unlink(missing_ok=True)
    if shutil.disk_usage(database.parent).free < database.stat().st_size + _ROOM:
        raise OSError(f"no room to write {database} anew")
    try:
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.set_progress_handler(interrupted, _STEPS)
            connection.execute(_BLANK_LOG)
            connection.execute("VACUUM INTO ?", (str(draft),))
        _sync(draft)
        draft.replace(database)
        _sync(database.parent)
    except sqlite3.OperationalError:
        if not interrupted():
            raise
        return False
    finally:
        draft.unlink(missing_ok=True)
    return True


def _sync(path: Path) -> None:
    """SQLite leaves this to us here."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
