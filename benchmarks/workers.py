"""Two parser processes against one, over real PDFs, in alternating rounds of one run."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from benchmarks.corpus import DATA, require
from benchmarks.results import Row, report
from core.documents import Document
from core.settings import Settings
from tasks.parsers import parser_pool

ROUNDS = 3
BAR = 1.7


def files() -> list[Path]:
    """Those of pdf-truth and financebench."""
    folders = (DATA / "pdf-truth", DATA / "financebench")
    return sorted(path for folder in folders for path in require(folder).rglob("*.pdf"))


def pages_read(paths: list[Path], workers: int) -> float:
    """Pages a second, the start of the processes included; a page without text does not count."""
    started = time.perf_counter()
    with parser_pool(Settings.from_env(), workers=workers) as pool:
        pages = 0
        for _, outcome in pool.read_many((path, str(path), path.name) for path in paths):
            if isinstance(outcome, Document):
                pages += len({element.page for element in outcome.elements})
    return pages / (time.perf_counter() - started)


def main() -> None:
    """The ratio is the median of each round's own."""
    paths = files()
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(ROUNDS):
        for workers, kept in rates.items():
            kept.append(pages_read(paths, workers))
    ratio = statistics.median(two / one for one, two in zip(rates[1], rates[2], strict=True))
    report(
        [
            Row(f"pages/s with one worker, {len(paths)} PDFs", f"{statistics.median(rates[1]):,.0f}"),
            Row("pages/s with two workers", f"{statistics.median(rates[2]):,.0f}"),
            Row("two against one", f"{ratio:.2f} x", f">= {BAR} x", ratio >= BAR),
        ]
    )


if __name__ == "__main__":
    main()
