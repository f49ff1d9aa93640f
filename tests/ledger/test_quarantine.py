"""Files that cannot be processed: shown, out of the way, tried again when it may help, never forgotten."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from core.reasons import Reason
from ledger import owed, quarantine, statistics
from ledger.quarantine import FIRST_DELAY, LONGEST_DELAY, FailedFile
from tests.ledger.world import CORRUPT, EMPTY, LOCKED, World


def fail(world: World, name: str, reason: Reason, content: str | None = None, detail: str = "") -> set[str]:
    """Put an owed file into quarantine."""
    file = next(file for file in world.owed() if file.file_id == name.encode())
    failed = FailedFile(file.document_id, file.wanted, "fetch", reason, detail, content, file.fingerprint if content else "")
    return quarantine.record(world.db, world.run, [failed], world.pipeline.registry)


def paths(world: World) -> list[str]:
    """What is in quarantine."""
    return sorted(row.path for row in quarantine.rows(world.db, world.library))


@pytest.mark.parametrize("reason", list(Reason))
def test_a_transient_failure_is_tried_again_by_itself_a_lasting_one_is_not(world: World, reason: Reason) -> None:
    world.source.write("a", "one")
    world.listing()
    fail(world, "a", reason)
    row = quarantine.rows(world.db, world.library)[0]
    assert (row.reason, row.attempts, row.outdated) == (reason.value, 1, False)
    assert world.owed() == []
    world.begin()
    world.listing()
    assert world.owed() == []
    world.at(24 * 3600.0)
    assert [file.path for file in world.owed()] == (["a"] if reason.transient else [])
    assert (row.next_try is not None) == reason.transient


@pytest.mark.parametrize("reason", [Reason.UNREADABLE, Reason.CORRUPT])
def test_an_edit_is_tried_at_once(world: World, reason: Reason) -> None:
    world.source.write("a", "one")
    world.listing()
    fail(world, "a", reason)
    world.source.write("a", "two")
    world.begin()
    world.listing()
    assert [file.path for file in world.owed()] == ["a"]
    world.sync()
    assert world.visible() == {"a": "two"}
    assert paths(world) == []


def test_a_new_acl_does_not_end_a_back_off(world: World) -> None:
    world.source.write("a", LOCKED)
    world.sync()
    world.source.acls[b"a"] = ("ana",)
    world.begin()
    world.listing()
    assert world.owed() == []
    world.at(24 * 3600.0)
    assert [file.path for file in world.owed()] == ["a"]


def test_the_back_off_doubles_up_to_a_limit(world: World) -> None:
    world.source.write("a", "one")
    world.listing()
    for attempt in range(1, 13):
        fail(world, "a", Reason.FAILED)
        row = quarantine.rows(world.db, world.library)[0]
        expected = min(LONGEST_DELAY, FIRST_DELAY * 2 ** (attempt - 1))
        assert row.attempts == attempt
        assert row.next_try is not None
        assert 0.75 * expected < row.next_try - row.last_at < 1.25 * expected
        assert row.first_at <= row.last_at
        world.now = row.next_try + 1


def test_what_changed_meanwhile_or_is_gone_is_left_alone(world: World) -> None:
    for name in ("a", "b", "c"):
        world.source.write(name, f"old {name}")
    world.sync()
    for name in ("a", "b", "c"):
        world.source.write(name, EMPTY)
    world.begin()
    world.listing()
    failed = [FailedFile(file.document_id, file.wanted, "extract", Reason.EMPTY, "") for file in world.owed()]
    world.source.write("a", "new a")
    world.source.remove("b")
    world.begin()
    world.listing()
    assert quarantine.record(world.db, world.run, failed, "registry/1") == {world.id("c")}
    assert paths(world) == ["c"]
    assert world.visible() == {"a": "old a"}


def test_a_file_that_vanished_into_waiting_is_not_withdrawn(world: World) -> None:
    world.source.write("a", "one")
    world.sync()
    world.source.write("a", EMPTY)
    world.begin()
    world.listing()
    failed = [FailedFile(file.document_id, file.wanted, "extract", Reason.EMPTY, "") for file in world.owed()]
    world.source.remove("a")
    world.begin()
    assert world.listing().needs_flag
    assert quarantine.record(world.db, world.run, failed, "registry/1") == set()
    assert world.visible() == {"a": "one"}


def test_removal_takes_the_quarantine_row_along(world: World) -> None:
    world.source.write("a", CORRUPT)
    world.source.write("b", "fine")
    world.sync()
    assert paths(world) == ["a"]
    world.source.remove("a")
    world.sync()
    assert paths(world) == []


@pytest.mark.parametrize("which", ["path", "document id", "all"])
def test_retry_owes_the_chosen_files_again(world: World, which: str) -> None:
    for name in ("a", "b"):
        world.source.write(name, CORRUPT)
    world.source.write("fine", "fine")
    world.sync()
    argument = {"path": "a", "document id": world.id("a"), "all": None}[which]
    expected = ["a", "b"] if which == "all" else ["a"]
    assert quarantine.retry(world.db, world.library, argument) == len(expected)
    assert [file.path for file in world.owed()] == expected
    world.begin()
    world.listing()
    assert [file.path for file in world.owed()] == expected
    world.sync()
    assert world.owed() == []
    attempts = {row.path: row.attempts for row in quarantine.rows(world.db, world.library)}
    assert attempts == {"a": 2, "b": 2 if which == "all" else 1}


def test_a_retry_by_the_path_below_the_root(world: World) -> None:
    for name in ("a", "b"):
        world.source.write(name, CORRUPT)
    world.sync()
    assert quarantine.retry(world.db, world.library, "x", f"{world.row.root}/a") == 1
    assert quarantine.retry(world.db, world.library, "x", "/elsewhere/a") == 0


def test_retry_ends_a_back_off(world: World) -> None:
    world.source.write("a", LOCKED)
    world.sync()
    assert world.owed() == []
    assert quarantine.retry(world.db, world.library) == 1
    assert [file.path for file in world.owed()] == ["a"]


def test_retry_of_something_unknown_or_of_another_library_does_nothing(world: World) -> None:
    other = World(world.db, "other")
    other.source.write("a", CORRUPT)
    other.sync()
    assert quarantine.retry(world.db, world.library, "a") == 0
    assert quarantine.retry(world.db, other.library, "b") == 0
    assert other.owed() == []


def test_a_run_at_work_on_a_file_that_is_retried_does_not_publish_it_as_settled(world: World) -> None:
    world.source.write("a", CORRUPT)
    world.sync()
    world.source.write("a", "one")
    world.begin()
    world.listing()
    file = world.owed()[0]
    quarantine.retry(world.db, world.library, "a")
    failed = FailedFile(file.document_id, file.wanted, "extract", Reason.CORRUPT, "")
    quarantine.record(world.db, world.run, [failed], "registry/1")
    assert [file.path for file in world.owed()] == ["a"]


def test_new_engines_are_tried_on_everything_that_was_given_up(world: World) -> None:
    for name, text in (("a", CORRUPT), ("b", EMPTY), ("fine", "fine")):
        world.source.write(name, text)
    world.sync()
    world.pipeline = replace(world.pipeline, registry="registry/2")
    owed.invalidate(world.db, world.run, world.row, world.pipeline)
    assert [file.path for file in world.owed()] == ["a", "b"]


def test_a_type_that_is_no_longer_wanted_retires_the_document(world: World) -> None:
    world.source.write("a", "one")
    world.source.write("stays", "stays")
    world.sync()
    world.pipeline = replace(world.pipeline, engines=frozenset({"text/2"}), registry="registry/2")
    owed.invalidate(world.db, world.run, world.row, world.pipeline)
    assert fail(world, "a", Reason.UNSUPPORTED_TYPE, "hash") == {world.id("a")}
    assert world.visible() == {"stays": "stays"}


def test_words_that_no_database_holds_are_kept_readable(world: World) -> None:
    world.source.write("a", "one")
    world.listing()
    fail(world, "a", Reason.FAILED, detail="broken \0 at \ud83d, caf\u00e9")
    assert quarantine.rows(world.db, world.library)[0].detail == "broken \ufffd at \ufffd, caf\u00e9"


def test_rows_come_latest_first(world: World) -> None:
    for name in ("a", "b", "c"):
        world.source.write(name, name)
    world.listing()
    for name in ("b", "a", "c"):
        fail(world, name, Reason.CORRUPT)
        time.sleep(0.01)
    assert [row.path for row in quarantine.rows(world.db, world.library)] == ["c", "a", "b"]
    assert [row.path for row in quarantine.rows(world.db, world.library, limit=2)] == ["c", "a"]
    assert quarantine.count(world.db, world.library) == 3


def test_status_counts_what_the_ledger_holds(world: World) -> None:
    for name in ("a", "b", "c", "d"):
        world.source.write(name, f"text|of {name}")
    world.source.write("broken", CORRUPT)
    world.sync()
    world.source.write("a", LOCKED)
    world.source.write("b", CORRUPT)
    world.sync()
    world.source.write("c", "new")
    world.begin()
    world.listing()
    every = statistics.collect(world.db, world.library)
    assert (every.files, every.documents, every.chunks, every.generation) == (5, 4, 8, 1)
    assert (every.owed, every.quarantined, every.outdated, every.current) == (2, 3, 3, 1)
    one = statistics.collect(world.db, world.library, world.row.id)
    assert one == replace(every, chunks=0)
    other = World(world.db, "library", "/other", world.store)
    assert statistics.collect(world.db, world.library, other.row.id).files == 0
    world.source.files = {}
    world.begin()
    world.listing()
    after = statistics.collect(world.db, world.library)
    assert (after.files, after.documents, after.current, after.awaiting_confirmation) == (0, 4, 0, 5)
