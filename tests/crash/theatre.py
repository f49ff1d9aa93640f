"""One act: the folder changes, an ingest of it dies, the next one recovers, and a reader watches all of it."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable

from tests.crash.faults import Fault
from tests.crash.folders import mutate
from tests.crash.index import Index, Published, difference
from tests.crash.judge import judge, moves, states
from tests.crash.processes import wait_until
from tests.crash.stage import TRUSTED_AFTER, Outcome, Stage

EFFECTS = ("store.upsert", "store.delete", "store.create", "store.drop", "parser.read", "model.embed", "publishing.stage")
"""What a run without a change must not do (invariant I4)."""
CHANGES = ("added", "updated", "moved", "removed", "chunks_embedded")
FEW = ("guide.md", "steady.md", "twin b.md")
"""Files of the folder that suffice for a first ingest."""


class Theatre:
    """A library in one of two states, and how to bring it to the other across a kill."""

    def __init__(self, stage: Stage, seen: Counter[str]) -> None:
        self.stage = stage
        self.seen = seen
        self.sound = False
        """True if the library is known to be just what a fresh ingest makes of the folder, in one of its two states."""
        self.fresh: dict[object, Index] = {}
        for state in (1, 0):
            stage.switch(state)
            self.fresh[state] = stage.fresh_index()

    def set_the_scene(self) -> Index:
        """The library as its folder is, the reader at work; made anew if the last act left it in doubt."""
        stage = self.stage
        if not self.sound:
            stage.switch(stage.state)
            self.begin_again()
        self.sound = False
        stage.start_reading()
        stage.record()
        return stage.index()

    def begin_again(self) -> None:
        """A new library, from the folder as it is."""
        self.stage.begin_again()
        self.ingest()

    def ingest(self, plain: bool = False) -> Outcome:
        """A run that must succeed. Some files are meant to fail: then it is Partial."""
        outcome = self.stage.ingest(plain=plain).outcome()
        assert outcome.state == "COMPLETED", f"{outcome}\n{self.stage.last_words()}"
        return outcome

    def act(self, fault: Fault, left: Callable[[], None] | None = None, spoil: Callable[[], None] | None = None) -> None:
        """From one state of the folder to the other, dying of `fault` on the way.

        `left` looks at what the kill has left; `spoil` harms the store before the run.
        """
        before = self.set_the_scene()
        state = self.stage.switch()
        if spoil is not None:
            spoil()
        self.die(fault)
        if left is not None:
            left()
        self.recover([before], self.fresh[state])
        self.sound = True

    def first_act(self, fault: Fault) -> None:
        """The first ingest there ever was dies of `fault`; the reader has been waiting for the library."""
        stage = self.stage
        stage.begin_again()
        self.sound = False
        if stage.state is None or "few" not in self.fresh:
            stage.copy_folder("few", FEW)
            time.sleep(TRUSTED_AFTER)
            self.fresh["few"] = stage.fresh_index()
        stage.folder = stage.root / "few"
        stage.start_reading()
        self.die(fault)
        self.recover([Index({}, {})], self.fresh["few"], unborn=True)

    def die(self, fault: Fault) -> None:
        """An ingest that is killed."""
        died = self.stage.ingest(fault).outcome()
        assert died.killed, f"the run was to die {fault}, but ended: {died}\n{self.stage.last_words()}"
        self.mourn()

    def mourn(self) -> None:
        """A kill leaves no process."""
        self.seen["kills"] += 1
        assert wait_until(lambda: not self.stage.strangers()), f"left behind by the kill: {self.stage.strangers()}"

    def improvise(self, rng: random.Random, kills: int) -> None:
        """Random changes, random kills, until so many runs have died; after every few of them the library is whole again."""
        stage = self.stage
        self.sound = False
        folder = stage.copy_folder(f"wild-{rng.randrange(10**9)}")
        self.begin_again()
        lasts = 1.5
        died = 0
        while died < kills:
            stage.start_reading()
            stage.record()
            passed = [stage.index()]
            told: list[str] = []
            for _ in range(rng.choice((1, 1, 2, 3))):
                if not told or rng.random() < 0.4:
                    told += mutate(folder, rng)
                    passed.append(stage.fresh_index())
                killed = self._kill_at_random(rng, lasts)
                died += killed
                told.append("killed" if killed else "ran")
            started = time.monotonic()
            self.recover(passed[:-1], passed[-1], settled=False, told=told)
            lasts = 0.5 * lasts + 0.5 * min(10.0, time.monotonic() - started)

    def _kill_at_random(self, rng: random.Random, lasts: float) -> bool:
        """Whether a run was killed: within the time that one takes, at times with the owner of its store."""
        run = self.stage.ingest()
        run.wait(rng.uniform(0.0, lasts))
        with_owner = rng.random() < 0.3
        killed = run.kill().killed
        if killed:
            if with_owner:
                self.stage.kill_owner()
            self.mourn()
        return killed

    def recover(self, passed: list[Index], fresh: Index, unborn: bool = False, settled: bool = True, told: object = "") -> None:
        """Run again: everything is as a fresh ingest makes it, nothing is left, and the reader has seen nothing odd.

        `passed`: the states that the library may have been in since the reader's record began. `unborn`: it was not there.
        `settled`: no file was changed just now, so that none needs to be read again.
        """
        stage = self.stage
        # At the boundaries the stages themselves, a second cheaper; after random kills the flow.
        self.ingest(plain=settled)
        found = stage.index()
        wrong = difference(found, fresh, _kept(passed))
        assert not wrong, f"{wrong} after {told}"
        left = stage.untidy()
        assert not left, f"{left} after {told}"
        assert wait_until(lambda: not stage.strangers()), f"left behind: {stage.strangers()}"
        self._nothing_to_do(settled)
        self._verdict([*passed, found], unborn, told)

    def _nothing_to_do(self, settled: bool) -> None:
        """Invariant I4; and no lock is held."""
        before = self.stage.index()
        again = self.ingest(plain=True)
        assert not {name: again.report[name] for name in CHANGES if again.report[name]}, again.report
        assert again.report["unchanged"] == len(before.documents.keys() - before.failing.keys())
        effects = {name: again.calls[name] for name in EFFECTS if again.calls.get(name)}
        assert not effects, effects
        assert not (settled and again.calls.get("source.fetch"))
        assert self.stage.index() == before

    def _verdict(self, passed: list[Index], unborn: bool, told: object) -> None:
        verdict = judge(self.stage.record(), states(passed), moves(*passed) if len(passed) == 2 else (), unborn)
        self.seen["searches"] += verdict.searches
        self.seen["different answers"] += verdict.answers
        assert verdict.searches
        assert not verdict.failures, f"{len(verdict.failures)} searches failed after {told}: {verdict.failures[:3]}"
        assert not verdict.violations, (
            f"{len(verdict.violations)} in {verdict.searches} searches: {verdict.violations[:5]} {told}"
        )


def _kept(passed: list[Index]) -> dict[str, list[Published]]:
    """By document, every revision that it has had."""
    found: dict[str, list[Published]] = {}
    for index in passed:
        for id, document in index.documents.items():
            found.setdefault(id, []).append(document)
    return found
