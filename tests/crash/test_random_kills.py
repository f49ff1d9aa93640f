"""SIGKILL at random moments, one to three times in a row, while the folder goes on changing (invariants I2, I3, I7)."""

from __future__ import annotations

import os
import random

import pytest

from tests.crash.theatre import Theatre


def kill_at_random(theatre: Theatre, kills: int) -> None:
    seed = int(os.environ.get("LEVADA_CRASH_SEED") or random.SystemRandom().randrange(2**32))
    print(f"LEVADA_CRASH_SEED={seed}")  # noqa: T201  (shown if it fails)
    theatre.improvise(random.Random(seed), kills)


@pytest.mark.timeout(900)
def test_ten_random_kills(theatre: Theatre) -> None:
    kill_at_random(theatre, 10)


@pytest.mark.soak
@pytest.mark.timeout(4 * 3600)
def test_many_random_kills(theatre: Theatre) -> None:
    """LEVADA_CRASH_KILLS of them, 500 if that is not set."""
    kill_at_random(theatre, int(os.environ.get("LEVADA_CRASH_KILLS") or 500))
