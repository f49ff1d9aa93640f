"""A run over 10,000 unchanged files, beyond the process start and Prefect's own start."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.prefect_runs import prefect_runs
from benchmarks.results import Row, report

FILES = 10_000


def main() -> None:
    """Ingest once, then measure runs that find nothing to do; an empty flow gives Prefect's own share."""
    with tempfile.TemporaryDirectory(prefix="levada-bench-") as name:
        base = Path(name)
        for number in range(FILES):
            file = base / "folder" / f"{number // 100:03}" / f"{number:05}.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"Note {number}: the gate of field {number} opens at {number % 24} o'clock.")
        time.sleep(2.5)
        with prefect_runs(base / "home"):
            from prefect import flow

            from flows.ingest import ingest

            @flow(name="empty")
            def empty() -> int:
                return 1

            first: Any = ingest(library="bench", source=str(base / "folder"), return_state=True)
            assert first.result().added == FILES
            ours, theirs = [], []
            for _ in range(5):
                started = time.perf_counter()
                empty()
                theirs.append(time.perf_counter() - started)
                started = time.perf_counter()
                state: Any = ingest(library="bench", source=str(base / "folder"), return_state=True)
                ours.append(time.perf_counter() - started)
                assert state.result().unchanged == FILES, state.result()
    beyond = statistics.median(ours) - statistics.median(theirs)
    report(
        [
            Row("an empty flow", f"{statistics.median(theirs):.2f} s"),
            Row(f"no-change run over {FILES:,} files, beyond an empty flow", f"{beyond:.2f} s", "<= 2 s", beyond <= 2.0),
        ]
    )


if __name__ == "__main__":
    main()
