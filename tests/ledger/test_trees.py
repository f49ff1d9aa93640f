"""What a source remembers of its tree: staged, seen through, promoted, gone on with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.files import ChangePage, ListingEnd
from core.trees import MemoryTree, Node, Tree
from ledger import listings, sources
from ledger.listings import Listing
from tests.ledger.world import World

ROOT, A, B, C = (Node(id, parent, f"facts of {id!r}", folder=True) for id, parent in
                 ((b"root", b""), (b"a", b"root"), (b"b", b"root"), (b"c", b"a")))  # fmt: skip


def stage(world: World, listing: Listing, *nodes: Node, dropped: tuple[bytes, ...] = (), position: str | None = None) -> None:
    listings.stage(world.db, world.run, world.row, listing.id, ChangePage(nodes=nodes, dropped=dropped, position=position))


def promote(world: World, listing: Listing, full: bool) -> None:
    listings.promote(world.db, world.run, world.row, listing.id, ListingEnd(cursor="next", full=full))


def shape(tree: Tree, root: bytes = b"") -> dict[bytes, list[bytes]]:
    """{folder: what lies in it}, from the top."""
    inside = {root: [node.id for node in tree.children(root)]}
    for id in inside[root]:
        inside |= shape(tree, id)
    return inside


@pytest.fixture
def kept(world: World) -> World:
    """A world whose source remembers root, a and b in it, and c in a."""
    listing = listings.begin(world.db, world.run, world.row)
    stage(world, listing, ROOT, A, B, C)
    promote(world, listing, full=True)
    return world


def test_a_listing_sees_what_it_has_staged_over_what_is_promoted(kept: World) -> None:
    listing = listings.begin(kept.db, kept.run, kept.row, "cursor")
    stage(kept, listing, replace(C, parent=b"b"), dropped=(b"a",))
    tree = listing.tree
    assert shape(tree) == {b"": [b"root"], b"root": [b"b"], b"b": [b"c"], b"c": []}
    assert tree.get([b"a", b"b", b"c", b"nobody"]) == {b"b": B, b"c": replace(C, parent=b"b")}
    assert [node.id for node in tree.folders()] == [b"b", b"c", b"root"]
    other = listings.begin(kept.db, kept.run, kept.row, "another cursor").tree
    assert shape(other) == {b"": [b"root"], b"root": [b"a", b"b"], b"a": [b"c"], b"b": [], b"c": []}


def test_a_listing_from_scratch_sees_only_itself_and_tells_what_it_missed(kept: World) -> None:
    listing = listings.begin(kept.db, kept.run, kept.row)
    stage(kept, listing, ROOT, B)
    assert shape(listing.tree) == {b"": [b"root"], b"root": [b"b"], b"b": []}
    assert [node.id for node in listing.tree.missed()] == [b"a", b"c"]
    assert listing.tree.before([b"a", b"nobody"]).keys() == {b"a"}
    promote(kept, listing, full=True)
    assert shape(listings.begin(kept.db, kept.run, kept.row, "cursor").tree) == {b"": [b"root"], b"root": [b"b"], b"b": []}


def test_only_what_changed_is_promoted_by_a_listing_of_changes(kept: World) -> None:
    listing = listings.begin(kept.db, kept.run, kept.row, "cursor")
    stage(kept, listing, replace(B, facts="other"), dropped=(b"a", b"c"))
    promote(kept, listing, full=False)
    tree = listings.begin(kept.db, kept.run, kept.row, "cursor").tree
    assert shape(tree) == {b"": [b"root"], b"root": [b"b"], b"b": []}
    assert tree.get([b"b"])[b"b"].facts == "other"


def test_the_last_word_on_a_node_counts(kept: World) -> None:
    listing = listings.begin(kept.db, kept.run, kept.row, "cursor")
    stage(kept, listing, dropped=(b"c",))
    stage(kept, listing, replace(C, parent=b"b"))
    stage(kept, listing, A, dropped=(b"a",))
    promote(kept, listing, full=False)
    tree = listings.begin(kept.db, kept.run, kept.row, "cursor").tree
    assert shape(tree) == {b"": [b"root"], b"root": [b"a", b"b"], b"a": [], b"b": [b"c"], b"c": []}


def test_folders_that_are_still_to_be_listed(kept: World) -> None:
    listing = listings.begin(kept.db, kept.run, kept.row)
    stage(kept, listing, replace(A, pending=True), replace(B, pending=True), C)
    assert listing.tree.pending(10) == [replace(A, pending=True), replace(B, pending=True)]
    assert listing.tree.pending(1) == [replace(A, pending=True)]
    stage(kept, listing, A, dropped=(b"b",))
    assert listing.tree.pending(10) == []


def test_a_listing_that_says_where_it_stands_is_gone_on_with(kept: World) -> None:
    listing = listings.begin(kept.db, kept.run, kept.row)
    stage(kept, listing, ROOT, A, position="half way")
    kept.begin()
    assert listings.is_interrupted_from_scratch(kept.db, kept.row)
    again = listings.begin(kept.db, kept.run, kept.row)
    assert (again.id, again.tree.position) == (listing.id, "half way")
    assert shape(again.tree) == {b"": [b"root"], b"root": [b"a"], b"a": []}
    listings.discard(kept.db, kept.run, kept.row)
    assert not listings.is_interrupted_from_scratch(kept.db, kept.row)
    anew = listings.begin(kept.db, kept.run, kept.row)
    assert (anew.tree.position, shape(anew.tree)) == (None, {b"": []})


def test_a_listing_from_another_cursor_begins_anew(kept: World) -> None:
    stage(kept, listings.begin(kept.db, kept.run, kept.row, "one"), ROOT, position="half way")
    assert listings.begin(kept.db, kept.run, kept.row, "two").tree.position is None


def test_a_first_listing_that_was_cut_short_is_not_forgotten(world: World) -> None:
    listing = listings.begin(world.db, world.run, world.row)
    stage(world, listing, ROOT, position="half way")
    sources.forget_unlisted(world.db, world.run, world.row)
    assert listings.begin(world.db, world.run, world.row).tree.position == "half way"


def test_a_source_is_removed_with_its_tree(kept: World) -> None:
    tree = listings.begin(kept.db, kept.run, kept.row, "cursor").tree
    sources.remove(kept.db, kept.run, kept.row)
    assert shape(tree) == {b"": []}


def test_children_are_read_in_pages(world: World) -> None:
    listing = listings.begin(world.db, world.run, world.row)
    many = [Node(f"{number:05}".encode(), b"root", "{}") for number in range(2_345)]
    stage(world, listing, ROOT, *many)
    assert list(listing.tree.children(b"root")) == many


def test_a_tree_in_memory_is_as_one_in_the_ledger(world: World) -> None:
    listing, memory = listings.begin(world.db, world.run, world.row), MemoryTree()
    for nodes, dropped in (((ROOT, A, B, C), ()), ((replace(C, parent=b"b"),), (b"a",)), ((A,), (b"c", b"a"))):
        stage(world, listing, *nodes, dropped=dropped)
        memory.stage(nodes, dropped)
        assert shape(memory) == shape(listing.tree)
        assert list(memory.folders()) == list(listing.tree.folders())
