"""The bytes of a batch's files: one after the other, or several ahead of their turn where the source says that it pays."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Generic, TypeVar

from blocks.sources.base import Source
from core.files import Snapshot

T = TypeVar("T")

AHEAD = 4
"""Files begun, or waiting to be, for each that is fetched at a time: one large file does not keep the others waiting."""

Fetch = Callable[[], Snapshot]
"""A file's snapshot, which is the caller's from then on; raises as Source.fetch does."""


class Fetching(Generic[T]):
    """A context: what was fetched and not asked for is deleted in the end. For one thread."""

    def __init__(self, source: Source, directory: Path) -> None:
        self._source = source
        self._directory = directory
        self._threads: ThreadPoolExecutor | None = None
        if source.fetches_at_once > 1:
            self._threads = ThreadPoolExecutor(source.fetches_at_once, thread_name_prefix="levada-fetch")
        self._begun: deque[Future[Snapshot]] = deque()
        """Of files whose turn has not come, or has not been used."""

    def __enter__(self) -> Fetching[T]:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._threads is not None:
            self._threads.shutdown(wait=True, cancel_futures=True)
        for future in self._begun:
            if not future.cancelled() and future.exception() is None:
                with suppress(FileNotFoundError):
                    Path(future.result().path).unlink()

    def in_turn(self, items: Iterable[T], wanted: Callable[[T], bytes | None]) -> Iterator[tuple[T, Fetch | None]]:
        """Each item in its turn, with its file's bytes; `wanted` gives a file's id, or None if no bytes are needed.

        Where files are fetched one at a time, nothing is fetched before the Fetch is called.
        """
        window = 1 if self._threads is None else AHEAD * self._source.fetches_at_once
        waiting: deque[tuple[T, Fetch | None]] = deque()
        for item in items:
            waiting.append((item, self._begin(wanted(item))))
            if len(waiting) == window:
                yield waiting.popleft()
        yield from waiting

    def _begin(self, file_id: bytes | None) -> Fetch | None:
        if file_id is None:
            return None
        if self._threads is None:
            return partial(self._source.fetch, file_id, self._directory)
        future = self._threads.submit(self._source.fetch, file_id, self._directory)
        self._begun.append(future)
        return partial(self._take, future)

    def _take(self, future: Future[Snapshot]) -> Snapshot:
        snapshot = future.result()
        self._begun.remove(future)
        return snapshot
