"""What is dear to start is started while a first listing is under way, and only if there is much to do."""

from __future__ import annotations

import gc
import time

import psutil  # type: ignore[import-untyped]
import pytest

from tasks.discover import MANY
from tests.flows.stages import ingest_in_stages
from tests.flows.world import World

READER = "tasks.extractors.read:read_document"
"""What the command of a parser process names."""


@pytest.mark.parametrize(("files", "expected"), [(MANY, 1), (MANY - 1, 0)])
def test_parsers_are_there_before_the_first_file_is_read(world: World, files: int, expected: int) -> None:
    for number in range(files):
        world.write(f"{number}.txt", f"The boat with the number {number}.")
    seen: list[int] = []

    def look() -> None:
        deadline = time.monotonic() + 10
        while not seen or (seen[-1] < expected and time.monotonic() < deadline):  # a thread of its own starts them
            seen.append(sum(READER in child.cmdline() for child in psutil.Process().children()))

    assert ingest_in_stages(world.library(), str(world.folder), once_listed=look).added == files
    assert seen[-1] == expected


def test_a_run_looks_for_garbage_among_its_own_objects_only(world: World) -> None:
    world.write("a.txt", "The boat with the number one.")
    seen: list[int] = []
    assert (
        ingest_in_stages(world.library(), str(world.folder), once_listed=lambda: seen.append(gc.get_freeze_count())).added == 1
    )
    assert seen[0] > 10_000
    assert gc.get_freeze_count() == 0
