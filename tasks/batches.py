"""What the stages work on, one after the other. Plain classes: Prefect looks into dataclasses that are passed to tasks, for
futures, and that would cost more than the stage itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from core.documents import Document
from ledger import owed
from ledger.owed import OwedFile, Which
from ledger.publishing import Reading, Revision
from ledger.quarantine import FailedFile
from tasks.context import RunContext, SourceContext

FIRST, FIRST_BYTES, GROWTH = 32, 1 << 18, 4
"""The first batch, and how much larger each next one may be: the model shall not wait long for its first texts."""
SECONDS = 10.0
"""How long a batch may take, as far as the run's pace tells. Shorter ones cost more than they are worth."""
LEAST, LARGEST = 32, 512
"""Files in a batch, unless told otherwise."""
READ, EMBEDDED, PUBLISHED = 0.2, 0.7, 0.1
"""Shares of the work on a file, for the progress bar."""
LAST_SHARE = 0.75
"""Part of the files that are left: what comes after the last embedding, its publishing, shall be short."""


class Extracted:
    """A file whose bytes gave a document."""

    __slots__ = ("content_hash", "document", "file", "fingerprint")

    def __init__(self, file: OwedFile, content_hash: str, fingerprint: str, document: Document) -> None:
        self.file = file
        self.content_hash = content_hash
        self.fingerprint = fingerprint
        self.document = document


class Batch:
    """Some owed files on their way. Each stage takes the batch, adds its part and drops what nobody needs any more."""

    def __init__(self, number: int, files: Sequence[OwedFile]) -> None:
        self.number = number
        self.files = files
        self.bytes = sum(file.size for file in files)
        self.extracted: list[Extracted] = []
        self.failed: list[FailedFile] = []
        self.current: list[Reading] = []
        """Read, and found published already."""
        self.hopeless: list[Reading] = []
        """Read, and found in quarantine for good."""
        self.vanished: list[OwedFile] = []
        self.waiting: list[OwedFile] = []
        """Members whose container must be read again for their bytes."""
        self.revisions: list[Revision] = []
        self.texts: dict[bytes, str] = {}
        """Embedded texts of the added chunks, by hash."""
        self.token_ids: dict[bytes, bytes | None] = {}
        """Chunk.token_ids of these texts."""
        self.vectors: dict[bytes, bytes] = {}
        """Vectors of the added chunks, by text hash: float32 bytes."""
        self.new_vectors: set[bytes] = set()
        """Those of them that the ledger does not hold yet."""

    def __repr__(self) -> str:
        return f"Batch({self.number}, {len(self.files)} files)"


class OwedBatches:
    """All that is owed of a source, in batches; each is settled when it is asked for, by the pace of the one before."""

    def __init__(self, ctx: RunContext, source: SourceContext, most_files: int | None, most_bytes: int) -> None:
        self._ctx = ctx
        self._source = source
        self._most_files = most_files
        self._most_bytes = most_bytes
        self._now, self._pace = time.time(), Pace()
        self._number, self._taken = 0, 0

    def passes(self) -> Iterator[Iterator[Batch]]:
        """One after the other: each must be done before the next is begun, or a file would be read twice at a time."""
        yield from self._with_news(Which.LISTED)
        # What is still owed within files has no bytes here: those files are asked for them, and read again.
        before = self._taken
        yield self._of(Which.INSIDE)
        if self._taken > before:
            yield from self._with_news(Which.HOLDING)

    def _with_news(self, which: Which) -> Iterator[Iterator[Batch]]:
        """Files of one kind, and all that is found in them."""
        yield self._of(which)
        while self._ctx.spool.has_news(self._source.row.id):
            yield self._news()

    def _of(self, which: Which) -> Iterator[Batch]:
        """What is owed by now. Members that are found meanwhile come at once, so that few of their bytes wait on the disk."""
        after = b""
        while batch := self._batch(after, which=which):
            after = batch.files[-1].file_id
            yield batch
            yield from self._news()

    def _news(self) -> Iterator[Batch]:
        """Members that were found, and whose bytes are here."""
        while found := self._ctx.spool.news(self._source.row.id, LARGEST):
            after = b""
            while batch := self._batch(after, among=found):
                after = batch.files[-1].file_id
                yield batch

    def _batch(self, after: bytes, among: Sequence[str] | None = None, which: Which | None = None) -> Batch | None:
        limit = self._files_limit()
        most_bytes = min(self._most_bytes, FIRST_BYTES * GROWTH ** min(self._number, 16))
        files = owed.batch(self._ctx.db, self._source.row, self._now, limit, most_bytes, after, among, which)
        if not files:
            return None
        self._number, self._taken = self._number + 1, self._taken + len(files)
        return Batch(self._number, files)

    def _files_limit(self) -> int:
        pace = self._pace.since_last(self._source.files_done)
        return files_in_batch(self._number, self._source.files_total - self._taken, pace, self._most_files)


class Pace:
    """Files per second. The first batch says nothing: the model was loaded meanwhile."""

    def __init__(self) -> None:
        self._files, self._at = 0, 0.0
        self._pace = 0.0

    def since_last(self, files: int) -> float:
        """Between the last two times that more files were done; 0 until that is known. `files` are done by now."""
        if files > self._files:
            now = time.perf_counter()
            if self._files:
                self._pace = (files - self._files) / (now - self._at)
            self._files, self._at = files, now
        return self._pace


def files_in_batch(number: int, left: int, pace: float, most: int | None) -> int:
    """How many files the batch with this number, from 0, may have; `pace` is files per second, 0 if not known yet."""
    if most is None:
        most = max(LEAST, min(LARGEST, round(pace * SECONDS))) if pace else LARGEST
    started: int = FIRST * GROWTH**number
    share = round(left * LAST_SHARE)
    return min(most, started, share if left - share >= LEAST else max(LEAST, left))
