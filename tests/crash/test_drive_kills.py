"""SIGKILL of a run that follows a Drive, at each of its own steps and at random ones (invariants I1, I2, I7)."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from tests.crash.drive_stage import DriveStage
from tests.crash.faults import AFTER, BEFORE, BOTH, INSIDE, Fault
from tests.crash.stage import Stage
from tests.servers.drive import DriveServer

pytestmark = pytest.mark.timeout(900)
SOAK = pytest.mark.soak


@pytest.fixture(scope="module")
def drive(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DriveStage]:
    """A Drive, and a library that has not been filled."""
    with DriveServer(seed=11) as server:
        yield DriveStage(stage, server, tmp_path_factory.mktemp("drive-kills"))


FIRST = [
    pytest.param(Fault(AFTER, "drive.files", 3), id="in the walk"),
    pytest.param(Fault(AFTER, "listings.stage", 2), marks=SOAK, id="a page is staged"),
    pytest.param(Fault(BEFORE, "listings.promote"), marks=SOAK, id="all is staged"),
    pytest.param(Fault(INSIDE, "listings.promote"), marks=SOAK, id="in the promotion"),
    pytest.param(Fault(BEFORE, "drive.write", 4), id="in a download"),
    pytest.param(Fault(AFTER, "drive.fetch", 2), marks=SOAK, id="after a download"),
    pytest.param(Fault(INSIDE, "store.upsert", victim=BOTH), marks=SOAK, id="in the store"),
    pytest.param(Fault(AFTER, "store.upsert"), marks=SOAK, id="after the store's write"),
]
LATER = [
    pytest.param(Fault(AFTER, "drive.changes"), marks=SOAK, id="the log is read"),
    pytest.param(Fault(AFTER, "listings.stage"), marks=SOAK, id="a page is staged"),
    pytest.param(Fault(BEFORE, "listings.promote"), id="all is staged"),
    pytest.param(Fault(AFTER, "listings.promote"), marks=SOAK, id="after the promotion"),
    pytest.param(Fault(BEFORE, "drive.write"), marks=SOAK, id="in a download"),
    pytest.param(Fault(BEFORE, "publishing.flip"), id="between store and ledger"),
    pytest.param(Fault(INSIDE, "publishing.flip"), marks=SOAK, id="in the ledger's commit"),
    pytest.param(Fault(AFTER, "publishing.flip"), marks=SOAK, id="after the ledger's commit"),
]
SECOND_LOOK = [
    pytest.param(Fault(BEFORE, "drive.files"), marks=SOAK, id="before the list"),
    pytest.param(Fault(AFTER, "drive.files", 2), id="between two pages of the list"),
    pytest.param(Fault(BEFORE, "listings.promote"), marks=SOAK, id="all is staged"),
    pytest.param(Fault(AFTER, "listings.promote"), marks=SOAK, id="after the promotion"),
]


@pytest.mark.parametrize("fault", FIRST)
def test_dying_in_the_first_ingest_of_a_drive(drive: DriveStage, fault: Fault) -> None:
    drive.begin_again()
    drive.die(fault)
    drive.recover()


@pytest.mark.parametrize("fault", LATER)
def test_dying_in_a_later_ingest_of_a_drive(drive: DriveStage, fault: Fault, request: pytest.FixtureRequest) -> None:
    drive.sync()
    told = drive.change(random.Random(request.node.callspec.id))
    drive.die(fault)
    drive.recover(told)


@pytest.mark.parametrize("fault", SECOND_LOOK)
def test_dying_while_folders_are_listed_once_more(drive: DriveStage, fault: Fault) -> None:
    """What came into a folder just before it came into the scope is in no list yet, and in no log of ours."""
    world = drive.world
    folder = world.create_folder("late", drive.place.above)
    world.advance(1_000)
    world.knobs.list_lag_seconds = 600.0
    for number in range(4):
        world.create_file(f"late {number}.txt", f"Words that come late, {number}.", folder)
    drive.sync()
    world.move(folder, drive.place.mine)
    assert drive.sync().calls.get("drive.fetch", 0) == 0
    world.advance(601)
    world.knobs.list_lag_seconds = 0.0
    drive.look_again_now()
    drive.die(fault)
    drive.look_again_now()
    assert drive.recover().report["added"] == 4
    world.delete(folder)


def kill_at_random(drive: DriveStage, kills: int) -> None:
    """Changes and kills in turns, until so many runs have died; after some of them everything is compared."""
    seed = int(os.environ.get("LEVADA_CRASH_SEED") or random.SystemRandom().randrange(2**32))
    print(f"LEVADA_CRASH_SEED={seed}")  # noqa: T201  (shown if it fails)
    rng = random.Random(seed)
    drive.begin_again()
    lasts, died = 1.0, 0
    while died < kills:
        told: list[str] = []
        for _ in range(rng.choice((1, 2, 3))):
            told += drive.change(rng) if not told or rng.random() < 0.5 else []
            killed = drive.kill_after(rng.uniform(0.0, lasts), with_owner=rng.random() < 0.3)
            died += killed
            told.append("killed" if killed else "ran")
            lasts *= 1.2 if killed else 0.8
        drive.recover(told, plain=rng.random() < 0.9)
    drive.nothing_to_do()


def test_three_random_kills_of_a_drive_ingest(drive: DriveStage) -> None:
    kill_at_random(drive, 3)


@pytest.mark.soak
@pytest.mark.timeout(4 * 3600)
def test_many_random_kills_of_a_drive_ingest(drive: DriveStage) -> None:
    """LEVADA_CRASH_KILLS of them, 300 if that is not set."""
    kill_at_random(drive, int(os.environ.get("LEVADA_CRASH_KILLS") or 300))
