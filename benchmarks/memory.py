"""Peak memory of all our processes together (the store's server apart) at 10,000 documents against 1,000 of the same mean size.

Proportional set sizes (PSS) of the process tree, summed, sampled ten times a second from /proc.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.results import Row, report

WORDS = ("water", "gate", "field", "channel", "stone", "spring", "ridge", "terrace", "cane", "vine", "keeper", "hour", "slope")


def fill(folder: Path, count: int, seed: int) -> None:
    """Documents of about 1 KB."""
    chance = random.Random(seed)
    for number in range(count):
        file = folder / f"{number // 200:03}" / f"{number:05}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        sentences = (" ".join(chance.choices(WORDS, k=12)) for _ in range(12))
        file.write_text(f"# Note {number}\n\n" + ". ".join(sentence.capitalize() for sentence in sentences) + ".\n")


def pss(pid: int) -> int:
    """Kilobytes, shared pages counted in part; 0 for a process that is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def ours(marker: str) -> list[int]:
    """Processes of this run, by a variable in their environment, without the owner of the store."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                marked = marker.encode() in (entry / "environ").read_bytes()
                store = b"chroma_host" in (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if marked and not store:
                found.append(int(entry.name))
    return found


def peak(base: Path, folder: Path, name: str) -> int:
    """Peak kilobytes of one ingest, as a command of its own."""
    home = base / f"home-{name}"
    home.mkdir()
    (home / "models").symlink_to(base / "models")
    marker = f"LEVADA_BENCH_MARKER={name}-{os.getpid()}"
    env = {**os.environ, "LEVADA_HOME": str(home), marker.split("=")[0]: marker.split("=")[1], "LEVADA_EXTRACT_WORKERS": "2"}
    command = [sys.executable, "-m", "apps.cli", "ingest", str(folder), "--json"]
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    highest, done = 0, threading.Event()

    def watch() -> None:
        nonlocal highest
        while not done.is_set():
            highest = max(highest, sum(map(pss, ours(marker))))
            time.sleep(0.1)

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    done.set()
    watcher.join()
    assert code == 0, code
    return highest


def main() -> None:
    """A thousand, then ten thousand."""
    with tempfile.TemporaryDirectory(prefix="levada-bench-") as name:
        base = Path(name)
        (base / "models").mkdir()
        fill(base / "warm", 5, 1)
        peak(base, base / "warm", "warm")
        fill(base / "small", 1_000, 2)
        fill(base / "large", 10_000, 3)
        small, large = peak(base, base / "small", "small"), peak(base, base / "large", "large")
    ratio = large / small
    report(
        [
            Row("peak memory, 1,000 documents", f"{small / 1024:,.0f} MiB"),
            Row("peak memory, 10,000 documents", f"{large / 1024:,.0f} MiB"),
            Row("10,000 against 1,000", f"{ratio:.2f} x", "<= 1.15 x", ratio <= 1.15),
        ]
    )


if __name__ == "__main__":
    main()
