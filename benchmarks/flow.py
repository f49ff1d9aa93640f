"""The whole flow on a cold Markdown corpus: against embedding alone, and against the same functions without Prefect.

All in one process on one machine, in turns: embedding the same chunks and nothing else; the flow `ingest`; the tasks' own
functions in a thread pool, with the same window. Times run from the first batch to the last.

Two corpora of the same documents: pages of some 3 KB, as documentation has them (the bar is theirs), and sections of some
1.5 KB. What is done for each file counts twice as much with the latter.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, count
from pathlib import Path
from typing import Any

from benchmarks.corpus import pages, sections
from benchmarks.prefect_runs import prefect_runs
from benchmarks.results import Row, report

SECTIONS = int(os.environ.get("LEVADA_BENCH_FILES", "1200"))
ROUNDS = int(os.environ.get("LEVADA_BENCH_ROUNDS", "2"))


class Stopwatch:
    """First and last word of a run's batches."""

    def __init__(self) -> None:
        self.first = self.last = 0.0

    def __call__(self, now: Any) -> None:
        if now.files_total:
            self.first = self.first or time.perf_counter()
            self.last = time.perf_counter()

    @property
    def seconds(self) -> float:
        return self.last - self.first


def through_prefect(home: Path, folder: Path) -> tuple[float, float]:
    """(seconds from first batch to last, seconds of all else in the flow)."""
    from flows.ingest import ingest
    from tasks.progress import listening

    os.environ["LEVADA_HOME"] = str(home)
    watch, started = Stopwatch(), time.perf_counter()
    with listening(watch):
        state: Any = ingest(library="bench", source=str(folder), return_state=True)
    assert state.result().complete, state
    return watch.seconds, time.perf_counter() - started - watch.seconds


def without_prefect(home: Path, folder: Path) -> float:
    """Seconds from first batch to last."""
    from blocks.library import open_library
    from flows.ingest import STAGES, WINDOW
    from tasks import sources
    from tasks.batches import OwedBatches
    from tasks.chunk import chunk
    from tasks.context import SourceContext
    from tasks.discover import discover
    from tasks.embed import embed
    from tasks.extract import extract
    from tasks.finish import finish
    from tasks.publish import publish
    from tasks.reconcile import reconcile_store
    from tasks.session import working_on

    os.environ["LEVADA_HOME"] = str(home)
    library = open_library("bench")
    adapter = sources.named(library, str(folder))[0]
    with working_on(library, None) as ctx, ThreadPoolExecutor(WINDOW * STAGES) as pool:
        reconcile_store(ctx)
        source = SourceContext(adapter, sources.register(library, adapter))
        discover.fn(ctx, source, False, False)
        window: deque[Future[Any]] = deque()
        started = time.perf_counter()
        for batch in chain.from_iterable(OwedBatches(ctx, source, None, 16 * 2**20).passes()):
            extracted = pool.submit(extract.fn, ctx, source, batch)
            chunked = pool.submit(_after, extracted, chunk.fn, ctx, batch)
            embedded = pool.submit(_after, chunked, embed.fn, ctx, source, batch)
            window.append(pool.submit(_after, embedded, publish.fn, ctx, source, batch))
            if len(window) == WINDOW:
                window.popleft().result()
        while window:
            window.popleft().result()
        seconds = time.perf_counter() - started
        finish.fn(ctx, [source])
    library.close()
    return seconds


def _after(before: Future[Any], stage: Callable[..., None], *arguments: Any) -> None:
    before.result()
    stage(*arguments)


def embedding_alone(home: Path) -> tuple[float, int, int]:
    """(seconds, chunks, tokens) of embedding the texts that the run published, and nothing else."""
    from sqlalchemy import text

    from blocks.library import open_library

    os.environ["LEVADA_HOME"] = str(home)
    library = open_library("bench")
    with library.ledger.read() as connection:
        texts = [row[0] for row in connection.execute(text("SELECT text FROM texts ORDER BY text_hash"))]
    tokens = sum(len(offsets) + 2 for offsets in library.model.tokenizer().offsets(texts))
    library.model.embed(texts[:64])
    started = time.perf_counter()
    library.model.embed(texts)
    seconds = time.perf_counter() - started
    library.close()
    return seconds, len(texts), tokens


def main() -> None:
    """Measure in turns and print."""
    with tempfile.TemporaryDirectory(prefix="levada-bench-") as name:
        base = Path(name)
        made = pages(base, base / "pages")
        sections(base, base / "sections", SECTIONS)
        homes = _homes(base)
        with prefect_runs(base / "prefect-home"):
            small = base / "small"
            small.mkdir()
            (small / "a.md").write_text("Warm up: the model is converted once.")
            through_prefect(next(homes), small)
            share, overhead, rows = _measure(homes, base / "pages", f"{made} pages")
            short, _, others = _measure(homes, base / "sections", f"{SECTIONS} sections")
    rows += [
        Row("flow against embedding alone, pages", f"{share:.1%}", ">= 85 %", share >= 0.85),
        Row("flow against the same functions without Prefect, pages", f"{overhead:+.1%}", "<= 5 %", overhead <= 0.05),
        *others,
        Row("flow against embedding alone, sections", f"{short:.1%}"),
    ]
    report(rows)


def _homes(base: Path) -> Iterator[Path]:
    """Empty homes with one model. None is removed before the end: files are made more slowly where many were just deleted."""
    (base / "models").mkdir()
    for number in count():
        home = base / f"home-{number}"
        home.mkdir()
        (home / "models").symlink_to(base / "models")
        yield home


def _measure(homes: Iterator[Path], folder: Path, name: str) -> tuple[float, float, list[Row]]:
    """Flow against embedding alone, flow against the functions without Prefect, and what they are made of."""
    flow, rest, plain, alone = [], [], [], []
    chunks = tokens = 0
    for _ in range(ROUNDS):
        home = next(homes)
        seconds, other = through_prefect(home, folder)
        flow.append(seconds)
        rest.append(other)
        seconds, chunks, tokens = embedding_alone(home)
        alone.append(seconds)
        plain.append(without_prefect(next(homes), folder))
    share = statistics.median(a / f for a, f in zip(alone, flow, strict=True))
    overhead = statistics.median(f / p - 1 for f, p in zip(flow, plain, strict=True))
    rows = [
        Row(f"{name}: chunks, model tokens", f"{chunks}, {tokens}"),
        Row("embedding alone, tokens/s", f"{tokens / statistics.median(alone):,.0f}"),
        Row("flow `ingest`, tokens/s from first batch to last", f"{tokens / statistics.median(flow):,.0f}"),
        Row("outside the batches: Prefect's own start and end, listing, reconcile", f"{statistics.median(rest):.1f} s"),
    ]
    return share, overhead, rows


if __name__ == "__main__":
    main()
