"""Later syncs of a Drive of 100,000 files: nothing changed, some files edited, a folder of 5,000 files moved or shared.

What is measured is the stage `discover`, with the real ledger: the content counts as read before, and what is owed afterwards
is what the other stages would have to do. benchmarks/drive_flow.py measures the flow as a whole.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.drive_emulator import ALICE, LATER, Emulator, Synced, emulator, sync
from benchmarks.results import Row, report

FILES, FOLDERS = 100_000, 2_000
MOVED = 5_000
EDITS = 500
AS_FAST, MOVE_SECONDS = 1.5, 10.0


class Library:
    """A library of its own over one source, listed and looked at again."""

    def __init__(self, drive: Emulator, home: Path, **scope: Any) -> None:
        self._drive, self._home, self._scope = drive, home, scope
        self._shift = 0.0
        self.sync()
        self.look_again()

    def sync(self) -> Synced:
        """Once more."""
        synced = sync(self._drive, self._home, self._shift, settle=True, **self._scope)
        assert synced is not None
        return synced

    def look_again(self) -> None:
        """The time is past when what was listed lately has to be listed again."""
        self._shift += LATER
        self.sync()


@contextmanager
def kept(drive: Emulator, **scope: Any) -> Iterator[Library]:
    """A library over that scope, as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="levada-bench-") as home:
        yield Library(drive, Path(home), **scope)


def no_change(library: Library, what: str, corpora: int, roots: int) -> Row:
    """Calls of a sync that finds nothing new."""
    found = library.sync()
    bar = corpora + roots + 1
    return Row(
        f"no change, {what}: API calls ({found.seconds:.2f} s for the listing, of our CPU {found.cpu:.2f} s)",
        str(found.all_calls), f"<= {bar}", found.all_calls <= bar and not found.owed,
    )  # fmt: skip


def edited(drive: Emulator, library: Library, files: list[str], count: int) -> Synced:
    """A sync after so many edits, spread over all files."""
    for number, id in enumerate(files[:: len(files) // count][:count]):
        drive.call("edit", file_id=id, data=f"Edited, number {number} of {count}.")
    found = library.sync()
    assert found.owed == count, (found.owed, count)
    return found


def moved(what: str, found: Synced) -> Row:
    """Nothing is to be read, so nothing is embedded or written to the store."""
    content = sum(found.calls.get(name, 0) for name in ("files.get_media", "files.export", "files.download"))
    met = not (found.owed or content) and found.seconds <= MOVE_SECONDS
    measure = f"{what}: seconds ({found.all_calls} calls; {found.owed} files to read, {content} downloads)"
    return Row(measure, f"{found.seconds:.1f} s", f"<= {MOVE_SECONDS:.0f} s, 0, 0", met)


def large(drive: Emulator) -> Iterator[Row | Synced]:
    """All measures on the large Drive; those of edits as they are, to be compared."""
    home = drive.home
    outer, other = drive.folder("Everything", home), drive.folder("Other", home)
    files = drive.call("bulk", parent=outer, folders=FOLDERS - 52, files=FILES - MOVED)[1]
    folder = drive.folder("Moved", outer)
    drive.call("bulk", parent=folder, folders=50, files=MOVED)
    with kept(drive, my_drive=True) as library:
        yield no_change(library, "My Drive", 1, 0)
        yield edited(drive, library, files, EDITS)
        yield edited(drive, library, files, 10 * EDITS)
        drive.call("move", file_id=folder, new_parent=other)
        yield moved(f"My Drive, a folder of {MOVED:,} files moved", library.sync())
        library.look_again()
        drive.call("share", file_id=folder, email="bob@example.com", role="reader")
        yield moved("the same folder shared with somebody", library.sync())
        library.look_again()
        yield no_change(library, "My Drive, after all that", 1, 0)
    with kept(drive, folders=[outer, other]) as library:
        yield no_change(library, "two folders that hold the same", 1, 2)


def small(drive: Emulator) -> Synced:
    """The same edits in a Drive of a tenth."""
    outer = drive.folder("Everything", drive.home)
    files = drive.call("bulk", parent=outer, folders=FOLDERS // 10, files=FILES // 10)[1]
    with kept(drive, my_drive=True) as library:
        return edited(drive, library, files, EDITS)


def shared_drive(drive: Emulator) -> Iterator[Row]:
    """A folder moved and shared on a shared drive."""
    shared = drive.call("create_drive", name="Team", members={ALICE: "organizer"})
    drive.call("bulk", parent=shared, folders=FOLDERS // 10, files=FILES // 10)
    other, folder = drive.folder("Other", shared), drive.folder("Moved", shared)
    drive.call("bulk", parent=folder, folders=50, files=MOVED)
    with kept(drive, drives=[shared]) as library:
        yield no_change(library, "a shared drive", 1, 1)
        drive.call("move", file_id=folder, new_parent=other)
        yield moved(f"a shared drive, a folder of {MOVED:,} files moved", library.sync())
        library.look_again()
        drive.call("share", file_id=folder, email="bob@example.com", role="reader")
        yield moved("the same folder shared with somebody", library.sync())
        library.look_again()
        drive.call("set_member", drive_id=shared, email="carol@example.com", role="reader")
        yield moved("the shared drive given a new member", library.sync())


def compared(few: Synced, many: Synced, of_small: Synced) -> Iterator[Row]:
    """Edits among 100,000 files against as many among 10,000, and ten times as many."""
    calls = few.all_calls
    yield Row(
        f"{EDITS} files edited among {FILES:,}: API calls", str(calls), f"<= {of_small.all_calls}", calls <= of_small.all_calls
    )
    ratio = few.cpu / of_small.cpu
    measure = f"the same ({few.cpu:.2f} s of our CPU) against {EDITS} among {FILES // 10:,}"
    yield Row(measure, f"{ratio:.2f} x", f"<= {AS_FAST} x", ratio <= AS_FAST)
    yield Row(f"{10 * EDITS:,} files edited among {FILES:,}", f"{many.all_calls} calls, {many.cpu:.2f} s")


def main() -> None:
    """All of them."""
    rows: list[Row] = []
    edits: list[Synced] = []
    with emulator() as drive:
        for found in large(drive):
            if isinstance(found, Row):
                rows.append(found)
            else:
                edits.append(found)
    with emulator() as drive:
        rows += compared(edits[0], edits[1], small(drive))
    with emulator() as drive:
        rows += shared_drive(drive)
    report(rows)


if __name__ == "__main__":
    main()
