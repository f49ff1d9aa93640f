"""All hostile files through the parser processes with the default limits: each ends as a document or with a reason, and nothing
else happens. `python -m benchmarks.hostile [FOLDER]`

Members of archives and mails are read too, as in a run. Memory of a parser with its children is sampled ten times a second.
"""

from __future__ import annotations

import csv
import importlib
import json
import os
import resource
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from benchmarks.results import Row, report
from core.documents import Document
from core.errors import Unprocessable
from core.settings import Settings
from tasks.extractors._isolation import proc
from tasks.extractors.base import Reading
from tasks.extractors.media_type import media_type
from tasks.extractors.read import read_document
from tasks.parsers import parser_pool

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "hostile"
EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "library"
DEPTH = 3
MINUTES = 25
SHOWN = 8


def timed(path: str, name: str, reading: Reading) -> Document:
    """What the workers call: notes how long each file took and how much memory this process had in between."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    begun, computed = time.monotonic(), _cpu()
    try:
        return read_document(path, name, reading)
    finally:
        peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
        line: list[float | str] = [path, time.monotonic() - begun, _cpu() - computed, int(peak.split()[1]) * 1024]
        with (Path(str(reading.members)).parents[2] / "times").open("a") as log:
            log.write(json.dumps(line) + "\n")


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


class Sampler(threading.Thread):
    """The most memory that any parser has had, its children included."""

    def __init__(self, pool: object) -> None:
        super().__init__(daemon=True)
        self._pool, self._done = pool, threading.Event()
        self.highest = 0
        self.seen: set[int] = set()

    def run(self) -> None:
        """Sample until stopped."""
        while not self._done.wait(0.1):
            for pid in self._pool.worker_pids():  # type: ignore[attr-defined]
                self.seen.update(proc.tree(pid))
                self.highest = max(self.highest, proc.usage(pid).memory)

    def stop(self) -> None:
        """No more samples."""
        self._done.set()
        self.join()


def expected(folder: Path) -> dict[str, str]:
    """{path below the folder: outcome}, as the lists beside the files say."""
    found: dict[str, str] = {}
    index = folder / "_index"
    with (index / "pypdf_outcomes.tsv").open(encoding="utf-8", newline="") as file:
        found |= {row[0]: "encrypted" for row in csv.reader(file, delimiter="\t") if row[1].startswith("encrypted")}
    with (index / "passwords.tsv").open(encoding="utf-8", newline="") as file:
        found |= {row[0]: "encrypted" for row in csv.reader(file, delimiter="\t")}
    found |= dict.fromkeys((index / "zero_byte.txt").read_text(encoding="utf-8").splitlines(), "empty")
    return {path.partition("/")[2]: outcome for path, outcome in found.items() if path.startswith("D/")}


def main(folder: Path) -> None:
    """One pass over all files."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_relative_to(folder / "_index"))
    depths = {str(path): 0 for path in files}
    waiting = [(str(path), str(path), path.name) for path in files]

    def items() -> Iterator[tuple[str, str, str]]:
        yield from waiting
        waiting.clear()

    with tempfile.TemporaryDirectory(prefix="levada-bench-") as name:
        base = Path(name)
        reading = Reading(members=str(base / "members"))
        settings = Settings.from_env({"HOME": name, "LEVADA_EXTRACT_WORKERS": "2"})
        with parser_pool(settings, base / "rooms", reading=reading, reader="benchmarks.hostile:timed") as pool:
            importlib.import_module("flows.ingest")  # the parent that is measured holds what the parent of a run holds
            usual = [path for path in sorted(EXAMPLES.rglob("*")) if path.is_file()]
            for _ in pool.read_many((n, str(path), path.name) for n, path in enumerate(usual * 20)):
                pass
            sampler = Sampler(pool)
            sampler.start()
            before = psutil.Process().memory_info().rss
            begun = time.monotonic()
            with (base / "outcomes").open("w") as log:  # what a benchmark keeps must not count as the parent's memory
                while waiting:
                    for key, outcome in pool.read_many(items()):
                        refusal = outcome if isinstance(outcome, Unprocessable) else None
                        log.write(json.dumps([key, refusal.reason.value if refusal else "document", str(refusal or "")]) + "\n")
                        for member in outcome.members if isinstance(outcome, Document) and depths[key] < DEPTH else ():
                            depths[member.path] = depths[key] + 1
                            waiting.append((member.path, member.path, Path(member.name).name))
            seconds = time.monotonic() - begun
            sampler.stop()
            after = psutil.Process().memory_info().rss
        left = [pid for pid in sampler.seen - {os.getpid()} if psutil.pid_exists(pid)]
        rows = [json.loads(line) for line in (base / "times").read_text().splitlines()]
        ended = [json.loads(line) for line in (base / "outcomes").read_text().splitlines()]
        outcomes = {key: (word, told) for key, word, told in ended}
        types = {key: _type(key) for key in outcomes}
    _show(folder, outcomes, types, [row for row in rows if row[0] in outcomes])
    limits = settings.extract_memory
    slowest = max(row[1] for row in rows)
    report(
        [
            Row("hostile files, and files in them", f"{len(files):,} + {len(outcomes) - len(files):,}"),
            Row(
                "ended as a document or with a reason",
                f"{len(outcomes):,}",
                f"{len(depths):,}",
                outcomes.keys() == depths.keys(),
            ),
            Row("minutes in all, two parsers", f"{seconds / 60:.1f}", f"<= {MINUTES}", seconds <= MINUTES * 60),
            Row("slowest that came to an end by itself", f"{slowest:.1f} s", "<= 60 s", slowest <= settings.extract_timeout),
            Row(
                "most memory of a parser and its children",
                f"{sampler.highest >> 20:,} MiB",
                "<= 1,024 MiB",
                sampler.highest <= limits,
            ),
            Row("processes left behind", str(len(left)), "0", not left),
            Row(
                f"memory of the parent after, {after / 2**20:.1f} MiB, against {before / 2**20:.1f} before",
                f"{after / before:.2f} x",
                "<= 1.1 x",
                after <= 1.1 * before,
            ),
        ]
    )


def _type(path: str) -> str:
    try:
        return media_type(path, Path(path).name)
    except OSError:
        return "?"


def _show(
    folder: Path,
    outcomes: dict[str, tuple[str, str]],
    types: dict[str, str],
    rows: list[tuple[str, float, float, int]],
) -> None:
    def word(key: str) -> str:
        return outcomes[key][0]

    def shown(key: str) -> str:
        return str(Path(key).relative_to(folder)) if Path(key).is_relative_to(folder) else f"(member) {key[-40:]}"

    print("\noutcomes")
    for outcome, number in Counter(map(word, outcomes)).most_common():
        print(f"  {number:5}  {outcome}")
    print("\nneither a document nor encrypted, empty, corrupt or of an unsupported type")
    for key in sorted(outcomes):
        if word(key) not in ("document", "encrypted", "empty", "corrupt", "unsupported_type"):
            print(f"  {shown(key)} ({types[key]}): {outcomes[key][1]}")
    print("\nnot as the lists say")
    for path, outcome in sorted(expected(folder).items()):
        key = str(folder / path)
        if key in outcomes and word(key) != outcome:
            print(f"  {path}: {word(key)}, not {outcome}  {outcomes[key][1]}")
    for title, place in (("slowest, seconds", 1), ("most CPU, seconds", 2), ("largest, MiB", 3)):
        print(f"\n{title}")
        for row in sorted(rows, key=lambda row: -float(row[place]))[:SHOWN]:
            print(f"  {row[place] / ((1 << 20) if place == 3 else 1):8.1f}  {shown(row[0])}: {word(row[0])}")
    print()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
