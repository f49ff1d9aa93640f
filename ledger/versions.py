"""The ledger's schema version: checked by a plain query, because importing Alembic costs half a second."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, inspect, text

from core.errors import LedgerTooNew

REVISIONS = ("0001", "0002", "0003", "0004")
"""Every schema revision in order; the last is what this program needs. A test compares it with migrations/versions."""


def upgrade(engine: Engine, found: str | None) -> None:
    """Bring the schema up to date from the revision `found`. Raises LedgerTooNew for one that this program does not know."""
    if found == REVISIONS[-1]:
        return
    if found is not None and found not in REVISIONS:
        raise LedgerTooNew(
            f"the ledger was written by a newer Levada (schema {found}, this one knows {REVISIONS[-1]}): upgrade Levada"
        )
    from alembic import command
    from alembic.config import Config

    config = Config()
    # The option is a template to Alembic: a per cent sign in the path must be doubled.
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["engine"] = engine
    command.upgrade(config, "head")


def current(engine: Engine) -> str | None:
    """The revision found in the database; None for an empty one."""
    if not inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as connection:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
