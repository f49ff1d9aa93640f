"""What can happen to the directory of an embedded store, and how it is told and mended."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from blocks.stores.base import CollectionInfo, CollectionRef
from blocks.stores.chroma import ChromaStore
from blocks.stores.chroma_place import DATABASE, MARKER, StorePlace
from core.errors import StoreUnavailable, StoreUnreadable
from tests.blocks.stores.chroma_process import other_process
from tests.blocks.stores.owners import owners, wait_deserted
from tests.contracts.stores import SPACE, records_of, unit_vectors
from tests.servers.small_disk import small_disk

REF = CollectionRef("papers", "a-store-id")
INFO = CollectionInfo(REF.store_id, "acme", "papers", SPACE, 8)
RECORDS = 2_500
"""Enough that Chroma has saved its index once, and has more in its log."""


def wreck(path: Path, start: int = 0, size: int | None = None) -> None:
    """Overwrite a part of a file with noise, the same each time."""
    data = bytearray(path.read_bytes())
    end = len(data) if size is None else min(len(data), start + size)
    data[start:end] = random.Random(0).randbytes(end - start)
    path.write_bytes(data)


def cut(path: Path, share: float) -> None:
    """Keep the first part of a file."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


def index(directory: Path) -> Path:
    """Where Chroma keeps the one index."""
    (found,) = [path for path in directory.iterdir() if path.is_dir()]
    return found


def empty(directory: Path) -> None:
    for path in directory.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


GONE: dict[str, Callable[[Path], None]] = {
    "directory deleted": lambda directory: shutil.rmtree(directory),
    "directory emptied": empty,
}
BROKEN: dict[str, Callable[[Path], None]] = {
    "database cut in half": lambda directory: cut(directory / DATABASE, 0.5),
    "database cut by a page": lambda directory: cut(directory / DATABASE, 0.999),
    "database is noise": lambda directory: wreck(directory / DATABASE),
    "database holds noise": lambda directory: wreck(directory / DATABASE, 4096 * 20, 4096 * 50),
    "index deleted": lambda directory: shutil.rmtree(index(directory)),
    "index ids cut": lambda directory: cut(index(directory) / "index_metadata.pickle", 0.5),
    "index vectors cut": lambda directory: cut(index(directory) / "data_level0.bin", 0.1),
    "index vectors are noise": lambda directory: wreck(index(directory) / "data_level0.bin"),
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("template") / "store"
    store = ChromaStore(path=directory, linger=0)
    store.create(REF.name, INFO)
    store.upsert(REF, records_of(unit_vectors(RECORDS, dimension=8)))
    store.close()
    wait_deserted(directory)
    return directory


@pytest.fixture
def store(tmp_path: Path, template: Path) -> Iterator[ChromaStore]:
    """A store of RECORDS records that nobody has opened yet."""
    shutil.copytree(template, tmp_path / "store")
    store = ChromaStore(path=tmp_path / "store", linger=0)
    yield store
    store.close()
    wait_deserted(tmp_path / "store")


def path_of(store: ChromaStore) -> Path:
    assert store.path is not None
    return store.path


def assert_can_be_filled(store: ChromaStore) -> None:
    assert store.describe(REF.name) is None
    store.create(REF.name, INFO)
    store.upsert(REF, records_of(unit_vectors(10, dimension=8)))
    info = store.describe(REF.name)
    assert info is not None
    assert info.count == 10


def test_a_whole_store_opens_again_and_says_whose_it_is(store: ChromaStore) -> None:
    info = store.describe(REF.name)
    assert info is not None
    assert info.count == RECORDS
    assert len(store.query(REF, unit_vectors(1, dimension=8)[0], RECORDS)) == RECORDS
    marker = path_of(store) / MARKER
    store.create("letters", CollectionInfo("another-id", "acme", "letters", SPACE, 8))
    assert set(json.loads(marker.read_text())) == {"papers", "letters"}
    store.drop(CollectionRef("letters", "another-id"))
    assert json.loads(marker.read_text()) == {
        "papers": {"store_id": "a-store-id", "tenant": "acme", "library": "papers", "space": SPACE, "dimension": 8}
    }


@pytest.mark.parametrize("damage", BROKEN)
def test_a_broken_store_is_unreadable(store: ChromaStore, damage: str) -> None:
    BROKEN[damage](path_of(store))
    with pytest.raises(StoreUnreadable):
        store.describe(REF.name)


def test_a_store_broken_under_its_owner_can_be_set_aside(store: ChromaStore) -> None:
    assert store.describe(REF.name) is not None
    BROKEN["database cut in half"](path_of(store))
    with pytest.raises(StoreUnreadable):
        store.describe(REF.name)
    aside = store.set_aside()
    assert aside is not None
    assert Path(aside).parent == path_of(store).parent
    assert json.loads((Path(aside) / MARKER).read_text())[REF.name]["store_id"] == REF.store_id
    assert_can_be_filled(store)


@pytest.mark.parametrize("damage", GONE)
def test_a_store_lost_under_its_owner_is_never_written_to(store: ChromaStore, damage: str) -> None:
    assert store.describe(REF.name) is not None
    GONE[damage](path_of(store))
    with pytest.raises(StoreUnavailable, match="no collection"):
        store.upsert(REF, records_of(unit_vectors(1, dimension=8)))
    assert_can_be_filled(store)


def test_setting_aside_takes_the_store_from_everyone(store: ChromaStore) -> None:
    with other_process(path_of(store), "describe", REF.name) as other:
        assert other.stdout is not None
        assert json.loads(other.stdout.readline())["count"] == RECORDS
        assert store.set_aside()
        assert not path_of(store).exists()
        assert_can_be_filled(store)
        assert len(owners(path_of(store))) == 1


def test_setting_aside_twice_in_a_second_keeps_both(tmp_path: Path) -> None:
    place = StorePlace.of(tmp_path / "store")
    targets = []
    for turn in range(3):
        place.directory.mkdir()
        (place.directory / f"turn-{turn}").touch()
        targets.append(place.move_aside())
    assert [[path.name for path in target.iterdir()] for target in targets if target] == [["turn-0"], ["turn-1"], ["turn-2"]]


def test_setting_aside_nothing(tmp_path: Path) -> None:
    assert ChromaStore(path=tmp_path / "store", linger=0).set_aside() == ""


def test_a_full_disk_is_not_taken_for_a_broken_store(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 32) as disk:
        store = ChromaStore(path=disk / "store", linger=0)
        store.create(REF.name, INFO)
        store.upsert(REF, records_of(unit_vectors(100, dimension=8)))
        filler = disk / "filler"
        filler.write_bytes(bytes(24 << 20))
        with pytest.raises(StoreUnavailable, match="is full"):
            store.upsert(REF, records_of(unit_vectors(100, dimension=8), prefix="more"))
        assert len(store.query(REF, unit_vectors(1, dimension=8)[0], 1000)) == 100
        filler.unlink()
        store.upsert(REF, records_of(unit_vectors(100, dimension=8), prefix="more"))
        info = store.describe(REF.name)
        assert info is not None
        assert info.count == 200
        store.close()
        wait_deserted(disk / "store")
