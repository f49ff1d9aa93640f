"""Search over a real store and ledger: one revision of each document, only what is permitted, whatever happens meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import PrivateAttr

import blocks.search
from blocks.library import Library, Passage
from blocks.search import ATTEMPTS
from blocks.sources import registry
from blocks.sources.folder import FolderSource
from blocks.stores.base import CollectionRef, Hit, Vector
from blocks.stores.chroma import ChromaStore
from core.settings import Settings
from ledger import sources
from tests.flows.world import World

OLD, NEW = "The mill is driven by a turbine.", "The mill is driven by the wind."


class Interrupted(ChromaStore):
    """The real store; before each of its answers arrives, something happens."""

    _block_type_name: ClassVar[str] = "Interrupted"
    _block_type_slug: ClassVar[str] = "interrupted"

    _happens: Callable[[], object] | None = PrivateAttr(default=None)
    _asked: int = PrivateAttr(default=0)

    def query(self, ref: CollectionRef, vector: Vector, k: int, document_ids: Sequence[str] | None = None) -> list[Hit]:
        hits = super().query(ref, vector, k, document_ids)
        self._asked += 1
        if self._happens is not None:
            self._happens()
        return hits


@pytest.fixture
def mill(world: World) -> World:
    world.write("mill.txt", OLD)
    world.write("other.txt", "Nothing of that kind stands here.")
    world.carry()
    return world


def interrupted(world: World, happens: Callable[[], object]) -> tuple[Library, Interrupted]:
    library = world.library()
    store = Interrupted(path=world.settings.library_dir(world.name) / "store")
    store._happens = happens
    library._store = store
    return library, store


def test_a_flip_between_the_two_reads_of_a_search(mill: World) -> None:
    def edit() -> None:
        store._happens = None
        mill.write("mill.txt", NEW)
        mill.carry()

    library, store = interrupted(mill, edit)
    found = library.search("What drives the mill?")
    assert [passage.text for passage in found if passage.path == "mill.txt"] == [NEW], "neither none nor both"
    assert store._asked == 2, "asked again, for the new revision was not in its answer"


def test_a_flip_at_every_answer_ends_in_the_ledger(mill: World) -> None:
    versions = [OLD]

    def edit() -> None:
        versions.append(f"{OLD} Version {len(versions)}.")
        mill.write("mill.txt", versions[-1])
        mill.carry()

    library, store = interrupted(mill, edit)
    found = library.search("What drives the mill?")
    assert [passage.text for passage in found if passage.path == "mill.txt"] == [versions[-1]]
    assert store._asked == ATTEMPTS


def test_a_document_that_is_removed_meanwhile_is_not_shown(mill: World) -> None:
    def remove() -> None:
        (mill.folder / "mill.txt").unlink(missing_ok=True)
        mill.carry()

    library, _store = interrupted(mill, remove)
    assert [passage.path for passage in library.search("What drives the mill?")] == ["other.txt"]


def share(world: World, folder: Path, *principals: str) -> None:
    """Let `principals` alone see the folder, and carry that into the library."""
    library = world.library()
    source = FolderSource(path=folder, acl=list(principals))
    sources.ensure(library.ledger, library.row(create=True), source.kind, source.root, registry.configuration(source))
    world.ingest(source=str(folder))


@pytest.fixture
def shared(world: World, tmp_path: Path) -> World:
    """Hers, his, theirs, and a folder that names nobody."""
    world.write("owner.txt", "A text about water, for its owner.")
    world.carry()
    for name, principals in (("hers", ["ana"]), ("his", ["rui"]), ("theirs", ["ana", "rui"])):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.txt").write_text(f"A text about water, {name}.")
        share(world, tmp_path / name, *principals)
    return world


def paths(found: list[Passage]) -> list[str]:
    return sorted(passage.path for passage in found)


@pytest.mark.parametrize("filtered_by", ["the store", "the ledger", "the ledger alone"])
def test_each_sees_what_is_permitted(shared: World, filtered_by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Invariant I8."""
    if filtered_by == "the ledger":
        monkeypatch.setattr(blocks.search, "DOCUMENT_FILTER", 0)
    if filtered_by == "the ledger alone":
        monkeypatch.setattr(blocks.library, "is_whole", lambda *_: False)
    library = shared.library()
    assert paths(library.search("water", 10, ["ana"])) == ["hers.txt", "theirs.txt"]
    assert paths(library.search("water", 10, ["rui", "nobody"])) == ["his.txt", "theirs.txt"]
    assert paths(library.search("water", 10, ["nobody"])) == []
    assert paths(library.search("water", 10, [])) == []
    assert paths(library.search("water", 10)) == ["hers.txt", "his.txt", "owner.txt", "theirs.txt"]
    assert len(library.search("water", 1, ["ana"])) == 1


def test_a_permission_that_is_withdrawn_counts_at_once(shared: World, tmp_path: Path) -> None:
    def withdraw() -> None:
        store._happens = None
        share(shared, tmp_path / "theirs", "rui")

    library, store = interrupted(shared, withdraw)
    assert paths(library.search("water", 10, ["ana"])) == ["hers.txt"]


def test_the_ledger_alone_answers_as_the_store_does(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(40):
        world.write(f"{number}.txt", f"Field number {number} is watered on day {number * 7 % 30}.")
    world.carry()
    library = world.library()
    by_store = library.search("Which field is watered on day 14?", 10)
    monkeypatch.setattr(blocks.library, "is_whole", lambda *_: False)
    alone = Library(name=world.name)
    alone._settings = Settings.from_env({"LEVADA_HOME": str(world.home)})
    by_ledger = alone.search("Which field is watered on day 14?", 10)
    alone.close()
    assert [passage.chunk_id for passage in by_ledger] == [passage.chunk_id for passage in by_store]
    assert [passage.score for passage in by_ledger] == pytest.approx([passage.score for passage in by_store], abs=1e-5)
