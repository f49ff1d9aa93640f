"""Whatever people do to a Drive, and wherever runs fail or die: the library comes to what a fresh one would hold."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from ledger.database import Database
from tests.drive.story import Story


def tell(ledger: Database, directory: Path, examples: int, known: bool, steps: int = 12) -> None:
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
    tell(ledger, tmp_path, examples=int(os.environ.get("LEVADA_STORIES") or 30), known=True)


@pytest.mark.soak
@pytest.mark.timeout(4 * 3600)
def test_many_stories_end_well(ledger: Database, tmp_path: Path) -> None:
    """LEVADA_STORIES of them, 2,000 if that is not set."""
    tell(ledger, tmp_path, examples=int(os.environ.get("LEVADA_STORIES") or 2_000), known=False, steps=30)
