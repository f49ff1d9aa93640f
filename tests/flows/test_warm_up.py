"""What is dear to start is started while a first listing is under way, and only if there is much to do."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil  # type: ignore[import-untyped]
import pytest

from tasks.context import RunContext
from tasks.discover import MANY
from tasks.extractors.parser_pool import READER
from tests.flows.stages import ingest_in_stages
from tests.flows.world import World


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


def test_the_first_batch_is_read_before_the_second_is_begun(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        world.write(f"{number:02}.txt", f"The boat with the number {number}.")
    seen: list[str] = []
    timed = RunContext.timed

    @contextmanager
    def noted(ctx: RunContext, stage: str) -> Iterator[None]:
        with timed(ctx, stage):
            seen.append(f"{stage} begins")
            yield
            seen.append(f"{stage} ends")

    monkeypatch.setattr(RunContext, "timed", noted)
    monkeypatch.setattr("flows.ingest.HEAD_START", 60.0)
    assert world.ingest(batch_files=10).added == 20
    assert [event for event in seen if event.startswith("extract")] == ["extract begins", "extract ends"] * 2
