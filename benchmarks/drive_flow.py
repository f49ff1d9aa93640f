"""The flow `ingest` as a whole over a Drive of 100,000 files: nothing changed, and a folder of 5,000 files moved or shared.

Those 5,000 are read, embedded and published by the flow, the others listed, and their content is taken as read in the ledger:
reading 100,000 files is what benchmarks/drive_downloads.py is about.
"""

from __future__ import annotations

import functools
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.drive_emulator import ALICE, LATER, Emulator, emulator, sync
from benchmarks.prefect_runs import prefect_runs
from benchmarks.results import Row, report

FILES, FOLDERS = 100_000, 2_000
READ, READ_FOLDERS, TEXTS = 5_000, 50, 50
NO_CHANGE_SECONDS, MOVE_SECONDS = 1.5, 10.0


class Counted:
    """Calls of a method, which does as before."""

    def __init__(self, owner: type, name: str) -> None:
        self.count = 0
        method = getattr(owner, name)

        @functools.wraps(method)
        def counting(*arguments: Any, **named: Any) -> Any:
            self.count += 1
            return method(*arguments, **named)

        setattr(owner, name, counting)


def fill(drive: Emulator, folder: str) -> None:
    """Files of few texts, so that few of them are embedded."""
    for number in range(READ_FOLDERS):
        inner = drive.folder(f"Inner {number}", folder)
        for file in range(READ // READ_FOLDERS):
            text = f"The gate of field {file % TEXTS} opens when the water of the upper channel has come."
            drive.call("create_file", name=f"note {file}.txt", data=text, parent=inner)


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """(seconds, what it gave)."""
    began = time.perf_counter()
    given = run()
    return time.perf_counter() - began, given


def measure(drive: Emulator, home: Path) -> list[Row]:
    """All runs of the flow; Prefect is up."""
    from prefect import flow

    from blocks.sources.drive.quota import UNITS, UNITS_PER_MINUTE
    from blocks.sources.google_drive import GoogleDriveSource
    from blocks.stores.chroma import ChromaStore
    from flows.ingest import ingest

    @flow(name="empty")
    def empty() -> int:
        return 1

    def run() -> Any:
        state: Any = ingest(library="bench", source="google-drive", return_state=True)
        return state.result()

    outer, other = drive.folder("Everything", drive.home), drive.folder("Other", drive.home)
    drive.call("bulk", parent=outer, folders=FOLDERS - READ_FOLDERS, files=FILES - READ)
    assert sync(drive, home, settle=True, my_drive=True)
    fill(drive, folder := drive.folder("Moved", outer))
    writes = [Counted(ChromaStore, name) for name in ("upsert", "remove")]
    seconds, read = timed(run)
    paced = READ * (UNITS.get + UNITS.download) / UNITS_PER_MINUTE * 60
    assert (read.added, read.quarantined) == (READ, 0), read
    told = f"{READ:,} files of {TEXTS} texts read, embedded and published ({paced:.0f} s by the pace of the quota)"
    rows = [Row(told, f"{seconds:.0f} s")]
    # What was listed lately is listed again once, and then no more.
    GoogleDriveSource.__private_attributes__["_now"].default = functools.partial(later, time.time)
    run()
    ours, theirs = [], []
    for _ in range(5):
        theirs.append(timed(empty)[0])
        with drive.counted() as calls:
            seconds, found = timed(run)
        ours.append(seconds)
        assert (found.unchanged, found.owed) == (READ, 0), found
    beyond, asked = statistics.median(ours) - statistics.median(theirs), sum(calls.values())
    rows += [
        Row(f"no-change run over {FILES:,} files: API calls", str(asked), "<= 2", asked <= 2),
        Row("the same, beyond an empty flow", f"{beyond:.2f} s", "<= 1.5 s", beyond <= NO_CHANGE_SECONDS),
    ]
    changes = {
        f"a folder of {READ:,} files moved": lambda: drive.call("move", file_id=folder, new_parent=other),
        "the same folder shared": lambda: drive.call("share", file_id=folder, email="bob@example.com", role="reader"),
    }
    for what, change in changes.items():
        change()
        before = sum(write.count for write in writes)
        with drive.counted() as calls:
            seconds, found = timed(run)
        written = sum(write.count for write in writes) - before
        downloads = calls.get("files.get_media", 0)
        none = not (downloads or found.chunks_embedded or written or found.added or found.updated)
        told = f"{what} ({downloads} downloads, {found.chunks_embedded} chunks embedded, {written} store writes)"
        met = none and seconds <= MOVE_SECONDS
        rows.append(Row(told, f"{seconds:.1f} s", f"<= {MOVE_SECONDS:.0f} s, 0, 0, 0", met))
    return rows


def later(now: Callable[[], float]) -> float:
    """An hour from now."""
    return now() + LATER


def main() -> None:
    """With a home, a Prefect server and an emulator of their own."""
    with tempfile.TemporaryDirectory(prefix="levada-bench-") as name, emulator() as drive:
        token = Path(name) / "token.json"
        token.write_text(json.dumps(drive.tell("credentials", email=ALICE) | {"account": ALICE}))
        token.chmod(0o600)
        os.environ |= {
            "LEVADA_GOOGLE_API_URL": drive.url,
            "LEVADA_GOOGLE_TOKEN": str(token),
            "LEVADA_GOOGLE_MY_DRIVE": "yes",
        }
        with prefect_runs(Path(name) / "home"):
            rows = measure(drive, Path(name) / "home")
    report(rows)


if __name__ == "__main__":
    main()
