"""Listings: staged page by page, promoted in one transaction; what they say of files, and nothing more."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select, text

from core.files import ChangePage, ListingEnd, SourceFile
from core.report import Failure, SyncReport
from ledger import listings, lookup, owed, runs, sources
from ledger.listings import after_prefix
from ledger.locks import library_lock
from ledger.schema import acls, files, listed_files
from tests.ledger.world import LOCKED, World


def file(id: bytes, **facts: object) -> SourceFile:
    """A file as a source describes it."""
    name = id.decode()
    return replace(SourceFile(id, name, name, 10, "v1"), **facts)  # type: ignore[arg-type]


def wanted(world: World, name: str) -> int:
    """The number of a file's wanted state."""
    with world.db.read() as connection:
        return int(connection.execute(select(files.c.wanted).where(files.c.document_id == world.id(name))).scalar_one())


def test_cursor_and_mirror_move_together_and_only_when_the_listing_is_whole(world: World) -> None:
    world.source.write("a", "one")
    listing = listings.begin(world.db, world.run, world.row).id
    listings.stage(world.db, world.run, world.row, listing, world.source.page())
    assert (world.reload().cursor, world.file_states()) == (None, {})
    listings.promote(world.db, world.run, world.row, listing, ListingEnd("after a", True))
    assert world.reload().cursor == "after a"
    assert world.file_states() == {"a": 0}


def test_an_interrupted_listing_changes_nothing_and_leaves_nothing(world: World) -> None:
    for name in ("a", "b"):
        world.source.write(name, name)
    world.sync()
    listing = listings.begin(world.db, world.run, world.row).id
    listings.stage(world.db, world.run, world.row, listing, ChangePage(files=(file(b"c"),), removed=(b"a",)))
    world.begin()
    world.listing([ChangePage(files=(world.source.listed(b"a"), world.source.listed(b"b")))])
    assert world.visible() == {"a": "a", "b": "b"}
    assert world.file_states() == {"a": 0, "b": 0}
    with world.db.read() as connection:
        assert connection.execute(select(func.count()).select_from(listed_files)).scalar_one() == 0


def test_the_last_word_on_a_file_counts(world: World) -> None:
    for name in ("a", "b", "c", "d"):
        world.source.write(name, name)
    world.sync()
    a, b, c, d = (world.source.listed(name) for name in (b"a", b"b", b"c", b"d"))
    world.listing(
        [
            ChangePage(files=(replace(a, path="elsewhere"), b, c), removed=(b"d",)),
            ChangePage(files=(a, d), removed=(b"b", b"new")),
            ChangePage(files=(replace(c, path="renamed"), file(b"new"))),
            ChangePage(files=(file(b"gone"),)),
            ChangePage(removed=(b"gone",)),
        ]
    )
    assert world.visible() == {"a": "a", "renamed": "c", "d": "d"}
    assert world.file_states().keys() == {"a", "renamed", "d", "new"}


def test_in_one_page_the_tombstone_counts(world: World) -> None:
    world.listing([ChangePage(files=(file(b"a"), file(b"b")), removed=(b"a",))])
    assert world.file_states().keys() == {"b"}


def test_a_listing_that_finds_nothing_new_writes_no_file_down(world: World) -> None:
    for number in range(20):
        world.source.write(f"{number:02}", f"text {number}")
    world.source.write("locked", LOCKED)
    world.sync()
    listing = listings.begin(world.db, world.run, world.row).id
    listings.stage(world.db, world.run, world.row, listing, world.source.page())
    with world.db.read() as connection:
        assert connection.execute(select(func.count(listed_files.c.file_id))).scalar_one() == 0
        assert connection.execute(select(func.count()).select_from(listed_files)).scalar_one() == 21


FACTS = {"name": "n", "path": "p", "size": 11, "modified": 2.5, "media_type": "text/html", "link": "l", "acl": ("ana",)}


@pytest.mark.parametrize("fact", FACTS)
def test_facts_other_than_the_fingerprint_are_taken_over_without_owing_work(world: World, fact: str) -> None:
    world.source.write("a", "one")
    world.sync()
    before = lookup.publish_counter(world.db, world.library.id), wanted(world, "a")
    world.listing([ChangePage(files=(file(b"a", **{"fingerprint": "v1", "size": 3, fact: FACTS[fact]}),))])
    assert world.owed() == []
    assert lookup.publish_counter(world.db, world.library.id) > before[0]
    assert wanted(world, "a") == before[1]


def test_an_acl_counts_at_once_even_for_a_file_that_cannot_be_read(world: World) -> None:
    world.source.acls[b"a"] = ("ana", "rui")
    world.source.write("a", "one")
    world.sync()
    assert world.visible(["rui"]) == {"a": "one"}
    world.source.write("a", LOCKED)
    world.source.acls[b"a"] = ("ana",)
    world.begin()
    world.listing()
    assert world.visible(["rui"]) == {}
    assert world.visible(["ana", "rui"]) == {"a": "one"}
    assert world.visible([]) == {}
    assert world.visible(None) == {"a": "one"}


def test_an_acl_of_nobody_is_seen_by_the_owner_alone(world: World) -> None:
    world.source.acls[b"a"] = ()
    world.source.write("a", "one")
    world.sync()
    assert world.visible(["owner", "ana"]) == {}
    assert world.visible(None) == {"a": "one"}


def test_acls_of_any_length_are_kept_once(world: World) -> None:
    crowd = tuple(f"person.number.{number}@example.org" for number in range(500))
    pages = [ChangePage(files=(file(b"a", acl=crowd), file(b"b", acl=crowd[::-1]), file(b"c", acl=("ana",))))]
    world.listing(pages)
    world.listing(pages)
    with world.db.read() as connection:
        assert connection.execute(select(func.count()).select_from(acls)).scalar_one() == 2
        ids = connection.execute(select(files.c.acl_id).order_by(files.c.path)).scalars().all()
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize("fingerprint", ["v2", ""])
def test_a_new_or_doubtful_fingerprint_owes_work(world: World, fingerprint: str) -> None:
    world.source.write("a", "one")
    world.sync()
    before = wanted(world, "a")
    world.listing([ChangePage(files=(replace(world.source.listed(b"a"), fingerprint=fingerprint),))])
    assert [owed.path for owed in world.owed()] == ["a"]
    assert wanted(world, "a") == before + 1


def test_bytes_whose_fingerprint_could_not_be_trusted_are_read_again(world: World) -> None:
    world.source.write("a", "one")
    world.listing()
    revision, texts = world.revision(world.owed()[0], "one")
    doubtful = replace(revision, fingerprint="")
    world.stage([(doubtful, texts)], world.embed([(doubtful, texts)]))
    world.upsert([(doubtful, texts)])
    from ledger import publishing

    publishing.flip(world.db, world.run, [doubtful])
    assert world.owed() == []
    world.begin()
    world.listing()
    assert [file.path for file in world.owed()] == ["a"]
    embedded = world.embedded
    world.sync()
    assert world.owed() == [] and world.embedded == embedded


def test_a_file_owed_since_an_earlier_listing_is_not_disturbed_by_the_next(world: World) -> None:
    world.source.write("a", "one")
    world.listing()
    plan = world.owed()[0]
    for acl in (("owner",), ("ana",)):
        world.source.acls[b"a"] = acl
        world.begin()
        world.listing()
        assert wanted(world, "a") == plan.wanted


def test_an_incremental_listing_says_nothing_of_absent_files(world: World) -> None:
    for name in ("a", "b", "c"):
        world.source.write(name, name)
    world.sync()
    promotion = world.listing([ChangePage(removed=(b"b",))], full=False)
    assert promotion.removed == 1
    assert world.visible() == {"a": "a", "c": "c"}


def test_names_that_no_database_holds_are_listed_all_the_same(world: World) -> None:
    page = ChangePage(files=(file(b"a", name="nul\0", path="lone \udc80", link="\ud800"),))
    world.listing([page])
    assert world.file_states().keys() == {"lone \ufffd"}


def test_ids_of_any_bytes_are_told_apart(world: World) -> None:
    ids = [b"\xff", b"\xff\xff", b"a\n", b"a\xc3", b"a\xc3\xa9", b"A", b"a", bytes(range(1, 256))]
    page = ChangePage(files=tuple(SourceFile(id, "n", id.hex(), 1, "v1") for id in ids))
    world.listing([page])
    assert sorted(file.file_id for file in world.owed()) == sorted(ids)
    assert [file.file_id for file in world.owed()] == sorted(ids)


def test_owed_files_come_in_batches_of_bounded_files_and_bytes(world: World) -> None:
    sizes = {b"a": 40, b"b": 40, b"c": 500, b"d": 10, b"e": 10}
    world.listing([ChangePage(files=tuple(file(id, size=size) for id, size in sizes.items()))])
    batches, after = [], b""
    while batch := owed.batch(world.db, world.row, world.now, 3, 100, after):
        batches.append([file.file_id for file in batch])
        after = batch[-1].file_id
    assert batches == [[b"a", b"b"], [b"c"], [b"d", b"e"]]
    assert owed.due(world.db, world.row, world.now) == (5, 600)


@pytest.mark.parametrize(
    ("prefix", "after"),
    [
        (b"", None),
        (b"a", b"b"),
        (b"a/", b"a0"),
        (b"a\xff", b"b"),
        (b"\xff", None),
        (b"\xff\xff", None),
        (b"a\xff\xfe", b"a\xff\xff"),
    ],
)
def test_the_end_of_a_prefix(prefix: bytes, after: bytes | None) -> None:
    assert after_prefix(prefix) == after


@pytest.mark.parametrize(
    ("unlisted", "kept"),
    [
        ((), set()),
        ((b"",), {"a/x", "a0", "b", "\\xff/y", "\\xff\\xff"}),
        ((b"a/",), {"a/x"}),
        ((b"a",), {"a/x", "a0"}),
        ((b"\xff/",), {"\\xff/y"}),
        ((b"\xff",), {"\\xff/y", "\\xff\\xff"}),
        ((b"\xff\xff", b"b"), {"\\xff\\xff", "b"}),
        ((b"_", b"%", b"a_"), set()),
    ],
)
def test_nothing_under_an_unlisted_prefix_has_vanished(world: World, unlisted: tuple[bytes, ...], kept: set[str]) -> None:
    for name in (b"a/x", b"a0", b"b", b"\xff/y", b"\xff\xff", b"stays"):
        world.source.write(name, name.hex())
    world.sync()
    stays = world.source.listed(b"stays")
    world.listing([ChangePage(files=(stays,), unlisted=unlisted[:1]), ChangePage(unlisted=unlisted[1:])])
    assert world.visible().keys() == kept | {"stays"}


def test_a_changed_pipeline_owes_everything_again_and_vanished_files_when_they_return(world: World) -> None:
    for number in range(60):
        world.source.write(f"{number:02}", f"text {number}")
    world.sync()
    kept = dict(world.source.files)
    for number in range(59):
        world.source.remove(f"{number:02}")
    world.sync()
    assert len(world.visible()) == 60
    world.pipeline = replace(world.pipeline, chunker="chunker/2")
    owed.invalidate(world.db, world.run, world.row, world.pipeline)
    assert [file.path for file in world.owed()] == ["59"]
    world.source.files = kept
    world.begin()
    world.listing()
    assert len(world.owed()) == 60
    owed.invalidate(world.db, world.run, world.row, world.pipeline)
    assert wanted(world, "59") == 2


def test_removing_a_source_takes_all_of_it_and_nothing_else(world: World) -> None:
    other = World(world.db, "library", "/other", world.store)
    world.source.write("a", "one")
    world.source.write("locked", LOCKED)
    other.source.write("a", "two")
    world.sync()
    other.sync()
    world.begin()
    listing = listings.begin(world.db, world.run, world.row).id
    listings.stage(world.db, world.run, world.row, listing, ChangePage(files=(file(b"staged"),)))
    assert sources.remove(world.db, world.run, world.row) == 1, "the other was never published"
    assert other.visible() == {"a": "two"}
    assert [row.root for row in sources.all_of(world.db, world.library)] == ["/other"]
    world.delete()
    again = World(world.db, "library", "/folder", world.store)
    again.source.write("a", "one")
    again.sync()
    assert again.row.id != world.row.id
    assert sorted(again.store.values()) == ["one", "two"]


def test_a_source_is_known_by_its_root_and_its_settings_may_change(world: World) -> None:
    again = sources.ensure(world.db, world.library, "folder", "/folder", '{"hidden": true}')
    assert (again.id, again.config) == (world.row.id, '{"hidden": true}')


def test_a_report_names_files_until_the_next_run_begins(world: World) -> None:
    """Invariant I12: they may be gone by then."""
    report = SyncReport(added=1, quarantined=1, failures=[Failure("jane-roe.pdf", "extract", "corrupt", "a \ud800 \0")])
    report.warnings.append("jane-roe.lnk was not followed")
    runs.finish(world.db, world.run, "partial", report.to_json())
    last = runs.last(world.db, world.library)
    assert last is not None and last.report is not None
    assert SyncReport.from_json(last.report).failures == report.failures
    world.begin()
    with world.db.read() as connection:
        (kept,) = connection.execute(text("SELECT report FROM runs WHERE report IS NOT NULL")).scalars()
    assert SyncReport.from_json(kept) == SyncReport(added=1, quarantined=1)


def test_the_last_ingest_has_died_once_nobody_holds_the_library(world: World) -> None:
    def state() -> str:
        last = runs.last(world.db, world.library)
        assert last is not None
        return last.state

    with library_lock(world.db, world.library):
        assert state() == "running"
    assert state() == "died"
    repair = runs.begin(world.db, world.library, world.generation, None)
    assert state() == "died"
    runs.finish(world.db, repair, "completed", None)
    assert state() == "died", "a repair is no ingest"
    world.begin()
    runs.finish(world.db, world.run, "partial", None)
    assert state() == "partial"


def test_a_run_that_died_is_marked_when_the_next_begins(world: World) -> None:
    died = world.run
    world.begin()
    runs.finish(world.db, world.run, "completed", '{"added": 1}')
    last = runs.last(world.db, world.library)
    assert last is not None and (last.id, last.state, last.report) == (world.run.id, "completed", '{"added": 1}')
    with world.db.read() as connection:
        assert connection.exec_driver_sql(f"SELECT state FROM runs WHERE id = {died.id}").scalar_one() == "died"
