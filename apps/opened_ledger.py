"""The ledger opened in a command that needs nothing else: no Prefect, no model, no store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from core.settings import Settings
from ledger import libraries
from ledger.database import Database, open_ledger
from ledger.libraries import LibraryRow


@contextmanager
def ledger_of(library: str) -> Iterator[tuple[Database, LibraryRow]]:
    """The ledger and this library in it, or the default one of the settings. Raises UsageError if either is not there."""
    settings = Settings.from_env()
    db = open_ledger(settings.ledger_url, create=False)
    try:
        yield db, libraries.find(db, settings.tenant, library or settings.library)
    finally:
        db.close()
