"""Files that stand in another place: told by their content, published in one transaction, nothing embedded again."""

from __future__ import annotations

import pytest

from core.ids import content_hash
from ledger import listings
from ledger.schema import FileState
from tests.ledger.world import World


def contents(world: World) -> list[str]:
    """The texts of all documents that a reader finds."""
    return sorted(world.visible().values())


def sync_watched(world: World) -> None:
    """A run, at each step of which every content is found exactly once."""
    before = contents(world)
    for _step in world.steps():
        assert contents(world) == before


def test_a_rename_is_published_in_one_step_and_embeds_nothing(world: World) -> None:
    world.source.write("a", "one|two")
    world.source.write("other", "other")
    world.sync()
    world.source.rename("a", "b")
    embedded = world.embedded
    sync_watched(world)
    assert world.visible() == {"b": "one|two", "other": "other"}
    assert world.embedded == embedded


def test_a_flip_reports_it_as_moved(world: World) -> None:
    world.source.write("a", "one|two")
    world.sync()
    world.source.rename("a", "b")
    world.source.write("c", "three")
    world.begin()
    promotion = world.listing()
    assert (promotion.removed, promotion.awaiting) == (0, 0)
    assert world.file_states() == {"a": FileState.MOVING, "b": FileState.PRESENT, "c": FileState.PRESENT}
    flip = world.publish()
    assert (flip.moved, flip.added, flip.updated) == ({world.id("b")}, {world.id("c")}, set())
    assert world.file_states() == {"b": FileState.PRESENT, "c": FileState.PRESENT}


def test_everything_moved_is_not_everything_lost(world: World) -> None:
    for number in range(60):
        world.source.write(f"{number:02}", f"text {number}")
    world.sync()
    for number in range(60):
        world.source.rename(f"{number:02}", f"folder/{number:02}")
    world.begin()
    assert not world.listing().needs_flag
    assert len(world.publish().moved) == 60
    assert sorted(world.visible()) == [f"folder/{number:02}" for number in range(60)]


def test_as_many_equal_files_move_as_there_are_new_places(world: World) -> None:
    for name in ("a1", "a2", "a3", "stays"):
        world.source.write(name, "same")
    world.sync()
    for name in ("a1", "a2", "a3"):
        world.source.remove(name)
    for name in ("b1", "b2"):
        world.source.write(name, "same")
    world.begin()
    assert world.listing().removed == 1
    assert len(world.publish().moved) == 2
    assert world.visible() == {"b1": "same", "b2": "same", "stays": "same"}


def test_a_copy_is_no_move(world: World) -> None:
    world.source.write("a", "same")
    world.sync()
    world.source.write("b", "same")
    world.begin()
    world.listing()
    assert world.publish().added == {world.id("b")}
    assert world.visible() == {"a": "same", "b": "same"}


def test_equal_size_with_other_content_is_no_move(world: World) -> None:
    world.source.write("a", "abc")
    world.source.write("stays", "stays")
    world.sync()
    world.source.remove("a")
    world.source.write("b", "xyz")
    world.begin()
    assert world.listing().removed == 1
    assert world.publish().added == {world.id("b")}


def test_a_chain_of_renames_over_files(world: World) -> None:
    """a -> b, b -> c: b is edited in place, c is new with what b held, a is gone."""
    world.source.write("a", "text of a")
    world.source.write("b", "text of b")
    world.sync()
    world.source.rename("b", "c")
    world.source.rename("a", "b")
    embedded = world.embedded
    world.sync()
    assert world.visible() == {"b": "text of a", "c": "text of b"}
    assert world.embedded == embedded


def test_a_ring_of_three(world: World) -> None:
    for name in ("a", "b", "c"):
        world.source.write(name, f"text of {name}")
    world.sync()
    for old, new in (("c", "aside"), ("b", "c"), ("a", "b"), ("aside", "a")):
        world.source.rename(old, new)
    embedded = world.embedded
    world.sync()
    assert world.visible() == {"a": "text of c", "b": "text of a", "c": "text of b"}
    assert world.embedded == embedded


def test_a_move_that_a_crash_interrupted_is_finished(world: World) -> None:
    world.source.write("a", "one")
    world.source.write("stays", "stays")
    world.sync()
    world.source.rename("a", "b")
    for _step in world.steps():
        if _step == "promoted":
            break
    assert world.visible() == {"a": "one", "stays": "stays"}
    sync_watched(world)
    assert world.visible() == {"b": "one", "stays": "stays"}


def test_a_file_that_moves_again_before_it_was_published(world: World) -> None:
    world.source.write("a", "one")
    world.source.write("stays", "stays")
    world.sync()
    world.source.rename("a", "b")
    world.begin()
    world.listing()
    world.source.rename("b", "c")
    world.begin()
    world.listing()
    assert world.file_states() == {"a": FileState.MOVING, "c": FileState.PRESENT, "stays": FileState.PRESENT}
    assert world.publish().moved == {world.id("c")}
    assert world.visible() == {"c": "one", "stays": "stays"}


def test_a_file_that_moves_back_before_it_was_published(world: World) -> None:
    world.source.write("a", "one")
    world.source.write("stays", "stays")
    world.sync()
    world.source.rename("a", "b")
    world.begin()
    world.listing()
    world.source.rename("b", "a")
    sync_watched(world)
    assert world.file_states() == {"a": FileState.PRESENT, "stays": FileState.PRESENT}


def test_a_file_that_returns_while_its_copy_stays(world: World) -> None:
    world.source.write("a", "one")
    world.source.write("stays", "stays")
    world.sync()
    world.source.rename("a", "b")
    world.begin()
    world.listing()
    world.source.write("a", "one")
    world.begin()
    world.listing()
    assert {file.path: file.moved_from for file in world.owed()} == {"a": None, "b": None}
    assert world.publish(["b"]).moved == set()
    world.sync()
    assert world.visible() == {"a": "one", "b": "one", "stays": "stays"}


def test_what_waited_may_turn_out_to_have_moved(world: World) -> None:
    world.source.write("a", "one")
    world.sync()
    world.source.remove("a")
    world.sync()
    assert world.file_states() == {"a": FileState.AWAITING_FLAG}
    world.source.write("b", "one")
    world.begin()
    assert world.listing().awaiting == 0
    assert world.publish().moved == {world.id("b")}
    assert world.visible() == {"b": "one"}


def test_the_content_that_was_published_decides_not_the_content_that_failed(world: World) -> None:
    world.source.write("a", "one")
    world.source.write("stays", "stays")
    world.sync()
    world.source.write("a", "!corrupt")
    world.sync()
    assert world.visible() == {"a": "one", "stays": "stays"}
    world.source.rename("a", "b")
    world.sync()
    assert world.visible() == {"stays": "stays"}
    assert world.file_states() == {"b": FileState.PRESENT, "stays": FileState.PRESENT}


def test_a_moved_file_that_changes_before_it_is_published_takes_its_new_content(world: World) -> None:
    world.source.write("a", "one")
    world.source.write("stays", "stays")
    world.sync()
    world.source.rename("a", "b")
    world.begin()
    world.listing()
    world.source.write("b", "two")
    world.sync()
    assert world.visible() == {"b": "two", "stays": "stays"}


def test_new_files_that_may_be_moved_come_in_pages(world: World) -> None:
    for name in ("a", "b", "stays"):
        world.source.write(name, name)
    world.sync()
    for name in ("a", "b"):
        world.source.remove(name)
    for name in ("v", "w", "x", "y", "longer"):
        world.source.write(name, name)
    world.begin()
    listing = listings.begin(world.db, world.run, world.row).id
    listings.stage(world.db, world.run, world.row, listing, world.source.page())
    found, after = [], ""
    while page := listings.possibly_moved(world.db, world.row, listing, after, limit=3):
        found += page
        after = page[-1].document_id
    assert sorted(file.file_id for file in found) == [b"v", b"w", b"x", b"y"]


@pytest.mark.parametrize("fingerprint", ["v9", ""])
def test_what_was_read_while_listing_is_known_by_its_own_fingerprint(world: World, fingerprint: str) -> None:
    world.source.write("a", "one")
    world.sync()
    world.source.rename("a", "b")
    world.begin()
    listing = listings.begin(world.db, world.run, world.row).id
    listings.stage(world.db, world.run, world.row, listing, world.source.page())
    noted = (world.id("b"), content_hash(b"one"), fingerprint)
    listings.note_contents(world.db, world.run, listing, [noted])
    from core.files import ListingEnd

    listings.promote(world.db, world.run, world.row, listing, ListingEnd("cursor", True))
    file = world.owed()[0]
    assert (file.content_hash, file.fingerprint, file.read_fingerprint) == (noted[1], fingerprint, fingerprint or None)
    assert file.moved_from == world.id("a")
