"""`levada status`, the whole process."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.memory import fill
from benchmarks.results import Row, report


def main() -> None:
    """Over a library of 300 documents."""
    with tempfile.TemporaryDirectory(prefix="levada-bench-") as name:
        base = Path(name)
        fill(base / "folder", 300, 1)
        env = {**os.environ, "LEVADA_HOME": str(base / "home")}
        levada = [sys.executable, "-m", "apps.cli"]
        subprocess.run([*levada, "ingest", str(base / "folder"), "--json"], env=env, check=True, stdout=subprocess.DEVNULL)
        times, bare = [], []
        for _ in range(7):
            for command, kept in (([*levada, "status", "--json"], times), ([sys.executable, "-c", "pass"], bare)):
                started = time.perf_counter()
                subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)
                kept.append(time.perf_counter() - started)
    seconds = statistics.median(times)
    report(
        [
            Row("python itself", f"{statistics.median(bare):.2f} s"),
            Row("`levada status`, whole process", f"{seconds:.2f} s", "<= 1.0 s", seconds <= 1.0),
        ]
    )


if __name__ == "__main__":
    main()
