"""Invariant I12 in an embedded store: once its owner has ended, its files hold nothing of a deleted record's text."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from blocks.stores.base import CollectionRef
from blocks.stores.chroma import ChromaStore
from blocks.stores.chroma_erasure import erase_deleted
from blocks.stores.chroma_place import StorePlace
from tests.blocks.stores.owners import kill_owner, wait_deserted
from tests.contracts.stores import make_collection, records_of, unit_vectors

SECRET = "xyzzyplugh"


@pytest.fixture
def place(tmp_path: Path) -> StorePlace:
    return StorePlace.of(tmp_path / "store")


def fill(store: ChromaStore, count: int) -> CollectionRef:
    """So many records, of which r3 has the secret."""
    ref = make_collection(store)
    records = records_of(unit_vectors(count))
    store.upsert(ref, [replace(record, text=f"{SECRET} " * 300) if record.id == "r3" else record for record in records])
    return ref


def desert(store: ChromaStore, place: StorePlace) -> None:
    store.close()
    wait_deserted(place.directory)


def left_in(place: StorePlace, secret: bytes = SECRET.encode()) -> list[str]:
    return [path.name for path in place.directory.rglob("*") if path.is_file() and secret in path.read_bytes()]


def assert_works(store: ChromaStore, ref: CollectionRef, count: int) -> None:
    info = store.describe(ref.name)
    assert info is not None
    assert info.count == count
    vectors = unit_vectors(count + 1)
    assert [hit.id for hit in store.query(ref, vectors[2], 1)] == ["r2"]
    assert "r3" not in [hit.id for hit in store.query(ref, vectors[3], count)]
    (record,) = store.fetch(ref, ["r2", "r3"])
    np.testing.assert_allclose(record.vector, vectors[2], atol=1e-6)


@pytest.mark.parametrize("count", [10, 2500], ids=["all in the log", "with a saved index"])
def test_what_was_deleted_is_in_no_file_once_the_owner_has_ended(store: ChromaStore, place: StorePlace, count: int) -> None:
    ref = fill(store, count)
    desert(store, place)
    assert left_in(place) == ["chroma.sqlite3"]
    store.remove(ref, ["r3"])
    desert(store, place)
    assert left_in(place) == []
    assert unit_vectors(count)[3].tobytes() not in place.database.read_bytes()
    assert not place.unerased.exists()
    assert place.break_seal(), "and it is sealed as it is now"
    assert_works(store, ref, count - 1)


def test_a_collection_that_was_dropped_leaves_nothing(store: ChromaStore, place: StorePlace) -> None:
    ref = fill(store, 10)
    store.drop(ref)
    desert(store, place)
    assert left_in(place) == []


def test_what_a_killed_owner_has_deleted_is_erased_by_the_next(store: ChromaStore, place: StorePlace) -> None:
    ref = fill(store, 10)
    store.remove(ref, ["r3"])
    kill_owner(place.directory)
    assert_works(store, ref, 9)
    desert(store, place)
    assert left_in(place) == []
    assert_works(store, ref, 9)


def test_coming_while_the_owner_erases(store: ChromaStore, place: StorePlace) -> None:
    ref = fill(store, 10)
    for row in (9, 8, 7, 3):
        store.remove(ref, [f"r{row}"])
        store.close()
        assert "r2" in [record.id for record in store.fetch(ref, ["r2"])]
    desert(store, place)
    assert left_in(place) == []
    assert_works(store, ref, 6)


def test_who_waits_for_the_store_is_let_in_and_it_is_erased_later(store: ChromaStore, place: StorePlace) -> None:
    ref = fill(store, 2500)
    store.remove(ref, ["r3"])
    place.unerased.rename(place.room / "kept")  # so that the owner leaves the file as it is
    desert(store, place)
    before = place.identity()
    lock = place.try_lock()
    assert lock is not None
    assert place.try_lock() is None
    assert not erase_deleted(place.database, place.wanted.exists)
    os.close(lock)
    assert place.identity() == before
    assert [path.name for path in place.directory.glob("*.new")] == []
    place.unerased.touch()
    assert_works(store, ref, 2499)
    desert(store, place)
    assert left_in(place) == []


def test_what_chroma_has_not_carried_out_yet_stays_in_its_log(store: ChromaStore, place: StorePlace) -> None:
    ref = fill(store, 10)
    desert(store, place)
    with closing(sqlite3.connect(place.database, isolation_level=None)) as database:
        # As if it had stopped after the fifth: the others are in its log alone.
        late = "SELECT id FROM embeddings WHERE embedding_id >= 'r5'"
        database.execute(f"DELETE FROM embedding_metadata WHERE id IN ({late})")
        database.execute("DELETE FROM embeddings WHERE embedding_id >= 'r5'")
        database.execute("UPDATE max_seq_id SET seq_id = 5")
    assert erase_deleted(place.database, lambda: False)
    assert sorted(record.id for record in store.fetch(ref, [f"r{row}" for row in range(10)])) == [
        f"r{row}" for row in range(10)
    ]
    assert [hit.id for hit in store.query(ref, unit_vectors(10)[8], 1)] == ["r8"]
