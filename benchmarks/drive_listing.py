"""The first listing of 100,000 files in 2,000 folders on Drive, in several shapes: calls, memory, going on after SIGKILL.

The bar on list calls is 1.1 times the cheaper of listing the corpus, its folders and its files by the thousand, and of walking
the scope folder by folder.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import Any

from benchmarks.drive_emulator import ALICE, Emulator, Synced, emulator, sync
from benchmarks.results import Row, report

FILES, FOLDERS = 100_000, 2_000
PAGE = 1_000
CALLS, MEMORY = 1.1, 1.1
KILLED_AT = 50


@contextmanager
def world(files: int = FILES, folders: int = FOLDERS) -> Iterator[tuple[Emulator, str]]:
    """A Drive with so many files in one folder's folders, and that folder."""
    with emulator() as drive:
        outer = drive.folder("Everything", drive.home)
        drive.call("bulk", parent=outer, folders=folders, files=files)
        yield drive, outer


def fill(drive: Emulator, outer: str, folders: int, files: int, inner: Callable[[int, list[str]], str]) -> list[str]:
    """Folders below `outer`, each in the one that `inner` chooses from its number and those before, with files in all."""
    made: list[str] = []
    for number in range(folders):
        made.append(drive.folder(f"Folder {number:05}", inner(number, made) or outer))
        drive.call("bulk", parent=made[-1], folders=0, files=files // folders)
    return made


def first(drive: Emulator, **scope: Any) -> Synced:
    """A first listing, in a library of its own."""
    with tempfile.TemporaryDirectory(prefix="levada-bench-") as home:
        synced = sync(drive, Path(home), **scope)
    assert synced is not None
    return synced


def row(shape: str, synced: Synced, folders: int, walk: int, files: int = FILES) -> Row:
    """List calls against the cheaper way. `walk` is what a walk of the scope would take, `folders` are those of the corpus."""
    cheaper = min(ceil(files / PAGE) + ceil(folders / PAGE), walk)
    bar = int(cheaper * CALLS)
    other = synced.all_calls - synced.lists
    measure = f"first listing, {shape}: list calls (others {other}; {synced.seconds:.0f} s, of our CPU {synced.cpu:.0f} s)"
    return Row(measure, str(synced.lists), f"<= {bar} (1.1 x {cheaper})", synced.lists <= bar)


def parts_of_a_corpus() -> Iterator[Row]:
    """My Drive as a whole, all of it below one folder, and some of its folders."""
    with world() as (drive, outer):
        yield row("My Drive", first(drive, my_drive=True), FOLDERS + 1, FOLDERS + 2)
        yield row("one folder that holds all, side by side", first(drive, folders=[outer]), FOLDERS + 1, FOLDERS + 3)
        for count in (20, 100):
            part = drive.folder(f"Part of {count}", drive.home)
            drive.call("bulk", parent=part, folders=count, files=50 * count)
            measured = first(drive, folders=[part])
            yield row(f"a folder of {count} folders, 50 files in each", measured, FOLDERS + 200, count + 1)


def other_shapes() -> Iterator[Row]:
    """Folders in folders, and a shared drive."""
    with emulator() as drive:
        outer = drive.folder("Nested", drive.home)
        for number in range(20):
            branch = drive.folder(f"Branch {number}", outer)
            drive.call("bulk", parent=branch, folders=FOLDERS // 20, files=FILES // 20)
        measured = first(drive, folders=[outer])
        yield row("20 folders of 100 folders", measured, FOLDERS + 21, FOLDERS + 21)
    with emulator() as drive:
        outer = drive.folder("Deep", drive.home)
        fill(drive, outer, FOLDERS, FILES, lambda number, made: made[-1] if number % 80 else outer)
        yield row("25 chains of 80 folders", first(drive, folders=[outer]), FOLDERS + 1, FOLDERS + 1)
    with emulator() as drive:
        shared = drive.call("create_drive", name="Team", members={ALICE: "organizer"})
        drive.call("bulk", parent=shared, folders=FOLDERS, files=FILES)
        yield row("a shared drive", first(drive, drives=[shared]), FOLDERS, FOLDERS + 2)


def memory() -> Iterator[Row]:
    """Peak of the process at ten times the files."""
    with world(FILES // 10, FOLDERS // 10) as (drive, _outer):
        small = first(drive, my_drive=True)
    with world() as (drive, _outer):
        large = first(drive, my_drive=True)
    ratio = large.peak / small.peak
    yield Row(f"peak memory at {FILES // 10:,} files", f"{small.peak / 1024:.0f} MiB")
    bar = f"<= {MEMORY} x"
    yield Row(f"at {FILES:,} files ({large.peak / 1024:.0f} MiB) against that", f"{ratio:.2f} x", bar, ratio <= MEMORY)


def killed() -> Iterator[Row]:
    """SIGKILL half way, then once more: no page that was finished is asked for again."""
    with world() as (drive, _outer), tempfile.TemporaryDirectory(prefix="levada-bench-") as home:
        whole = first(drive, my_drive=True)
        with drive.counted() as before:
            sync(drive, Path(home), kill_after=KILLED_AT, my_drive=True)
        rest = sync(drive, Path(home), my_drive=True)
        assert rest is not None
        assert rest.listed == whole.listed, (rest.listed, whole.listed)
        both = before.get("files.list", 0) + rest.lists
        bar = whole.lists + 1
        yield Row(f"killed after {KILLED_AT} pages, and once more: list calls of both", str(both), f"<= {bar}", both <= bar)


def main() -> None:
    """All shapes."""
    report([*parts_of_a_corpus(), *other_shapes(), *memory(), *killed()])


if __name__ == "__main__":
    main()
