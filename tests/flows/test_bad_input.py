"""Bad input: a clear word, the right end, and nothing that was published is lost."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from pathlib import Path

import pytest

from core.errors import LedgerTooNew, LibraryBusy, UsageError
from ledger import libraries
from ledger.locks import library_lock
from tests.flows.world import World


def reasons(world: World) -> dict[str, str]:
    """{path: reason} of the quarantine."""
    rows = world.rows("SELECT f.path, q.reason FROM quarantine q JOIN files f USING (document_id)")
    return {str(path): str(reason) for path, reason in rows}


def test_a_path_that_does_not_exist(world: World) -> None:
    with pytest.raises(UsageError, match="neither a folder nor a source"):
        world.run(source=str(world.folder / "nowhere")).result()
    assert not (world.home / "ledger.db").exists(), "no side effect"


def test_google_drive_is_refused_without_side_effect(world: World) -> None:
    state = world.run(source="google-drive")
    assert state.is_failed()
    assert "Google Drive" in str(state.message)
    assert not (world.home / "ledger.db").exists()


def test_an_unknown_library(world: World) -> None:
    world.write("a.txt", "A text.")
    world.ingest()
    world.name = "nobody"
    with pytest.raises(UsageError, match="unknown library 'nobody'"):
        world.search("anything")


def test_every_kind_of_bad_file_is_named_and_none_stops_another(world: World) -> None:
    world.write("good.txt", "A good text.")
    world.write("empty.txt", b"")
    world.write("blank.md", b" \n\t\n")
    world.write("picture.bin", bytes(range(256)) * 8)
    world.write("broken.pdf", b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog")
    report = world.ingest()
    assert (report.added, report.quarantined, report.complete) == (1, 4, False)
    expected = {"empty.txt": "empty", "blank.md": "empty", "picture.bin": "unsupported_type", "broken.pdf": "corrupt"}
    assert reasons(world) == expected
    assert {failure.path for failure in report.failures} == set(reasons(world))
    world.settle()
    world.ingest()
    again = world.ingest()
    assert (again.quarantined, again.failures) == (4, []), "remembered, not tried again"
    assert "extract" not in again.seconds
    world.write("broken.pdf", "Not a PDF any more, but a text.")
    mended = world.ingest()
    assert (mended.added, mended.quarantined) == (1, 3)


def test_names_with_newlines_and_broken_utf8(world: World) -> None:
    odd = os.fsencode(world.folder) + b"/line\nbreak \xff\xfe.txt"
    with open(odd, "wb") as file:  # noqa: PTH123  pathlib cannot carry these bytes on every system
        file.write(b"A text under a strange name.")
    world.write("ein Wort \u2028 mehr.txt", "Another text.")
    report = world.ingest()
    assert (report.added, report.quarantined) == (2, 0)
    for passage in world.search("text", 5):
        passage.path.encode("utf-8")
        assert "\n" not in passage.path


def test_a_published_file_that_becomes_unreadable_stays_and_is_outdated(world: World) -> None:
    world.write("a.pdf.txt", "Version one speaks of turbines.")
    world.ingest()
    world.write("a.pdf.txt", b"%PDF-1.7 no more than this")
    report = world.ingest()
    assert (report.quarantined, report.removed) == (1, 0)
    best = world.search("turbines", 1)[0]
    assert best.outdated
    assert "turbines" in best.text
    world.write("a.pdf.txt", "Version two speaks of windmills.")
    assert world.ingest().updated == 1
    assert not world.search("windmills", 1)[0].outdated


def test_a_document_that_shrinks_to_nothing_is_withdrawn(world: World) -> None:
    world.write("a.txt", "Here is something.")
    world.write("b.txt", "Here is something else.")
    world.ingest()
    world.write("a.txt", b"")
    report = world.ingest()
    assert report.quarantined == 1
    assert [passage.path for passage in world.search("something", 5)] == ["b.txt"]
    assert world.store_ids() == [row[2] for row in world.index()]


def test_an_unmounted_root_deletes_nothing(world: World) -> None:
    for number in range(3):
        world.write(f"{number}.txt", f"Text number {number}.")
    world.ingest()
    kept = world.folder.rename(world.folder.with_name("kept"))
    world.folder.mkdir()
    for _ in range(2):
        report = world.ingest()
        assert (report.removed, report.awaiting_confirmation, report.complete) == (0, 3, False)
    assert len(world.search("text", 5)) == 3
    world.folder.rmdir()
    kept.rename(world.folder)
    assert world.ingest().awaiting_confirmation == 0
    shutil.rmtree(world.folder)
    state = world.run()
    assert state.is_failed(), "a root that is gone cannot be listed"
    assert len(world.search("text", 5)) == 3
    world.folder.mkdir()
    assert world.ingest(confirm_removals=True).removed == 3
    assert world.search("text", 5) == []


def test_a_source_inside_another_is_refused(world: World) -> None:
    world.write("inner/a.txt", "A text.")
    world.ingest()
    state = world.run(source=str(world.folder / "inner"))
    assert state.is_failed()
    assert "overlaps" in str(state.message)


def test_a_ledger_from_a_newer_version(world: World) -> None:
    world.write("a.txt", "A text.")
    world.ingest()
    with sqlite3.connect(world.home / "ledger.db") as ledger:
        ledger.execute("UPDATE alembic_version SET version_num = '9999'")
    ledger.close()
    with pytest.raises(LedgerTooNew, match="upgrade Levada"):
        world.run().result()


def test_two_ingests_at_once(world: World) -> None:
    world.write("a.txt", "A text.")
    world.ingest()
    db = world.ledger()
    lock = library_lock(db, libraries.find(db, "default", world.name))
    lock.__enter__()
    with pytest.raises(LibraryBusy, match="another ingest"):
        world.run().result()
    threading.Timer(1.0, lock.__exit__, (None, None, None)).start()
    assert world.ingest(wait=60.0).unchanged == 1
    db.close()


def test_a_file_that_vanishes_while_it_is_read(world: World) -> None:
    """A link that points nowhere by the time it is opened: the listing saw a file, the reader does not."""
    from blocks.sources.folder import FolderSource
    from core.files import ChangePage

    world.write("a.txt", "A text.")
    world.write("b.txt", "Another text.")
    source = FolderSource(path=world.folder)
    files = [file for page in source.changes(None) if isinstance(page, ChangePage) for file in page.files]
    (world.folder / "b.txt").unlink()
    gone = next(file for file in files if file.name == "b.txt")
    with pytest.raises(FileNotFoundError):
        source.fetch(gone.id, Path(world.home))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission(world: World) -> None:
    world.write("a.txt", "A text.").chmod(0)
    assert world.ingest().quarantined == 1
    assert reasons(world) == {"a.txt": "unreadable"}
