"""Whatever happens to the files and wherever the runs die, the library converges, and a reader never sees it broken."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import func, select

from core.ids import content_hash, text_hash
from ledger import lookup, sources
from ledger.database import Database
from ledger.schema import ChunkState, FileState, chunks, content_garbage, listed_files, listings, text_garbage
from tests.ledger.world import CORRUPT, EMPTY, LOCKED, World, kept_texts, kept_vectors

NAMES = st.sampled_from(["a", "b", "c", "d/e", "d/f"])
PARTS = st.lists(st.sampled_from(["one", "two", "three", "four"]), min_size=1, max_size=4).map("|".join)
TEXTS = st.one_of(PARTS, PARTS, PARTS, PARTS, st.sampled_from([EMPTY, CORRUPT, LOCKED]))
WHICH = st.sampled_from([0, 1])
KINDS = st.sampled_from(["write", "write", "write", "touch", "remove", "rename", "rename", "swap", "share"])
EDITS = st.tuples(KINDS, NAMES, NAMES, TEXTS)

_made = 0


class Histories(RuleBasedStateMachine):
    """Two libraries on one ledger (they share texts and vectors), each with a folder that changes and runs that may die."""

    db: Database

    def __init__(self) -> None:
        super().__init__()
        global _made
        _made += 1
        self.worlds = [World(self.db, f"library-{_made}-{which}") for which in (0, 1)]
        self.runs: list[Iterator[str] | None] = [None, None]
        self.contents: dict[str, str] = {}

    # -- what people do -----------------------------------------------------------------------------------------------

    @initialize(first=st.dictionaries(NAMES, TEXTS), second=st.dictionaries(NAMES, TEXTS))
    def fill(self, first: dict[str, str], second: dict[str, str]) -> None:
        for which, texts in enumerate((first, second)):
            for name, text in texts.items():
                self.write(which, name, text)

    @rule(which=WHICH, edits=st.lists(EDITS, min_size=1, max_size=3))
    def edit(self, which: int, edits: list[tuple[str, str, str, str]]) -> None:
        source = self.worlds[which].source
        for kind, name, other, text in edits:
            here, there = name.encode() in source.files, other.encode() in source.files
            if kind == "write":
                self.write(which, name, text)
            elif kind == "touch" and here:
                source.touch(name)
            elif kind == "remove" and here:
                source.remove(name)
            elif kind == "rename" and here:
                source.rename(name, other)
            elif kind == "swap" and here and there and name != other:
                source.rename(name, "aside")
                source.rename(other, name)
                source.rename("aside", other)
            elif kind == "share":
                source.acls[name.encode()] = tuple(text.split("|")[:2])

    def write(self, which: int, name: str, text: str) -> None:
        self.worlds[which].source.write(name, text)
        self.contents[content_hash(text.encode())] = text

    @rule(which=WHICH, seconds=st.sampled_from([30.0, 8 * 3600.0]))
    def wait(self, which: int, seconds: float) -> None:
        self.worlds[which].at(seconds)

    # -- what runs do -------------------------------------------------------------------------------------------------

    @rule(which=WHICH, steps=st.integers(1, 40), confirm=st.booleans())
    def work(self, which: int, steps: int, confirm: bool) -> None:
        """Go on with the run, or begin one."""
        world = self.worlds[which]
        run = self.runs[which] or world.steps(confirm=confirm)
        self.runs[which] = run
        for _step in range(steps):
            ended = next(run, None) is None
            self.reader_sees_one_revision(world)
            if ended:
                self.runs[which] = None
                break

    @precondition(lambda self: any(self.runs))
    @rule(which=WHICH)
    def crash(self, which: int) -> None:
        self.runs[which] = None

    # -- what must hold -----------------------------------------------------------------------------------------------

    def reader_sees_one_revision(self, world: World) -> None:
        """I3: every published document is found whole, with the content that the ledger names, and nothing else is."""
        found = {path: content_hash(text.encode()) for path, text in world.visible().items()}
        assert found == world.published()

    def teardown(self) -> None:
        for world in self.worlds:
            world.at(24 * 3600.0)
            world.sync(confirm=True)
        for world in self.worlds:
            self.check_settled(world)
            self.check_nothing_to_do(world)
        self.check_no_orphans()
        for world in self.worlds:
            world.begin()
            sources.remove(self.db, world.run, world.row)
            while world.delete():
                pass
            world.erase()
            assert world.store == {} and world.cache == set()
        self.check_no_orphans()

    def check_settled(self, world: World) -> None:
        """I2: the index is what a fresh ingest would make, but for files in quarantine, which keep an earlier revision."""
        source, visible = world.source, world.visible()
        good = {id: text for id, text in source.files.items() if text not in (EMPTY, CORRUPT, LOCKED)}
        for id, text in good.items():
            assert visible.pop(id.decode()) == text
        for path, text in visible.items():
            assert source.files[path.encode()] in (CORRUPT, LOCKED)
            assert content_hash(text.encode()) in self.contents
        assert world.file_states() == {id.decode(): FileState.PRESENT for id in source.files}
        waiting = {file.file_id for file in world.owed()}
        assert waiting <= {id for id, text in source.files.items() if text == LOCKED}
        allowed = {id.decode() for id in good if "one" in source.acls.get(id, ())}
        assert world.visible(["one"]).keys() & {id.decode() for id in good} == allowed
        assert world.cache == set(world.published().values())

    def check_nothing_to_do(self, world: World) -> None:
        """I4: another run embeds nothing, writes nothing to the store, and shows readers nothing new."""
        before = (dict(world.store), world.embedded, lookup.publish_counter(self.db, world.library.id))
        world.sync(confirm=True)
        assert before == (world.store, world.embedded, lookup.publish_counter(self.db, world.library.id))

    def check_no_orphans(self) -> None:
        """I7 and I12: the store holds what is live, the ledger the texts and vectors of just that, and nothing is pending."""
        c = chunks.c
        for world in self.worlds:
            with self.db.read() as connection:
                rows = connection.execute(select(c.id, c.state).where(c.generation_id == world.generation.id)).all()
            assert {state for _id, state in rows} <= {ChunkState.LIVE}
            assert {id for id, _state in rows} == world.store.keys()
        used = {text for world in self.worlds for text in world.store.values()}
        assert kept_texts(self.db) == used
        assert kept_vectors(self.db) == {text_hash(text) for text in used}
        with self.db.read() as connection:
            for table in (listed_files, listings, text_garbage, content_garbage):
                assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0


def _run(db: Database, examples: int, known: bool) -> None:
    machine = type("HistoriesHere", (Histories,), {"db": db})
    how = settings(
        max_examples=examples,
        stateful_step_count=12,
        deadline=None,
        database=None,
        derandomize=known,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=how)


def test_any_history_converges(db: Database) -> None:
    _run(db, examples=20 if db.is_sqlite else 5, known=True)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_many_histories_converge(db: Database) -> None:
    _run(db, examples=500 if db.is_sqlite else 100, known=False)
