"""Opening a ledger: new, old, foreign, broken, by several processes at once; and what its errors say."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event, inspect, text

from core.errors import LedgerTooNew, LevadaError, PermanentError, TransientError, UsageError
from ledger import libraries, versions
from ledger.database import Database, open_ledger
from ledger.schema import metadata
from tests.ledger.world import World

OPEN = "import sys; from ledger.database import open_ledger; open_ledger(sys.argv[1]).close()"


def says(caught: pytest.ExceptionInfo[LevadaError], *words: str) -> None:
    """It is one line that holds these words."""
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message


# -- new ledgers --------------------------------------------------------------------------------------------------------


def test_a_new_ledger_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "home" / "ledger.db"
    previous = os.umask(0o022)
    try:
        database = open_ledger(f"sqlite:///{path}")
        World(database)
        files = sorted(path.parent.iterdir())
        assert [file.name for file in files] == ["ledger.db", "ledger.db-shm", "ledger.db-wal"]
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        database.close()
    finally:
        os.umask(previous)


def test_a_ledger_that_others_could_read_is_closed_to_them(tmp_path: Path, migrated_file: Path) -> None:
    path = tmp_path / "ledger.db"
    shutil.copy(migrated_file, path)
    path.chmod(0o644)
    open_ledger(f"sqlite:///{path}").close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_asking_for_a_ledger_that_is_not_there_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        open_ledger(f"sqlite:///{tmp_path}/home/ledger.db", create=False)
    says(caught, "no ledger", "levada ingest")
    assert list(tmp_path.iterdir()) == []


def test_asking_for_a_ledger_in_an_empty_file_makes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.touch()
    with pytest.raises(UsageError):
        open_ledger(f"sqlite:///{path}", create=False)
    assert list(tmp_path.iterdir()) == [path]
    assert path.stat().st_size == 0


def test_asking_for_a_ledger_in_an_empty_database_makes_nothing(empty_postgresql_url: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_ledger(empty_postgresql_url, create=False)
    says(caught, "no ledger", "levada ingest")
    engine = create_engine(empty_postgresql_url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_looking_into_a_ledger_leaves_its_directory_as_it_was(ledger_url: str, tmp_path: Path) -> None:
    def contents() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    before = contents()
    database = open_ledger(ledger_url, create=False)
    with pytest.raises(UsageError, match="unknown library 'nobody'"):
        libraries.find(database, "tenant", "nobody")
    database.close()
    assert contents() == before


def test_a_path_with_unusual_characters(tmp_path: Path) -> None:
    path = tmp_path / "100% of \u00e9t\u00e9" / "ledger.db"
    database = open_ledger(f"sqlite:///{path}")
    World(database)
    database.close()
    assert path.exists()


def test_migrations_are_found_in_a_directory_with_a_per_cent_sign(tmp_path: Path) -> None:
    root = tmp_path / "100%s"
    for room in ("core", "ledger"):
        shutil.copytree(Path(versions.__file__).parents[1] / room, root / room)
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    done = subprocess.run([sys.executable, "-P", "-c", OPEN, url], env={**os.environ, "PYTHONPATH": str(root)}, check=False)
    assert done.returncode == 0
    open_ledger(url, create=False).close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_processes_that_find_no_ledger_build_one_together(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}" if kind == "sqlite" else request.getfixturevalue("empty_postgresql_url")
    # Each says when it has imported everything, and goes on when its input is closed: all at the same moment.
    command = [sys.executable, "-c", f"import alembic.command, sys; print(flush=True); sys.stdin.read(); {OPEN}", url]
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    processes: list[Any] = [subprocess.Popen(command, text=True, **pipes) for _ in range(4)]
    for process in processes:
        process.stdout.readline()
    for process in processes:
        process.stdin.close()
    ends = [(process.wait(), process.stderr.read()) for process in processes]
    for process in processes:
        process.stdout.close()
        process.stderr.close()
    assert ends == [(0, "")] * 4
    database = open_ledger(url, create=False)
    assert set(inspect(database.engine).get_table_names()) == {*metadata.tables, "alembic_version"}
    database.close()


def test_threads_that_find_no_library_make_one_together(db: Database) -> None:
    import threading

    made: list[World] = []
    threads = [threading.Thread(target=lambda: made.append(World(db))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert len({(world.library, world.generation, world.row.id) for world in made}) == 1
    assert sorted(world.run.epoch for world in made) == [1, 2, 3, 4]


# -- ledgers that cannot be opened --------------------------------------------------------------------------------------


def test_a_newer_ledger_is_refused_and_left_alone(ledger_url: str) -> None:
    engine = create_engine(ledger_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        for create in (True, False):
            with pytest.raises(LedgerTooNew) as caught:
                open_ledger(ledger_url, create)
            says(caught, "9999", versions.REVISIONS[-1], "upgrade Levada")
    finally:
        with engine.begin() as connection:
            assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "9999"
            connection.execute(text(f"UPDATE alembic_version SET version_num = '{versions.REVISIONS[-1]}'"))
        engine.dispose()


def test_a_file_that_is_no_ledger_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"minutes of the meeting\n" * 500)
    for create in (True, False):
        with pytest.raises(PermanentError) as caught:
            open_ledger(f"sqlite:///{path}", create)
        says(caught, str(path), "damaged", "backup")
    assert path.read_bytes() == b"minutes of the meeting\n" * 500


def test_damage_found_while_reading_is_told_in_one_line(tmp_path: Path, migrated_file: Path) -> None:
    path = tmp_path / "ledger.db"
    shutil.copy(migrated_file, path)
    database = open_ledger(f"sqlite:///{path}")
    world = World(database)
    for number in range(200):
        world.source.write(f"{number:03}", f"text {number} " * 50)
    world.sync()
    database.compact()
    database.close()
    data = bytearray(path.read_bytes())
    data[8 * 4096 :] = b"\xa5" * (len(data) - 8 * 4096)  # what a failing disk may leave behind the first pages
    path.write_bytes(data)
    with pytest.raises(PermanentError) as caught:
        database = open_ledger(f"sqlite:///{path}")
        World(database).visible()
    says(caught, str(path), "damaged", "backup")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://host/name", "SQLite or PostgreSQL"),
        ("nonsense", "LEVADA_LEDGER_URL"),
        ("sqlite://", "a file"),
        ("sqlite:///:memory:", "a file"),
    ],
)
def test_an_address_that_cannot_be_a_ledger(url: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        open_ledger(url)
    says(caught, words)


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the directory should be")
    with pytest.raises(PermanentError) as caught:
        open_ledger(f"sqlite:///{tmp_path}/home/ledger.db")
    says(caught, f"{tmp_path}/home/ledger.db", "LEVADA_HOME")


def test_a_server_that_does_not_answer_is_told_without_the_password() -> None:
    with pytest.raises(TransientError) as caught:
        open_ledger("postgresql://someone:sesame@127.0.0.1:1/ledger")
    says(caught, "does not answer", "127.0.0.1", "LEVADA_LEDGER_URL")
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    "forbid",
    [
        pytest.param("ALTER ROLE weak SET default_transaction_read_only = on", id="read only"),
        pytest.param("ALTER ROLE weak RESET default_transaction_read_only", id="no right to create"),
    ],
)
def test_a_database_that_cannot_be_written_is_told_in_one_line(forbid: str, empty_postgresql_url: str) -> None:
    admin = create_engine(empty_postgresql_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("DROP ROLE IF EXISTS weak"))
        connection.execute(text("CREATE ROLE weak LOGIN"))
        connection.execute(text("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))
        connection.execute(text(forbid))
    admin.dispose()
    with pytest.raises(PermanentError) as caught:
        open_ledger(empty_postgresql_url.replace("//postgres:@", "//weak:@").replace("//postgres@", "//weak@"))
    says(caught, "cannot be written", "let its role write")


def test_a_ledger_that_was_deleted_without_its_log_begins_anew(tmp_path: Path, migrated_file: Path) -> None:
    shutil.copy(migrated_file, tmp_path / "ledger.db")
    database = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    world = World(database)
    world.source.write("a", "one")
    world.sync()
    (tmp_path / "killed").mkdir()
    for name in ("ledger.db-wal", "ledger.db-shm"):  # as a killed process leaves them
        shutil.copy(tmp_path / name, tmp_path / "killed" / name)
    database.close()
    assert (tmp_path / "killed" / "ledger.db-wal").stat().st_size > 0
    again = open_ledger(f"sqlite:///{tmp_path / 'killed' / 'ledger.db'}")
    world = World(again)
    world.source.write("b", "two")
    world.sync()
    assert world.visible() == {"b": "two"}
    again.close()


# -- errors while it is open --------------------------------------------------------------------------------------------


def with_pragma(path: Path, pragma: str) -> Database:
    """The ledger, with another setting of SQLite on every connection."""
    database = open_ledger(f"sqlite:///{path}")
    event.listen(database.engine, "connect", lambda connection, _record: connection.execute(f"PRAGMA {pragma}"))
    database.engine.dispose()
    return database


def test_a_full_disk_is_told_in_one_line_and_loses_nothing(tmp_path: Path, migrated_file: Path) -> None:
    path = tmp_path / "ledger.db"
    shutil.copy(migrated_file, path)
    pages = path.stat().st_size // 4096
    database = with_pragma(path, f"max_page_count={pages + 30}")  # SQLite's own word for a full disk
    world = World(database)
    world.source.write("a", "one|two")
    world.sync()
    world.source.write("b", "|".join(f"text {number} " * 200 for number in range(60)))
    with pytest.raises(PermanentError) as caught:
        world.sync()
    says(caught, str(path), "full", "free some space")
    assert world.visible() == {"a": "one|two"}
    database.close()
    world.db = open_ledger(f"sqlite:///{path}")
    world.sync()
    assert world.visible().keys() == {"a", "b"}
    world.db.close()


def test_a_writer_that_does_not_let_go_is_told_in_one_line(tmp_path: Path, migrated_file: Path) -> None:
    path = tmp_path / "ledger.db"
    shutil.copy(migrated_file, path)
    database = with_pragma(path, "busy_timeout=50")
    world = World(database)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(TransientError) as caught:
        world.begin()
    says(caught, str(path), "locked")
    other.close()
    world.begin()
    database.close()


def test_readers_go_on_while_a_writer_writes(db: Database) -> None:
    world = World(db)
    world.source.write("a", "one")
    world.sync()
    with db.write() as connection:
        connection.execute(text("UPDATE libraries SET publish_counter = publish_counter + 1"))
        assert world.visible() == {"a": "one"}


def test_a_server_that_goes_away_is_told_in_one_line(migrated_postgresql_url: str) -> None:
    database = open_ledger(migrated_postgresql_url)
    try:
        with pytest.raises(TransientError) as caught, database.write() as connection:
            connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        says(caught, "does not answer")
        with database.read() as connection:
            assert connection.execute(text("SELECT 1")).scalar_one() == 1
    finally:
        database.close()


def test_a_mistake_of_the_program_is_shown_as_it_is(db: Database) -> None:
    from sqlalchemy.exc import IntegrityError

    statement = text("INSERT INTO acls (id, digest, principals) VALUES (1, :digest, '[]')")
    with pytest.raises(IntegrityError), db.write() as connection:
        for _ in range(2):
            connection.execute(statement, {"digest": b"same"})


@pytest.mark.parametrize("name", ["", "a/b", ".hidden", "new\nline", "x" * 201])
def test_names_that_no_library_may_have(db: Database, name: str) -> None:
    with pytest.raises(UsageError):
        libraries.ensure(db, "tenant", name)


def test_an_unknown_library_is_told_with_those_that_exist(db: Database) -> None:
    for name in ("laws", "minutes"):
        libraries.ensure(db, "tenant", name)
    libraries.ensure(db, "another tenant", "secret")
    with pytest.raises(UsageError) as caught:
        libraries.find(db, "tenant", "law")
    says(caught, "'law'", "laws, minutes")
    assert "secret" not in str(caught.value)


def test_a_rebuilt_store_takes_the_old_ones_place(world: World) -> None:
    from core.errors import Fenced

    before = world.generation
    libraries.begin_rebuild(world.db, before, "collection-2", "store-2", world.run.epoch)
    during = libraries.active_generation(world.db, world.library)
    assert during is not None
    assert (during.collection, during.rebuilding_collection) == (before.collection, "collection-2")
    late: Any = world.run
    world.begin()
    with pytest.raises(Fenced):
        libraries.end_rebuild(world.db, before, late.epoch)
    with pytest.raises(Fenced):
        libraries.begin_rebuild(world.db, before, "collection-3", "store-3", late.epoch)
    after = libraries.end_rebuild(world.db, before, world.run.epoch)
    assert (after.collection, after.store_id) == ("collection-2", "store-2")
    assert (after.rebuilding_collection, after.rebuilding_store_id) == (None, None)
