"""The migrations build just the schema that the code is written for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, text

from ledger import versions
from ledger.database import open_ledger
from ledger.schema import metadata

MIGRATIONS = Path(versions.__file__).with_name("migrations")


def sqlite_schema(engine: Engine) -> dict[str, str]:
    """Every table and index as SQLite remembers its making, but for white space and the order inside."""
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")).all()
    return {name: " ".join(sorted(sql.replace(",", " ").replace("(", " ").replace(")", " ").split())) for name, sql in rows}


def postgresql_schema(engine: Engine) -> set[tuple[str, ...]]:
    """Every column with its type and collation, every index and constraint, as PostgreSQL describes them."""
    queries = (
        "SELECT table_name, column_name, data_type, coalesce(character_maximum_length, 0)::text, is_nullable,"
        " coalesce(collation_name, ''), coalesce(column_default, '') FROM information_schema.columns"
        " WHERE table_schema = 'public'",
        "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace",
    )
    with engine.connect() as connection:
        found = {tuple(row) for query in queries for row in connection.execute(text(query)).all()}
    return {row for row in found if row[0] != "alembic_version"}


def test_the_migrations_build_the_schema_on_sqlite(tmp_path: Path, migrated_file: Path) -> None:
    migrated, made = create_engine(f"sqlite:///{migrated_file}"), create_engine(f"sqlite:///{tmp_path / 'made.db'}")
    metadata.create_all(made)
    expected, found = sqlite_schema(made), sqlite_schema(migrated)
    del found["alembic_version"]
    assert found == expected
    for engine in (migrated, made):
        engine.dispose()


def test_the_migrations_build_the_schema_on_postgresql(migrated_postgresql_url: str, empty_postgresql_url: str) -> None:
    migrated, made = create_engine(migrated_postgresql_url), create_engine(empty_postgresql_url)
    metadata.create_all(made)
    assert postgresql_schema(migrated) == postgresql_schema(made)
    for engine in (migrated, made):
        engine.dispose()


def test_alembic_would_change_nothing(ledger_url: str) -> None:
    engine = create_engine(ledger_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_program_knows_every_revision_in_order() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert [revision.revision for revision in scripts.walk_revisions()][::-1] == list(versions.REVISIONS)
    files = {path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")}
    assert files == set(versions.REVISIONS)


def test_a_ledger_that_is_up_to_date_is_opened_without_alembic(ledger_url: str) -> None:
    """Importing Alembic costs half of what `levada status` may take."""
    opening = (
        "import sys; from ledger.database import open_ledger; open_ledger(sys.argv[1]).close(); print('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", opening, ledger_url], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_opening_again_changes_nothing(ledger_url: str) -> None:
    for _ in range(2):
        database = open_ledger(ledger_url)
        assert versions.current(database.engine) == versions.REVISIONS[-1]
        database.close()
