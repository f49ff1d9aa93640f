"""Files in files: each is a document of its own, and follows what holds it."""

from __future__ import annotations

import io
import shutil
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest
from pypdf import PdfWriter

from core.members import DEEPEST
from ledger import libraries, quarantine
from tests.flows.test_sync import assert_as_fresh
from tests.flows.world import World

GATES = "# Gates\n\nA gate turns the water into one field after another.\n"
CANE = "Sugar cane is cut in spring, before the rain."
GRAPES = "Grapes ripen on the southern terraces in late August."


def packed(files: dict[str, str | bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return data.getvalue()


def letter(attachments: dict[str, bytes]) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.org", "b@example.org", "The harvest"
    message.set_content("The papers about the harvest are attached.")
    for name, content in attachments.items():
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def locked() -> bytes:
    writer, data = PdfWriter(), io.BytesIO()
    writer.add_blank_page(100, 100)
    writer.encrypt("secret")
    writer.write(data)
    return data.getvalue()


def paths(world: World) -> list[str]:
    return sorted({row[0] for row in world.index()})


def test_an_archive_is_searched_file_by_file(world: World, tmp_path: Path) -> None:
    world.write("box.zip", packed({"gates.md": GATES, "notes/cane.txt": CANE}))
    world.write("plain.txt", GRAPES)
    report = world.carry()
    assert (report.added, report.quarantined, report.owed, report.complete) == (3, 0, 0, True)
    assert paths(world) == ["box.zip/gates.md", "box.zip/notes/cane.txt", "plain.txt"]
    best = world.search("When is the cane cut?")[0]
    assert (best.path, best.outdated) == ("box.zip/notes/cane.txt", False)
    assert_as_fresh(world, tmp_path)


def test_a_letter_and_its_attachments_are_documents_each(world: World) -> None:
    world.write("harvest.eml", letter({"cane.txt": CANE.encode(), "more.zip": packed({"grapes.txt": GRAPES})}))
    assert world.carry().added == 3
    assert paths(world) == ["harvest.eml", "harvest.eml/cane.txt", "harvest.eml/more.zip/grapes.txt"]
    assert world.search("When do grapes ripen?")[0].path == "harvest.eml/more.zip/grapes.txt"


def test_a_second_run_opens_nothing(world: World) -> None:
    world.write("box.zip", packed({"gates.md": GATES, "cane.txt": CANE}))
    world.settle()
    world.carry()
    before = world.index()
    report = world.carry()
    assert (report.added, report.updated, report.unchanged, report.chunks_embedded) == (0, 0, 2, 0)
    assert "extract" not in report.seconds
    assert world.index() == before


def test_an_edit_in_an_archive_embeds_what_is_new(world: World, tmp_path: Path) -> None:
    world.write("box.zip", packed({"gates.md": GATES, "cane.txt": CANE, "old.txt": "An old note about goats."}))
    world.carry()
    world.write("box.zip", packed({"gates.md": GATES, "cane.txt": GRAPES, "new.txt": "A new note about sheep."}))
    report = world.carry()
    assert (report.added, report.updated, report.removed, report.chunks_embedded) == (1, 1, 1, 2)
    assert paths(world) == ["box.zip/cane.txt", "box.zip/gates.md", "box.zip/new.txt"]
    assert_as_fresh(world, tmp_path)


def test_what_lay_in_a_removed_archive_is_gone_to_the_last_trace(world: World) -> None:
    world.write("keep.txt", GRAPES)
    world.write("box.zip", packed({"inner.zip": packed({"cane.txt": CANE}), "gates.md": GATES}))
    assert world.carry().added == 3
    (world.folder / "box.zip").unlink()
    assert world.carry().removed == 2
    assert paths(world) == ["keep.txt"]
    assert world.rows("SELECT path FROM files") == [("keep.txt",)]
    assert world.rows("SELECT count(*) FROM texts") == [(1,)]
    assert len(world.store_ids()) == 1
    kept = {path.name.partition(".")[0] for path in (world.home / "libraries").rglob("*.z")}
    assert kept == {row[0] for row in world.rows("SELECT content_hash FROM documents")}


def test_a_moved_archive_moves_its_files(world: World, tmp_path: Path) -> None:
    world.write("box.zip", packed({"gates.md": GATES, "inner.zip": packed({"cane.txt": CANE})}))
    world.write("harvest.eml", letter({"grapes.txt": GRAPES.encode()}))
    world.carry()
    (world.folder / "deep").mkdir()
    (world.folder / "box.zip").rename(world.folder / "deep" / "case.zip")
    (world.folder / "harvest.eml").rename(world.folder / "deep" / "letter.eml")
    report = world.carry()
    assert (report.moved, report.added, report.removed, report.chunks_embedded) == (4, 0, 0, 0)
    assert paths(world) == [
        "deep/case.zip/gates.md", "deep/case.zip/inner.zip/cane.txt", "deep/letter.eml", "deep/letter.eml/grapes.txt",
    ]  # fmt: skip
    assert_as_fresh(world, tmp_path)


def test_the_same_letter_twice_has_its_attachments_twice(world: World) -> None:
    """The second is known by its content, and read all the same."""
    world.write("one.eml", letter({"cane.txt": CANE.encode()}))
    world.carry()
    shutil.copy(world.folder / "one.eml", world.folder / "two.eml")
    report = world.carry()
    assert (report.added, report.chunks_embedded) == (2, 0)
    assert paths(world) == ["one.eml", "one.eml/cane.txt", "two.eml", "two.eml/cane.txt"]


def test_a_bad_file_in_an_archive_costs_itself_only_and_can_be_tried_again(world: World) -> None:
    world.write("box.zip", packed({"locked.pdf": locked(), "cane.txt": CANE}))
    world.settle()
    report = world.carry()
    assert (report.added, report.quarantined) == (1, 1)
    assert [(failure.path, failure.reason) for failure in report.failures] == [("box.zip/locked.pdf", "encrypted")]
    assert "extract" not in world.carry().seconds
    library = world.library()
    assert quarantine.retry(library.ledger, library.row(), "box.zip/locked.pdf") == 1
    report = world.carry()
    assert (report.quarantined, report.owed, report.added) == (1, 0, 0)
    assert [row.attempts for row in quarantine.rows(library.ledger, library.row())] == [2]
    assert paths(world) == ["box.zip/cane.txt"]


def test_what_an_unreadable_revision_held_before_stays_and_is_outdated(world: World) -> None:
    whole = packed({"cane.txt": CANE})
    world.write("box.zip", whole)
    world.carry()
    world.write("box.zip", whole[: len(whole) // 3])
    report = world.carry()
    assert (report.quarantined, report.removed) == (1, 0)
    assert [(hit.path, hit.outdated) for hit in world.search("When is the cane cut?")] == [("box.zip/cane.txt", True)]
    status = world.status()
    assert (status.outdated, status.current) == (1, 0)
    world.write("box.zip", packed({"cane.txt": CANE, "grapes.txt": GRAPES}))
    assert world.carry().added == 1
    assert world.status().outdated == 0


def test_a_file_that_is_no_archive_any_more_holds_nothing(world: World) -> None:
    world.write("thing", packed({"cane.txt": CANE}))
    world.carry()
    world.write("thing", "Now it is a note about gates.")
    report = world.carry()
    assert (report.added, report.removed) == (1, 1)
    assert paths(world) == ["thing"]
    world.write("thing", packed({"grapes.txt": GRAPES}))
    report = world.carry()
    assert (report.added, report.removed) == (1, 1)
    assert paths(world) == ["thing/grapes.txt"]
    world.write("thing", b"")
    assert world.carry().removed == 1
    assert paths(world) == []


def test_a_text_that_is_known_takes_the_place_of_an_archive(world: World) -> None:
    """It needs no parser; what lay in the archive goes all the same."""
    world.write("known.txt", GRAPES)
    world.write("thing.txt", packed({"cane.txt": CANE}))
    world.carry()
    assert paths(world) == ["known.txt", "thing.txt/cane.txt"]
    world.write("thing.txt", GRAPES)
    assert world.carry().removed == 1
    assert paths(world) == ["known.txt", "thing.txt"]


def test_other_versions_of_the_engines_read_it_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The members' own bytes are not kept: what holds them is asked for them."""
    world.write("box.zip", packed({"inner.zip": packed({"cane.txt": CANE}), "gates.md": GATES}))
    world.settle()
    world.carry()
    before = world.index()
    db = world.ledger()
    with db.write() as connection:
        connection.exec_driver_sql("UPDATE documents SET extractor = 'text/0' WHERE extractor LIKE 'text/%'")
        connection.exec_driver_sql("UPDATE sources SET pipeline = NULL")
    db.close()
    shutil.rmtree(world.settings.library_dir(world.name) / "texts")
    report = world.carry()
    assert (report.updated, report.owed, report.chunks_embedded) == (1, 0, 0)
    assert world.index() == before


def test_what_lies_too_deep_is_not_looked_into(world: World) -> None:
    content = packed({"cane.txt": CANE})
    for _ in range(DEEPEST):
        content = packed({"inner.zip": content, "gates.md": GATES})
    world.write("box.zip", content)
    report = world.carry()
    assert (report.added, report.owed) == (DEEPEST, 0)
    assert [failure.reason for failure in report.failures] == ["bomb"]
    assert report.failures[0].path == "box.zip" + "/inner.zip" * DEEPEST


def test_members_do_not_hide_that_the_folder_is_gone(world: World) -> None:
    """Invariant I5 counts what the source lists: one archive of a hundred files is one file."""
    world.write("box.zip", packed({f"{number}.txt": f"Note {number} about a gate." for number in range(100)}))
    for number in range(3):
        world.write(f"{number}.txt", f"Plain note {number}.")
    world.carry()
    shutil.rmtree(world.folder)
    world.folder.mkdir()
    report = world.carry()
    assert (report.removed, report.awaiting_confirmation) == (0, 4)
    assert len(paths(world)) == 103
    assert world.ingest(confirm_removals=True).removed == 103


def test_nothing_of_a_members_bytes_is_left_on_the_disk(world: World) -> None:
    world.write("box.zip", packed({"locked.pdf": locked(), "cane.txt": CANE}))
    world.carry()
    assert list(world.settings.library_dir(world.name).rglob("snapshots/*")) == []


def test_an_archive_is_a_source_of_files_in_the_status(world: World) -> None:
    world.write("box.zip", packed({"cane.txt": CANE}))
    world.carry()
    status = world.status()
    assert (status.files, status.documents, status.owed, status.quarantined) == (2, 1, 0, 0)
    db = world.ledger()
    assert libraries.find(db, "default", world.name) is not None
    db.close()


def test_a_plan_looks_into_files(world: World) -> None:
    world.write("box.zip", packed({"inner.zip": packed({"cane.txt": CANE}), "gates.md": GATES}))
    state = world.run(dry_run=True)
    plan = state.result()
    assert (plan.files, plan.changed, plan.chunks, plan.unreadable) == (1, 1, 2, 0)
    assert world.carry().chunks_embedded == 2
