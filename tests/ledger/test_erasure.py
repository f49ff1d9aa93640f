"""Invariant I12 to the last byte: what was removed stands in none of the ledger's files any more."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from core.reasons import Reason
from ledger import quarantine
from ledger.database import Database, open_ledger
from ledger.quarantine import FailedFile
from tests.ledger.world import World


@pytest.fixture
def home(tmp_path: Path, migrated_file: Path) -> Path:
    """A directory with a SQLite ledger."""
    shutil.copy(migrated_file, tmp_path / "ledger.db")
    return tmp_path


@pytest.fixture
def file_db(home: Path) -> Iterator[Database]:
    """A ledger in a file of its own."""
    database = open_ledger(f"sqlite:///{home / 'ledger.db'}")
    yield database
    database.close()


def marked(random_: random.Random, mark: str, length: int) -> str:
    """A text of about that length, in which every twenty characters carry the mark."""
    words = [f"{mark}{random_.getrandbits(40):010x}" for _ in range(length // 20 + 1)]
    return " ".join(words)


def found(home: Path, mark: str) -> dict[str, int]:
    """How often the mark stands in each file of the directory."""
    counts = {path.name: path.read_bytes().count(mark.encode()) for path in sorted(home.iterdir())}
    return {name: count for name, count in counts.items() if count}


@pytest.mark.parametrize("length", [30, 400, 9_000])
def test_texts_of_removed_documents_are_gone_from_the_files(home: Path, file_db: Database, length: int) -> None:
    world, chance = World(file_db), random.Random(length)
    for number in range(120):
        mark = "GOINGAWAY" if number % 3 else "STAYING"
        chunks = [marked(chance, mark, length) for _ in range(4)]
        world.source.write(f"{number:03}", "|".join(chunks))
    world.sync()
    file_db.compact()
    assert found(home, "GOINGAWAY")
    for number in range(120):
        if number % 3:
            world.source.remove(f"{number:03}")
    world.sync(confirm=True)
    assert file_db.compact()
    assert found(home, "GOINGAWAY") == {}
    assert found(home, "STAYING")["ledger.db"] >= 40 * 4


def test_replaced_and_moved_texts_are_gone_from_the_files(home: Path, file_db: Database) -> None:
    world, chance = World(file_db), random.Random(1)
    for number in range(60):
        parts = [marked(chance, "GOINGAWAY", 300), marked(chance, "STAYING", 300)]
        world.source.write(f"{number:02}", "|".join(parts))
    world.sync()
    for number in range(60):
        kept = world.source.files[f"{number:02}".encode()].split("|")[1]
        world.source.write(f"{number:02}", f"{marked(chance, 'FRESH', 500)}|{kept}")
    world.sync()
    assert file_db.compact()
    assert found(home, "GOINGAWAY") == {}


def test_what_an_engine_said_of_a_removed_file_goes_with_it(home: Path, file_db: Database) -> None:
    world = World(file_db)
    for number in range(40):
        world.source.write(f"{number:02}", "text")
    world.listing()
    failed = [FailedFile(file.document_id, file.wanted, "extract", Reason.CORRUPT, "GOINGAWAY " * 40) for file in world.owed()]
    quarantine.record(file_db, world.run, failed, "registry/1")
    file_db.compact()
    assert found(home, "GOINGAWAY")
    world.source.files = {}
    world.sync(confirm=True)
    assert file_db.compact()
    assert found(home, "GOINGAWAY") == {}


def test_texts_of_a_run_that_died_before_publishing_are_gone_from_the_files(home: Path, file_db: Database) -> None:
    world, chance = World(file_db), random.Random(2)
    for number in range(30):
        world.source.write(f"{number:02}", "|".join(marked(chance, "GOINGAWAY", 500) for _ in range(3)))
    for step in world.steps(portion=30):
        if step == "upserted":
            break
    world.source.files = {}
    world.sync(confirm=True)
    assert file_db.compact()
    assert found(home, "GOINGAWAY") == {}
    assert world.store == {}


def test_a_reader_holds_compaction_up_and_the_next_one_makes_up_for_it(home: Path, file_db: Database) -> None:
    world = World(file_db)
    world.source.write("a", "GOINGAWAY")
    world.source.write("b", "STAYING")
    world.sync()
    with file_db.read() as connection:
        connection.execute(text("SELECT count(*) FROM texts")).scalar()
        world.source.remove("a")
        world.sync()
        assert not file_db.compact()
        assert found(home, "GOINGAWAY")
    assert file_db.compact()
    assert found(home, "GOINGAWAY") == {}
