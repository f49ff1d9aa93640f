"""Two libraries' runs at the same moment on one ledger: they share texts, vectors and ACLs, and wait for nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from sqlalchemy import event, text

from core.files import ChangePage, SourceFile
from ledger import deletion, listings, sources
from ledger.database import Database
from tests.ledger.world import World, kept_texts


@dataclass
class Meanwhile:
    """Something that another thread does just before this one's transaction commits."""

    what: Callable[[], object]
    patience: float
    thread: threading.Thread | None = None
    waited: bool = False
    errors: list[BaseException] = field(default_factory=list)

    def _do(self) -> None:
        try:
            self.what()
        except BaseException as exc:
            self.errors.append(exc)

    def begin(self) -> None:
        self.thread = threading.Thread(target=self._do)
        self.thread.start()
        self.thread.join(self.patience)
        self.waited = self.thread.is_alive()

    def end(self) -> None:
        assert self.thread is not None, "nothing was committed"
        self.thread.join()
        assert self.errors == []


@contextmanager
def before_commit(db: Database, what: Callable[[], object], patience: float = 0.5) -> Iterator[Meanwhile]:
    """Let `what` begin when the transaction inside has done everything but commit; it is over when this is.

    The commit is held back for so many seconds, or until `what` is done; if it is not, it `waited` for the commit.
    """
    meanwhile, main = Meanwhile(what, patience), threading.current_thread()

    def hook(_connection: object) -> None:
        if threading.current_thread() is main and meanwhile.thread is None:
            meanwhile.begin()

    event.listen(db.engine, "commit", hook)
    try:
        yield meanwhile
        meanwhile.end()
    finally:
        event.remove(db.engine, "commit", hook)


@pytest.fixture
def pair(db: Database) -> tuple[World, World]:
    """Two libraries; the first has just let go of a text that nobody else uses, and has not erased it yet."""
    one, other = World(db, "one"), World(db, "other")
    one.source.write("a", "shared")
    one.sync()
    one.begin()
    sources.remove(db, one.run, one.row)
    one.delete()
    assert kept_texts(db) == {"shared"}
    return one, other


def test_a_text_taken_into_use_just_now_is_not_erased(db: Database, pair: tuple[World, World]) -> None:
    one, other = pair
    other.source.write("b", "shared")
    other.listing()
    plans = other.revisions(other.owed())
    new_vectors = other.embed(plans)
    assert new_vectors == {}
    with before_commit(db, one.erase) as erasing:
        assert other.stage(plans, new_vectors) == set()
    assert erasing.waited
    other.upsert(plans)
    other.publish()
    assert other.visible() == {"b": "shared"}
    assert kept_texts(db) == {"shared"}


def test_a_text_erased_just_now_is_not_taken_into_use(db: Database, pair: tuple[World, World]) -> None:
    one, other = pair
    other.source.write("b", "shared")
    other.listing()
    plans = other.revisions(other.owed())
    new_vectors = other.embed(plans)
    refused: set[str] = set()
    with before_commit(db, lambda: refused.update(other.stage(plans, new_vectors))) as staging:
        deletion.erase_texts(db, one.run)
    assert staging.waited
    assert refused == {other.id("b")}
    other.sync()
    assert other.visible() == {"b": "shared"}


def test_a_text_let_go_of_just_now_is_not_forgotten(db: Database, pair: tuple[World, World]) -> None:
    one, other = pair
    other.source.write("b", "shared")
    other.sync()
    one.erase()
    with db.write() as connection:  # as if a third library had let go of it
        connection.execute(text("INSERT INTO text_garbage SELECT text_hash FROM texts"))
    other.begin()
    sources.remove(db, other.run, other.row)
    ids = deletion.claim(db, other.run, 10)
    with before_commit(db, lambda: deletion.erase_texts(db, one.run)) as erasing:
        deletion.forget(db, other.run, ids)
    assert erasing.waited
    one.erase()
    assert kept_texts(db) == set()


def test_new_acls_and_texts_may_be_recorded_by_both_at_once(db: Database) -> None:
    one, other = World(db, "one"), World(db, "other")
    page = ChangePage(files=tuple(SourceFile(b"%d" % n, "n", str(n), 1, "v", acl=(f"person {n}",)) for n in range(20)))
    backwards = ChangePage(files=page.files[::-1])
    listing = listings.begin(db, one.run, one.row).id
    with before_commit(db, lambda: other.listing([backwards])):
        listings.stage(db, one.run, one.row, listing, page)
    for world in (one, other):
        texts = "|".join(f"text {number}" for number in range(30))
        world.source.write("a", texts)
        world.begin()
        world.listing()
    with before_commit(db, other.publish):
        one.publish()
    assert one.visible().keys() >= {"a"} and other.visible().keys() >= {"a"}


def test_a_run_waits_for_no_other_library(db: Database) -> None:
    if db.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    one, other = World(db, "one"), World(db, "other")
    for world in (one, other):
        world.source.write("a", "shared")
        world.listing()
    with before_commit(db, other.sync, patience=60) as syncing:
        listings.begin(db, one.run, one.row)
    assert not syncing.waited
