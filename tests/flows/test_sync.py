"""What an ingest promises: the library is what the folder is, and nothing is done twice."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from core.errors import SourceUnavailable, UsageError
from tasks.progress import Progress, listening
from tasks.remove_source import remove_source
from tests.flows.world import World

GUIDE = """# Guide

Levadas carry water from the wet north of Madeira to the dry south.

## Gates

A gate turns the water into one field after another, by the clock.

## Upkeep

Every spring the channel is cleared of stones and fern.
"""


def fill(world: World) -> None:
    world.write("guide.md", GUIDE)
    world.write("notes/bananas.txt", "Bananas are watered every ten days.")
    world.write("notes/cane.txt", "Sugar cane is cut in spring.")


def fresh(world: World, tmp_path: Path) -> World:
    """Another home that has never seen the folder."""
    (tmp_path / "other").mkdir()
    other = World(tmp_path / "other", world.models, empty_ledger=world.empty_ledger)
    other.folder.rmdir()
    other.folder = world.folder
    return other


def assert_as_fresh(world: World, tmp_path: Path) -> None:
    """Invariant I2."""
    other = fresh(world, tmp_path)
    other.carry()
    assert world.index() == other.index()
    assert world.store_ids() == other.store_ids() == sorted(row[2] for row in world.index())


def test_a_folder_becomes_searchable(world: World) -> None:
    fill(world)
    report = world.ingest()
    assert (report.added, report.quarantined, report.complete) == (3, 0, True)
    assert report.chunks_embedded == len(world.index())
    best = world.search("When is the channel cleaned?")[0]
    assert best.path == "guide.md"
    assert best.headings == ("Guide", "Upkeep")
    assert "cleared of stones" in best.text
    assert not best.outdated


def test_progress_is_seen_while_a_single_large_file_is_at_work(world: World) -> None:
    """One batch may take minutes on a slow machine."""
    world.write("book.md", "".join(f"# Chapter {n}\n\nWater gate number {n} opens at dawn.\n\n" for n in range(200)))
    seen: list[Progress] = []
    with listening(seen.append):
        report = world.ingest()
    working = [now for now in seen if now.bytes_total]
    shares = [now.bytes_done / now.bytes_total for now in working]
    assert shares == sorted(shares) and shares[0] == 0.0 and shares[-1] == 1.0
    assert len({share for share, now in zip(shares, working, strict=True) if not now.files_done}) > 3
    assert working[-1].chunks == report.chunks_embedded == 200


def test_a_second_run_does_nothing(world: World) -> None:
    fill(world)
    world.settle()
    world.carry()
    before = world.index()
    report = world.ingest()
    assert (report.added, report.updated, report.removed, report.unchanged) == (0, 0, 0, 3)
    assert (report.chunks_embedded, report.chunks_reused) == (0, 0)
    assert set(report.seconds) == {"reconcile", "discover", "finish", "total"}, "no batch at all"
    assert world.index() == before


def test_touching_a_file_costs_one_read(world: World) -> None:
    fill(world)
    world.settle()
    world.carry()
    os.utime(world.folder / "guide.md", (1_000_000_000, 1_000_000_000))
    report = world.ingest()
    assert (report.updated, report.unchanged, report.chunks_embedded) == (0, 3, 0)


def test_edits_additions_and_removals_arrive(world: World, tmp_path: Path) -> None:
    fill(world)
    world.carry()
    world.write("guide.md", GUIDE.replace("by the clock", "by the sun"))
    world.write("notes/vines.txt", "Vines need little water.")
    (world.folder / "notes/cane.txt").unlink()
    report = world.ingest()
    assert (report.added, report.updated, report.removed, report.unchanged) == (1, 1, 1, 1)
    assert report.chunks_embedded == 2, "the changed section and the new file"
    assert not any("cane" in passage.path for passage in world.search("sugar cane", 20))
    assert_as_fresh(world, tmp_path)


def test_moving_embeds_nothing(world: World, tmp_path: Path) -> None:
    fill(world)
    world.carry()
    shutil.move(world.folder / "notes", world.folder / "archive")
    report = world.ingest()
    assert (report.moved, report.added, report.removed, report.updated) == (2, 0, 0, 0)
    assert report.chunks_embedded == 0
    assert {row[0] for row in world.index()} == {"guide.md", "archive/bananas.txt", "archive/cane.txt"}
    assert_as_fresh(world, tmp_path)


def test_two_files_swap_their_contents(world: World, tmp_path: Path) -> None:
    fill(world)
    world.carry()
    a, b = world.folder / "notes/bananas.txt", world.folder / "notes/cane.txt"
    first, second = a.read_bytes(), b.read_bytes()
    a.write_bytes(second)
    b.write_bytes(first)
    report = world.ingest()
    assert (report.updated, report.chunks_embedded) == (2, 0)
    assert_as_fresh(world, tmp_path)


def test_one_text_in_two_files_survives_the_loss_of_one(world: World, tmp_path: Path) -> None:
    fill(world)
    world.write("copy.txt", "Sugar cane is cut in spring.")
    world.carry()
    (world.folder / "copy.txt").unlink()
    world.carry()
    assert world.search("sugar cane", 1)[0].path == "notes/cane.txt"
    assert_as_fresh(world, tmp_path)


def test_what_is_removed_is_erased(world: World) -> None:
    fill(world)
    world.write("secret.txt", "The password of the sluice is xylophone-9173.")
    world.carry()
    (world.folder / "secret.txt").unlink()
    world.carry()
    assert world.rows("SELECT count(*) FROM texts WHERE text LIKE '%xylophone%'") == [(0,)]
    assert world.rows("SELECT count(*) FROM vectors") == world.rows("SELECT count(DISTINCT text_hash) FROM chunks")
    left = [path for path in world.home.rglob("ledger.db*") if b"xylophone-9173" in path.read_bytes()]
    assert left == []
    cached = list((world.home / "libraries").rglob("texts/*/*.z"))
    assert len(cached) == 3


def test_several_folders_live_in_one_library(world: World, tmp_path: Path) -> None:
    fill(world)
    other = tmp_path / "second"
    other.mkdir()
    (other / "vines.txt").write_text("Vines need little water.")
    world.carry()
    report = world.ingest(source=str(other))
    assert (report.added, report.removed) == (1, 0), "ingesting one source never touches another"
    (world.folder / "guide.md").unlink()
    (other / "vines.txt").write_text("Vines need hardly any water.")
    both = world.ingest(source=None)
    assert (both.removed, both.updated, both.unchanged) == (1, 1, 2)


def test_a_folder_that_a_link_has_replaced_is_not_taken_for_a_new_one(world: World, tmp_path: Path) -> None:
    """Its documents would be there twice, the old ones for ever."""
    fill(world)
    other = tmp_path / "second"
    other.mkdir()
    (other / "vines.txt").write_text("Vines need little water.")
    world.carry()
    world.ingest(source=str(other))
    before = world.index()
    moved = world.folder.rename(other / "moved")
    world.folder.symlink_to(moved)
    (other / "vines.txt").write_text("Vines need hardly any water.")
    state = world.run(source=None)
    assert isinstance(state.result(raise_on_failure=False), SourceUnavailable)
    assert f"is a link to {moved} now" in str(state.message)
    assert {row[0] for row in world.index()} > {row[0] for row in before}, "the other source went on"
    assert world.rows("SELECT root FROM sources ORDER BY id") == [(str(world.folder),), (str(other),)]
    assert remove_source(world.library(), str(world.folder))[1] == 3
    assert world.ingest(source=None).unchanged == 4


def test_the_home_is_no_part_of_a_folder_around_it(world: World) -> None:
    fill(world)
    world.prepare(world.folder / "home")
    (world.folder / "link").symlink_to("home")
    (world.folder / "deeper").symlink_to("home/libraries")
    (world.folder / "ledger").symlink_to("home/ledger.db")
    for _ in range(2):
        report = world.ingest()
        assert (report.added + report.unchanged, report.quarantined, report.warnings) == (3, 0, [])
    assert world.rows("SELECT count(*) FROM files") == [(3,)]
    home = world.home.rename(world.home.with_name("elsewhere"))
    world.home.symlink_to(home)
    assert world.ingest().unchanged == 3, "under another name, reached by a link"
    for inside in (home, home / "libraries"):
        with pytest.raises(UsageError, match="Levada's own home"):
            world.run(source=str(inside)).result()


def test_a_dry_run_changes_nothing(world: World) -> None:
    fill(world)
    plan = world.run(dry_run=True).result()
    assert (plan.files, plan.changed, plan.chunks) == (3, 3, 5)
    assert not (world.home / "ledger.db").exists()
    world.carry()
    world.settle()
    world.carry()
    world.write("guide.md", GUIDE.replace("by the clock", "by the sun"))
    (world.folder / "notes/cane.txt").unlink()
    before = world.index()
    plan = world.run(dry_run=True).result()
    assert (plan.files, plan.changed, plan.vanished, plan.chunks) == (2, 1, 1, 1)
    assert world.index() == before


def test_removing_a_source_takes_its_documents(world: World) -> None:
    fill(world)
    world.carry()
    source, removed = remove_source(world.library(), str(world.folder))
    assert (source.root, removed) == (str(world.folder), 3)
    assert world.index() == []
    assert world.store_ids() == []
    assert world.rows("SELECT count(*) FROM texts") == [(0,)]
