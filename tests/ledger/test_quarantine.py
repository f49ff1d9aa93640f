"""Files that cannot be processed: shown, out of the way, tried again when it may help, never forgotten."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from core.reasons import Reason
from ledger import owed, quarantine, statistics
from ledger.quarantine import LONGEST_DELAY, FailedFile
from tests.ledger.world import CORRUPT, EMPTY, LOCKED, World


def fail(world: World, name: str, reason: Reason, content: str | None = None, detail: str = "") -> int:
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


@pytest.mark.parametrize(
    ("reason", "first"), [(Reason.FAILED, 60.0), (Reason.DOWNLOAD_QUOTA, 7200.0), (Reason.MALWARE, 3600.0)]
)
def test_the_back_off_doubles_up_to_a_limit(world: World, reason: Reason, first: float) -> None:
    world.source.write("a", "one")
    world.listing()
    for attempt in range(1, 13):
        fail(world, "a", reason)
        row = quarantine.rows(world.db, world.library)[0]
        expected = min(LONGEST_DELAY, first * 2 ** (attempt - 1))
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
    assert quarantine.record(world.db, world.run, failed, "registry/1") == 1
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
    assert quarantine.record(world.db, world.run, failed, "registry/1") == 0
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


def refused(world: World, name: str, reason: Reason, engine: str) -> None:
    """Put an owed file into quarantine as an engine's refusal of its content."""
    file = next(file for file in world.owed() if file.file_id == name.encode())
    key = world.pipeline.failure_key(reason, engine)
    failed = FailedFile(file.document_id, file.wanted, "extract", reason, "", f"hash of {name}", file.fingerprint, key)
    quarantine.record(world.db, world.run, [failed], world.pipeline.registry)


@pytest.mark.parametrize(
    ("change", "again"),
    [
        ({"registry": "registry/2", "refusals": frozenset({"pdf/1", "docx/2"})}, ["docx", "type", "needs", "killed"]),
        ({"registry": "registry/2", "refusals": frozenset({"pdf/1", "docx/1", "odt/1"})}, ["type", "needs", "killed"]),
        ({"limits": "2 GiB"}, ["large", "killed"]),
        ({}, []),
    ],
    ids=["another version of one engine", "a new engine", "other limits", "nothing"],
)
def test_a_lasting_refusal_is_remembered_by_what_can_change_it(world: World, change: dict[str, Any], again: list[str]) -> None:
    world.pipeline = replace(world.pipeline, refusals=frozenset({"pdf/1", "docx/1"}), limits="1 GiB")
    names = ("docx", "killed", "large", "needs", "pdf", "type")
    for name in names:
        world.source.write(name, name)
    world.listing()
    owed.invalidate(world.db, world.run, world.row, world.pipeline)
    refused(world, "pdf", Reason.CORRUPT, "pdf/1")
    refused(world, "docx", Reason.EMPTY, "docx/1")
    refused(world, "large", Reason.TOO_LARGE, "pdf/1")
    refused(world, "killed", Reason.TOO_LARGE, "")
    refused(world, "type", Reason.UNSUPPORTED_TYPE, "")
    refused(world, "needs", Reason.NEEDS_TESSERACT, "pdf/1")
    assert world.owed() == []
    world.pipeline = replace(world.pipeline, **change)
    owed.invalidate(world.db, world.run, world.row, world.pipeline)
    assert [file.path for file in world.owed()] == sorted(again)
    for file in world.owed():
        assert not file.is_hopeless(f"hash of {file.path}", world.pipeline)


def test_the_same_bytes_under_another_fingerprint_are_known_to_be_hopeless(world: World) -> None:
    world.pipeline = replace(world.pipeline, refusals=frozenset({"pdf/1"}))
    world.source.write("a", "one")
    world.listing()
    owed.invalidate(world.db, world.run, world.row, world.pipeline)
    refused(world, "a", Reason.CORRUPT, "pdf/1")
    world.source.touch("a")
    world.begin()
    world.listing()
    (file,) = world.owed()
    assert file.is_hopeless("hash of a", world.pipeline)
    assert not file.is_hopeless("hash of b", world.pipeline)
    assert not file.is_hopeless("hash of a", replace(world.pipeline, refusals=frozenset({"pdf/2"})))


@pytest.mark.parametrize("which", ["folder/a", "a", "document id", "place"])
def test_one_file_with_all_that_is_known_of_it(world: World, which: str) -> None:
    world.pipeline = replace(world.pipeline, registry="0123456789abcdef", refusals=frozenset({"pdf/1|types"}))
    world.source.write("folder/a", "one")
    world.source.write("b", "one")
    world.listing()
    refused(world, "folder/a", Reason.CORRUPT, "pdf/1|types")
    refused(world, "b", Reason.CORRUPT, "")
    argument = {"document id": world.id("folder/a"), "place": "x"}.get(which, which)
    (row,) = quarantine.rows(world.db, world.library, which=argument, place=f"{world.row.root}/folder/a")
    assert (row.path, row.reason, row.stage, row.attempts) == ("folder/a", "corrupt", "extract", 1)
    assert (row.engine, row.content_hash, row.document_id) == ("pdf/1", "hash of folder/a", world.id("folder/a"))
    assert quarantine.rows(world.db, world.library, which="b")[0].engine is None
    assert quarantine.rows(world.db, world.library, which="no such file") == []
    assert quarantine.known(world.db, [row.document_id, "unknown"]) == {row.document_id: "corrupt"}


def test_a_type_that_is_no_longer_wanted_retires_the_document(world: World) -> None:
    world.source.write("a", "one")
    world.source.write("stays", "stays")
    world.sync()
    world.pipeline = replace(world.pipeline, engines=frozenset({"text/2"}), registry="registry/2")
    owed.invalidate(world.db, world.run, world.row, world.pipeline)
    assert fail(world, "a", Reason.UNSUPPORTED_TYPE, "hash") == 1
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
