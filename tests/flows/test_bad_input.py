"""Bad input: a clear word, the right end, and nothing that was published is lost."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import LedgerTooNew, LibraryBusy, UsageError
from core.reasons import Reason
from ledger import libraries, quarantine
from ledger.locks import library_lock
from tasks.remove_source import remove_source
from tasks.report import markdown
from tasks.sources import named
from tests.flows.stages import ingest_in_stages
from tests.flows.world import World
from tests.servers.prefect_home import PrefectDatabase, without_prefect
from tests.servers.small_disk import small_disk


def reasons(world: World) -> dict[str, str]:
    """{path: reason} of the quarantine."""
    rows = world.rows("SELECT f.path, q.reason FROM quarantine q JOIN files f USING (document_id)")
    return {str(path): str(reason) for path, reason in rows}


def test_a_path_that_does_not_exist(world: World) -> None:
    with pytest.raises(UsageError, match="neither a folder nor a source"):
        world.run(source=str(world.folder / "nowhere")).result()
    assert not (world.home / "ledger.db").exists(), "no side effect"


def test_a_name_that_leads_out_of_the_home(world: World) -> None:
    world.name = "../../../../escape"
    with pytest.raises(UsageError, match="cannot name a library"):
        world.run().result()
    assert not (world.home.parent / "escape").exists()
    assert [entry.name for entry in world.home.iterdir()] == ["models"], "no side effect"


@pytest.mark.parametrize("name", ["", " "])
def test_no_name_is_not_the_current_directory(world: World, name: str) -> None:
    """A deployment whose LEVADA_FOLDER was empty must not ingest where its worker happens to stand."""
    library = world.library()
    library.row(create=True)
    for ask in (named, remove_source):
        with pytest.raises(UsageError, match="name a folder"):
            ask(library, name)


def test_a_source_of_nobodys_home(world: World) -> None:
    world.library().row(create=True)
    with pytest.raises(UsageError, match="home"):
        remove_source(world.library(), "~no such user/x")


def test_google_drive_that_nobody_described_has_no_side_effect(world: World) -> None:
    state = world.run(source="google-drive")
    assert state.is_failed()
    assert "name a folder by its address" in str(state.message)
    assert not (world.home / "ledger.db").exists()


def test_an_unknown_library(world: World) -> None:
    world.write("a.txt", "A text.")
    world.carry()
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
    assert all(failure.remedy == Reason(failure.reason).remedy for failure in report.failures)
    page = markdown("default", report)
    assert "4 files are in quarantine in all" in page
    for failure in report.failures:
        assert f"| {failure.path} | extract | {failure.reason} | {failure.remedy} |" in page
    world.settle()
    world.carry()
    again = world.ingest()
    assert (again.quarantined, again.failures) == (4, []), "remembered, not tried again"
    assert "extract" not in again.seconds
    world.write("broken.pdf", "Not a PDF any more, but a text.")
    mended = world.ingest()
    assert (mended.added, mended.quarantined) == (1, 3)


def test_what_fails_again_in_the_same_way_is_counted_but_is_not_new(world: World) -> None:
    world.write("broken.pdf", b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog")
    assert [failure.path for failure in world.ingest().failures] == ["broken.pdf"]
    quarantine.retry(world.library().ledger, world.library().row())
    again = world.ingest()
    assert (again.quarantined, again.failures) == (1, [])
    (row,) = quarantine.rows(world.library().ledger, world.library().row())
    assert row.attempts == 2
    world.write("broken.pdf", b"")
    assert [(failure.path, failure.reason) for failure in world.ingest().failures] == [("broken.pdf", "empty")]


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
    world.carry()
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
    world.carry()
    world.write("a.txt", b"")
    report = world.ingest()
    assert (report.removed, report.quarantined, report.unchanged) == (1, 1, 1)
    assert [passage.path for passage in world.search("something", 5)] == ["b.txt"]
    assert world.store_ids() == [row[2] for row in world.index()]


def test_an_unmounted_root_deletes_nothing(world: World) -> None:
    for number in range(3):
        world.write(f"{number}.txt", f"Text number {number}.")
    world.carry()
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
    world.carry()
    runs = world.rows("SELECT count(*) FROM runs")
    for dry_run in (False, True):
        state = world.run(source=str(world.folder / "inner"), dry_run=dry_run)
        assert state.is_failed()
        assert "overlaps" in str(state.message)
    assert world.rows("SELECT count(*) FROM runs") == runs, "a refused request is no run of the library"


def test_a_ledger_from_a_newer_version(world: World) -> None:
    world.write("a.txt", "A text.")
    world.carry()
    with sqlite3.connect(world.home / "ledger.db") as ledger:
        ledger.execute("UPDATE alembic_version SET version_num = '9999'")
    ledger.close()
    with pytest.raises(LedgerTooNew, match="upgrade Levada"):
        world.run().result()


def test_two_ingests_at_once(world: World) -> None:
    world.write("a.txt", "A text.")
    world.carry()
    db = world.ledger()
    lock = library_lock(db, libraries.find(db, "default", world.name))
    lock.__enter__()
    with pytest.raises(LibraryBusy, match="another run"):
        world.run().result()
    threading.Timer(1.0, lock.__exit__, (None, None, None)).start()
    assert world.ingest(wait=60.0).unchanged == 1
    db.close()


def test_a_file_that_vanishes_after_it_was_listed(world: World) -> None:
    world.write("a.txt", "The first text.")
    gone = world.write("b.txt", "The second text.")
    report = ingest_in_stages(world.library(), str(world.folder), once_listed=gone.unlink)
    assert (report.added, report.quarantined, report.failures) == (1, 0, [])
    report = world.ingest()
    assert (report.added, report.removed, report.unchanged, report.complete) == (0, 0, 1, True)


def test_a_published_file_that_vanishes_after_its_edit_was_listed(world: World) -> None:
    world.write("a.txt", "The first text.")
    edited = world.write("b.txt", "The second text.")
    world.carry()
    world.write("b.txt", "The second text, edited.")
    ingest_in_stages(world.library(), str(world.folder), once_listed=edited.unlink)
    assert [row[0] for row in world.index()] in (["a.txt"], ["a.txt", "b.txt"]), "gone, or as it was; never half"
    report = world.ingest()
    assert report.complete
    assert [row[0] for row in world.index()] == ["a.txt"]


def test_a_file_that_changes_after_it_was_listed(world: World) -> None:
    file = world.write("a.txt", "The first text.")
    ingest_in_stages(world.library(), str(world.folder), once_listed=lambda: file.write_text("The second text."))
    assert [row[3] for row in world.index()] == ["The second text."], "what was read is what is published"
    report = world.ingest()
    assert (report.updated, report.unchanged) == (0, 1)


def test_a_file_that_changes_all_the_time_is_owed(world: World) -> None:
    file = world.write("a.txt", "0")
    world.write("b.txt", "A text at rest.")
    done = threading.Event()

    def scribble() -> None:
        number = 0
        while not done.is_set():
            number += 1
            file.write_text(f"{number} " * (1 << 16))

    writer = threading.Thread(target=scribble)
    writer.start()
    try:
        report = world.ingest()
    finally:
        done.set()
        writer.join()
    assert report.added >= 1
    assert "b.txt" in {row[0] for row in world.index()}
    file.write_text("At rest at last.")
    world.carry()
    assert [row[3] for row in world.index()] == ["At rest at last.", "A text at rest."]


def test_a_file_without_permission(levada: list[str], world: World) -> None:
    """In a process that may not read it, even where the tests run as root."""
    world.write("a.txt", "A text.").chmod(0)
    world.write("b.txt", "Another text.")
    world.write("shut/c.txt", "A third text.")
    (world.folder / "shut").chmod(0)
    report = in_process(levada, world)
    assert (report["added"], report["quarantined"]) == (1, 1)
    assert reasons(world) == {"a.txt": "unreadable"}
    (world.folder / "shut").chmod(0o700)
    (world.folder / "a.txt").chmod(0o600)
    assert world.ingest().added == 2


def test_when_all_that_can_be_listed_is_gone_nothing_is_removed(levada: list[str], world: World) -> None:
    """What lies in a folder that may not be read is no proof that the rest was deleted."""
    for number in range(3):
        world.write(f"{number}.txt", f"Text number {number}.")
    world.write("team/a.txt", "A text of the team.")
    world.carry()
    for number in range(3):
        (world.folder / f"{number}.txt").unlink()
    (world.folder / "team").chmod(0)
    env = {**without_prefect(), "LEVADA_HOME": str(world.home)}
    plan = subprocess.run([*levada, "plan", str(world.folder), "--json"], env=env, capture_output=True, text=True)
    assert json.loads(plan.stdout)["vanished"] == 3, plan.stderr
    report = in_process(levada, world)
    (world.folder / "team").chmod(0o700)
    assert (report["removed"], report["awaiting_confirmation"], report["unlisted"]) == (0, 3, 1)
    assert world.ingest().removed == 0, "a flag it needs all the same: nobody can tell what happened there"
    assert world.ingest(confirm_removals=True).removed == 3


def in_process(levada: list[str], world: World) -> dict[str, Any]:
    """The report of an ingest that the command does."""
    done = subprocess.run(
        [*levada, "ingest", str(world.folder), "--json"],
        env={**without_prefect(), "LEVADA_HOME": str(world.home)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 3, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_a_folder_that_could_never_be_listed_is_no_source(levada: list[str], world: World) -> None:
    world.write("shut/a.txt", "A text.")
    (world.folder / "shut").chmod(0)
    done = subprocess.run(
        [*levada, "ingest", str(world.folder / "shut")],
        env={**without_prefect(), "LEVADA_HOME": str(world.home)},
        capture_output=True,
        text=True,
    )
    (world.folder / "shut").chmod(0o700)
    assert done.returncode == 1
    assert done.stderr.count("Permission denied") == 1, done.stderr
    assert world.rows("SELECT root FROM sources") == []
    world.carry()
    shutil.move(world.folder, world.folder.with_name("away"))
    assert world.run(source=None).is_failed()
    assert world.rows("SELECT root FROM sources") == [(str(world.folder),)], "what was listed once stays"


@pytest.fixture
def levada(world: World, prefect_database: PrefectDatabase) -> list[str]:
    """The command, in a process without root's power over other people's files."""
    prefect_database.give(world.home)
    command = [sys.executable, "-m", "apps.cli"]
    if os.geteuid():
        return command
    if shutil.which("setpriv") is None:
        pytest.skip("running as root, and setpriv (util-linux) is missing to give up root's rights")
    return ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", *command]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 MiB."""
    with small_disk(tmp_path / "disk", 64) as mounted:
        yield mounted


def test_a_full_disk(world: World, disk: Path) -> None:
    """It fails in one line, keeps what was published, and goes on when there is room again."""
    world.prepare(disk / "home")
    world.write("first.txt", "The first text.")
    world.carry()
    before = world.index()
    rng = random.Random(5)
    words = [f"{rng.randrange(16**6):06x}" for _ in range(4_000)]
    for number in range(6):
        text = "\n\n".join(" ".join(rng.choices(words, k=60)) for _ in range(30))
        world.write(f"{number}.txt", text)
    filler = disk / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(disk).free - (1 << 19)))
    state = world.run()
    assert state.is_failed()
    assert "full" in (state.message or "")
    assert "\n" not in str(state.result(raise_on_failure=False))
    assert world.index() == before
    assert [passage.path for passage in world.search("the first text", 1)] == ["first.txt"]
    filler.unlink()
    assert world.ingest().added == 6
    assert world.store_ids() == sorted(row[2] for row in world.index())


def test_files_that_do_not_fit_on_the_disk_stop_no_other(world: World, disk: Path) -> None:
    """Every file is copied before anything looks at its type: a film, or the image of a whole disk."""
    world.prepare(disk / "home")
    world.write("a.txt", "The first text.")
    for name, size in (("disk.img", 1 << 40), ("film.mp4", 400 << 20)):
        with (world.folder / name).open("wb") as file:
            file.truncate(size)
    world.write("z.txt", "The last text.")
    report = world.ingest()
    assert (report.added, report.quarantined) == (2, 2)
    assert reasons(world) == {"disk.img": "too_large", "film.mp4": "too_large"}
    assert "are free in" in {failure.path: failure.detail for failure in report.failures}["film.mp4"]
    (world.folder / "a.txt").write_text("The first text, edited.")
    again = world.ingest()
    assert (again.updated, again.quarantined) == (1, 2)
