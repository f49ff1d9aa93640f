"""Invariant I5: what is missed is removed, or waits for another listing, or for the operator's flag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from core.files import ChangePage
from core.reasons import Reason
from ledger import listings, lookup, quarantine, statistics
from ledger.listings import Promotion
from ledger.quarantine import FailedFile
from ledger.schema import FileState
from tests.ledger.world import World


def names(count: int, start: int = 0) -> list[str]:
    """That many file names."""
    return [f"f{number:04}" for number in range(start, start + count)]


def fill(world: World, count: int) -> None:
    """A library of so many published files, each with a text of its own."""
    for name in names(count):
        world.source.write(name, f"text of {name}")
    world.begin()
    world.listing()
    world.publish()


@dataclass(frozen=True)
class Step:
    """One listing of one run: which files it holds, and what it is expected to do."""

    present: int
    """It holds the first so many files."""
    removed: int = 0
    awaiting: int = 0
    needs_flag: bool = False
    root: str = "device-1"
    confirm: bool = False
    tombstones: int = 0
    """So many of the files after the present ones are named as gone."""
    full: bool = True
    new: int = 0
    same_run: bool = False
    unlisted: bytes | None = None
    """What lies under this prefix could not be listed."""


def take(world: World, step: Step, number: int) -> Promotion:
    """Let the source be as the step says, and list it."""
    listed = [world.source.listed(name.encode()) for name in names(step.present)]
    for extra in range(step.new):
        listed.append(world.source.listed(world.source.write(f"new {number} {extra}", f"new text {number} {extra}")))
    gone = tuple(name.encode() for name in names(step.tombstones, step.present))
    world.source.root = step.root
    if not step.same_run:
        world.begin()
    unlisted = () if step.unlisted is None else (step.unlisted,)
    page = ChangePage(files=tuple(listed), removed=gone, unlisted=unlisted)
    return world.listing([page], full=step.full, confirm=step.confirm)


@dataclass(frozen=True)
class Case:
    """A library of so many files, and the listings that follow."""

    name: str
    files: int
    steps: Sequence[Step] = field(default_factory=list)


CASES = [
    Case("few of few go at once", 10, [Step(3, removed=7)]),
    Case("fifty of sixty go at once", 60, [Step(10, removed=50)]),
    Case("more than fifty of sixty wait for the next listing", 60, [Step(9, awaiting=51), Step(9, removed=51)]),
    Case("a fifth of three hundred goes at once", 300, [Step(240, removed=60)]),
    Case("more than a fifth of three hundred waits", 300, [Step(239, awaiting=61), Step(239, removed=61)]),
    Case(
        "everything waits for the flag, for ever",
        3,
        [Step(0, 0, 3, True), Step(0, 0, 3, True), Step(0, removed=3, confirm=True)],
    ),
    Case("everything but new files is still everything", 3, [Step(0, 0, 3, True, new=2), Step(0, 0, 5, True)]),
    Case("all that could be listed is everything", 41, [Step(0, 0, 40, True, unlisted=b"f0040"), Step(1, 1, 39, True)]),
    Case("one seen is not everything", 41, [Step(1, removed=39, unlisted=b"f0040"), Step(1, removed=1)]),
    Case("the only file waits for the flag", 1, [Step(0, 0, 1, True), Step(1)]),
    Case("everything comes back", 60, [Step(0, 0, 60, True), Step(60), Step(59, removed=1)]),
    Case("what waits comes back in part", 60, [Step(5, awaiting=55), Step(40, removed=20)]),
    Case("the rest follows while many wait", 60, [Step(9, awaiting=51), Step(0, 0, 60, True)]),
    Case("more follow while many wait", 120, [Step(60, awaiting=60), Step(50, removed=70)]),
    Case("another many follow while many wait", 300, [Step(200, awaiting=100), Step(120, removed=100, awaiting=80)]),
    Case("a later listing of the same run confirms nothing", 60, [Step(9, awaiting=51), Step(9, 0, 51, same_run=True)]),
    Case("the flag removes many at once", 60, [Step(9, removed=51, confirm=True)]),
    Case("the flag removes what waits", 60, [Step(9, awaiting=51), Step(9, removed=51, confirm=True)]),
    Case("the flag keeps what came back", 60, [Step(0, 0, 60, True), Step(30, removed=30, confirm=True)]),
    Case("tombstones are believed, however many", 100, [Step(0, removed=100, tombstones=100, full=False)]),
    Case("tombstones of all in a whole listing", 100, [Step(0, removed=100, tombstones=100)]),
    Case("all but the one without a tombstone", 100, [Step(0, removed=99, awaiting=1, needs_flag=True, tombstones=99)]),
    Case("a tombstone of a file that waits", 60, [Step(9, awaiting=51), Step(9, removed=51, tombstones=51, full=False)]),
    Case("an incremental listing misses nothing", 60, [Step(9, full=False), Step(60)]),
    Case("an incremental listing confirms nothing", 60, [Step(9, awaiting=51), Step(0, awaiting=51, full=False)]),
    Case("another device, one file gone", 10, [Step(9, 0, 1, True, "device-2"), Step(9, 0, 1, True, "device-2")]),
    Case("another device, then the old one again", 10, [Step(9, 0, 1, True, "device-2"), Step(10)]),
    Case("another device with all files is believed", 10, [Step(10, root="device-2"), Step(9, removed=1, root="device-2")]),
    Case(
        "another device, confirmed",
        10,
        [Step(9, removed=1, root="device-2", confirm=True), Step(8, removed=1, root="device-2")],
    ),
    Case(
        "another device, never listed whole, confirmed",
        10,
        [
            Step(9, 0, 1, True, "device-2", unlisted=b"lost+found/"),
            Step(9, removed=1, root="device-2", unlisted=b"lost+found/", confirm=True),
            Step(8, removed=1, root="device-2", unlisted=b"lost+found/"),
        ],
    ),
    Case("another device while many wait", 60, [Step(9, awaiting=51), Step(9, 0, 51, True, "device-2")]),
    Case("another device, listed in part", 10, [Step(0, full=False, root="device-2"), Step(9, 0, 1, True, "device-2")]),
    Case("a source that stops naming its root", 10, [Step(9, removed=1, root=""), Step(8, 0, 1, True, "device-2")]),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_what_becomes_of_missed_files(world: World, case: Case) -> None:
    fill(world, case.files)
    visible = case.files
    for number, step in enumerate(case.steps):
        promotion = take(world, step, number)
        assert (promotion.removed, promotion.awaiting, promotion.needs_flag) == (step.removed, step.awaiting, step.needs_flag)
        visible -= step.removed
        # What waits is still found; what is new proceeds.
        assert len(world.visible()) == visible
        world.publish()
        visible += step.new
        assert len(world.visible()) == visible
        assert statistics.collect(world.db, world.library).awaiting_confirmation == step.awaiting


def test_a_file_that_waits_and_returns_needs_no_work(world: World) -> None:
    fill(world, 3)
    kept = dict(world.source.files)
    world.source.files = {}
    world.sync()
    assert set(world.file_states().values()) == {FileState.AWAITING_FLAG}
    assert len(world.visible()) == 3
    world.source.files = kept
    embedded = world.embedded
    world.begin()
    assert world.listing().awaiting == 0
    assert world.owed() == []
    assert world.embedded == embedded


def test_a_file_that_waits_and_returns_with_other_content_is_updated(world: World) -> None:
    fill(world, 2)
    world.source.files = {}
    world.sync()
    world.source.write("f0000", "other")
    world.sync()
    assert world.visible() == {"f0000": "other", "f0001": "text of f0001"}


def test_a_file_that_waits_is_not_owed_but_still_outdated(world: World) -> None:
    fill(world, 2)
    world.source.write("f0000", "never published")
    world.begin()
    world.listing()
    world.source.files = {}
    world.begin()
    world.listing()
    assert world.owed() == []
    view = lookup.live(world.db, world.generation, list(world.store), None)
    assert {chunk.path: chunk.outdated for chunk in view.chunks.values()} == {"f0000": True, "f0001": False}


def test_what_waits_under_an_unlisted_prefix_goes_on_waiting(world: World) -> None:
    for name in names(60):
        world.source.write(f"d/{name}", name)
    world.source.write("stays", "stays")
    world.sync()
    for name in names(60):
        world.source.remove(f"d/{name}")
    world.sync()
    stays = world.source.listed(b"stays")
    world.begin()
    assert world.listing([ChangePage(files=(stays,), unlisted=(b"d/",))]).awaiting == 60
    assert world.listing([ChangePage(files=(stays,), unlisted=(b"d/",))], confirm=True).awaiting == 60
    assert world.listing([ChangePage(files=(stays,))]).removed == 60


def test_each_source_is_judged_by_itself(world: World) -> None:
    fill(world, 60)
    other = World(world.db, "library", "/other", world.store)
    fill(other, 2)
    other.source.files = {}
    other.begin()
    assert other.listing().awaiting == 2
    assert world.file_states() == dict.fromkeys(names(60), FileState.PRESENT)


def test_files_that_were_never_published_do_not_come_back_by_waiting(world: World) -> None:
    for name in names(60):
        world.source.write(name, name)
    world.listing()
    world.source.files = {}
    world.begin()
    promotion = world.listing(confirm=True)
    assert (promotion.removed, promotion.awaiting) == (0, 0)
    assert world.file_states() == {}


@pytest.mark.parametrize(("count", "waiting"), [(50, 0), (51, 51)])
def test_moved_files_whose_new_places_all_fail_are_judged_like_missed_ones(world: World, count: int, waiting: int) -> None:
    fill(world, count)
    for name in names(count):
        world.source.rename(name, f"to/{name}")
    world.begin()
    world.listing()
    assert sorted(world.file_states().values()) == [FileState.PRESENT] * count + [FileState.MOVING] * count
    failed = [FailedFile(file.document_id, file.wanted, "extract", Reason.CORRUPT, "") for file in world.owed()]
    quarantine.record(world.db, world.run, failed, "registry/1")
    assert listings.settle_moves(world.db, world.run, world.row) == count - waiting
    assert len(world.visible()) == waiting
    world.begin()
    assert world.listing().removed == waiting


def test_files_that_moved_to_a_place_that_is_missed_too_are_judged_again(world: World) -> None:
    fill(world, 60)
    for name in names(60):
        world.source.rename(name, f"to/{name}")
    world.begin()
    world.listing()
    world.source.files = {}
    world.begin()
    assert world.listing().needs_flag
    assert listings.settle_moves(world.db, world.run, world.row) == 0
    assert len(world.visible()) == 60
