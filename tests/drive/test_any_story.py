"""Whatever people do to a Drive, and wherever runs fail or die: the library comes to what a fresh one would hold."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from ledger.database import Database
from tests.drive import people
from tests.drive.seeded import Step, Teller, shorter, tell
from tests.drive.story import KNOBS, Story

RETELLINGS = 150
"""How often a story that fails is told again, to find a shorter one."""


def story(ledger: Database, directory: Path) -> Story:
    """One that has not begun."""
    made = Story()
    made.ledger, made.directory = ledger, directory
    return made


def tell_seeded(ledger: Database, directory: Path, seeds: range, length: int) -> None:
    """The stories of these seeds. One that fails is told again, as short as it can be."""
    for seed in seeds:
        teller = Teller(seed)
        steps = teller.steps(length)
        try:
            tell(story(ledger, directory), teller.scope, steps, teller.begins_full)
        except Exception as exc:
            exc.add_note(f"LEVADA_STORY_SEED={seed}")
            if not os.environ.get("LEVADA_NO_SHRINK"):
                _tell_shorter(ledger, directory, teller, steps)
            raise


def _tell_shorter(ledger: Database, directory: Path, teller: Teller, steps: list[Step]) -> None:
    """Raises what the shortest story raises."""
    told: Counter[str] = Counter()

    def ends_well(fewer: list[Step]) -> bool:
        told["again"] += 1
        if told["again"] > RETELLINGS:
            return True
        try:
            tell(story(ledger, directory), teller.scope, fewer, teller.begins_full)
        except Exception:
            return False
        return True

    tell(story(ledger, directory), teller.scope, shorter(ends_well, steps), teller.begins_full)


def test_seeded_stories_end_well(ledger: Database, tmp_path: Path) -> None:
    tell_seeded(ledger, tmp_path, range(12), 12)


@pytest.mark.soak
@pytest.mark.timeout(4 * 3600)
def test_many_seeded_stories_end_well(ledger: Database, tmp_path: Path) -> None:
    """LEVADA_STORIES of them, 2,000 if that is not set, from LEVADA_STORY_SEED on or from anywhere."""
    first = int(os.environ.get("LEVADA_STORY_SEED") or random.SystemRandom().randrange(1_000, 2**32))
    tell_seeded(ledger, tmp_path, range(first, first + int(os.environ.get("LEVADA_STORIES") or 2_000)), 30)


def test_seeded_stories_are_of_every_kind() -> None:
    """Nothing that can happen is left out of some hundred stories, and nothing is in nearly all of them."""
    told = [(teller, teller.steps(12)) for teller in map(Teller, range(400))]
    kinds = Counter(name for _teller, steps in told for name in {name for name, _how in steps})
    acts = Counter(act[0] for _teller, steps in told for _name, how in steps for act in how.get("acts", ()))
    knobs = {how["turned"][0] for _teller, steps in told for _name, how in steps if "turned" in how}
    assert set(kinds) == {name for name, member in vars(Story).items() if hasattr(member, "hypothesis_stateful_rule")}
    assert max(kinds.values()) < 0.8 * len(told) and min(kinds.values()) > 0.05 * len(told)
    assert set(acts) == {*people.FOLDERS, *people.FILES, *people.CROSSINGS, *people.ABOVE, *people.DRIVES}
    assert knobs == set(KNOBS)


def tell_by_hypothesis(ledger: Database, directory: Path, examples: int, known: bool, steps: int = 12) -> None:
    """So many stories, always the same if `known`."""
    machine = type("StoryHere", (Story,), {"ledger": ledger, "directory": directory})
    how = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=known,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        phases=[Phase.generate] if os.environ.get("LEVADA_NO_SHRINK") else list(Phase),
    )
    run_state_machine_as_test(machine, settings=how)


def test_any_story_ends_well(ledger: Database, tmp_path: Path) -> None:
    tell_by_hypothesis(ledger, tmp_path, examples=8, known=True)


@pytest.mark.soak
@pytest.mark.timeout(4 * 3600)
def test_many_stories_end_well(ledger: Database, tmp_path: Path) -> None:
    """LEVADA_STORIES of them, 500 if that is not set."""
    tell_by_hypothesis(ledger, tmp_path, examples=int(os.environ.get("LEVADA_STORIES") or 500), known=False, steps=30)
