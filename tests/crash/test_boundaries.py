"""SIGKILL of an ingest at every boundary of the publish protocol and of every other step; the next run converges (I2, I7).

Just after one step is just before the next, so a step is named once, with its place, unless the step before it may be
missing. "Inside" a step of the ledger is: everything written, not committed; inside a call on the store: two milliseconds
after it was sent. Meanwhile a reader in another process searches, and never sees invariant I3 broken.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass

import pytest

from blocks.stores.base import CollectionRef
from tests.crash.faults import AFTER, BEFORE, BOTH, INSIDE, OWNER, Fault
from tests.crash.stage import Stage
from tests.crash.theatre import Theatre

pytestmark = pytest.mark.timeout(900)

STAGED, STALE, DELETING = "state = 0", "state = 2", "state = 3"
WAITING = "state IN (2, 3)"


@dataclass(frozen=True)
class Moment:
    """When a run dies, and chunks that prove that it did not die elsewhere."""

    fault: Fault
    leaves: str = ""

    def __str__(self) -> str:
        return str(self.fault)


PUBLISH = [
    Moment(Fault(BEFORE, "publishing.stage")),
    Moment(Fault(INSIDE, "publishing.stage")),
    Moment(Fault(AFTER, "publishing.stage"), STAGED),
    Moment(Fault(INSIDE, "store.upsert"), STAGED),
    Moment(Fault(INSIDE, "store.upsert", victim=BOTH), STAGED),
    Moment(Fault(AFTER, "store.upsert"), STAGED),
    Moment(Fault(INSIDE, "store.upsert", 2, victim=BOTH), STAGED),
    Moment(Fault(BEFORE, "publishing.flip"), STAGED),
    Moment(Fault(INSIDE, "publishing.flip"), STAGED),
    Moment(Fault(AFTER, "publishing.flip"), WAITING),
    Moment(Fault(AFTER, "publishing.flip", 2)),
    Moment(Fault(BEFORE, "deletion.claim", 2), WAITING),
    Moment(Fault(INSIDE, "deletion.claim", 2), WAITING),
    Moment(Fault(AFTER, "deletion.claim", 2), DELETING),
    Moment(Fault(INSIDE, "store.delete"), DELETING),
    Moment(Fault(INSIDE, "store.delete", victim=BOTH), DELETING),
    Moment(Fault(AFTER, "store.delete"), DELETING),
    Moment(Fault(INSIDE, "deletion.forget"), DELETING),
    Moment(Fault(AFTER, "deletion.forget")),
]
"""The publish protocol of design.md section 3, step by step."""

OTHERS = [
    Moment(Fault(BEFORE, "runs.begin")),
    Moment(Fault(AFTER, "runs.begin")),
    Moment(Fault(AFTER, "listings.begin")),
    Moment(Fault(AFTER, "listings.stage")),
    Moment(Fault(AFTER, "listings.note_contents")),
    Moment(Fault(INSIDE, "listings.promote")),
    Moment(Fault(AFTER, "listings.promote"), STALE),
    Moment(Fault(AFTER, "owed.invalidate"), STALE),
    Moment(Fault(AFTER, "deletion.suspect_contents")),
    Moment(Fault(BEFORE, "members.mirror")),
    Moment(Fault(INSIDE, "members.mirror")),
    Moment(Fault(AFTER, "members.mirror")),
    Moment(Fault(AFTER, "spool.keep")),
    Moment(Fault(AFTER, "cache.put")),
    Moment(Fault(BEFORE, "publishing.confirm")),
    Moment(Fault(AFTER, "publishing.confirm")),
    Moment(Fault(BEFORE, "quarantine.record")),
    Moment(Fault(INSIDE, "quarantine.record")),
    Moment(Fault(AFTER, "quarantine.record")),
    Moment(Fault(BEFORE, "listings.settle_moves")),
    Moment(Fault(AFTER, "listings.settle_moves")),
    Moment(Fault(BEFORE, "deletion.erase_texts")),
    Moment(Fault(AFTER, "deletion.erase_texts")),
    Moment(Fault(BEFORE, "cache.erase")),
    Moment(Fault(AFTER, "cache.erase")),
    Moment(Fault(AFTER, "deletion.settle_contents")),
    Moment(Fault(BEFORE, "runs.finish")),
    Moment(Fault(AFTER, "runs.finish")),
]
"""Every other step of a run that finds a healthy store."""

REBUILD = [
    Fault(BEFORE, "libraries.begin_rebuild"),
    Fault(AFTER, "libraries.begin_rebuild"),
    Fault(INSIDE, "store.create", victim=BOTH),
    Fault(AFTER, "store.create"),
    Fault(AFTER, "store.upsert"),
    Fault(INSIDE, "store.upsert", 3, victim=BOTH),
    Fault(BEFORE, "libraries.end_rebuild"),
    Fault(INSIDE, "libraries.end_rebuild"),
    Fault(AFTER, "libraries.end_rebuild"),
]
"""A store that was lost, rebuilt from the ledger."""

REPLACEMENT = [
    Fault(BEFORE, "store.drop"),
    Fault(INSIDE, "store.drop", victim=BOTH),
    Fault(AFTER, "store.drop"),
]
"""A store that has lost records: the collection that takes its place is there, and the old one is dropped."""

FIRST = [
    Fault(BEFORE, "migration"),
    Fault(AFTER, "migration", 10),
    Fault(AFTER, "migration", 30),
    Fault(AFTER, "libraries.ensure"),
    Fault(AFTER, "libraries.ensure_generation"),
    Fault(AFTER, "libraries.begin_rebuild"),
    Fault(AFTER, "store.create"),
    Fault(AFTER, "sources.ensure"),
    Fault(AFTER, "publishing.flip"),
]
"""The first ingest of a new library."""


def chunks_left(stage: Stage, where: str) -> int:
    with closing(sqlite3.connect(stage.ledger)) as db:
        return int(db.execute(f"SELECT count(*) FROM chunks WHERE {where}").fetchone()[0])


@pytest.mark.parametrize("moment", PUBLISH + OTHERS, ids=str)
def test_dying_in_a_sync(theatre: Theatre, moment: Moment) -> None:
    def left() -> None:
        assert not moment.leaves or chunks_left(theatre.stage, moment.leaves), f"no chunk with {moment.leaves}"

    theatre.act(moment.fault, left)


@pytest.mark.parametrize("fault", REBUILD, ids=str)
def test_dying_while_a_lost_store_is_rebuilt(theatre: Theatre, fault: Fault) -> None:
    theatre.act(fault, spoil=lambda: shutil.rmtree(theatre.stage.store))


@pytest.mark.parametrize("fault", REPLACEMENT, ids=str)
def test_dying_while_an_incomplete_store_is_replaced(theatre: Theatre, fault: Fault) -> None:
    stage = theatre.stage

    def lose_records() -> None:
        # A reader that has found the store whole trusts it for half a minute: let it begin afterwards.
        stage.stop_reading()
        library = stage.library()
        ((name, info),) = library.vectors.collections()
        ref = CollectionRef(name, info.store_id)
        library.vectors.remove(ref, next(library.vectors.ids(ref))[:3])
        library.vectors.close()
        stage.start_reading()

    theatre.act(fault, spoil=lose_records)


@pytest.mark.parametrize("fault", FIRST, ids=str)
def test_dying_in_the_first_ingest(theatre: Theatre, fault: Fault) -> None:
    theatre.first_act(fault)


@pytest.mark.parametrize("point", ["store.upsert", "store.delete", "store.describe"])
def test_the_stores_owner_alone_dies(theatre: Theatre, point: str) -> None:
    """The run goes on: it finds or starts another owner, and asks it again."""
    stage = theatre.stage
    before = theatre.set_the_scene()
    state = stage.switch()
    outcome = stage.ingest(Fault(INSIDE, point, victim=OWNER)).outcome()
    assert outcome.state == "COMPLETED", f"{outcome}\n{stage.last_words()}"
    theatre.recover([before], theatre.fresh[state])
    theatre.sound = True
