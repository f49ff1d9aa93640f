"""What all stages of one run share."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from blocks.library import Library
from blocks.sources.base import Source
from blocks.stores.base import CollectionRef
from blocks.text_cache import TextCache
from core.report import SyncReport
from core.settings import Settings
from core.spaces import Tokenizer
from ledger.database import Database
from ledger.libraries import Generation
from ledger.owed import Pipeline
from ledger.runs import Run
from ledger.sources import SourceRow
from tasks.chunkers.base import Chunker
from tasks.extractors.parser_pool import ParserPool
from tasks.progress import Progress, tell
from tasks.spool import Spool

WORKING = "reading, embedding and publishing"


class Stopped(BaseException):
    """The run was told to stop: by Ctrl-C, SIGTERM or Cancel. Not an error of any file."""


class RunContext:
    """One run on one library: its parts, its report, and the word to stop. Safe to use from several threads."""

    def __init__(
        self,
        library: Library,
        run: Run,
        settings: Settings,
        pool: ParserPool,
        chunker: Chunker,
        engines: frozenset[str],
        registry: str,
        refusals: frozenset[str],
        spool: Spool,
    ) -> None:
        self.library = library
        self.run = run
        self.settings = settings
        self.pool = pool
        self.chunker = chunker
        self.pipeline = Pipeline(engines, registry, chunker.key, run.generation.id, refusals, settings.extract_limits)
        self.directory = settings.library_dir(library.name, library.tenant)
        self.snapshots: Path = self.directory / "snapshots"
        """Private copies of files that are being read, and texts that are being written; emptied before and after each run."""
        self.cache = TextCache(self.directory / "texts", self.snapshots)
        self.spool = spool
        self.ownerless: list[CollectionRef] = []
        """Collections of a ledger that was lost, or of another installation."""
        self.adoptable: list[CollectionRef] = []
        """Those of them that can be read: their vectors are taken over where id and text agree."""
        self.report = SyncReport()
        self.stop = threading.Event()
        self.embedding = threading.Lock()
        """One batch is embedded at a time: the model uses all cores by itself."""
        self.first_portion = 64
        """Texts with which the next batch's embedding begins, by the pace of the one before."""
        self.in_flight: dict[bytes, bytes] = {}
        """Vectors of batches that are embedded but not yet staged, so that no text is embedded twice."""
        self.deleting = threading.Lock()
        """One stage at a time deletes what is stale: a claim takes over what an earlier one has not finished."""
        self._lock = threading.Lock()
        self._rested = threading.Condition(self._lock)
        self._at_work = 0
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._warmed_up = False

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The model's; one for the whole run: reading it from its file takes as long as cutting a hundred documents."""
        return self.library.model.tokenizer()

    @property
    def db(self) -> Database:
        """The ledger."""
        return self.library.ledger

    @property
    def collection(self) -> CollectionRef:
        """Where this run writes."""
        return CollectionRef(self.run.generation.collection, self.run.generation.store_id)

    def use(self, generation: Generation) -> None:
        """From now on write to this generation's collection: the store was rebuilt."""
        self.run = replace(self.run, generation=generation)

    def warm_up(self) -> None:
        """Much is to come: start parsers, load model and tokenizer meanwhile, without waiting. Done once."""
        if not self._warmed_up:
            self._warmed_up = True
            self.pool.warm_up()
            self.library.model.warm_up()
            threading.Thread(target=self._warm_up_tokenizer, name="levada-tokenizer", daemon=True).start()

    def _warm_up_tokenizer(self) -> None:
        with suppress(Exception):  # whoever needs it will say so
            _ = self.tokenizer

    def check(self) -> None:
        """Raise Stopped if the run was told to stop; called wherever a stage may take longer than a second."""
        if self.stop.is_set():
            raise Stopped

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """A stage at work; the time inside counts towards it in the report. Raises Stopped if it must not begin any more."""
        with self._lock:
            self.check()
            self._at_work += 1
        started = time.perf_counter()
        try:
            yield
        finally:
            with self._lock:
                self._seconds[stage] += time.perf_counter() - started
                self._at_work -= 1
                self._rested.notify_all()

    def come_to_rest(self, patience: float) -> bool:
        """Tell all stages to stop and wait until none is at work; False if one still is after so many seconds."""
        self.stop.set()
        with self._lock:
            return self._rested.wait_for(lambda: not self._at_work, patience)

    def seconds(self) -> dict[str, float]:
        """Busy seconds by stage so far."""
        with self._lock:
            return {stage: round(seconds, 3) for stage, seconds in self._seconds.items()}

    @contextmanager
    def counting(self) -> Iterator[SyncReport]:
        """The report, to add to."""
        with self._lock:
            yield self.report

    def advance(self, source: SourceContext, size: int, share: float, files: int = 0) -> None:
        """A share of the work on so many bytes of a source is done, and so many files altogether. Tells it."""
        with self.counting() as report:
            source.bytes_done += size * share
            source.files_done += files
            done = round(source.bytes_done)
            now = Progress(WORKING, source.files_done, source.files_total, done, source.bytes_total, report.chunks_embedded)
        tell(now)


class SourceContext:
    """One source of the run, and how far its work has come."""

    def __init__(self, adapter: Source, row: SourceRow) -> None:
        self.adapter = adapter
        self.row = row
        self.files_total = 0
        self.bytes_total = 0
        self.files_done = 0
        self.bytes_done = 0.0
        """Of the files at work as much as is done of their work."""

    @property
    def percent(self) -> float:
        """How much of the work is done: 0 to 100, by bytes, which follow the work better than files do."""
        return min(100.0, 100.0 * self.bytes_done / self.bytes_total) if self.bytes_total else 0.0
