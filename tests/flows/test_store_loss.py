"""The store is a projection: however it is lost, the next run mends it, and searches are answered meanwhile."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from blocks.library import Library
from blocks.search import is_whole
from blocks.stores.chroma import ChromaStore
from blocks.stores.chroma_place import StorePlace
from tests.blocks.stores.owners import kill_owner, wait_deserted
from tests.flows.stages import ingest_in_stages
from tests.flows.world import World
from tests.servers.chroma_server import chroma_server

TEXTS = {
    f"{word}.txt": f"The {word} is kept in room {number}." for number, word in enumerate(["anchor", "barrel", "candle", "drum"])
}


@pytest.fixture
def filled(world: World) -> World:
    for name, text in TEXTS.items():
        world.write(name, text)
    world.settle()
    world.carry()
    return world


def store_of(world: World) -> Path:
    return next((world.home / "libraries").rglob("store"))


def delete(store: Path) -> None:
    shutil.rmtree(store)


def empty(store: Path) -> None:
    for entry in store.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def truncate(store: Path) -> None:
    database = store / "chroma.sqlite3"
    database.write_bytes(database.read_bytes()[: database.stat().st_size // 2])


def garble(store: Path) -> None:
    (store / "chroma.sqlite3").write_bytes(b"this is no database" * 1000)


@pytest.mark.parametrize("damage", [delete, empty, truncate, garble])
def test_a_damaged_store_is_rebuilt_without_embedding(filled: World, damage: object) -> None:
    before = filled.index()
    damage(store_of(filled))  # type: ignore[operator]
    answers = filled.search("Where is the candle?", 20)
    assert answers[0].path == "candle.txt"
    assert len(answers) == len(before), "the ledger answers while the store is broken"
    report = filled.ingest()
    assert (report.chunks_embedded, report.unchanged, report.updated) == (0, 4, 0)
    assert filled.index() == before
    assert filled.store_ids() == sorted(row[2] for row in before)


def test_a_store_of_another_library_is_moved_aside(filled: World, tmp_path: Path) -> None:
    other_base = tmp_path / "other"
    other_base.mkdir()
    other = World(other_base, filled.models, "other", filled.empty_ledger)
    other.write("elsewhere.txt", "This belongs to somebody else.")
    other.carry()
    store = store_of(filled)
    shutil.rmtree(store)
    shutil.copytree(store_of(other), store)
    assert all(passage.path in TEXTS for passage in filled.search("somebody else", 20)), "never served"
    report = filled.ingest()
    assert report.chunks_embedded == 0
    assert filled.store_ids() == sorted(row[2] for row in filled.index())
    aside = [path for path in store.parent.iterdir() if path.name.startswith("store.aside")]
    assert len(aside) == 1, "what is not ours is kept"


def test_a_store_restored_from_an_older_copy_of_as_many_records_is_noticed(filled: World, tmp_path: Path) -> None:
    """Invariant I3: it is whole, it is ours, and its count is right."""
    store = store_of(filled)
    wait_deserted(store)
    shutil.copytree(store, tmp_path / "copy")
    filled.write("anchor.txt", "Giraffes eat acacia leaves.")
    filled.carry()
    wait_deserted(store)
    shutil.rmtree(store)
    shutil.copytree(tmp_path / "copy", store)
    for _ in range(2):  # a search compares it, and neither serves nor trusts it
        assert filled.search("What do giraffes eat?", 1)[0].path == "anchor.txt"
        wait_deserted(store)
    report = filled.ingest()
    assert (report.chunks_embedded, report.unchanged) == (0, 4)
    library = filled.library()
    generation = library.generation()
    assert generation is not None
    assert is_whole(library.ledger, library.vectors, generation)
    assert filled.search("What do giraffes eat?", 1)[0].path == "anchor.txt"
    assert filled.store_ids() == sorted(row[2] for row in filled.index())


def test_a_store_whose_owner_was_killed_is_compared_once_and_trusted_again(filled: World) -> None:
    library = filled.library()
    generation = library.generation()
    assert generation is not None
    assert is_whole(library.ledger, library.vectors, generation)
    kill_owner(store_of(filled))
    assert not (store_of(filled).parent / "store.host" / "sealed.json").exists()
    assert is_whole(library.ledger, library.vectors, generation), "all that is live is there"
    assert StorePlace.of(store_of(filled)).doubts() == set()
    filled.carry()
    assert library.generation() == generation, "nothing was rebuilt"


def test_a_lost_ledger_takes_its_vectors_from_the_store(filled: World) -> None:
    before = filled.index()
    for path in filled.home.glob("ledger.db*"):
        path.unlink()
    filled.write("anchor.txt", "The anchor was sold.")
    report = filled.ingest()
    assert report.added == 4
    assert report.chunks_embedded == 1, "only where id and text do not agree"
    after = filled.index()
    assert [row[2] for row in after if row[0] != "anchor.txt"] == [row[2] for row in before if row[0] != "anchor.txt"]
    assert filled.store_ids() == sorted(row[2] for row in after), "the rest was swept"
    assert not any("room 0" in passage.text for passage in filled.search("Where is the anchor?", 20))


def test_a_lost_ledger_beside_a_damaged_store_costs_no_more_than_embedding(filled: World) -> None:
    for path in filled.home.glob("ledger.db*"):
        path.unlink()
    wait_deserted(store_of(filled))
    with closing(sqlite3.connect(store_of(filled) / "chroma.sqlite3")) as database:
        # Chroma's log: vectors that its index was not saved with are lost.
        database.execute("DELETE FROM embeddings_queue")
        database.commit()
    report = filled.ingest()
    assert (report.added, report.chunks_embedded) == (4, 4)
    assert filled.store_ids() == sorted(row[2] for row in filled.index())
    library = filled.library()
    assert len(library.vectors.collections()) == 1, "the damaged one is gone"
    library.close()
    assert filled.ingest().unchanged == 4


def test_another_installations_store_on_a_shared_server_is_no_cause_for_alarm(
    filled: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with chroma_server(tmp_path / "server") as url:
        for home in ("one", "two"):
            filled.prepare(tmp_path / home)
            library = Library(store=ChromaStore(url=url))
            library._settings = filled.settings
            with caplog.at_level(logging.INFO, "levada"):
                caplog.clear()
                ingest_in_stages(library, str(filled.folder))
            library.close()
        found = [record.levelname for record in caplog.records if "without its ledger" in record.message]
        assert found == ["INFO"]


def test_a_store_of_other_dimension_is_not_mixed(filled: World, monkeypatch: pytest.MonkeyPatch) -> None:
    before = filled.index()
    monkeypatch.setenv("LEVADA_PRECISION", "int8")
    state = filled.run()
    assert state.is_failed()
    assert "was built with" in str(state.message)
    monkeypatch.delenv("LEVADA_PRECISION")
    assert filled.index() == before
    assert filled.ingest().chunks_embedded == 0


def test_verify_finds_and_repairs(filled: World) -> None:
    from blocks.stores.base import CollectionRef
    from tasks.verify import verify_store

    library = filled.library()
    generation = library.generation()
    assert generation is not None
    ref = CollectionRef(generation.collection, generation.store_id)
    ids = filled.store_ids()
    stolen = library.vectors.fetch(ref, ids[:1])
    zombie = [replace(record, id="00000000-0000-5000-8000-000000000000", text="zombie") for record in stolen]
    assert verify_store(library, repair=False).sound
    library.vectors.remove(ref, ids[:1])
    library.vectors.upsert(ref, zombie)
    found = verify_store(library, repair=False)
    assert (found.missing, found.orphaned, found.sound) == (1, 1, False)
    assert verify_store(library, repair=True).repaired
    assert filled.store_ids() == ids
