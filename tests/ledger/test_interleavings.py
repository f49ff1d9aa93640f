"""The publish protocol when things happen in the wrong moment: one test for each interleaving."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import event, select

from core.errors import Fenced
from core.files import ListingEnd
from core.ids import text_hash
from core.reasons import Reason
from ledger import deletion, listings, lookup, owed, publishing, quarantine, runs, sources
from ledger.database import Database
from ledger.publishing import Reading
from ledger.quarantine import FailedFile
from ledger.schema import ChunkState, chunks
from tests.ledger.world import CORRUPT, EMPTY, LOCKED, World, kept_texts, kept_vectors


def states(world: World) -> dict[str, ChunkState]:
    """{chunk id: state} of everything that the ledger has of the library's store."""
    with world.db.read() as connection:
        statement = select(chunks.c.id, chunks.c.state).where(chunks.c.generation_id == world.generation.id)
        return {id: ChunkState(state) for id, state in connection.execute(statement)}


def by_text(world: World, document: str, text: str) -> str:
    """The id of the document's first chunk with this text."""
    with world.db.read() as connection:
        statement = select(chunks.c.id).where(chunks.c.document_id == world.id(document), chunks.c.text_hash == text_hash(text))
        return str(connection.execute(statement).scalars().one())


def failure(world: World, name: str, reason: Reason) -> FailedFile:
    """The failure of a file that is owed."""
    file = next(file for file in world.owed() if file.file_id == name.encode())
    return FailedFile(file.document_id, file.wanted, "extract", reason, "")


# -- a late writer ------------------------------------------------------------------------------------------------------


def test_every_write_of_a_late_run_is_refused(world: World) -> None:
    world.source.write("a", "one|two")
    world.listing()
    late = world.run
    file = world.owed()[0]
    revision, texts = world.revision(file, "one|two")
    listing = listings.begin(world.db, late, world.row).id
    world.begin()

    def promote() -> object:
        return listings.promote(world.db, late, world.row, listing, ListingEnd("late", True))

    writes: list[Callable[[], object]] = [
        lambda: listings.begin(world.db, late, world.row),
        lambda: listings.stage(world.db, late, world.row, listing, world.source.page()),
        lambda: listings.note_contents(world.db, late, listing, [(file.document_id, "hash", "v1")]),
        promote,
        lambda: listings.settle_moves(world.db, late, world.row),
        lambda: owed.invalidate(world.db, late, world.row, replace(world.pipeline, chunker="chunker/2")),
        lambda: publishing.stage(world.db, late, [revision], texts, {}),
        lambda: publishing.flip(world.db, late, [revision]),
        lambda: publishing.confirm(world.db, late, [Reading(file.document_id, file.wanted, "hash", "v1")]),
        lambda: publishing.retract(world.db, late, [file.document_id]),
        lambda: quarantine.record(world.db, late, [failure(world, "a", Reason.CORRUPT)], "registry/1"),
        lambda: deletion.abandon_staged(world.db, late),
        lambda: deletion.claim(world.db, late, 10),
        lambda: deletion.forget(world.db, late, []),
        lambda: deletion.erase_texts(world.db, late),
        lambda: deletion.suspect_contents(world.db, late, ["hash"]),
        lambda: deletion.settle_contents(world.db, late, ["hash"]),
        lambda: sources.remove(world.db, late, world.row),
    ]
    for write in writes:
        with pytest.raises(Fenced):
            write()
    world.sync()
    assert world.visible() == {"a": "one|two"}


def test_what_a_late_run_has_staged_is_given_up_by_its_successor(world: World) -> None:
    world.source.write("a", "one|two")
    world.listing()
    late = world.run
    revision = world.revision(world.owed()[0], "one|two")
    world.stage([revision], world.embed([revision]))
    world.source.write("a", "three")
    successor = world.steps()
    while next(successor) != "promoted":
        pass
    world.upsert([revision])  # the late run does not know yet: its write reaches the store all the same
    with pytest.raises(Fenced):
        publishing.flip(world.db, late, [revision[0]])
    assert world.visible() == {}
    for _step in successor:
        pass
    assert world.visible() == {"a": "three"}
    assert set(states(world).values()) == {ChunkState.LIVE}


def test_a_run_begins_only_after_the_write_that_an_earlier_one_is_in(world: World) -> None:
    begun = threading.Event()

    def take_over() -> None:
        world.begin()
        begun.set()

    late, successor = world.run, threading.Thread(target=take_over)
    with world.db.write() as connection:
        runs.fence(connection, late)
        successor.start()
        assert not begun.wait(0.3)
        runs.publish(connection, late)
    successor.join()
    assert begun.is_set() and world.run.epoch == late.epoch + 1


# -- deletion pending ---------------------------------------------------------------------------------------------------


def test_content_reverted_while_its_deletion_is_pending_waits_for_it(world: World) -> None:
    world.source.write("a", "one|two")
    world.sync()
    world.source.write("a", "one|three")
    world.listing()
    world.publish()
    two = by_text(world, "a", "two")
    assert deletion.claim(world.db, world.run, 10) == [two]
    world.source.write("a", "one|two")
    world.listing()
    plans = world.revisions(world.owed())
    # The store may delete `two` at any moment: written now, it would be lost.
    assert world.stage(plans, world.embed(plans)) == {world.id("a")}
    assert publishing.flip(world.db, world.run, [revision for revision, _texts in plans]).refused == {world.id("a")}
    assert world.visible() == {"a": "one|three"}
    del world.store[two]
    deletion.forget(world.db, world.run, [two])
    world.publish()
    assert world.visible() == {"a": "one|two"}


def test_content_reverted_before_its_deletion_is_claimed_is_taken_back(world: World) -> None:
    world.source.write("a", "one|two")
    world.sync()
    world.source.write("a", "one|three")
    world.listing()
    world.publish()
    two = by_text(world, "a", "two")
    assert states(world)[two] is ChunkState.STALE
    world.source.write("a", "one|two")
    world.listing()
    embedded = world.embedded
    assert world.publish().updated == {world.id("a")}
    assert world.embedded == embedded
    assert two not in deletion.claim(world.db, world.run, 10)
    assert world.visible() == {"a": "one|two"}


def test_a_deletion_that_a_crash_cut_off_is_finished_first(world: World) -> None:
    world.source.write("a", "one|two|three")
    world.sync()
    world.source.write("a", "one")
    world.listing()
    world.publish()
    claimed = deletion.claim(world.db, world.run, 1)
    world.begin()
    assert deletion.claim(world.db, world.run, 10)[:1] == claimed
    while world.delete():
        pass
    assert list(world.store) == [by_text(world, "a", "one")]
    assert deletion.pending(world.db, world.run) == 0


def test_forgetting_ids_that_were_not_claimed_does_nothing(world: World) -> None:
    world.source.write("a", "one|two")
    world.sync()
    deletion.forget(world.db, world.run, list(world.store))
    assert world.visible() == {"a": "one|two"}


# -- contents that change places ----------------------------------------------------------------------------------------


def test_two_files_that_swap_their_contents_are_whole_at_every_step(world: World) -> None:
    world.source.write("a", "one|two")
    world.source.write("b", "three|two")
    world.sync()
    world.source.write("a", "three|two")
    world.source.write("b", "one|two")
    embedded = world.embedded
    for _step in world.steps(portion=1):
        assert world.visible()["a"] in ("one|two", "three|two")
        assert world.visible()["b"] in ("one|two", "three|two")
    assert world.visible() == {"a": "three|two", "b": "one|two"}
    assert world.embedded == embedded


def test_one_text_in_two_documents_outlives_the_first(world: World) -> None:
    world.source.write("a", "shared|mine")
    world.source.write("b", "shared|yours")
    world.source.write("c", "other")
    world.sync()
    run = world.steps()
    world.source.remove("a")
    for _step in run:
        assert world.visible()["b"] == "shared|yours"
    assert kept_texts(world.db) == {"shared", "yours", "other"}
    world.source.remove("b")
    world.sync()
    assert kept_texts(world.db) == {"other"}
    assert kept_vectors(world.db) == {text_hash("other")}


def test_one_text_twice_in_a_document_outlives_its_first_place(world: World) -> None:
    world.source.write("a", "same|between|same")
    world.sync()
    world.source.write("a", "between|same")
    world.sync()
    assert world.visible() == {"a": "between|same"}
    assert kept_texts(world.db) == {"between", "same"}


def test_one_text_in_two_libraries_outlives_the_first(db: Database) -> None:
    one, other = World(db, "one"), World(db, "other")
    one.source.write("a", "shared")
    other.source.write("a", "shared")
    one.sync()
    other.sync()
    assert other.embedded == 0
    one.begin()
    sources.remove(db, one.run, one.row)
    one.delete()
    one.erase()
    assert kept_texts(db) == {"shared"}
    assert other.visible() == {"a": "shared"}


def test_a_text_erased_by_another_library_after_it_was_looked_up_is_not_relied_on(db: Database) -> None:
    one, other = World(db, "one"), World(db, "other")
    one.source.write("a", "shared")
    one.sync()
    other.source.write("a", "shared|more")
    other.listing()
    revision = other.revision(other.owed()[0], "shared|more")
    new_vectors = other.embed([revision])
    assert text_hash("shared") not in new_vectors
    one.begin()
    sources.remove(db, one.run, one.row)
    one.delete()
    one.erase()
    assert other.stage([revision], new_vectors) == {other.id("a")}
    other.sync()
    assert other.visible() == {"a": "shared|more"}
    assert kept_texts(db) == {"shared", "more"}


def test_texts_saved_for_a_refused_document_do_not_stay(world: World) -> None:
    world.source.write("a", "one")
    world.listing()
    revision, texts = world.revision(world.owed()[0], "one")
    assert publishing.stage(world.db, world.run, [revision], texts, {}) == {world.id("a")}
    world.source.remove("a")
    world.source.write("b", "two")
    world.sync()
    assert kept_texts(world.db) == {"two"}


# -- documents that end -------------------------------------------------------------------------------------------------


def test_a_document_that_shrinks_to_nothing_is_withdrawn(world: World) -> None:
    world.source.write("a", "one|two")
    world.source.write("b", "two")
    world.sync()
    world.source.write("a", EMPTY)
    world.listing()
    assert quarantine.record(world.db, world.run, [failure(world, "a", Reason.EMPTY)], "registry/1") == 1
    assert world.visible() == {"b": "two"}
    world.sync()
    assert kept_texts(world.db) == {"two"}
    assert [(row.path, row.reason, row.outdated) for row in quarantine.rows(world.db, world.library)] == [("a", "empty", False)]
    assert world.owed() == []
    world.source.write("a", "three")
    world.sync()
    assert world.visible() == {"a": "three", "b": "two"}
    assert quarantine.rows(world.db, world.library) == []


def test_withdrawing_counts_only_what_was_published(world: World) -> None:
    world.source.write("a", EMPTY)
    world.listing()
    assert quarantine.record(world.db, world.run, [failure(world, "a", Reason.EMPTY)], "registry/1") == 0


def test_a_published_file_that_becomes_unreadable_keeps_its_last_good_revision(world: World) -> None:
    world.source.write("a", "one|two")
    world.sync()
    world.source.write("a", LOCKED)
    world.sync()
    view = lookup.live(world.db, world.generation, list(world.store), None)
    assert world.visible() == {"a": "one|two"}
    assert {chunk.outdated for chunk in view.chunks.values()} == {True}
    assert world.owed() == []  # its back-off is not over
    world.sync()
    assert world.owed() == []  # another listing does not end the back-off
    world.at(7 * 3600.0)
    assert [file.path for file in world.owed()] == ["a"]
    world.source.write("a", "one|two")
    embedded = world.embedded
    world.sync()
    view = lookup.live(world.db, world.generation, list(world.store), None)
    assert {chunk.outdated for chunk in view.chunks.values()} == {False}
    assert world.embedded == embedded


def test_a_published_file_that_becomes_corrupt_keeps_its_last_good_revision_and_is_not_tried_again(world: World) -> None:
    world.source.write("a", "one|two")
    world.sync()
    world.source.write("a", CORRUPT)
    world.sync()
    assert world.visible() == {"a": "one|two"}
    world.at(24 * 3600.0)
    assert world.owed() == []
    world.source.touch("a")
    world.sync()
    assert [row.attempts for row in quarantine.rows(world.db, world.library)] == [1]


# -- revisions that come too late ---------------------------------------------------------------------------------------


def test_a_file_that_changed_or_went_is_refused_by_itself(world: World) -> None:
    for name in ("a", "b", "c"):
        world.source.write(name, f"old {name}")
    world.sync()
    for name in ("a", "b", "c"):
        world.source.write(name, f"new {name}")
    world.listing()
    plans = [world.revision(file, world.source.files[file.file_id]) for file in world.owed()]
    world.stage(plans, world.embed(plans))
    world.upsert(plans)
    world.source.write("a", "newer a")
    world.source.remove("b")
    world.listing()
    flip = publishing.flip(world.db, world.run, [revision for revision, _texts in plans])
    assert flip.refused == {world.id("a"), world.id("b")}
    assert flip.updated == {world.id("c")}
    assert world.visible() == {"a": "old a", "c": "new c"}
    assert ChunkState.STAGED not in states(world).values()
    world.sync()
    assert world.visible() == {"a": "newer a", "c": "new c"}


def test_a_revision_planned_against_other_chunks_is_refused(world: World) -> None:
    world.source.write("a", "one|two")
    world.sync()
    world.source.write("a", "one|three")
    world.listing()
    stale_plan = world.revision(world.owed()[0], "one|three")
    world.publish()
    with world.db.write() as connection:
        connection.exec_driver_sql("UPDATE files SET owed = true")  # as if it were owed again, for the same wanted state
    world.stage([stale_plan], {})
    assert publishing.flip(world.db, world.run, [stale_plan[0]]).refused == {world.id("a")}
    assert world.visible() == {"a": "one|three"}


def test_what_an_abandoned_attempt_staged_never_goes_live(world: World) -> None:
    world.source.write("a", "one|wrong")
    world.listing()
    wrong = world.revision(world.owed()[0], "one|wrong")
    world.stage([wrong], world.embed([wrong]))
    world.upsert([wrong])
    world.source.write("a", "one|right")
    world.listing()
    world.publish()
    assert world.visible() == {"a": "one|right"}
    world.sync()
    assert set(states(world).values()) == {ChunkState.LIVE}
    assert kept_texts(world.db) == {"one", "right"}


# -- a flip between a search's two reads ----------------------------------------------------------------------------------


def test_a_flip_after_the_stores_answer_drops_old_hits_and_moves_the_counter(world: World) -> None:
    world.source.write("a", "one|two")
    world.sync()
    hits, counter = list(world.store), lookup.publish_counter(world.db, world.library.id)
    world.source.write("a", "three|two")
    world.sync()
    view = lookup.live(world.db, world.generation, hits, None)
    assert {chunk.body for chunk in view.chunks.values()} == {"two"}
    assert view.publish_counter > counter
    assert world.visible() == {"a": "three|two"}


def test_the_counter_and_the_hits_are_of_one_instant(world: World) -> None:
    world.source.write("a", "one|two")
    world.sync()
    before = lookup.publish_counter(world.db, world.library.id)
    world.source.write("a", "three|two")
    pending = [True]

    def flip_in_between(connection: object, cursor: object, statement: str, *_rest: object) -> None:
        if pending and "publish_counter" in statement and threading.current_thread() is threading.main_thread():
            pending.clear()
            other = threading.Thread(target=world.sync)
            other.start()
            other.join()

    event.listen(world.db.engine, "after_cursor_execute", flip_in_between)
    try:
        view = lookup.live(world.db, world.generation, list(world.store), None)
    finally:
        event.remove(world.db.engine, "after_cursor_execute", flip_in_between)
    assert not pending
    assert view.publish_counter == before
    assert {chunk.body for chunk in view.chunks.values()} == {"one", "two"}
    assert world.visible() == {"a": "three|two"}


def test_a_removal_and_a_move_are_seen_at_once(world: World) -> None:
    world.source.write("a", "one|two")
    world.source.write("b", "three")
    world.sync()
    counter = lookup.publish_counter(world.db, world.library.id)
    world.source.remove("b")
    world.begin()
    assert world.listing().removed == 1
    assert world.visible() == {"a": "one|two"}
    assert lookup.publish_counter(world.db, world.library.id) > counter
